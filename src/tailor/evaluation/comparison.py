"""Two arms, or one before and after, on the items that both have scores for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tailor.errors import StudyError
from tailor.evaluation.statistics import Comparison, Verdict, non_inferiority, paired_difference
from tailor.evaluation.summary import ArmAnswers, ScoredItems, scored_items
from tailor.records import CellName, Interval


@dataclass(frozen=True)
class GeneralChange:
    """What became of general ability. `before` and `after` are accuracies on the same `n_items` items, `difference` is
    after minus before with its two one-sided 95 % bounds, `detectable` the smallest true loss that would be found with
    80 % power. Without items: NaN and inconclusive."""

    before: float
    after: float
    difference: Interval
    verdict: Verdict
    n_items: int
    detectable: float


def compare(a: ArmAnswers, b: ArmAnswers, cell: CellName) -> Comparison | None:
    """Arm a minus arm b in the primary metric on a cell; None where no item is scored in both.

    Items that failed in either arm are left out of both.

    Raises:
        StudyError: the arms were not given the same items in this cell.
    """
    rows_a, rows_b, facts = _shared(a, b, cell)
    return paired_difference(rows_a, rows_b, facts) if facts else None


def general_change(after: ArmAnswers, before: ArmAnswers, margin: float) -> GeneralChange:
    """Whether an arm (`after`) kept the general ability of another (`before`, the plain base model): the cell general,
    verdict by `non_inferiority` with `margin` the largest loss that does not matter (0.03: three points).

    Raises:
        StudyError: the arms were not given the same general items.
        ValueError: the margin is not in (0, 1).
    """
    rows_after, rows_before, facts = _shared(after, before, "general")
    if not facts:
        nan = float("nan")
        return GeneralChange(nan, nan, Interval(nan, nan, nan), "inconclusive", 0, nan)
    found = non_inferiority(rows_after, rows_before, facts, margin)
    means = float(np.mean(rows_before)), float(np.mean(rows_after))
    return GeneralChange(*means, found.difference, found.verdict, found.difference.n_items, found.detectable)


def _shared(a: ArmAnswers, b: ArmAnswers, cell: CellName) -> tuple[list[list[float]], list[list[float]], list[str]]:
    asked_a, asked_b = ({item.id for item in arm.items if item.cell == cell} for arm in (a, b))
    if asked_a != asked_b:
        raise StudyError(
            f"arms '{a.arm}' and '{b.arm}' were asked different items in cell {cell}: "
            f"{len(asked_a - asked_b)} only the first, {len(asked_b - asked_a)} only the second.",
            hint="Compare arms of one study; run the arm again if the test set has changed since.",
        )
    of_a, of_b = scored_items(a, cell), scored_items(b, cell)
    values_a, values_b = _by_item(of_a), _by_item(of_b)
    shared = [(item.id, fact) for item, fact in zip(of_a.items, of_a.facts, strict=True) if item.id in values_b]
    return [values_a[item] for item, _ in shared], [values_b[item] for item, _ in shared], [fact for _, fact in shared]


def _by_item(table: ScoredItems) -> dict[str, list[float]]:
    return {item.id: row for item, row in zip(table.items, table.values, strict=True)}
