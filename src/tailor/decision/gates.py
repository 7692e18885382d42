"""Hard gates: what an arm must keep to be chosen at all, whatever it gains.

A gate that the plan sets and that nobody measured is not passed: what must be kept must be shown to be kept. The
control is held to the gates of the plan as every arm is, except for general ability, which is measured against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tailor.decision.economics import Economics
from tailor.decision.evidence import Evidence
from tailor.decision.words import decimal, money, number, percent, points, signed, span

Gate = Literal["general", "private", "citations", "untrained", "latency", "budget", "invented"]
NAMES: Mapping[Gate, str] = {
    "general": "general ability",
    "private": "privacy",
    "citations": "citations",
    "untrained": "no trained weights",
    "latency": "latency",
    "budget": "monthly budget",
    "invented": "invented answers",
}
# What is asked with "If ... did not matter".
MATTERS: Mapping[Gate, str] = {
    "general": "the loss of general ability",
    "private": "privacy",
    "citations": "citing sources",
    "untrained": "keeping out of training",
    "latency": "the time an answer takes",
    "budget": "the monthly budget",
    "invented": "invented answers",
}


@dataclass(frozen=True)
class Outcome:
    """One gate of one arm. `words` say what was found, as the end of a sentence: `takes 1,200 ms (800 ms allowed)`."""

    gate: Gate
    passed: bool
    words: str


class Gates:
    """The gates of a study and which arm passes which.

    Args:
        ignored: gates that are asked to bar nobody.
    """

    def __init__(self, evidence: Evidence, ignored: frozenset[Gate] = frozenset()) -> None:
        self.evidence = evidence
        declared = evidence.results.get("gates")
        self.declared: Mapping[str, Any] = declared if isinstance(declared, Mapping) else {}
        self.ignored = ignored
        self._economics: Economics | None = None

    def outcomes(self, arm: str) -> list[Outcome]:
        """Every gate that holds for an arm."""
        found = [
            self._general(arm),
            self._private(arm),
            self._citations(arm),
            self._untrained(arm),
            self._latency(arm),
            self._budget(arm),
            self._invented(arm),
        ]
        return [o for o in found if o is not None and o.gate not in self.ignored]

    def broken(self, arm: str) -> list[Outcome]:
        """The gates that bar an arm, the first one named in sentences."""
        return [o for o in self.outcomes(arm) if not o.passed]

    def _general(self, arm: str) -> Outcome | None:
        general = self.evidence.part(arm, "general")
        if arm == self.evidence.control or not general.get("verdict"):
            return None
        bounds = span(general.get("low"), general.get("high"))
        allowed = points(self.evidence.general_margin)
        size = f" ({signed(general.get('difference'))} points {bounds}; {allowed} allowed)" if bounds else ""
        return Outcome("general", not self.evidence.harmed(arm), f"loses general ability{size}")

    def _private(self, arm: str) -> Outcome | None:
        if self.declared.get("private") is not True:
            return None
        base = self.evidence.results.get("base") or {}
        stays = self.evidence.arms.get(arm, {}).get("on_premises", base.get("on_premises"))
        return Outcome("private", stays is True, "is not known to keep questions inside (an endpoint or a program)")

    def _citations(self, arm: str) -> Outcome | None:
        if self.declared.get("citations") is not True:
            return None
        return Outcome("citations", bool(self.evidence.part(arm, "retrieval")), "cites no source")

    def _untrained(self, arm: str) -> Outcome | None:
        if self.declared.get("untrained") is not True:
            return None
        trained = bool(number(self.evidence.part(arm, "usage").get("train_tokens")))
        return Outcome("untrained", not trained, "needs trained weights")

    def _latency(self, arm: str) -> Outcome | None:
        limit = number(self.declared.get("p95_ms"))
        if limit is None:
            return None
        found = number(self.evidence.part(arm, "latency_ms").get("p95"))
        if found is None:
            return Outcome("latency", False, "has no measured latency")
        takes = f"takes {decimal(found)} ms for one answer in twenty ({decimal(limit)} ms allowed)"
        return Outcome("latency", found <= limit, takes)

    def _budget(self, arm: str) -> Outcome | None:
        limit = number(self.declared.get("budget_month_usd"))
        if limit is None:
            return None
        month = self._money().month(arm)
        if month is None:
            return Outcome("budget", False, f"has no known cost ({money(limit)} a month allowed)")
        return Outcome("budget", month <= limit, f"costs {money(month)} a month ({money(limit)} allowed)")

    def _invented(self, arm: str) -> Outcome | None:
        limit = number(self.declared.get("invented"))
        if limit is None:
            return None
        found = self.evidence.invented(arm)
        if found is None:
            return Outcome("invented", False, "was not asked questions that cannot be answered")
        invents = f"invents an answer to {percent(found)} % of the questions that cannot be answered"
        return Outcome("invented", found <= limit, f"{invents} ({percent(limit)} % allowed)")

    def _money(self) -> Economics:
        if self._economics is None:
            self._economics = Economics(self.evidence)
        return self._economics
