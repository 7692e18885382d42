"""rag+lora trained with passages: what the rows hold, and that they are never mixed with rows without."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from tailor.errors import ConfigError
from tailor.methods.base import FitContext
from tailor.methods.compose import expand, fit_arm
from tailor.methods.full import Full, FullOptions
from tailor.methods.rag import Rag, RagOptions
from tailor.methods.with_passages import GOLD_SHARE, holds_answer, passage_rows
from tailor.records import Adaptation, Example, Message, Passage

Make = Callable[..., FitContext]
FIRST = ("Ada", "Bo", "Cem", "Dora", "Eli")
FAMILY = ("Ash", "Birk", "Cole", "Dale", "Elm", "Ford", "Gray", "Hill")
# 40 people in 40 passages; a name is asked for by both of its words, so that the search finds the right one first.
PEOPLE = [f"{a} {b}" for b in FAMILY for a in FIRST]
PASSAGES = tuple(Passage(f"p{n}", "docs/rooms.md", who, f"{who} works in R{n}.") for n, who in enumerate(PEOPLE))
ROWS = tuple(
    Example(f"{n:02d}-{f}", (Message("user", ask.format(who)),), f"R{n}", fact=who, source=f"docs/rooms.md#{who}")
    for n, who in enumerate(PEOPLE)
    for f, ask in enumerate(("Room of {}?", "Where does {} work?"))
)


def rag(context: FitContext, k: int, **options: object) -> FitContext:
    fitted = Rag().fit(context, RagOptions(k=k, dense=False, **options))
    return dataclasses.replace(context, beside=fitted.adaptation)


def shown_in(prompt: str) -> list[Passage]:
    lines = [line.split("] ", 1)[1] for line in prompt.splitlines() if line.startswith("[")]
    return [next(p for p in PASSAGES if f"{p.heading}. {p.text}" == line) for line in lines]


@pytest.mark.parametrize("k", [1, 4])
def test_gold_stands_among_distractors_in_random_order_and_is_missing_in_one_row_of_five(k: int, context: Make) -> None:
    fit = rag(context(train=ROWS, passages=PASSAGES), k)
    rows = passage_rows(ROWS, fit, fit.beside, hide=True)
    assert len(rows) == len(ROWS)
    places: list[int] = []
    for example, row in zip(ROWS, rows, strict=True):
        shown = shown_in(row.prompt[-1].content)
        assert len(shown) == max(k, 2) == len(set(shown))
        gold = [n for n, p in enumerate(shown, 1) if holds_answer(p, example)]
        assert len(gold) <= 1
        assert row.answer == (f"{example.answer} [{gold[0]}]" if gold else example.answer)
        assert row.prompt[0].role == "system"
        assert row.prompt[-1].content.endswith(f"Question: {example.question}")
        places += gold
    # 80 rows: 80 % of them is 64, and three standard deviations are 11.
    assert abs(len(places) - GOLD_SHARE * len(ROWS)) <= 11
    assert set(places) == set(range(1, max(k, 2) + 1))


def test_dev_rows_are_what_the_hybrid_will_be_asked(context: Make) -> None:
    fit = rag(context(train=ROWS, passages=PASSAGES), 3)
    assert fit.beside is not None
    rows = passage_rows(ROWS, fit, fit.beside, hide=False)
    requests, _ = fit.runtime.prepare(fit.beside, [e.messages for e in ROWS])
    assert [r.prompt for r in rows] == [r.messages for r in requests]


def test_rows_differ_by_seed_and_are_equal_for_one(context: Make) -> None:
    one, again, other = (rag(context(train=ROWS, passages=PASSAGES, seed=s), 3) for s in (1, 1, 2))
    rows = [passage_rows(ROWS, c, c.beside, hide=True) for c in (one, again, other)]
    assert rows[0] == rows[1] != rows[2]


def test_no_citation_where_the_instruction_asks_for_none(context: Make) -> None:
    fit = rag(context(train=ROWS, passages=PASSAGES), 3, system="Answer from the passages.")
    rows = passage_rows(ROWS, fit, fit.beside, hide=True)
    assert [r.answer for r in rows] == [e.answer for e in ROWS]


def test_without_a_source_the_words_of_the_answer_tell() -> None:
    bare = dataclasses.replace(ROWS[0], source=None, answer="Works in R0")
    assert holds_answer(PASSAGES[0], bare)
    assert not holds_answer(PASSAGES[1], bare)
    assert holds_answer(PASSAGES[1], dataclasses.replace(ROWS[0], source="docs/rooms.md")), "the whole document"


def test_both_forms_are_one_line_and_two_trainings(context: Make) -> None:
    arms = expand(
        "lora+rag",
        {
            "rag": {"k": 2, "dense": False},
            "lora": {"epochs": 1, "rank": 2, "targets": "q_proj", "train_with": ["question", "passages"]},
        },
    )
    assert [a.name for a in arms] == ["lora+rag[train_with=question]", "lora+rag[train_with=passages]"]
    fit = context(train=ROWS[:16], dev=ROWS[16:20], passages=PASSAGES)
    without, with_passages = (fit_arm(a, fit).adaptation for a in arms)
    assert without.retriever == with_passages.retriever
    assert without.weights != with_passages.weights
    [alone] = expand("lora", {"epochs": 1, "rank": 2, "targets": "q_proj"})
    assert fit_arm(alone, fit).adaptation.weights == without.weights


@pytest.mark.parametrize("name", ["lora", "few-shot+full", "zero-shot+last-layers"])
def test_passages_without_a_search_are_refused_before_anything_is_spent(name: str) -> None:
    method = name.rpartition("+")[2]
    options = {"train_with": "passages"}
    with pytest.raises(ConfigError, match="needs a part that searches"):
        expand(name, options if name == method else {method: options})


def test_a_curriculum_with_passages_is_judged_with_passages(context: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    general = tuple(Example(f"g{n}", (Message("user", f"After {n}?"),), str(n + 1)) for n in range(20))
    made = context(train=ROWS[:24], dev=ROWS[:24:2], passages=PASSAGES, general=lambda: general)
    trained = [0.0]  # answers count as right once something is trained, so that all gates pass
    fit = rag(dataclasses.replace(made, judge=lambda _example, _text: trained[0]), 2)
    asked: list[tuple[bool, bool, bool]] = []
    answer = fit.runtime.answer

    def seen(adaptation: Adaptation, conversations: Any, **more: Any) -> Any:
        about_rooms = "After" not in conversations[0][-1].content
        trained[0] = float(adaptation.weights is not None)
        asked.append((about_rooms, adaptation.retriever is not None, adaptation.weights is not None))
        return answer(adaptation, conversations, **more)

    monkeypatch.setattr(fit.runtime, "answer", seen)
    options = FullOptions(epochs=1, learning_rate=0.001, stages=2, train_with="passages")
    fitted = Full().fit(fit, options)
    assert fitted.chosen["stages"] == "2 of 2"
    # The general rows of the base and the dev rows of the base; after each stage known facts, dev and general rows.
    assert {shown for about_rooms, shown, _ in asked if about_rooms} == {True}
    assert {shown for about_rooms, shown, _ in asked if not about_rooms} == {False}
    assert (True, True, False) in asked
    assert (True, True, True) in asked
