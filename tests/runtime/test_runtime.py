"""One way to answer: what the model sees, which files are trusted, and the answers themselves."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.errors import ArtifactError, DataError
from tailor.files import sha256_of_tree
from tailor.models import Request, open_engine
from tailor.records import (
    Adaptation,
    Artifact,
    Base,
    Completion,
    Demonstration,
    Demonstrations,
    Generation,
    Message,
    Passage,
    Retriever,
    Weights,
)
from tailor.runtime import Runtime
from tailor.runtime.prompt import build_messages, with_passages
from tiny_models import make_adapter

NOWHERE = Base("folder", "m", "/nowhere", "abc")
PASSAGES = (
    Passage("p1", "docs/a.md", "Rates", "An hour costs\n  90 euros."),
    Passage("p2", "docs/b.md", "", "Offices are in Lisbon."),
)


def user(text: str) -> Message:
    return Message("user", text)


def test_passages_stand_numbered_above_the_question() -> None:
    assert with_passages("What costs an hour?", PASSAGES) == (
        "[1] Rates. An hour costs 90 euros.\n[2] Offices are in Lisbon.\n\nQuestion: What costs an hour?"
    )
    assert with_passages("What costs an hour?", ()) == "What costs an hour?"


def test_the_order_of_a_prompt() -> None:
    conversation = (user("Hello"), Message("assistant", "Hi."), user("And the rates?"))
    shown = (Demonstration("q1", "a1"), Demonstration("q2", "a2"))
    assert build_messages(conversation, system="Be brief.", demonstrations=shown, passages=PASSAGES[1:]) == (
        Message("system", "Be brief."),
        user("q1"),
        Message("assistant", "a1"),
        user("q2"),
        Message("assistant", "a2"),
        user("Hello"),
        Message("assistant", "Hi."),
        user("[1] Offices are in Lisbon.\n\nQuestion: And the rates?"),
    )


@pytest.mark.parametrize(
    ("own", "adapted", "expected"),
    [
        ((), None, None),
        ((), "", None),
        ((), "Be brief.", "Be brief."),
        (("Be long.",), None, "Be long."),
        (("Be long.",), "Be brief.", "Be long."),
        (("Be long.", "Be kind."), "Be brief.", "Be long.\n\nBe kind."),
    ],
)
def test_the_callers_system_message_replaces_the_adaptations(
    own: tuple[str, ...], adapted: str | None, expected: str | None
) -> None:
    conversation = (*(Message("system", s) for s in own), user("q"))
    built = build_messages(conversation, system=adapted, demonstrations=(), passages=())
    assert built == (*((Message("system", expected),) if expected else ()), user("q"))


@given(st.lists(st.sampled_from(["user", "assistant"]), max_size=5), st.text(max_size=5))
def test_turns_are_never_lost(roles: list[str], text: str) -> None:
    turns = (*(Message("user" if r == "user" else "assistant", text) for r in roles), user("last"))
    assert build_messages(turns, system=None, demonstrations=(), passages=()) == turns


def prepared(runtime: Runtime, adaptation: Adaptation, *questions: str) -> list[Request]:
    return runtime.prepare(adaptation, [(user(q),) for q in questions])[0]


POOL = tuple(
    Demonstration(question, answer)
    for question, answer in [
        ("Where is the Lisbon office?", "Rua A"),
        ("Where is the office in Lisbon?", "Rua B"),
        ("What does an hour of consulting cost?", "90"),
        ("Who founded the company?", "Tim"),
    ]
)


def demonstrated(runtime: Runtime, k: int, question: str, pool: tuple[Demonstration, ...] = POOL) -> list[str]:
    adaptation = Adaptation(NOWHERE, demonstrations=Demonstrations("nearest", k, pool))
    *turns, last = prepared(runtime, adaptation, question)[0].messages
    assert last == user(question)
    assert [m.role for m in turns] == ["user", "assistant"] * (len(turns) // 2)
    return [m.content for m in turns[1::2]]


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return Runtime(tmp_path)


def test_fixed_demonstrations_are_the_first_k_in_order(runtime: Runtime) -> None:
    adaptation = Adaptation(NOWHERE, demonstrations=Demonstrations("fixed", 2, POOL))
    for request in prepared(runtime, adaptation, "x?", "Who founded the company?"):
        assert [m.content for m in request.messages[1:-1:2]] == ["Rua A", "Rua B"]


def test_the_nearest_demonstration_stands_last(runtime: Runtime) -> None:
    assert demonstrated(runtime, 1, "What is the price of an hour of consulting?") == ["90"]
    shown = demonstrated(runtime, 4, "What is the price of an hour of consulting?")
    assert shown[-1] == "90"
    assert sorted(shown) == sorted(d.answer for d in POOL)
    assert set(demonstrated(runtime, 2, "In which street is your Lisbon office?")) == {"Rua A", "Rua B"}


@pytest.mark.parametrize(
    "asked", ["Where is the Lisbon office?", "where is the  LISBON office", "Where is the Lisbon office?!"]
)
@pytest.mark.parametrize("k", [1, 3, 4, 9])
def test_the_question_itself_is_never_its_own_demonstration(runtime: Runtime, asked: str, k: int) -> None:
    shown = demonstrated(runtime, k, asked)
    assert "Rua A" not in shown
    assert len(shown) == min(k, 3)


def test_a_pool_of_nothing_else_shows_nothing(runtime: Runtime) -> None:
    assert demonstrated(runtime, 2, "Who founded the company?", POOL[3:]) == []


def test_neighbours_do_not_depend_on_what_else_is_asked(runtime: Runtime) -> None:
    adaptation = Adaptation(NOWHERE, demonstrations=Demonstrations("nearest", 2, POOL))
    asked = ["Office in Lisbon?", "Cost of consulting?", "Founder?", "Who founded the company?"]
    assert prepared(runtime, adaptation, *asked) == [prepared(runtime, adaptation, q)[0] for q in asked]


@pytest.mark.parametrize("conversation", [(), (Message("assistant", "Hi."),), (user("q"), Message("system", "s"))])
def test_a_conversation_must_end_with_a_question(runtime: Runtime, conversation: tuple[Message, ...]) -> None:
    with pytest.raises(DataError, match="must end with a question"):
        runtime.answer(Adaptation(NOWHERE), [conversation])


def stored(root: Path, name: str = "index-1") -> Artifact:
    from tailor.retrieval.index import build_index

    build_index(PASSAGES, root / name, dense=False)
    return Artifact(name, sha256_of_tree(root / name))


def test_retrieved_passages_are_shown_and_returned(runtime: Runtime, tmp_path: Path) -> None:
    adaptation = Adaptation(NOWHERE, retriever=Retriever(stored(tmp_path), 1))
    requests, passages = runtime.prepare(
        adaptation, [(user("Where are the offices?"),), (user("What costs an hour?"),)]
    )
    assert passages == [(PASSAGES[1],), (PASSAGES[0],)]
    assert requests[1].messages == (user("[1] Rates. An hour costs 90 euros.\n\nQuestion: What costs an hour?"),)


def test_a_changed_artifact_is_refused(tmp_path: Path) -> None:
    artifact = stored(tmp_path)
    folder = tmp_path / "index-1"
    assert Runtime(tmp_path).folder(artifact) == folder
    text = (folder / "passages.jsonl").read_text()
    (folder / "passages.jsonl").write_text(text.replace("90", "10"))
    with pytest.raises(ArtifactError, match="was changed after it was made"):
        Runtime(tmp_path).folder(artifact)
    (folder / "passages.jsonl").write_text(text)
    assert Runtime(tmp_path).folder(artifact)
    (folder / "more.txt").write_text("x")
    with pytest.raises(ArtifactError, match="was changed"):
        Runtime(tmp_path).folder(artifact)
    with pytest.raises(ArtifactError, match="is missing"):
        Runtime(tmp_path).folder(Artifact("index-2", artifact.sha256))


@pytest.mark.parametrize("path", ["../outside", "/outside", "inside/../../outside", "link"])
def test_an_artifact_outside_the_root_is_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    (root / "inside").mkdir(parents=True)
    artifact = stored(tmp_path, "outside")
    (root / "link").symlink_to(tmp_path / "outside")
    place = str(tmp_path / "outside") if path == "/outside" else path
    with pytest.raises(ArtifactError, match="leads out of"):
        Runtime(root).folder(Artifact(place, artifact.sha256))


def test_answers_are_those_of_the_engine_with_passages_beside_them(tiny_base: Base, tmp_path: Path) -> None:
    weights = make_adapter(tmp_path / "lora-1", tiny_base, 3)
    adaptation = Adaptation(
        tiny_base,
        system="Be brief.",
        retriever=Retriever(stored(tmp_path), 2),
        weights=Weights("adapter", Artifact("lora-1", weights.sha256)),
        generation=Generation(max_new_tokens=10),
    )
    runtime, seen = Runtime(tmp_path), list[int]()
    conversations = [(user("What costs an hour?"),), (user("Where are the offices?"),)]
    answers = runtime.answer(adaptation, conversations, on_progress=seen.append)
    system = Message("system", "Be brief.")
    # Each question shares words with one passage only, so lexical search shows that one.
    expected = open_engine(tiny_base).answer(
        [
            Request(
                (system, user("[1] Rates. An hour costs 90 euros.\n\nQuestion: What costs an hour?")),
                adaptation.generation,
                weights,
            ),
            Request(
                (system, user("[1] Offices are in Lisbon.\n\nQuestion: Where are the offices?")),
                adaptation.generation,
                weights,
            ),
        ]
    )
    for got, want, passage in zip(answers, expected, PASSAGES, strict=True):
        assert isinstance(got, Completion)
        assert isinstance(want, Completion)
        assert (got.text, got.passages) == (want.text, (passage,))
    assert seen == [2]
    *pieces, last = runtime.stream(adaptation, conversations[0])
    first = answers[0]
    assert isinstance(first, Completion)
    assert isinstance(last, Completion)
    assert "".join(str(p) for p in pieces) == last.text == first.text
    assert last.passages == first.passages
    runtime.close()
    again = runtime.answer(adaptation, conversations)
    assert [a.text for a in again if isinstance(a, Completion)] == [
        a.text for a in answers if isinstance(a, Completion)
    ], "a closed runtime loads again"


def test_damaged_weights_are_an_artifact_error(tiny_base: Base, tmp_path: Path) -> None:
    weights = make_adapter(tmp_path / "lora-1", tiny_base, 3)
    adaptation = Adaptation(tiny_base, weights=Weights("adapter", Artifact("lora-1", weights.sha256)))
    path = tmp_path / "lora-1" / "adapter_model.safetensors"
    os.truncate(path, path.stat().st_size - 1)
    with pytest.raises(ArtifactError, match="was changed"):
        Runtime(tmp_path).answer(adaptation, [(user("q"),)])


def test_a_failure_stays_in_its_place(tiny_base: Base, tmp_path: Path) -> None:
    adaptation = Adaptation(tiny_base, generation=Generation(max_new_tokens=3))
    asked = [(user("a"),), (user("word " * 600),), (user("b"),)]
    answers = Runtime(tmp_path).answer(adaptation, asked)
    assert [type(a).__name__ for a in answers] == ["Completion", "Failure", "Completion"]


def test_one_base_is_loaded_once(tiny_base: Base, tmp_path: Path) -> None:
    runtime = Runtime(tmp_path)
    assert runtime.engine(tiny_base) is runtime.engine(dataclasses.replace(tiny_base))
