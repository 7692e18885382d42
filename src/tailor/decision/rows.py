"""One line of the table for every arm, as words: what the terminal, the HTML and the Markdown all print."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tailor.cost.answers import cost_per_1000, cost_per_1000_right, refresh_seconds
from tailor.decision import words
from tailor.decision.economics import Economics
from tailor.decision.evidence import Evidence


@dataclass(frozen=True)
class ArmRow:
    """An arm's numbers in words, `–` where unknown. Shares in the hundred, latency in ms, training in minutes."""

    arm: str
    chosen: bool
    control: bool
    status: str
    failure: str
    right: str
    interval: str
    best: str
    difference: str
    difference_span: str
    fact: str
    abstained: str
    invented: str
    general: str
    p50: str
    p95: str
    training: str
    refresh: str
    artifact: str
    cost: str
    cost_right: str
    monthly: str


def arm_rows(results: Mapping[str, Any], chosen: str | None) -> list[ArmRow]:
    """Every arm of the study, in the study's order of simplicity; failed ones too."""
    evidence = Evidence(results)
    arms = sorted(evidence.arms, key=evidence.complexity)
    costs = {a: cost_per_1000(evidence.part(a, "usage"), evidence.hourly) for a in arms}
    digits = _digits([c for c in costs.values() if c])
    money = Economics(evidence)
    return [_row(evidence, a, chosen, digits, money.month(a)) for a in arms]


def _digits(costs: list[float]) -> int:
    """Decimals that show two digits of the dearest arm, so that a column of dollars lines up."""
    return 2 if not costs else max(2, 1 - math.floor(math.log10(max(costs))))


def _row(evidence: Evidence, arm: str, chosen: str | None, digits: int, month: float | None) -> ArmRow:
    quality, usage, latency = (evidence.part(arm, p) for p in ("quality", "usage", "latency_ms"))
    failure = evidence.part(arm, "failure")
    difference = evidence.difference(arm, evidence.control)
    training = words.number(usage.get("train_seconds"))
    return ArmRow(
        arm=arm,
        chosen=arm == chosen,
        control=arm == evidence.control,
        status=str(evidence.arms[arm].get("status") or "ok"),
        failure=str(failure.get("cause") or ""),
        right=words.percent(quality.get("value")),
        interval=words.interval(quality.get("low"), quality.get("high")),
        best=words.percent(evidence.arms[arm].get("p_best")),
        difference=words.signed(difference.value if difference else None),
        difference_span=words.span(difference.low, difference.high) if difference else "",
        fact=words.percent(evidence.cell_of(arm, "held-out-fact").get("value")),
        abstained=words.percent(evidence.abstained(arm)),
        invented=words.percent(evidence.invented(arm)),
        general=_general(evidence.part(arm, "general")),
        p50=words.decimal(latency.get("p50")),
        p95=words.decimal(latency.get("p95")),
        training=words.decimal(None if not training else training / 60, 1),
        refresh=words.duration(refresh_seconds(usage)),
        artifact=words.decimal(usage.get("artifact_mb"), 1),
        cost=words.decimal(cost_per_1000(usage, evidence.hourly), digits),
        cost_right=words.money(cost_per_1000_right(usage, evidence.hourly, evidence.quality(arm))),
        monthly=words.money(month),
    )


def _general(general: Mapping[str, Any]) -> str:
    """`−6 harmed`: the sign and the word say it, not a colour."""
    if words.number(general.get("difference")) is None:
        return words.UNKNOWN
    return f"{words.signed(general['difference'])} {general.get('verdict') or ''}".strip()
