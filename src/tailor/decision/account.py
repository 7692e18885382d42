"""The account of a study: every figure about money that `results.json` keeps. A barred arm cannot be the best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

from tailor.cost.answers import cost_per_1000, known
from tailor.cost.assumptions import Assumptions
from tailor.cost.ownership import Ownership
from tailor.cost.value import break_even, payback_months, roi
from tailor.decision.economics import Economics
from tailor.decision.evidence import Evidence
from tailor.decision.gates import Gates

if TYPE_CHECKING:
    from tailor.cost.simulate import Simulation


def economics(results: Mapping[str, Any]) -> dict[str, Any]:
    """Everything about money that `results.json` keeps (docs/reference/results.md)."""
    evidence = Evidence(results)
    money, gates = Economics(evidence), Gates(evidence)
    # Intervals are of every arm; who earns most, and what knowing more is worth, is asked among the allowed ones.
    drawn = money.simulation()
    simulated = money.simulation([a for a in money.owned if not gates.broken(a)])
    return {
        "months": money.assume.months,
        "volume": money.assume.volume,
        "arms": {arm: _arm(money, arm, drawn, simulated) for arm in money.owned},
        "break_even": _pairs(money),
        "evidence": None
        if simulated is None
        else {
            "perfect_usd": simulated.perfect_usd,
            "more_usd": simulated.more_usd,
            "more_facts": simulated.more_facts,
            "price_usd": _price_of(simulated.more_facts, money.assume),
        },
    }


def _arm(money: Economics, arm: str, drawn: Simulation | None, allowed: Simulation | None) -> dict[str, Any]:
    found, evidence = money.owned[arm], money.evidence
    outcome = drawn.outcomes.get(arm) if drawn else None
    among = allowed.outcomes.get(arm) if allowed else None
    thousand = cost_per_1000(evidence.part(arm, "usage"), money.assume.machine_hour_usd)
    volume = money.assume.volume
    all_in = found.at(volume) if volume else None
    return {
        "lines": [{"name": x.name, "when": x.when, "usd": x.usd, "basis": x.basis, "how": x.how} for x in found.lines],
        "once_usd": found.once,
        "month_usd": None if {"answers", "machine"} & set(found.unknown) else found.monthly,
        "total_usd": None if {"answers", "machine"} & set(found.unknown) else found.total,
        "not_counted": list(found.unknown),
        "per_1000_usd": thousand,
        "all_in_per_1000_usd": None if all_in is None or not volume else 1000.0 * all_in / volume,
        "value_per_answer_usd": money.value(arm),
        "net_month_usd": money.net(arm),
        "net_low_usd": outcome.low if outcome else None,
        "net_high_usd": outcome.high if outcome else None,
        "p_best": among.p_best if among else None,
        **_return(money, arm),
    }


def _return(money: Economics, arm: str) -> dict[str, Any]:
    """Payback and return against the control; infinity is None with a word for it."""
    control = money.evidence.control
    nothing = {"payback_months": None, "pays_back": None, "roi": None}
    if arm == control or control not in money.owned:
        return nothing
    values, volume = (money.value(arm), money.value(control)), money.assume.volume
    costs = [_running(money.owned[a], volume) for a in (arm, control)]
    if values[0] is None or values[1] is None or volume is None or costs[0] is None or costs[1] is None:
        return nothing
    gain = volume * (values[0] - values[1]) - (costs[0] - costs[1])
    extra = money.owned[arm].once - money.owned[control].once
    months = payback_months(extra, gain)
    return {
        "payback_months": months if math.isfinite(months) else None,
        "pays_back": math.isfinite(months),
        "roi": roi(extra, gain, money.assume.months),
    }


def _running(owned: Ownership, volume: float | None) -> float | None:
    """A month at the volume, without anything that is paid once."""
    whole = None if volume is None else owned.at(volume)
    return None if whole is None else whole - owned.once / owned.months


def _pairs(money: Economics) -> list[dict[str, Any]]:
    """Where the order of two arms turns round: in cost, and in net benefit where answers have a value."""
    rows = []
    for a, b in combinations(money.owned, 2):
        cost = break_even(money.owned[a], money.owned[b])
        values = money.value(a), money.value(b)
        net = None
        if values[0] is not None and values[1] is not None:
            net = break_even(money.owned[a], money.owned[b], (values[0], values[1]))
        rows.append({"a": a, "b": b, "cost_volume": _finite(cost), "net_volume": _finite(net)})
    return rows


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _price_of(facts: int, assume: Assumptions) -> float | None:
    """What labelling so many facts would cost at the given minutes and wage."""
    minutes, wage = known(assume.label_minutes), known(assume.labeller_hour_usd)
    return None if minutes is None or wage is None else facts * minutes / 60.0 * wage
