"""Which arm the numbers leave: hard gates, then the simplest arm not shown worse than the best by more than the margin.

1. Failed arms are out, and so is every arm that does not keep a gate (`gates`).
2. Under 30 facts nothing is decided and no arm ranked: intervals over fewer clusters are too short to be believed.
3. An arm *beats the control* when it has more right answers with Holm p < 0.05 (or, where the plan decides by money,
   more net benefit in 97.5 % of the draws). Where none does, doing nothing is right if the intervals could have shown a
   gain, else there is not enough evidence. Only barred arms beat it: not allowed.
4. Among the arms that beat the control, the best has the most right answers. The simplest of them whose difference to
   the best is not shown to exceed the margin (lower end of the interval <= margin) is chosen - unless that interval is
   too wide to separate the two, which is not enough evidence (and the simplest one is for the time being).
5. Where no gain over the control exceeds the margin, the control stays: real, but declared not to matter.
6. Where the control itself does not keep a gate it cannot stay: the rule of 4 holds among all allowed arms, and where
   there is none, nothing is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tailor.decision.evidence import Difference, Evidence
from tailor.decision.gates import Gate, Gates
from tailor.decision.scale import MoneyScale, Scale, Unit, scale_of

Kind = Literal["adopt", "keep-simple", "not-enough-evidence", "do-nothing", "not-allowed"]
Because = Literal[
    "best",  # the chosen arm is the best
    "simpler",  # the best is not shown better by more than the margin
    "small-gain",  # better than the control, but within the margin
    "no-gain",  # nothing beats the control
    "all-lose",  # by money: every allowed arm costs more than its answers are worth
    "only-allowed",  # the control does not keep a gate; this is the best or the simplest of those that do
    "gate",  # only barred arms beat the control
    "nothing-allowed",  # no arm keeps the gates
    "wide-to-control",  # intervals to the control too wide
    "wide-to-best",  # the interval between the simplest and the best too wide
    "few-facts",
    "nothing-measured",
    "no-control",
    "one-arm",
    "no-money",  # the plan decides by money, and something that money needs is not known
]

MINIMUM_FACTS = 30


@dataclass(frozen=True)
class Choice:
    """The bare decision. `rival` is the arm it was weighed against, `difference` rival minus arm (or arm minus control
    where the rival is the control) in `unit`, `facts_needed` what would settle it, `gate` the one that decided."""

    kind: Kind
    arm: str | None
    because: Because
    rival: str | None = None
    difference: Difference | None = None
    facts_needed: int | None = None
    barred: tuple[str, ...] = ()
    unit: Unit = "points"
    gate: Gate | None = None


def choose(evidence: Evidence, margin: float | None = None, *, ignored: frozenset[Gate] = frozenset()) -> Choice:
    """Decide on an arm.

    Args:
        evidence: the study's results.
        margin: a difference in the share of right answers up to which arms count as equal; the plan's by default.
        ignored: asks what would be decided if these gates did not matter.
    """
    measured, control = evidence.measured(), evidence.control
    gates = Gates(evidence, ignored)
    barred = tuple(a for a in measured if gates.broken(a))
    allowed = [a for a in measured if a not in barred]
    if not measured:
        return Choice("not-enough-evidence", None, "nothing-measured")
    if control not in measured:
        return Choice("not-enough-evidence", None, "no-control", barred=barred)
    if not allowed:
        shared = set.intersection(*({o.gate for o in gates.broken(a)} for a in barred))
        gate = next((o.gate for o in gates.broken(barred[0]) if o.gate in shared), gates.broken(barred[0])[0].gate)
        return Choice("not-allowed", None, "nothing-allowed", barred=barred, gate=gate)
    if len(measured) == 1:
        return Choice("not-enough-evidence", control, "one-arm")
    scale = scale_of(evidence, margin)
    facts = evidence.facts()
    if facts is None or facts < MINIMUM_FACTS:
        return _few_facts(evidence, allowed, scale, barred)
    if isinstance(scale, MoneyScale) and scale.drawn is None:
        return Choice("not-enough-evidence", None, "no-money", barred=barred, unit="usd")
    found = _decide(evidence, scale, allowed, barred, gates)
    return replace(found, unit=scale.unit)


def _decide(evidence: Evidence, scale: Scale, allowed: list[str], barred: tuple[str, ...], gates: Gates) -> Choice:
    control = evidence.control
    if isinstance(scale, MoneyScale) and scale.money.assume.right_answer_usd is not None:
        best = _top(scale, allowed)
        if scale.rank(best) < 0:
            return Choice("do-nothing", None, "all-lose", best, None, None, barred)
    if control in barred:
        return _without_control(evidence, scale, allowed, barred, gates)
    better = [a for a in allowed if a != control and _beats(scale, a, control)]
    if not better:
        return _nothing_better(evidence, scale, allowed, barred, gates)
    return _simplest(evidence, scale, better, barred)


def _beats(scale: Scale, arm: str, control: str) -> bool:
    difference = scale.difference(arm, control)
    return difference is not None and difference.shown_better


def _top(scale: Scale, arms: list[str]) -> str:
    """The best arm; of equals the simplest (`measured` is in order of simplicity)."""
    return max(arms, key=scale.rank)


def _few_facts(evidence: Evidence, allowed: list[str], scale: Scale, barred: tuple[str, ...]) -> Choice:
    """No arm is ranked: the control stays for the time being, or the simplest allowed arm where it may not. The facts
    needed are those that would settle the widest comparison with the control."""
    control = evidence.control
    margin = scale.margin if scale.unit == "points" else evidence.margin
    differences = [evidence.difference(a, control) for a in allowed if a != control]
    needed = [n for d in differences if d for n in [d.facts_needed(margin)] if n is not None]
    arm = control if control in allowed else allowed[0]
    return Choice("not-enough-evidence", arm, "few-facts", facts_needed=max(MINIMUM_FACTS, *needed, 0), barred=barred)


def _nothing_better(
    evidence: Evidence, scale: Scale, allowed: list[str], barred: tuple[str, ...], gates: Gates
) -> Choice:
    control = evidence.control
    gains = [(a, scale.difference(a, control)) for a in allowed if a != control]
    wide = [(a, d) for a, d in gains if d is None or d.too_wide(scale.margin)]
    if wide:
        arm, difference = max(wide, key=lambda pair: scale.rank(pair[0]))
        return Choice(
            "not-enough-evidence", control, "wide-to-control", arm, difference, _needed(scale, difference), barred
        )
    refused = [a for a in barred if a != control and _beats(scale, a, control)]
    if refused:
        arm = _top(scale, refused)
        gate = gates.broken(arm)[0].gate
        return Choice("not-allowed", control, "gate", arm, scale.difference(arm, control), None, barred, gate=gate)
    best = _top(scale, [a for a, _ in gains]) if gains else None
    return Choice(
        "do-nothing", control, "no-gain", best, scale.difference(best, control) if best else None, None, barred
    )


def _needed(scale: Scale, difference: Difference | None) -> int | None:
    """Facts that would settle it; of money only a part shrinks with facts, so nothing is said there."""
    return difference.facts_needed(scale.margin) if difference and scale.unit == "points" else None


def _without_control(
    evidence: Evidence, scale: Scale, allowed: list[str], barred: tuple[str, ...], gates: Gates
) -> Choice:
    """The control may not stay, so the best or the simplest of what is left is taken, better than it or not."""
    gate = gates.broken(evidence.control)[0].gate
    best = _top(scale, allowed)
    for arm in allowed:
        if evidence.complexity(arm) >= evidence.complexity(best):
            break
        difference = scale.difference(best, arm)
        if difference is not None and difference.low is not None and difference.low > scale.margin:
            continue
        if difference is None or difference.too_wide(scale.margin):
            needed = _needed(scale, difference)
            return Choice("not-enough-evidence", arm, "wide-to-best", best, difference, needed, barred, gate=gate)
        return Choice("keep-simple", arm, "simpler", best, difference, None, barred, gate=gate)
    against = scale.difference(best, evidence.control)
    return Choice("adopt", best, "only-allowed", evidence.control, against, None, barred, gate=gate)


def _simplest(evidence: Evidence, scale: Scale, better: list[str], barred: tuple[str, ...]) -> Choice:
    control, best = evidence.control, _top(scale, better)
    gain = scale.difference(best, control)
    if gain is not None and (gain.value or 0.0) <= scale.margin:
        return Choice("keep-simple", control, "small-gain", best, gain, None, barred)
    for arm in better:
        if evidence.complexity(arm) >= evidence.complexity(best):
            break
        difference = scale.difference(best, arm)
        if difference is not None and difference.low is not None and difference.low > scale.margin:
            continue
        if difference is None or difference.too_wide(scale.margin):
            needed = _needed(scale, difference)
            return Choice("not-enough-evidence", arm, "wide-to-best", best, difference, needed, barred)
        return Choice("keep-simple", arm, "simpler", best, difference, None, barred)
    return Choice("adopt", best, "best", control, gain, None, barred)


def verb(choice: Choice) -> str:
    """What a choice tells one to do: `use rag`."""
    if choice.because == "nothing-allowed":
        return "use none of them"
    if choice.because == "all-lose":
        return "use none of them, each loses money"
    if choice.kind in ("do-nothing", "not-allowed"):
        return "change nothing"
    if choice.kind == "not-enough-evidence":
        return f"not enough evidence, {choice.arm} for the time being" if choice.arm else "not enough evidence"
    return f"use {choice.arm}"
