"""A study's money: what every arm costs to own, what its answers are worth, how sure that is. Plain data out.

Nothing here decides. Where a study gives no price of a wrong answer there is no net benefit, only cost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

from tailor.cost.assumptions import Assumptions
from tailor.cost.ownership import Ownership, own
from tailor.cost.value import Shares, Worth, net_at
from tailor.decision.evidence import Evidence
from tailor.decision.words import number

if TYPE_CHECKING:
    from tailor.cost.simulate import Candidate, Simulation

# Methods that need no labelled rows of the team: what they show the model comes from the documents or from nothing.
ROWLESS = ("zero-shot", "rag")
# How many more facts the value of more evidence is given for.
MORE_FACTS = 200


class Economics:
    """The money of one study, computed from its results and nothing else."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.assume = assumptions(evidence.results)
        self.worth = Worth.of(self.assume)
        data = evidence.results.get("dataset") or {}
        self.owned: dict[str, Ownership] = {
            arm: own(
                arm,
                evidence.part(arm, "usage"),
                data,
                self.assume,
                control=arm == evidence.control,
                uses_rows=arm not in ROWLESS,
            )
            for arm in evidence.measured()
        }

    def shares(self, arm: str) -> Shares:
        """How the answers of an arm fall. What did not answer for a failure counts as neither right nor wrong."""
        cell = self.evidence.cell_of(arm, self.evidence.cell)
        right, wrong = self.evidence.quality(arm), number(cell.get("incorrect"))
        if wrong is None and right is not None:
            wrong = 1.0 - right
        return Shares(right, wrong, self.evidence.invented(arm))

    def value(self, arm: str) -> float | None:
        """Dollars an answer is worth, before its cost."""
        return None if self.worth is None else self.worth.value(self.shares(arm))

    def net(self, arm: str) -> float | None:
        """Net benefit a month at the volume assumed."""
        value, volume = self.value(arm), self.assume.volume
        return None if value is None or volume is None else net_at(self.owned[arm], value, volume)

    def month(self, arm: str) -> float | None:
        """Dollars a month at the volume assumed; None where answers or refreshes have no known cost."""
        owned = self.owned.get(arm)
        return None if owned is None or {"answers", "machine", "refreshes"} & set(owned.unknown) else owned.monthly

    def simulation(self, only: Collection[str] | None = None) -> Simulation | None:
        """Draws of the net benefit; None where value, volume or cost of two arms are not known.

        Args:
            only: the arms to draw; all by default.
        """
        from tailor.cost.simulate import simulate

        named = [a for a in self.owned if only is None or a in only]
        arms = [c for a in named if (c := self._candidate(a)) is not None]
        facts = self.evidence.facts()
        if self.worth is None or not self.assume.volume or len(arms) < 2 or not facts:
            return None
        pairs = correlations(self.evidence)
        return simulate(arms, self.worth, self.assume.volume, facts=facts, more_facts=MORE_FACTS, correlation=pairs)

    def _candidate(self, arm: str) -> Candidate | None:
        from tailor.cost.simulate import Candidate

        quality, invented = self.evidence.part(arm, "quality"), self.evidence.part(arm, "hallucination")
        low, high = number(quality.get("low")), number(quality.get("high"))
        if self.value(arm) is None or self.owned[arm].per_answer is None or low is None or high is None:
            return None
        bounds = number(invented.get("low")), number(invented.get("high"))
        drawn = None if bounds[0] is None or bounds[1] is None else (bounds[0], bounds[1])
        return Candidate(self.owned[arm], self.shares(arm), (low, high), drawn)


def assumptions(results: Mapping[str, Any]) -> Assumptions:
    """What the study's plan assumes about volume, people and machines."""
    return Assumptions.of(results.get("usage_assumptions") or {}, results.get("costs") or {})


def correlations(evidence: Evidence) -> dict[tuple[str, str], float]:
    """How the errors of two arms' shares of right answers go together, from the widths of three intervals:
    `(s_a² + s_b² − s_d²) / (2 s_a s_b)`, where d is the paired difference."""
    found: dict[tuple[str, str], float] = {}
    for a, b in combinations(evidence.measured(), 2):
        difference = evidence.difference(a, b)
        widths = [_width(evidence.part(x, "quality")) for x in (a, b)]
        paired = difference.half_width if difference else None
        if paired is None or not widths[0] or not widths[1]:
            continue
        found[a, b] = (widths[0] ** 2 + widths[1] ** 2 - paired**2) / (2 * widths[0] * widths[1])
    return found


def _width(quality: Mapping[str, Any]) -> float | None:
    low, high = number(quality.get("low")), number(quality.get("high"))
    return None if low is None or high is None else (high - low) / 2
