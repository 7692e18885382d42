"""Which arm the numbers leave: hard gates, then the simplest arm not shown worse than the best by more than the margin.

1. Failed arms are out. An arm that harmed general ability is out (gate).
2. Under 30 facts nothing is decided: intervals over fewer clusters are too short to be believed.
3. An arm *beats the control* when it has more right answers with Holm p < 0.05. Where none does, doing nothing is right
   if the intervals could have shown a gain, else there is not enough evidence. Only barred arms beat it: not allowed.
4. Among the arms that beat the control, the best has the most right answers. The simplest of them whose difference to
   the best is not shown to exceed the margin (lower end of the interval <= margin) is chosen - unless that interval is
   too wide to separate the two, which is not enough evidence (and the simplest one is for the time being).
5. Where no gain over the control exceeds the margin, the control stays: real, but declared not to matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tailor.decision.evidence import Difference, Evidence

Kind = Literal["adopt", "keep-simple", "not-enough-evidence", "do-nothing", "not-allowed"]
Because = Literal[
    "best",  # the chosen arm is the best
    "simpler",  # the best is not shown better by more than the margin
    "small-gain",  # better than the control, but within the margin
    "no-gain",  # nothing beats the control
    "gate",  # only barred arms beat the control
    "wide-to-control",  # intervals to the control too wide
    "wide-to-best",  # the interval between the simplest and the best too wide
    "few-facts",
    "nothing-measured",
    "no-control",
    "one-arm",
]

MINIMUM_FACTS = 30


@dataclass(frozen=True)
class Choice:
    """The bare decision. `rival` is the arm it was weighed against, `difference` rival minus arm (or arm minus control
    where the rival is the control), `facts_needed` what would settle it."""

    kind: Kind
    arm: str | None
    because: Because
    rival: str | None = None
    difference: Difference | None = None
    facts_needed: int | None = None
    barred: tuple[str, ...] = ()


def choose(evidence: Evidence, margin: float | None = None, *, gates: bool = True) -> Choice:
    """Decide on an arm.

    Args:
        evidence: the study's results.
        margin: a difference in the share of right answers up to which arms count as equal; the plan's by default.
        gates: False asks what would be decided if general ability did not matter.
    """
    limit = evidence.margin if margin is None else margin
    measured, control = evidence.measured(), evidence.control
    barred = tuple(a for a in measured if gates and evidence.harmed(a))
    allowed = [a for a in measured if a not in barred]
    if not measured:
        return Choice("not-enough-evidence", None, "nothing-measured")
    if control not in measured:
        return Choice("not-enough-evidence", None, "no-control", barred=barred)
    others = [a for a in measured if a != control]
    if not others:
        return Choice("not-enough-evidence", control, "one-arm")
    facts = evidence.facts()
    if facts is None or facts < MINIMUM_FACTS:
        return _few_facts(evidence, allowed, limit, barred)
    better = [a for a in allowed if a != control and _beats(evidence, a)]
    if not better:
        return _nothing_better(evidence, allowed, limit, barred)
    return _simplest(evidence, better, limit, barred)


def _beats(evidence: Evidence, arm: str) -> bool:
    difference = evidence.difference(arm, evidence.control)
    return difference is not None and difference.shown_better


def _top(evidence: Evidence, arms: list[str]) -> str:
    """The arm with the most right answers; of equals the simplest (`measured` is in order of simplicity)."""
    return max(arms, key=lambda a: evidence.quality(a) or 0.0)


def _few_facts(evidence: Evidence, allowed: list[str], margin: float, barred: tuple[str, ...]) -> Choice:
    best, control = _top(evidence, allowed), evidence.control
    difference = None if best == control else evidence.difference(best, control)
    needed = difference.facts_needed(margin) if difference else None
    return Choice(
        "not-enough-evidence", best, "few-facts", control, difference, max(MINIMUM_FACTS, needed or 0), barred
    )


def _nothing_better(evidence: Evidence, allowed: list[str], margin: float, barred: tuple[str, ...]) -> Choice:
    control = evidence.control
    gains = [(a, evidence.difference(a, control)) for a in allowed if a != control]
    wide = [(a, d) for a, d in gains if d is None or d.too_wide(margin)]
    if wide:
        arm, difference = max(wide, key=lambda pair: evidence.quality(pair[0]) or 0.0)
        needed = difference.facts_needed(margin) if difference else None
        return Choice("not-enough-evidence", control, "wide-to-control", arm, difference, needed, barred)
    refused = [a for a in barred if _beats(evidence, a)]
    if refused:
        arm = _top(evidence, refused)
        return Choice("not-allowed", control, "gate", arm, evidence.difference(arm, control), None, barred)
    best = _top(evidence, [a for a, _ in gains]) if gains else None
    return Choice(
        "do-nothing", control, "no-gain", best, evidence.difference(best, control) if best else None, None, barred
    )


def _simplest(evidence: Evidence, better: list[str], margin: float, barred: tuple[str, ...]) -> Choice:
    control, best = evidence.control, _top(evidence, better)
    gain = evidence.difference(best, control)
    if gain is not None and (gain.value or 0.0) <= margin:
        return Choice("keep-simple", control, "small-gain", best, gain, None, barred)
    for arm in better:
        if evidence.complexity(arm) >= evidence.complexity(best):
            break
        difference = evidence.difference(best, arm)
        if difference is not None and difference.low is not None and difference.low > margin:
            continue
        if difference is None or difference.too_wide(margin):
            needed = difference.facts_needed(margin) if difference else None
            return Choice("not-enough-evidence", arm, "wide-to-best", best, difference, needed, barred)
        return Choice("keep-simple", arm, "simpler", best, difference, None, barred)
    return Choice("adopt", best, "best", control, gain, None, barred)
