"""Reads results.json (docs/reference/results.md) the way a decision needs it. Null and NaN both read as None."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tailor.decision.words import number

ALPHA = 0.05


@dataclass(frozen=True)
class Difference:
    """`arm` minus `against` in the share of right answers, with its 95 % interval; `p` is Holm-adjusted."""

    arm: str
    against: str
    cell: str
    value: float | None
    low: float | None
    high: float | None
    p: float | None
    n_facts: int | None
    mde: float | None

    @property
    def shown_better(self) -> bool:
        """More right answers than `against`, and not by chance: Holm p < 0.05."""
        return self.value is not None and self.value > 0 and self.p is not None and self.p < ALPHA

    @property
    def half_width(self) -> float | None:
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    def too_wide(self, margin: float) -> bool:
        """The interval does not exclude a difference of twice the margin, nor show one of more than the margin: to call
        it either way would be wrong too often. An unknown interval separates nothing."""
        if self.low is None or self.high is None:
            return True
        return self.high > 2 * margin and self.low <= margin

    def facts_needed(self, margin: float) -> int | None:
        """Facts that would settle it: for an interval of ± margin, or, where it is that narrow already and the
        difference lies between one and two margins, for one narrow enough to exclude one of them. Half-widths shrink
        with the square root of the number of facts."""
        if self.half_width is None or not self.n_facts or margin <= 0:
            return None
        value = self.value or 0.0
        wanted = margin if self.half_width > margin else max(2 * margin - value, value - margin)
        return math.ceil(self.n_facts * (self.half_width / wanted) ** 2 - 1e-6)  # 9.000000002 is 9

    def reversed(self) -> Difference:
        minus = [None if v is None else -v for v in (self.value, self.high, self.low)]
        return Difference(
            self.against, self.arm, self.cell, minus[0], minus[1], minus[2], self.p, self.n_facts, self.mde
        )


class Evidence:
    """One study's results by arm. Nothing is computed here that the study did not measure."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        self.results = results
        self.arms: Mapping[str, Mapping[str, Any]] = results.get("arms") or {}
        self.cell: str = results.get("primary_cell") or "held-out-framing"
        self.control: str = results.get("control") or ""
        self.margin = number(results.get("margin")) or 0.0
        self.general_margin = number(results.get("general_margin")) or 0.0
        assumed = results.get("usage_assumptions") or {}
        self.questions = number(assumed.get("questions_per_month"))
        self.hourly = number(assumed.get("machine_hour_usd"))
        self.wrong = number(assumed.get("wrong_answer_usd"))
        self.refreshes = number(assumed.get("refreshes_per_year"))

    def part(self, arm: str, name: str) -> Mapping[str, Any]:
        """A record of an arm (`quality`, `general`, ...), empty where the study has none."""
        value = self.arms.get(arm, {}).get(name)
        return value if isinstance(value, Mapping) else {}

    def cell_of(self, arm: str, cell: str) -> Mapping[str, Any]:
        value = self.part(arm, "cells").get(cell)
        return value if isinstance(value, Mapping) else {}

    def quality(self, arm: str) -> float | None:
        """Share of right answers in the primary cell."""
        return number(self.part(arm, "quality").get("value"))

    def complexity(self, arm: str) -> float:
        """Rank in the order of simplicity; an arm without one counts as the least simple."""
        value = number(self.arms.get(arm, {}).get("complexity"))
        return math.inf if value is None else value

    def failed(self) -> list[str]:
        return [a for a, record in self.arms.items() if record.get("status") == "failed"]

    def measured(self) -> list[str]:
        """Arms that ran and have a quality, simplest first, among equally simple ones the better first."""
        failed = set(self.failed())
        arms = [a for a in self.arms if a not in failed and self.quality(a) is not None]
        return sorted(arms, key=lambda a: (self.complexity(a), -(self.quality(a) or 0.0)))

    def harmed(self, arm: str) -> bool:
        """Tuning cost the arm more general ability than the plan allows. The control is what others are held to."""
        return arm != self.control and self.part(arm, "general").get("verdict") == "harmed"

    def invented(self, arm: str) -> float | None:
        """Share of unanswerable questions that got an answer."""
        value = number(self.part(arm, "hallucination").get("value"))
        if value is not None:
            return value
        abstained = number(self.cell_of(arm, "unanswerable").get("value"))
        return None if abstained is None else 1 - abstained

    def abstained(self, arm: str) -> float | None:
        """Share of unanswerable questions on which the arm said so."""
        value = number(self.cell_of(arm, "unanswerable").get("value"))
        invented = self.invented(arm)
        return value if value is not None or invented is None else 1 - invented

    def difference(self, arm: str, against: str, cell: str | None = None) -> Difference | None:
        """The study's comparison of two arms, turned round where it stands the other way."""
        for record in self.results.get("comparisons") or []:
            pair = (record.get("arm"), record.get("against"))
            if record.get("cell") != (cell or self.cell) or pair not in ((arm, against), (against, arm)):
                continue
            found = _difference(record)
            return found if pair == (arm, against) else found.reversed()
        return None

    def facts(self) -> int | None:
        """Facts behind the primary cell: the fewest of any measured arm."""
        counts = [number(self.part(a, "quality").get("n_facts")) for a in self.measured()]
        known = [int(c) for c in counts if c is not None]
        return min(known) if known else None


def _difference(record: Mapping[str, Any]) -> Difference:
    adjusted = number(record.get("p_holm"))
    facts = number(record.get("n_facts"))
    return Difference(
        arm=str(record["arm"]),
        against=str(record["against"]),
        cell=str(record["cell"]),
        value=number(record.get("difference")),
        low=number(record.get("low")),
        high=number(record.get("high")),
        p=adjusted,
        n_facts=None if facts is None else int(facts),
        mde=number(record.get("mde")),
    )
