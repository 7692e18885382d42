"""What one arm's scores say: rates and intervals per cell, never pooled over cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tailor.errors import StudyError
from tailor.evaluation.statistics import arm_interval, clustered_mean
from tailor.records import CELLS, CellName, Example, Failure, Grade, Interval, Score


@dataclass(frozen=True)
class ArmAnswers:
    """All scores of an arm: seed -> item id -> score, or why there is none. An arm without seeds has one, say 0."""

    arm: str
    items: tuple[Example, ...]
    answers: Mapping[int, Mapping[str, Score | Failure]]


@dataclass(frozen=True)
class FailedAnswer:
    seed: int
    item: str
    failure: Failure


@dataclass(frozen=True)
class CellSummary:
    """One cell of one arm. `accuracy` is the mean primary metric; `f1`, `correct`, `incorrect`, `not_attempted` are
    shares in [0, 1], averaged over seeds; `per_seed` is each seed's accuracy. All rest on the same `n_items` items
    (`n_facts` facts): those scored under every seed. `n_failed` answers (items x seeds) failed and are in no rate;
    `failures` lists them. NaN where nothing was scored."""

    accuracy: Interval
    f1: float
    correct: float
    incorrect: float
    not_attempted: float
    n_items: int
    n_facts: int
    n_failed: int
    per_seed: dict[int, float]
    failures: tuple[FailedAnswer, ...] = ()


@dataclass(frozen=True)
class ArmSummary:
    """One arm. `cells` holds those that have items, in the order of `CELLS`.

    hallucination: share of the unanswerable items that were answered and not abstained on. false_abstention: share of
    the held-out-framing items that were abstained on though the answer is known. consistency: share of the
    held-out-framing facts all of whose framings are right. Each NaN where the cell has no scored items. `warnings` says
    what a reader has to know before using the numbers; empty where all is well.
    """

    arm: str
    seeds: tuple[int, ...]
    cells: dict[CellName, CellSummary]
    hallucination: Interval
    false_abstention: Interval
    consistency: Interval
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScoredItems:
    """The items of a cell that have a score under each of `seeds`; `scores` has a row per item, a column per seed."""

    seeds: tuple[int, ...]
    items: tuple[Example, ...]
    scores: tuple[tuple[Score, ...], ...]
    failures: tuple[FailedAnswer, ...]

    @property
    def facts(self) -> tuple[str, ...]:
        """The fact of each item; an item that names none is a fact of its own."""
        return tuple(item.fact or item.id for item in self.items)

    @property
    def values(self) -> list[list[float]]:
        """The primary metric, items x seeds."""
        return [[score.value for score in row] for row in self.scores]

    def graded(self, grade: Grade) -> list[list[float]]:
        """1 where a score has this grade, items x seeds."""
        return [[float(score.grade == grade) for score in row] for row in self.scores]

    @property
    def abstained(self) -> list[list[float]]:
        """1 where the answer was an abstention, items x seeds."""
        return [[float(score.abstained) for score in row] for row in self.scores]


def scored_items(arm: ArmAnswers, cell: CellName) -> ScoredItems:
    """The scores of a cell as a full table.

    A seed without a single score in the cell (its training failed, say) is left out as a seed; of the other seeds, an
    item that failed under one is left out under all, so that seeds are compared on the same items. All failures are
    listed.

    Raises:
        StudyError: an answer is missing altogether.
    """
    items = [item for item in arm.items if item.cell == cell]
    for seed, answers in arm.answers.items():
        missing = [item.id for item in items if item.id not in answers]
        if missing:
            raise StudyError(
                f"arm '{arm.arm}', seed {seed}, cell {cell}: {len(missing)} of {len(items)} items have neither a score "
                f"nor a failure, the first is '{missing[0]}'.",
                hint="Run the study again; it continues where it stopped.",
            )
    failures: list[FailedAnswer] = []
    scores: dict[int, dict[str, Score]] = {}
    for seed, answers in sorted(arm.answers.items()):
        for item in items:
            answer = answers[item.id]
            if isinstance(answer, Failure):
                failures.append(FailedAnswer(seed, item.id, answer))
            else:
                scores.setdefault(seed, {})[item.id] = answer
    kept = [item for item in items if scores and all(item.id in of_seed for of_seed in scores.values())]
    table = tuple(tuple(of_seed[item.id] for of_seed in scores.values()) for item in kept)
    return ScoredItems(tuple(scores), tuple(kept), table, tuple(failures))


def summarise(arm: ArmAnswers) -> ArmSummary:
    """Summarise an arm, cell by cell.

    Raises:
        StudyError: an answer is missing altogether (a failed one is not: it is a `Failure`).
    """
    tables = {cell: scored_items(arm, cell) for cell in CELLS if any(item.cell == cell for item in arm.items)}
    nothing = ScoredItems((), (), (), ())
    absent = tables.get("unanswerable", nothing)
    known = tables.get("held-out-framing", nothing)
    return ArmSummary(
        arm.arm,
        tuple(sorted(arm.answers)),
        {cell: _cell(table) for cell, table in tables.items()},
        hallucination=_interval([[1 - abstained for abstained in row] for row in absent.abstained], absent.facts),
        false_abstention=_interval(known.abstained, known.facts),
        consistency=_consistency(known),
        warnings=tuple(warning for cell, table in tables.items() for warning in _warnings(arm, cell, table)),
    )


def _cell(table: ScoredItems) -> CellSummary:
    accuracy = _interval(table.values, table.facts)
    per_seed = np.asarray(table.values).mean(axis=0) if table.items else [float("nan")] * len(table.seeds)
    return CellSummary(
        accuracy,
        _mean([[score.f1 for score in row] for row in table.scores]),
        _mean(table.graded("correct")),
        _mean(table.graded("incorrect")),
        _mean(table.graded("not-attempted")),
        accuracy.n_items,
        accuracy.n_facts,
        len(table.failures),
        {seed: float(value) for seed, value in zip(table.seeds, per_seed, strict=True)},
        table.failures,
    )


def _consistency(table: ScoredItems) -> Interval:
    worst: dict[str, list[float]] = {}
    for fact, row in zip(table.facts, table.graded("correct"), strict=True):
        worst[fact] = [min(pair) for pair in zip(worst.get(fact, row), row, strict=True)]
    return _interval(list(worst.values()), tuple(worst))


def _warnings(arm: ArmAnswers, cell: CellName, table: ScoredItems) -> list[str]:
    if not table.failures:
        return []
    kinds = Counter(failed.failure.kind for failed in table.failures)
    total = sum(item.cell == cell for item in arm.items)
    text = (
        f"{cell}: {len(table.failures)} of {total * len(arm.answers)} answers failed "
        f"({', '.join(f'{kind} {count}' for kind, count in kinds.most_common())}); "
        f"the rates rest on {len(table.items)} of {total} items"
    )
    lost = sorted(set(arm.answers) - set(table.seeds))
    return [text + (f" and leave out seed {', '.join(map(str, lost))}" if lost else "")]


def _mean(rows: list[list[float]]) -> float:
    return float(np.mean(rows)) if rows else float("nan")


def _interval(rows: list[list[float]], facts: tuple[str, ...]) -> Interval:
    return arm_interval(rows, facts) if rows else clustered_mean([], ())
