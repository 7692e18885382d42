"""Arms side by side, or one before and after, on the items that both have scores for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tailor.errors import StudyError
from tailor.evaluation.statistics import (
    Comparison,
    Equivalence,
    Standing,
    Verdict,
    equivalence,
    non_inferiority,
    paired_difference,
    standings,
)
from tailor.evaluation.summary import ArmAnswers, scored_items
from tailor.records import CellName, Interval

Floats = NDArray[np.float64]


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


class CellScores:
    """The primary metric of several arms on one cell, as tables over the same items.

    Args:
        arms: their answers. All must have been asked the same items of the cell.

    Raises:
        StudyError: an arm was asked other items than the first, or misses an answer.
    """

    def __init__(self, arms: Sequence[ArmAnswers], cell: CellName) -> None:
        self.items = [item for item in arms[0].items if item.cell == cell] if arms else []
        place = {item.id: n for n, item in enumerate(self.items)}
        codes: dict[str, int] = {}
        self._facts = np.array([codes.setdefault(i.fact or i.id, len(codes)) for i in self.items], dtype=np.intp)
        self._values: dict[str, Floats] = {}
        self._scored: dict[str, NDArray[np.bool_]] = {}
        for arm in arms:
            _check_same_items(arms[0], arm, place, cell)
            table = scored_items(arm, cell)
            rows = np.array([place[item.id] for item in table.items], dtype=np.intp)
            values = np.full((len(self.items), max(1, len(table.seeds))), np.nan)
            if len(rows):
                values[rows] = table.values
            self._values[arm.arm] = values
            self._scored[arm.arm] = ~np.isnan(values[:, 0])

    def compare(self, a: str, b: str) -> Comparison | None:
        """Arm a minus arm b; None where no item is scored in both. Items that failed in either are left out of both."""
        [first, second], facts = self.shared(a, b)
        return paired_difference(first, second, facts) if len(facts) else None

    def equivalence(self, a: str, b: str, margin: float) -> Equivalence | None:
        """Whether two arms are shown to differ by less than the margin; None where no item is scored in both."""
        [first, second], facts = self.shared(a, b)
        return equivalence(first, second, facts, margin) if len(facts) else None

    def standings(self, costs: Mapping[str, Mapping[str, float]] | None = None) -> dict[str, Standing]:
        """P(best) and P(on the frontier) of every arm, over the items that all of them have scores for.

        Args:
            costs: arm -> item id -> what the answer cost. The frontier needs it of all arms and items.
        """
        names = list(self._values)
        if not names:
            return {}
        tables, facts = self.shared(*names)
        if not len(facts):
            return {}
        spent = None
        if costs is not None:
            ids = [item.id for item, kept in zip(self.items, self._kept(names), strict=True) if kept]
            columns = [np.array([costs[name].get(i, np.nan) for i in ids]) for name in names]
            spent = columns if all(np.all(np.isfinite(c)) for c in columns) else None
        return dict(zip(names, standings(tables, facts, spent), strict=True))

    def shared(self, *names: str) -> tuple[list[Floats], NDArray[np.intp]]:
        """The tables (items x seeds) of some arms over the items all of them have scores for, then each item's fact."""
        kept = self._kept(names)
        # Facts are numbered without gaps, since the statistics count them by the highest number.
        facts = np.unique(self._facts[kept], return_inverse=True)[1] if not kept.all() else self._facts
        return [self._values[name][kept] for name in names], facts.astype(np.intp)

    def _kept(self, names: Sequence[str]) -> NDArray[np.bool_]:
        kept: NDArray[np.bool_] = np.logical_and.reduce([self._scored[name] for name in names])
        return kept


def compare(a: ArmAnswers, b: ArmAnswers, cell: CellName) -> Comparison | None:
    """Arm a minus arm b in the primary metric on a cell; None where no item is scored in both.

    Items that failed in either arm are left out of both.

    Raises:
        StudyError: the arms were not given the same items in this cell.
    """
    [a, b] = _apart(a, b)
    return CellScores([a, b], cell).compare(a.arm, b.arm)


def general_change(after: ArmAnswers, before: ArmAnswers, margin: float) -> GeneralChange:
    """Whether an arm (`after`) kept the general ability of another (`before`, the plain base model): the cell general,
    verdict by `non_inferiority` with `margin` the largest loss that does not matter (0.03: three points).

    Raises:
        StudyError: the arms were not given the same general items.
        ValueError: the margin is not in (0, 1).
    """
    [after, before] = _apart(after, before)
    [new, old], facts = CellScores([after, before], "general").shared(after.arm, before.arm)
    if not len(facts):
        nan = float("nan")
        return GeneralChange(nan, nan, Interval(nan, nan, nan), "inconclusive", 0, nan)
    found = non_inferiority(new, old, facts, margin)
    means = float(np.mean(old)), float(np.mean(new))
    return GeneralChange(*means, found.difference, found.verdict, found.difference.n_items, found.detectable)


def _apart(a: ArmAnswers, b: ArmAnswers) -> list[ArmAnswers]:
    """Two arms whose names differ, also where an arm is set beside another state of itself."""
    return [a, b if a.arm != b.arm else ArmAnswers(f"{b.arm} (before)", b.items, b.answers)]


def _check_same_items(first: ArmAnswers, other: ArmAnswers, place: Mapping[str, int], cell: CellName) -> None:
    if other.items is first.items:
        return
    asked = {item.id for item in other.items if item.cell == cell}
    if asked != place.keys():
        raise StudyError(
            f"arms '{first.arm}' and '{other.arm}' were asked different items in cell {cell}: "
            f"{len(place.keys() - asked)} only the first, {len(asked - place.keys())} only the second.",
            hint="Compare arms of one study; run the arm again if the test set has changed since.",
        )
