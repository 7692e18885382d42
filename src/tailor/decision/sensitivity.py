"""The decision taken again under other numbers: volume, cost of an error, prices, refreshes. Every flip is named.

Two things are looked at: the verdict by the plan's own rule, and which allowed arm earns most. The second can change
where the first does not: a plan that decides by right answers does not ask about money.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tailor.decision.choice import Choice, choose, verb
from tailor.decision.economics import Economics
from tailor.decision.evidence import Evidence
from tailor.decision.gates import Gates
from tailor.decision.words import both, number

Results = dict[str, Any]
MONEY_FIELDS = ("token_usd", "fit_usd")


@dataclass(frozen=True)
class WhatIf:
    """One other number. `found` is what would be decided, `best_buy` the allowed arm with the highest net
    benefit (None where answers have no value), the flips whether each differs from today's."""

    what: str
    found: Choice
    best_buy: str | None
    verdict_flips: bool
    money_flips: bool


def _usage(field: str, factor: float) -> Callable[[Results], None]:
    def change(results: Results) -> None:
        assumed = results.get("usage_assumptions") or {}
        value = number(assumed.get(field))
        if value is not None:
            assumed[field] = value * factor

    return change


def _price(factor: float) -> Callable[[Results], None]:
    def change(results: Results) -> None:
        _usage("machine_hour_usd", factor)(results)
        for record in (results.get("arms") or {}).values():
            usage = record.get("usage") or {}
            usage.update({f: usage[f] * factor for f in MONEY_FIELDS if number(usage.get(f)) is not None})

    return change


# What is asked, the setting it needs, and the change.
ASKED: tuple[tuple[str, str, Callable[[Results], None]], ...] = (
    ("10 times the volume", "questions_per_month", _usage("questions_per_month", 10)),
    ("a tenth of the volume", "questions_per_month", _usage("questions_per_month", 0.1)),
    ("3 times the cost of a wrong answer", "wrong_answer_usd", _usage("wrong_answer_usd", 3)),
    ("a third of the cost of a wrong answer", "wrong_answer_usd", _usage("wrong_answer_usd", 1 / 3)),
    ("double prices", "price", _price(2)),
    ("half the prices", "price", _price(0.5)),
    ("4 times the refreshes", "refreshes_per_year", _usage("refreshes_per_year", 4)),
    ("a quarter of the refreshes", "refreshes_per_year", _usage("refreshes_per_year", 0.25)),
)


def what_ifs(results: Mapping[str, Any], choice: Choice | None = None) -> list[WhatIf]:
    """Every what-if whose number the study knows."""
    evidence = Evidence(results)
    today = choose(evidence) if choice is None else choice
    buy = best_buy(evidence)
    rows = []
    for what, needs, change in ASKED:
        if not _known(evidence, needs):
            continue
        changed = copy.deepcopy(_light(results))
        change(changed)
        other = Evidence(changed)
        found, bought = choose(other), best_buy(other)
        turned = (found.kind, found.arm) != (today.kind, today.arm)
        rows.append(WhatIf(what, found, bought, turned, bought != buy))
    return rows


def _light(results: Mapping[str, Any]) -> Results:
    """Without what no decision reads and what would be long to copy."""
    return {k: v for k, v in results.items() if k not in ("flips", "verdict", "economics", "environment")}


def _known(evidence: Evidence, field: str) -> bool:
    if field == "price":
        tokens = any(number(evidence.part(a, "usage").get("token_usd")) is not None for a in evidence.arms)
        return bool(evidence.hourly) or tokens
    return bool(number((evidence.results.get("usage_assumptions") or {}).get(field)))


def best_buy(evidence: Evidence) -> str | None:
    """The allowed arm with the highest net benefit a month; "none" where each one loses money that a right answer's
    value does not bring back; None where answers have no value."""
    money, gates = Economics(evidence), Gates(evidence)
    nets = {a: n for a in money.owned if not gates.broken(a) and (n := money.net(a)) is not None}
    if not nets:
        return None
    best = max(nets, key=lambda a: (nets[a], -evidence.complexity(a)))
    return "none" if money.assume.right_answer_usd is not None and nets[best] < 0 else best


def flips(choice: Choice, evidence: Evidence) -> list[str]:
    """The flips as sentences, those with the same outcome in one."""
    turned: dict[str, list[str]] = {}
    for row in what_ifs(evidence.results, choice):
        if row.verdict_flips:
            turned.setdefault(verb(row.found), []).append(row.what)
        elif row.money_flips and row.best_buy is not None:
            most = "no arm pays" if row.best_buy == "none" else f"{row.best_buy} earns most"
            turned.setdefault(most, []).append(row.what)
    return [f"With {_or(at)}: {what}." for what, at in turned.items()]


def _or(names: list[str]) -> str:
    return both(names).replace(" and ", " or ") if len(names) > 1 else names[0]
