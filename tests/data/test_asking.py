"""Questions from documents: what rules and a writer ask, what is refused, and that each leads back to its passage."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))

from handbook_files import HANDBOOK, save_handbook
from loopback import Reply, Server, good

from tailor.data.asking.gates import agrees, read_back
from tailor.data.asking.prompts import json_in
from tailor.data.asking.rules import candidates
from tailor.data.asking.sentences import sentences
from tailor.data.read import read_documents
from tailor.data.similar import normalise
from tailor.records import Passage
from tailor.retrieval.chunk import chunk
from tiny_workspace import edit, tailor

WORDS = tuple(re.findall(r"\S+", "The price of Elm is was 2 euros , . a an in by 2006 Ann Lee founded costs and it"))


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("The price of tea is 2 euros.", "What is the price of tea?", "2 euros"),
        ("The founder of Elm Ltd was Ann Lee, a baker.", "Who was the founder of Elm Ltd?", "Ann Lee"),
        ("Ann Lee is the head of sales at Elm and signs off the bills.", "Who is the head of sales at Elm?", "Ann Lee"),
        (
            "Slipway is a tool for deploying web applications.",
            "What is Slipway?",
            "a tool for deploying web applications",
        ),
        ("Elm was founded in 2006 by Tim Burr.", "When was Elm founded?", "2006"),
        ("Elm was founded in 2006 by Tim Burr.", "By whom was Elm founded?", "Tim Burr"),
        ("Insole costs $120 per month and shows messages.", "How much does Insole cost?", "$120 per month"),
        ("Today, the trial at Elm lasts 14 days.", "How long does the trial at Elm last?", "14 days"),
        ("The shop in Bonn opens at 9:30 on weekdays.", "When does the shop in Bonn open?", "9:30"),
        ("Elm works with 250 contractors.", "How many contractors does Elm work with?", "250"),
        ("Expense reports must be sent in by the 25th.", "By when must expense reports be sent in?", "by the 25th"),
    ],
)
def test_what_a_sentence_is_asked(sentence: str, question: str, answer: str) -> None:
    assert (question, answer) in {(q, c.answer) for c in candidates(sentence) for q in c.questions}


@pytest.mark.parametrize(
    "sentence",
    [
        "It costs 2 euros.",  # what?
        "Their founder was Ann Lee.",
        "The price of it is 2 euros.",
        "The office is open.",  # no thing, a state
        "Was kostet Tee?",
        "Der Preis von Tee ist 2 Euro.",
        "If the trial lasts 14 days, call us.",
    ],
)
def test_a_sentence_whose_form_is_not_certain_is_not_asked(sentence: str) -> None:
    assert list(candidates(sentence)) == []


def test_sentences_of_markdown() -> None:
    text = "Dr. Lee runs *Elm*. See [the list](a.md).\n\n- First item.\n- Second item\n\n| a | b |\n\n```\nx. Y.\n```\n"
    assert sentences(text) == ["Dr. Lee runs Elm.", "See the list.", "First item."]


@settings(max_examples=150)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(WORDS),
        max_size=14,
    ).map(" ".join)
)
def test_whatever_the_rules_ask_its_answer_is_words_of_the_sentence(text: str) -> None:
    for candidate in candidates(text):
        assert normalise(candidate.answer).removeprefix("by ") in normalise(text)
        assert all(q.strip() for q in candidate.questions)


def test_answers_by_rules_are_those_that_people_gave() -> None:
    """The rules make some questions of the example workspace word for word: those were answered without the rules."""
    lines = (HANDBOOK.parent / "data" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    people = {normalise(r["question"]): r for r in map(json.loads, lines)}
    made = {
        normalise(q): c.answer
        for passage in chunk(read_documents(HANDBOOK, root=HANDBOOK.parent))
        for sentence in sentences(passage.text)
        for c in candidates(sentence)
        for q in c.questions
    }
    shared = people.keys() & made.keys()
    right = [
        q for q in shared if normalise(made[q]) in {normalise(a) for a in (people[q]["answer"], *people[q]["aliases"])}
    ]
    assert len(shared) >= 25
    assert len(right) >= 0.9 * len(shared)


def test_a_question_is_read_back_from_the_sentence_that_it_asks() -> None:
    passage = Passage("d#A", "d", "A", "Insole costs 40 euros. Outsole costs 50 euros and Elm sells it.")
    assert read_back("How much does Outsole cost?", "50 euros", passage)
    assert not read_back("How much does Outsole cost?", "40 euros", passage)
    assert not read_back("Who wrote Faust?", "40 euros", passage)


def test_what_a_reader_says_is_the_answer_or_not() -> None:
    assert agrees("It costs 40 euros.", "40 euros")
    assert not agrees("It costs 140 euros.", "40 euros")
    assert not agrees("", "40 euros")
    assert not agrees("Elm sells two soles, of which one costs 50 euros and the other one 40 euros.", "40 euros")


@given(st.text(max_size=80))
def test_any_reply_is_read_or_not(reply: str) -> None:
    json_in(reply)


@pytest.mark.slow
def test_ten_documents_become_questions_with_page_and_section(tmp_path: Path) -> None:
    save_handbook(tmp_path / "docs")
    ran = tailor("data", "ask", tmp_path / "docs", "-w", tmp_path, "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    rows = [json.loads(line) for line in (tmp_path / "asked.jsonl").read_text(encoding="utf-8").splitlines()]
    assert found["documents"] == 10
    assert found["wordings"] == found["made"] + sum(found["refused"].values())
    assert len(rows) == found["made"] > 50
    by_kind = {
        kind: [r for r in rows if r["passage"]["document"].endswith(kind)] for kind in (".pdf", ".docx", ".html", ".md")
    }
    assert all(by_kind.values())
    assert all(r["passage"]["page"] for r in by_kind[".pdf"])
    assert any(r["passage"]["page"] > 1 for r in by_kind[".pdf"])
    for row in rows:
        assert normalise(row["answer"]).removeprefix("by ") in normalise(row["passage"]["text"])
        assert row["passage"]["section"] in row["source"]
    assert tailor("data", "show", tmp_path / "asked.jsonl").code == 0
    (tmp_path / "own.jsonl").write_text('{"question": "q", "answer": "a"}\n')
    ran = tailor("data", "ask", tmp_path / "docs", "-w", tmp_path, "-o", tmp_path / "own.jsonl")
    assert ran.code == 2
    assert "was not written by tailor data ask" in ran.err


WRITTEN: list[Any] = [
    {
        "question": "In which city is the Alder office?",
        "same question in other words": "Alder sits where?",
        "answer": "Lisbon",
    },
    {"question": "Which town holds the Birch office?", "answer": "Oslo"},
    {"question": "Where does Cedar work?", "answer": "Rome"},  # not in the passage
    {"question": "Which office is in it?", "answer": "Alder"},  # points nowhere
    {"question": "What does the text say about Alder?", "answer": "Lisbon"},
    {"question": "Is Oslo the Birch town?", "answer": "Oslo"},  # gives itself away
    {"question": "Where is the Alder office?", "answer": "Lisbon"},  # is there already
    {"question": "Which office is in Quito?", "answer": "Alder"},  # the reader says otherwise
    {"answer": "Lisbon"},
    "words",
]  # fmt: skip


def _reply(body: Any) -> Reply:
    usage = {"usage": {"prompt_tokens": 100, "completion_tokens": 10}}
    asked = body["messages"][-1]["content"]
    if "<text>" in asked:
        if "Alder" in asked:
            return good(f"Here they are:\n```json\n{json.dumps(WRITTEN)}\n```", **usage)
        return good("I would rather not." if "Dogwood" in asked else "[]", **usage)
    question = asked.rpartition("Question: ")[2]
    said = next(
        (a for name, a in (("Alder", "Lisbon"), ("Birch", "Oslo"), ("Quito", "Cedar")) if name in question), "?"
    )
    return good(f"{said}. [1]", **usage)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(_reply)
    yield server
    server.close()


def with_writer(workspace: Path, url: str) -> None:
    """A tiny workspace whose writer is a paid model: 1 and 2 dollars for a million tokens."""
    text = (workspace / "tailor.yaml").read_text()
    (workspace / "tailor.yaml").write_text(f"{text}writer:\n  base: {{endpoint: '{url}', model: pen}}\n")
    host = re.sub(r"https?://([^:/]+).*", r"\1", url)
    (workspace / "prices.yaml").write_text(
        "lists:\n- {format_version: 1, kind: tokens, currency: USD, unit: 1M tokens, valid_from: 2026-11-01,\n"
        f"   source: contract, licence: own, prices: {{{host}/pen: {{input: 1.0, output: 2.0}}}}}}\n"
    )


@pytest.mark.slow
def test_a_writer_asks_and_reads_back(workspace: Path, server: Server) -> None:
    with_writer(workspace, server.url)
    ask = ("data", "ask", "-w", workspace, "--by", "writer", "-o", workspace / "w.jsonl", "--json")
    quote = json.loads(tailor(*ask, "--estimate").out)
    assert (quote["host"], server.asked) == ("", [])
    assert quote["usd"] > 0
    ran = tailor(*ask, "--budget", "0.0000001")
    assert ran.code == 5
    assert "budget" in ran.err
    assert server.asked == []
    ran = tailor(*ask)
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    rows = [json.loads(line) for line in (workspace / "w.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {(r["question"], r["answer"]) for r in rows} == {
        ("In which city is the Alder office?", "Lisbon"),
        ("Alder sits where?", "Lisbon"),
        ("Which town holds the Birch office?", "Oslo"),
    }
    # The first four entries of a reply count, as many as were asked for: of these Rome and "it" are refused.
    assert found["refused"] == {"its answer is not in the passage": 1, "not understood without its passage": 1}
    assert found["failed"] == {"no list of questions": 1}
    assert found["wordings"] == 5 == found["made"] + 2
    assert {r["made"]["read_back"]["said"] for r in rows} == {"Lisbon.", "Oslo."}
    requests = len(server.asked)
    assert requests == 3 + 3
    # 100 tokens at 1 and 10 at 2 dollars a million for each request; what is remembered costs nothing again.
    assert found["spent_usd"] == pytest.approx(requests * 120e-6)
    assert rows[0]["made"]["usd"] == pytest.approx(120e-6 / 5 + 120e-6)
    assert json.loads(tailor(*ask).out)["spent_usd"] == found["spent_usd"]
    assert len(server.asked) == requests


def test_every_bad_entry_is_refused_with_its_reason(workspace: Path, server: Server) -> None:
    from tailor.study.asking import Asker
    from tailor.study.config import load_workspace
    from tailor.study.inputs import read_questions
    from tailor.study.splits import split_workspace
    from tailor.study.writer import open_writer

    with_writer(workspace, server.url)
    rest, WRITTEN[:] = WRITTEN[:], WRITTEN[4:]
    try:
        loaded = load_workspace(workspace)
        writer = open_writer(loaded, workspace / "w.jsonl", None)
        documents = read_documents(workspace / "docs", root=workspace)
        done = Asker(documents, split_workspace(loaded, read_questions(loaded)), writer, writer).run()
    finally:
        WRITTEN[:] = rest
    assert done.made == []
    assert dict(done.refused) == {
        "not understood without its passage": 1,
        "gives its answer away": 1,
        "not new": 1,
        "the reader answers otherwise": 1,
    }


@pytest.mark.slow
def test_nothing_leaves_the_machine_unless_somebody_agrees(workspace: Path) -> None:
    with_writer(workspace, "https://models.example/v1")
    ask = ("data", "ask", "-w", workspace, "--by", "writer")
    ran = tailor(*ask)
    assert ran.code == 2
    assert "sends the passages of your documents to models.example" in " ".join(ran.err.split())
    assert "$" in ran.out  # the estimate comes first
    edit(workspace / "tailor.yaml", "writer:", "gates: {private: true}\nwriter:")
    ran = tailor(*ask, "--yes")
    assert ran.code == 2
    assert "gates.private" in ran.err
