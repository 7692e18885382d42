"""What arms are weighed by: the share of right answers, or the net benefit a month. The rule is the same for both."""

from __future__ import annotations

from typing import Literal, Protocol

from tailor.decision.economics import Economics
from tailor.decision.evidence import Difference, Evidence
from tailor.decision.words import number

Unit = Literal["points", "usd"]


class Scale(Protocol):
    """`margin` is what does not matter, in the scale's own unit."""

    unit: Unit
    margin: float

    def rank(self, arm: str) -> float:
        """More is better."""
        ...

    def difference(self, arm: str, against: str) -> Difference | None: ...


class QualityScale:
    """Right answers in the primary cell, by the study's own comparisons."""

    unit: Unit = "points"

    def __init__(self, evidence: Evidence, margin: float | None = None) -> None:
        self.evidence = evidence
        self.margin = evidence.margin if margin is None else margin

    def rank(self, arm: str) -> float:
        return self.evidence.quality(arm) or 0.0

    def difference(self, arm: str, against: str) -> Difference | None:
        return self.evidence.difference(arm, against)


class MoneyScale:
    """Net benefit in dollars a month, by draws of everything that is uncertain. Better is what is better in at least
    97.5 % of the draws; there is no test and nothing to correct."""

    unit: Unit = "usd"

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.money = Economics(evidence)
        self.margin = number(evidence.results.get("margin_usd")) or 0.0
        self.drawn = self.money.simulation()

    def rank(self, arm: str) -> float:
        found = self.drawn.outcomes.get(arm) if self.drawn else None
        return float("-inf") if found is None else found.mean

    def difference(self, arm: str, against: str) -> Difference | None:
        found = self.drawn.differences.get((arm, against)) if self.drawn else None
        if found is None:
            return None
        mean, low, high = found
        one, other = self.money.net(arm), self.money.net(against)
        value = mean if one is None or other is None else one - other
        sure = 0.0 if low > 0 or high < 0 else 1.0
        return Difference(arm, against, self.evidence.cell, value, low, high, sure, self.evidence.facts(), None)

    def missing(self) -> list[str]:
        """What must be known before money can decide."""
        assume = self.money.assume
        asked = {
            "what a wrong answer costs (usage.wrong_answer_usd)": assume.wrong_answer_usd,
            "questions a month (usage.questions_per_month)": assume.questions_per_month,
            "what an answer costs (usage.machine_hour_usd or usage.tokens)": next(
                (o.per_answer for o in self.money.owned.values() if o.per_answer is not None), None
            ),
        }
        return [name for name, value in asked.items() if value is None] or ["the value of two arms"]


def scale_of(evidence: Evidence, margin: float | None = None) -> Scale:
    """The scale that the plan declares."""
    if evidence.results.get("decide_by") == "money":
        return MoneyScale(evidence)
    return QualityScale(evidence, margin)
