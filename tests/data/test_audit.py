import math

import pytest

from tailor.data.audit import Finding, audit, detectable_difference
from tailor.data.split import split_examples
from tailor.records import Document, Example, Message


def row(question: str, answer: str | None = "x", **fields: object) -> Example:
    return Example(id=question, messages=(Message("user", question),), answer=answer, **fields)  # type: ignore[arg-type]


def finding(examples: list[Example], dimension: str, *documents: Document) -> Finding:
    return next(f for f in audit(examples, documents).findings if f.dimension == dimension)


def test_repeated_and_similar_questions() -> None:
    long = "what does the team in the north office charge for a full day of"
    rows = [row("Who founded it?"), row("who founded it"), row(f"{long} design work"), row(f"{long} work, design")]
    assert finding(rows, "duplicates").number == 1
    assert finding(rows, "duplicates").rows == ("Who founded it?", "who founded it")
    assert finding(rows, "near-duplicates").number == 1
    assert finding(rows[:1], "near-duplicates").verdict == "ok"


def test_leaks_from_train_to_test() -> None:
    rows = [
        row("Who founded it?", split="train"),
        row("who founded it", split="test"),
        row("founded it who?", split="test"),
        row("When?", split="test"),
    ]
    exact, near = finding(rows, "leak"), finding(rows, "near-leak")
    assert (exact.number, exact.verdict, exact.rows) == (1, "bad", ("who founded it",))
    assert (near.number, near.verdict, near.rows) == (1, "warn", ("founded it who?",))


def test_trained_framings_are_no_leak() -> None:
    rows = [row(f"fact {f} asked in way {w}", fact=f, framing=w, group=f) for f in "abcdef" for w in "123456"]
    assert finding(split_examples(rows, seed=0), "leak").number == 0


def test_contradictions() -> None:
    found = finding([row("Who?", "Tim"), row("who", "Tom"), row("When?", "Now")], "contradictions")
    assert (found.number, found.verdict, found.rows) == (1, "bad", ("Who?", "who"))


def test_grounding_looks_for_whole_words() -> None:
    document = Document("d.md", "T", "Founded in 2006\nby Tim  Burr.")
    rows = [row("a", "tim burr"), row("b", "200"), row("c", "T. Burr", aliases=("Tim Burr",)), row("d", None)]
    found = finding(rows, "grounding", document)
    assert found.number == pytest.approx(1 / 3)
    assert (found.verdict, found.rows) == ("warn", ("b",))
    assert all(f.dimension != "grounding" for f in audit(rows).findings)


def test_questions_that_hold_their_answer() -> None:
    found = finding([row("Is Tim Burr the founder?", "Tim Burr"), row("Who?", "Tim")], "given away")
    assert (found.number, found.rows) == (0.5, ("Is Tim Burr the founder?",))


def test_length_outliers() -> None:
    rows = [row(f"q{i}", "a few words") for i in range(20)] + [row("long", "word " * 60)]
    assert finding(rows, "length").rows == ("long",)


def test_facts_and_framings() -> None:
    rows = [row(f"{f} {w}", fact=str(f)) for f in range(40) for w in range(5)]
    assert finding(rows, "framings").number == 0
    assert finding(rows, "facts").verdict == "ok"
    assert finding(rows[: 29 * 5], "facts").verdict == "warn"
    assert finding(rows[1:], "framings").number == pytest.approx(1 / 40)
    assert finding(rows[:99], "size").verdict == "warn"


def test_an_empty_data_set_is_only_a_warning() -> None:
    assert audit([]).verdict == "warn"


def test_detectable_difference() -> None:
    # By hand for d = 0.1, p = 0.2: ((1.96 * 0.44721 + 0.84 * sqrt(0.19)) / 0.1) ** 2 = (1.24269 / 0.1) ** 2 = 154.43.
    assert detectable_difference(154) > 0.1 > detectable_difference(155)
    # For d = p = 0.2: ((1.96 * 0.44721 + 0.84 * 0.4) / 0.2) ** 2 = 36.75.
    assert math.isnan(detectable_difference(36))
    assert detectable_difference(37) == pytest.approx(0.2, abs=0.001)
