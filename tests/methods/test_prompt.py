"""The prompt search: it finds what is planted, keeps to its budget, and asks nothing but dev."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tailor.errors import ConfigError, DataError
from tailor.methods.base import FitContext
from tailor.methods.compose import expand, fit_arm
from tailor.methods.prompt import FORMATS, INSTRUCTIONS, SHOTS
from tailor.records import Adaptation, Base, Completion, Example, Failure, Fitted, Message, Usage

Make = Callable[..., FitContext]
DEV = tuple(Example(f"d{n}", (Message("user", f"What is {n}?"),), str(n), fact=f"f{n}", split="dev") for n in range(64))


class Answers:
    """A base whose answers are right where the prompt has what it wants; counts what it is asked."""

    def __init__(self, right: Callable[[Adaptation, int], bool]) -> None:
        self.right, self.asked = right, list[tuple[Adaptation, str]]()

    def answer(self, adaptation: Adaptation, conversations: Sequence[tuple[Message, ...]]) -> list[Any]:
        made: list[Completion | Failure] = []
        for (message,) in conversations:
            self.asked.append((adaptation, message.content))
            number = message.content.removeprefix("What is ").rstrip("?")
            good = number.isdigit() and self.right(adaptation, int(number))
            words = len((adaptation.system or "").split())
            shown = adaptation.demonstrations.k if adaptation.demonstrations else 0
            made.append(Completion(number if good else "no", Usage(5 + words + 10 * shown, 1)))
        return made


def search(context: Make, right: Callable[[Adaptation, int], bool], **changes: Any) -> tuple[Fitted, Answers]:
    answers = Answers(right)
    calls = changes.pop("calls", 1000)
    [arm] = expand("prompt", {"calls": calls, **changes.pop("options", {})})
    fit = context(dev=DEV, runtime=answers, judge=lambda e, text: float(text == e.answer), **changes)
    return fit_arm(arm, fit), answers


@pytest.mark.parametrize("wanted", ["Write only the answer.", "Answer truthfully. Do not explain."])
def test_it_finds_the_words_that_help(wanted: str, context: Make) -> None:
    # A quarter of the questions is answered right without them too.
    fitted, _ = search(context, lambda a, n: wanted in (a.system or "") or n % 4 == 0)
    assert wanted in str(fitted.adaptation.system)
    assert fitted.chosen["dev"] == 1


def test_it_finds_the_number_of_demonstrations(context: Make) -> None:
    fitted, _ = search(context, lambda a, n: n % 8 < (a.demonstrations.k if a.demonstrations else 0))
    assert fitted.adaptation.demonstrations is not None
    assert fitted.adaptation.demonstrations.k == fitted.chosen["demonstrations"] == 8


def test_it_finds_the_order_of_the_demonstrations(context: Make) -> None:
    def first_is_ada(a: Adaptation, n: int) -> bool:
        return n % 4 == 0 or (a.demonstrations is not None and "Ada" in a.demonstrations.pool[0].question)

    found = [search(context, first_is_ada, seed=s)[0].adaptation.demonstrations for s in range(12)]
    # In three drawings of ten facts Ada stands first in 27 % of the cases (1 - 0.9 ** 3); then it is found.
    assert any(d is not None and "Ada" in d.pool[0].question for d in found)


def test_where_nothing_helps_the_plain_question_stays(context: Make) -> None:
    fitted, _ = search(context, lambda _a, n: n % 2 == 0)
    assert (fitted.adaptation.system, fitted.adaptation.demonstrations) == (None, None)


@pytest.mark.parametrize("calls", [16, 50, 333, 1000, 5000])
def test_the_budget_holds_and_the_spend_is_what_was_asked(calls: int, context: Make) -> None:
    fitted, answers = search(context, lambda _a, n: n % 3 == 0, calls=calls)
    assert len(answers.asked) == fitted.chosen["calls"] <= calls
    assert fitted.chosen["completion_tokens"] == len(answers.asked)
    tokens = [5 + len((a.system or "").split()) + 10 * (a.demonstrations.k if a.demonstrations else 0)
              for a, _ in answers.asked]  # fmt: skip
    assert fitted.chosen["prompt_tokens"] == sum(tokens)
    assert fitted.chosen["candidates"] == len({(a.system, a.demonstrations) for a, _ in answers.asked})
    assert {q for _, q in answers.asked} <= {e.question for e in DEV}, "only dev questions are asked"


def test_rivals_of_a_round_are_asked_the_same_questions(context: Make) -> None:
    _, answers = search(context, lambda _a, n: n % 3 == 0)
    by_prompt: dict[Any, list[str]] = {}
    for adaptation, question in answers.asked:
        by_prompt.setdefault((adaptation.system, adaptation.demonstrations), []).append(question)
    longest = max(by_prompt.values(), key=len)
    assert all(asked == longest[: len(asked)] for asked in by_prompt.values())
    lengths = sorted((len(asked) for asked in by_prompt.values()), reverse=True)
    # Half of them, rounded up, go on to each further round.
    size = len(lengths)
    assert sum(n > lengths[-1] for n in lengths) == (size + 1) // 2


def test_with_many_calls_every_value_is_tried(context: Make) -> None:
    _, answers = search(context, lambda _a, _n: False, calls=20_000)
    systems = {a.system or "" for a, _ in answers.asked}
    assert all(any(i in s for s in systems) for i in INSTRUCTIONS)
    assert all(any(f in s for s in systems) for f in FORMATS)
    assert {a.demonstrations.k if a.demonstrations else 0 for a, _ in answers.asked} == set(SHOTS)


def test_a_base_behind_an_endpoint_proposes_instructions_and_they_count(context: Make) -> None:
    class Writer(Answers):
        def answer(self, adaptation: Adaptation, conversations: Sequence[tuple[Message, ...]]) -> list[Any]:
            made = super().answer(adaptation, conversations)
            proposals = [("Write one instruction" in c[-1].content) for c in conversations]
            return [replace(m, text="Say it in Latin.") if p else m for m, p in zip(made, proposals, strict=True)]

    answers = Writer(lambda a, n: "Latin" in (a.system or "") or n % 4 == 0)
    [arm] = expand("prompt", {"calls": 1000})
    base = Base("endpoint", "m", "http://127.0.0.1:9/v1", "m")
    fit = context(base=base, dev=DEV, runtime=answers, judge=lambda e, text: float(text == e.answer))
    fitted = fit_arm(arm, fit)
    assert "Say it in Latin." in str(fitted.adaptation.system)
    assert fitted.chosen["calls"] == len(answers.asked) <= 1000
    assert sum("Write one instruction" in q for _, q in answers.asked) == 8


def test_a_retriever_beside_it_is_part_of_the_search(context: Make) -> None:
    [arm] = expand("rag+prompt", {"rag": {"k": 1, "dense": False, "system": ""}, "prompt": {"calls": 40}})
    fitted = fit_arm(arm, context())
    assert fitted.adaptation.retriever is not None
    assert fitted.chosen["prompt.calls"] <= 40


def test_without_dev_there_is_nothing_to_search_on(context: Make) -> None:
    [arm] = expand("prompt", {})
    with pytest.raises(DataError, match="dev split is empty"):
        fit_arm(arm, context(dev=()))


@pytest.mark.parametrize("options", [{"calls": 15}, {"calls": 0}, {"written": -1}, {"written": 65}])
def test_impossible_budgets_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="must be from"):
        expand("prompt", options)
