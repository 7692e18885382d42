"""What practice expects before anything is measured: rules from a table, each with its reason and source.

An arm stands before another where more rules speak for it than against it. That is an order to try things in and a
sentence for the memo, no score of quality: the measurement decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

SMALL_VOLUME, LARGE_VOLUME = 1_000, 100_000
TIGHT_MS, DEAR_USD, SMALL_BUDGET_USD = 500.0, 1.0, 100.0


@dataclass(frozen=True)
class Rule:
    """`when` names settings and the values of which one must hold; none hold always."""

    id: str
    when: Mapping[str, tuple[Any, ...]]
    speaks_for: tuple[str, ...]
    against: tuple[str, ...]
    reason: str
    source: str

    def holds(self, situation: Mapping[str, Any]) -> bool:
        """Whether everything it asks for is known and so."""
        return all(situation.get(name) in values for name, values in self.when.items())


@dataclass(frozen=True)
class Prior:
    """Arms in the order to try them, and the rules that held."""

    order: tuple[str, ...]
    rules: tuple[Rule, ...]

    def favours(self) -> str | None:
        """The method that the particular rules speak for most; None where no rule but the general one holds."""
        particular = [r for r in self.rules if r.when]
        named = [m for r in particular for m in r.speaks_for]
        return max(named, key=lambda m: (_balance(m, particular), -named.index(m))) if named else None

    def why(self, method: str) -> list[Rule]:
        """The particular rules that speak for a method."""
        return [r for r in self.rules if r.when and method in r.speaks_for]


@cache
def rules() -> tuple[Rule, ...]:
    """The table `rules.yaml`."""
    text = (Path(__file__).parent / "rules.yaml").read_text(encoding="utf-8")
    return tuple(
        Rule(
            row["id"],
            {k: tuple(v) if isinstance(v, list) else (v,) for k, v in row["when"].items()},
            tuple(row.get("for", ())),
            tuple(row.get("against", ())),
            row["reason"],
            row["source"],
        )
        for row in yaml.safe_load(text)["rules"]
    )


def situation_of(situation: Mapping[str, Any], usage: Mapping[str, Any], gates: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that rules ask about; what is not known is not there."""
    found = {k: situation.get(k) for k in ("changes", "answers", "skills")}
    for name in ("private", "citations"):
        found[name] = bool(gates.get(name) or situation.get(name)) or None
    volume, wrong = usage.get("questions_per_month"), usage.get("wrong_answer_usd")
    if volume is not None:
        found["volume"] = "small" if volume < SMALL_VOLUME else "large" if volume >= LARGE_VOLUME else "middle"
    if gates.get("p95_ms") is not None and gates["p95_ms"] <= TIGHT_MS:
        found["latency"] = "tight"
    if wrong is not None and wrong >= DEAR_USD:
        found["error"] = "dear"
    if gates.get("budget_month_usd") is not None and gates["budget_month_usd"] < SMALL_BUDGET_USD:
        found["budget"] = "small"
    return {k: v for k, v in found.items() if v is not None}


def prior(situation: Mapping[str, Any], arms: tuple[str, ...]) -> Prior:
    """The order in which to try arms. Equal ones keep theirs, which is that of simplicity."""
    held = tuple(r for r in rules() if r.holds(situation))
    return Prior(tuple(sorted(arms, key=lambda a: -_balance(a, held))), held)


def _balance(arm: str, held: tuple[Rule, ...] | list[Rule]) -> float:
    """Rules for less rules against; a hybrid has the mean of its parts."""
    parts = arm.split("+")
    points = sum((p in r.speaks_for) - (p in r.against) for p in parts for r in held)
    return points / len(parts)
