"""Framings by rules: grammar, gates, diversity, and answers that stay."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailor.data.augment.english import topic_of
from tailor.data.augment.grow import distinct, grow
from tailor.data.similar import normalise
from tailor.data.split import split_examples
from tailor.records import Example, Message
from tiny_workspace import tailor


def row(question: str, answer: str = "x", fact: str = "f", split: str | None = "train", **more: object) -> Example:
    base = Example(question, (Message("user", question),), answer, fact=fact, group=fact, split=split)
    return replace(base, **more)


@pytest.mark.parametrize(
    ("question", "phrase"),
    [
        ("What is the price of tea?", "the price of tea"),
        ("Who was the first client of Elm Ltd?", "the first client of Elm Ltd"),
        ("When did we open?", "when we opened"),
        ("When did the firm begin?", "when the firm began"),
        ("How much does Insole cost?", "how much Insole costs"),
        ("Where is the headquarters of Elm Ltd?", "where the headquarters of Elm Ltd is"),
        ("When is the office open on Fridays?", "when the office is open on Fridays"),
        ("Which language is Slipway written in?", "which language Slipway is written in"),
        ("How can I reach support?", "how I can reach support"),
        ("Can we cancel an order?", "whether we can cancel an order"),
        ("Please tell me how long the trial lasts.", "how long the trial lasts"),
        ("State the fee for a subscription.", "the fee for a subscription"),
        ("What is the limit on paid leave?", "the limit on paid leave"),
        ("What share is added for work done at night?", "what share is added for work done at night"),
        ("In what year did it begin?", "in what year it began"),
        ("To which number should an emergency call to support go?", None),  # call or go?
        ("My bill went up. How much do you pay?", None),  # two sentences
        ("Was kostet Tee?", None),
        ("", None),
    ],
)
def test_what_a_question_asks_for(question: str, phrase: str | None) -> None:
    topic = topic_of(question)
    assert (topic.phrase if topic else None) == phrase


def test_the_example_handbook_grows_to_twenty_framings_that_differ() -> None:
    source = Path(__file__).parents[2] / "examples" / "slippers-studio" / "data" / "questions.jsonl"
    given_rows = [json.loads(line) for line in source.read_text().splitlines()]
    examples = [row(r["question"], r["answer"], r["fact"], None, id=r["id"]) for r in given_rows]
    done = split_examples(examples, seed=0)
    growth = grow(done, 20)
    assert growth.framings_after == 20
    assert growth.after > 18  # of 20; copies with other punctuation would leave 5
    questions = {normalise(m.example.question) for m in growth.made}
    assert len(questions) == len(growth.made)
    held_back = {normalise(e.question) for e in done if e.split in ("test", "dev") and not e.id.endswith("#trained")}
    assert not questions & held_back
    by_id = {e.id: e for e in done}
    for made in growth.made:
        source_row = by_id[made.source]
        assert (made.example.answer, made.example.fact, made.example.split) == (
            source_row.answer,
            source_row.fact,
            "train",
        )
    assert len({m.example.id for m in growth.made}) == len(growth.made)
    assert {m.rule for m in growth.made} >= {
        "cloze",
        "formal",
        "casual",
        "typos",
        "false-premise",
        "key-words",
        "e-mail",
    }


def test_gates() -> None:
    near = "I would be grateful if you could inform me about the price of tea"
    tests = [row(q, "2 euros", split="test") for q in ("Tell me the price of tea.", f"{near}, please.")]
    growth = grow([row("What is the price of tea?", "2 euros"), *tests], 40)
    made = [m.example.question for m in growth.made]
    assert "Tell me the price of tea." not in made
    assert f"{near}." not in made
    assert growth.refused == {"not new": 1, "too near to a test question": 1}
    assert not any("2 euros" in q for q in made)
    # Numbers and names of the question stay in it.
    growth = grow([row("What does the Elm plan cost for 12 users?", "5 euros")], 40)
    assert growth.made
    assert all("12" in m.example.question and "elm" in m.example.question.lower() for m in growth.made)


def test_a_premise_that_is_wrong_is_another_facts_answer() -> None:
    rows = [row(f"What is the price of {t}?", f"{n} euros", t) for n, t in enumerate(("tea", "milk", "rice"), 1)]
    premises = [m for m in grow(rows, 40).made if m.rule == "false-premise"]
    assert premises
    for made in premises:
        (named,) = re.findall(r"\d euros", made.example.question)
        assert named != made.example.answer
    (made,) = {
        m.example.question for m in grow([row("When did we open?", "2006")], 40).made if "doubt" in m.example.question
    }
    assert made == "I read that it is 2009, but I doubt it. Please tell me when we opened."


def test_reversed_questions_ask_for_the_thing() -> None:
    rows = [
        row("What is the price of Insole?", "40 euros", "a"),
        row("What is the price of Outsole?", "50 euros", "b"),
        row("What is the price of Midsole?", "50 euros", "c"),
    ]
    found = [
        (m.example.question, m.example.answer) for m in grow(rows, 3, reversed_too=True).made if m.rule == "reversed"
    ]
    assert found == [("Of whom or what is the price 40 euros?", "Insole")]


def test_distinct_wordings() -> None:
    copies = [f"What is the price of tea{mark}" for mark in ("?", "!", "", " ?")]
    assert distinct(copies) == 1
    assert distinct([*copies, "How much do I pay for a cup?"]) == 2


questions = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.lists(
    st.sampled_from(("what", "is", "the", "price", "of", "tea", "?", "How", "does", "Elm", "open", "{}", "12")),
    max_size=9,
).map(" ".join)


@settings(max_examples=150)
@given(
    asked=st.lists(questions.map(str.strip).filter(bool), min_size=1, max_size=5, unique=True), seed=st.integers(0, 9)
)
def test_augmentation_never_changes_an_answer(asked: list[str], seed: int) -> None:
    rows = [row(q, f"answer {n}", f"f{n // 2}", id=str(n)) for n, q in enumerate(asked)]
    growth = grow(rows, 9, seed=seed)
    answers = {e.id: e.answer for e in rows}
    assert all(m.example.answer == answers[m.source] for m in growth.made)
    assert growth.made == grow(rows[::-1], 9, seed=seed).made
    assert all(m.example.question.strip() for m in growth.made)


@pytest.mark.slow
def test_the_command_writes_rows_with_their_origin(workspace: Path) -> None:
    ran = tailor("augment", workspace, "--framings", "8", "-o", workspace / "more.jsonl", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    lines = [json.loads(line) for line in (workspace / "more.jsonl").read_text().splitlines()]
    assert len(lines) == found["made"] > 0
    assert set(lines[0]["made"]) == {"by", "rule", "from", "seed"}
    assert {line["split"] for line in lines} == {"train"}
    before = json.loads(tailor("check", workspace, "--json").out)
    text = (workspace / "tailor.yaml").read_text()
    (workspace / "tailor.yaml").write_text(
        text.replace("questions: questions.jsonl", "questions: [questions.jsonl, more.jsonl]")
    )
    after = json.loads(tailor("check", workspace, "--json").out)
    assert before["dataset_sha256"] != after["dataset_sha256"]
    (version,) = json.loads(tailor("data", "log", "-w", workspace, "--json").out)
    assert (version["made_by"], version["output"].keys()) == ("tailor augment", {"more.jsonl"})
    # Made again, it is the same: what was made is no source.
    content = (workspace / "more.jsonl").read_bytes()
    assert tailor("augment", workspace, "--framings", "8", "-o", workspace / "more.jsonl").code == 0
    assert (workspace / "more.jsonl").read_bytes() == content
    ran = tailor("augment", workspace, "-o", workspace / "questions.jsonl")
    assert ran.code == 2
    assert "was not written by tailor augment" in ran.err
