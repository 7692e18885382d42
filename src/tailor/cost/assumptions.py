"""What a team assumes about volume, people and machines, read from a study's results or a what-if."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tailor.cost.answers import known

# 365 × 24 / 12. A month of 30 days has 720 hours, 1.4 % less; a yearly bill is paid for 8,760.
HOURS_PER_MONTH = 730.0
# Assumed where nobody says: the busiest hour of an internal service is about twice its average.
UTILISATION = 0.5
MONTHS = 12


@dataclass(frozen=True)
class Assumptions:
    """Everything but what was measured; None is unknown. Field names and units are those of `tailor.yaml`."""

    questions_per_month: float | None = None
    growth_per_year: float | None = None
    machine_hour_usd: float | None = None
    refreshes_per_year: float | None = None
    right_answer_usd: float | None = None
    wrong_answer_usd: float | None = None
    unanswered_usd: float | None = None
    unanswerable_share: float | None = None
    months: int = MONTHS
    always_on: bool = False
    utilisation: float = UTILISATION
    utilisation_given: bool = False
    label_minutes: float | None = None
    review_minutes: float | None = None
    labeller_hour_usd: float | None = None
    generation_usd: float | None = None
    relabel_share: float | None = None
    engineering_hours: float | Mapping[str, float] | None = None
    engineer_hour_usd: float | None = None
    monitoring_hours: float | None = None
    storage_gb_month_usd: float | None = None
    base_life_months: float | None = None
    rebase_hours: float | None = None

    @classmethod
    def of(cls, usage: Mapping[str, Any], costs: Mapping[str, Any]) -> Assumptions:
        """From the `usage_assumptions` and `costs` of a study's results."""
        values: dict[str, Any] = {}
        for item in fields(cls):
            found = costs.get(item.name, usage.get(item.name))
            number = known(found)
            if item.name == "growth_per_year" and isinstance(found, (int, float)) and found > -1:
                number = float(found)  # a shrinking volume is negative growth
            if number is not None and item.name not in ("months", "always_on"):
                values[item.name] = number
        hours = costs.get("engineering_hours")
        if isinstance(hours, Mapping):
            values["engineering_hours"] = {str(k): v for k, x in hours.items() if (v := known(x)) is not None}
        months = known(usage.get("months"))
        return cls(
            **values,
            months=int(months) if months else MONTHS,
            always_on=costs.get("always_on") is True,
            utilisation_given="utilisation" in values,
        )

    @property
    def volume(self) -> float | None:
        """Questions a month, on average over the months looked at: `V × mean((1 + growth)^(m / 12))`."""
        if self.questions_per_month is None:
            return None
        growth: float = 1.0 + (self.growth_per_year or 0.0)
        grown = math.fsum(growth ** (m / 12) for m in range(self.months))
        return self.questions_per_month * grown / self.months

    def engineering(self, arm: str, *, control: bool) -> float | None:
        """Hours to build an arm; the control is there already unless hours are given for it by name."""
        if isinstance(self.engineering_hours, Mapping):
            return self.engineering_hours.get(arm, 0.0 if control else None)
        return 0.0 if control else self.engineering_hours
