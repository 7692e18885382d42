"""Training rows as a hybrid with retrieval will see them: passages above the question, some of them beside the point.

RAFT (Zhang et al. 2024, arXiv 2403.10131): the passage that holds the answer stands among distractors, in random
order, and in one row of five it is missing, so that facts are learnt as well as read. Its answers quote the passage
before they answer; ours are as short as the team wrote them and cite it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tailor.errors import ConfigError
from tailor.methods.base import FitContext
from tailor.records import Adaptation, Example, Passage

if TYPE_CHECKING:
    from tailor.training import TrainingRow

GOLD_SHARE = 0.8
"""Rows that show the passage with the answer: RAFT found 80 % better than all on several data sets."""
AT_LEAST = 2
"""Passages in a training row: with one there would be no distractor."""


def passage_rows(
    examples: Sequence[Example], context: FitContext, beside: Adaptation | None, *, hide: bool
) -> tuple[TrainingRow, ...]:
    """Rows of answered examples, in a fixed order.

    Args:
        examples: of the train or the dev split.
        context: passages, runtime and seed are used.
        beside: what the other parts of the hybrid set; its retriever finds the passages.
        hide: build training rows as above. Otherwise rows are exactly what the hybrid will be asked, for dev.

    Raises:
        ConfigError: there is no retriever beside the training.
    """
    from tailor.training import TrainingRow

    if beside is None or beside.retriever is None:
        raise ConfigError(
            "train_with: passages needs a part that searches.", hint="For example: rag+lora: {lora: {...}}"
        )
    kept = sorted((e for e in examples if e.answer is not None), key=lambda e: e.id)
    if not kept:
        return ()
    shown = _found(kept, context, beside, hide=hide)
    prompts, _ = context.runtime.prompts(beside, [e.messages for e in kept], shown)
    cites = "[1]" in (beside.system or "")
    return tuple(TrainingRow(prompt, _answer(e, p, cites)) for e, p, prompt in zip(kept, shown, prompts, strict=True))


def _found(
    examples: Sequence[Example], context: FitContext, beside: Adaptation, *, hide: bool
) -> list[tuple[Passage, ...]]:
    assert beside.retriever is not None
    index, k = context.runtime.index(beside.retriever.index), beside.retriever.k
    questions = [e.question for e in examples]
    if not hide:
        return [tuple(found) for found in index.search_many(questions, k)]
    size = max(k, AT_LEAST)
    shown = []
    for example, found in zip(examples, index.search_many(questions, 4 * size), strict=True):
        rng = random.Random(f"{context.seed} {example.id}")
        shown.append(tuple(_row_passages(example, found, context.passages, size, rng)))
    return shown


def _row_passages(
    example: Example, found: Sequence[Passage], every: Sequence[Passage], size: int, rng: random.Random
) -> list[Passage]:
    """`size` passages in random order: one with the answer in four rows of five, the others nearest to the question
    without holding it."""
    gold = [p for p in (*found, *every) if holds_answer(p, example)]
    others = [p for p in found if not holds_answer(p, example)]
    chosen = [gold[0], *others][:size] if gold and rng.random() < GOLD_SHARE else others[:size]
    rng.shuffle(chosen)
    return chosen


def holds_answer(passage: Passage, example: Example) -> bool:
    """By the source that the example names; where it names none, by the answer's words in the text."""
    if example.source:
        return example.source in (passage.reference, passage.document)
    return bool(example.answer) and str(example.answer).casefold() in passage.text.casefold()


def _answer(example: Example, shown: Sequence[Passage], cites: bool) -> str:
    """The expected answer, with the number of the passage it stands in where the instruction asks for citations."""
    numbers = [n for n, p in enumerate(shown, 1) if holds_answer(p, example)]
    return f"{example.answer} [{numbers[0]}]" if cites and numbers else str(example.answer)
