"""Questions that training has seen are found, in every grade; new wordings of a trained fact are not called leaks."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from planted import ROWS, SHARED, Edit, cased, edited, measured, named, one_word, paraphrases, real, row, unchanged

from tailor.data.audit import Finding, audit
from tailor.data.split import split_examples
from tailor.records import Example
from tailor.retrieval.embedding import encode, installed

WAYS = ("old", "new", "odd", "shy", "bold", "loud", "calm", "kind", "blunt", "curt", "dry", "fair", "neat", "plain")

needs_real = pytest.mark.skipif(not (SHARED / "gsm8k").is_dir(), reason=f"no questions of real people at {SHARED}")


def findings(rows: list[Example]) -> dict[str, Finding]:
    return {f.dimension: f for f in audit(rows).findings}


def train(question: str, answer: str = "Tim Burr") -> Example:
    return row(f"train: {question}", question, answer, "train")


def asked(question: str, answer: str = "Tim Burr") -> Example:
    return row(question, question, answer, "test")


@pytest.mark.parametrize(
    ("question", "dimension"),
    [
        ("Who founded Slippers Studio in 2006?", "leak, exact"),
        ("who  founded SLIPPERS studio in 2006", "leak, form"),
        ("**Who founded “Slippers Studio” in 2006?**", "leak, form"),
        ("Who founded Slippers-Studio in\u200b 2006?", "leak, form"),
        ("Who established Slippers Studio in 2006?", "leak, near"),
        ("Who founded the Slippers Studio in 2006?", "leak, near"),
        ("Who in 2006 founded Slippers Studio?", None),
        ("Who fonuded Slipers Studio in 2006?", None),
        ("Slippers Studio 2006: name the founder", "leak, meaning"),
        ("When does the cafeteria open?", None),
    ],
)
def test_the_grades_of_a_leak(question: str, dimension: str | None) -> None:
    others = [train(f"What about topic {n} of the handbook?", f"answer {n}") for n in range(20)]
    found = findings([train("Who founded Slippers Studio in 2006?"), *others, asked(question)])
    leaks = [d for d, f in found.items() if d.startswith("leak") and f.number]
    if dimension is not None:
        assert leaks[0] == dimension
        assert found[dimension].rows == (question,)
        assert found[dimension].verdict == ("bad" if dimension in ("leak, exact", "leak, form") else "warn")
    assert bool(leaks) == (question != "When does the cafeteria open?")


def test_another_answer_or_number_is_another_question() -> None:
    rows = [train("What does the big logo package cost in 2021?", "$5"), train("What do we pay for it?", "$7")]
    for question, answer in (
        ("What does the small logo package cost in 2021?", "$9"),
        ("What does the big logo package cost in 2022?", "$5"),
    ):
        found = findings([*rows, asked(question, answer)])
        assert not any(f.number for d, f in found.items() if d.startswith("leak"))


def test_long_runs_of_words() -> None:
    story = "a farmer has twelve cows and sells three of them at the market on a sunny day in may"
    rows = [train(f"{story}, how many are left?", "9"), asked(f"Listen: {story}; what did he earn?", "$900")]
    assert findings(rows)["leak, n-gram"].rows == (rows[1].id,)
    boilerplate = [train(f"{story}, how many {n}?", str(n)) for n in range(11)]
    assert findings([*boilerplate, rows[1]])["leak, n-gram"].number == 0


def test_new_wordings_of_a_trained_fact_are_no_leak() -> None:
    words = ("Who started", "Who founded", "Who set up", "Who opened", "Who began", "Who built")
    rows = [
        row(f"{f} {w}", f"{w} the {f} studio in the north?", f"Founder {f}")
        for f in ("red", "green", "blue", "black", "white", "brown")
        for w in words
    ]
    split = split_examples([replace(r, fact=r.answer or "", group=r.answer or "") for r in rows], seed=0)
    found = findings(split)
    assert any(e.cell == "held-out-framing" for e in split)
    assert all(found[f"leak, {grade}"].number == 0 for grade in ("exact", "form", "n-gram", "near", "meaning"))
    assert "new wordings of a trained fact" in found["leak, near"].text
    # Without the cells the same rows are leaks.
    bare = findings([replace(e, cell=None) for e in split if e.cell != "trained-framing"])
    assert bare["leak, near"].number > 0


def test_a_fact_with_many_trained_wordings_still_tells_its_leaks() -> None:
    rows = [replace(train(f"the {w} way to ask for the founder of Slippers"), fact="founder") for w in WAYS]
    others = [train(f"What about topic {n} of the handbook?", f"answer {n}") for n in range(60)]
    found = findings([*rows, *others, asked("Slippers: name its founder")])
    assert found["leak, meaning"].rows == ("Slippers: name its founder",)


def test_without_a_split_nothing_leaks() -> None:
    assert not [d for d in findings([row("a", "Who?", "Tim"), row("b", "Who?", "Tim")]) if d.startswith("leak")]


def test_no_row_is_named_for_a_class_label() -> None:
    rows = [row(f"{n}", f"my card number {n} is lost since day {n}", "card", "train") for n in range(40)]
    found = findings([*rows, asked("somebody stole the card and my money", "card")])
    assert found["leak, meaning"].number == 0


@pytest.mark.parametrize("source", ["named", pytest.param("real", marks=needs_real)])
@pytest.mark.slow
def test_planted_in_ten_thousand_rows(source: str) -> None:
    chance = random.Random(11)
    rows = named(ROWS, chance) if source == "named" else real(ROWS)
    assert len(rows) > 0.99 * ROWS
    wanted: dict[Edit, tuple[str, float]] = {
        unchanged: ("leak, exact", 1.0),
        cased: ("leak, form", 1.0),
        one_word: ("leak, near", 0.99),
    }
    planted = measured(rows, [pair for edit in wanted for pair in edited(rows, edit, 200, chance)])
    for edit, (dimension, least) in wanted.items():
        leaks = {i for i in planted.leaks if i.startswith(edit.__name__)}
        assert len(leaks & planted.by_dimension[dimension]) >= least * 200
    assert planted.false_alarms <= 0.02


@needs_real
@pytest.mark.skipif(not installed(), reason="the sentence encoder (extra: rag) is not installed")
@pytest.mark.slow
def test_planted_paraphrases_in_ten_thousand_rows() -> None:
    planted = measured(real(ROWS), paraphrases(random.Random(12)), encode)
    assert len(planted.leaks) >= 190
    assert planted.recall >= 0.9
    assert planted.false_alarms <= 0.02
