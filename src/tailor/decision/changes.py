"""What would change the verdict: the decision taken again under other assumptions, and every flip named."""

from __future__ import annotations

import math

from tailor.cost.answers import cost_per_month, pays_from, refresh_seconds, training_cost, worth_from
from tailor.decision.choice import MINIMUM_FACTS, Choice, choose, verb
from tailor.decision.evidence import Evidence
from tailor.decision.gates import MATTERS, Gate, Gates
from tailor.decision.sensitivity import flips
from tailor.decision.words import both, count, decimal, money, whole

MARGINS = (0.01, 0.03, 0.05)


def changes(choice: Choice, evidence: Evidence) -> tuple[str, ...]:
    """Plain sentences, each a what-if that was computed."""
    if choice.because in ("nothing-measured", "no-control", "one-arm", "no-money"):
        return (_repair(choice, evidence),)
    costs = _costs(choice, evidence) if choice.unit == "points" else []
    return (
        *_facts(choice, evidence),
        *_margins(choice, evidence),
        *_gate(choice, evidence),
        *costs,
        *flips(choice, evidence),
    )


def _repair(choice: Choice, evidence: Evidence) -> str:
    failed = evidence.failed()
    if failed:
        return f"Put right what made {both(failed)} fail and run the study again."
    if choice.because == "no-money":
        return "Give the numbers that are missing in tailor.yaml; no question need be asked again for them."
    if choice.because == "one-arm":
        return "Add an arm to the study."
    return "Run the study to its end."


def _facts(choice: Choice, evidence: Evidence) -> list[str]:
    if choice.facts_needed is None:
        return []
    tested = evidence.facts()
    now = "" if tested is None else f"; this study has {tested:,}"
    if choice.because == "few-facts" and choice.facts_needed == MINIMUM_FACTS:
        return [f"At least {MINIMUM_FACTS} facts in the test{now}."]
    return [f"About {choice.facts_needed:,} facts in the test would settle it{now}."]


def _margins(choice: Choice, evidence: Evidence) -> list[str]:
    """The verdict at margins of 1, 3 and 5 points."""
    if choice.because in ("few-facts", "nothing-allowed") or choice.unit == "usd":
        return []
    turned: dict[str, list[str]] = {}
    for margin in (m for m in MARGINS if not math.isclose(m, evidence.margin)):
        other = choose(evidence, margin)
        if (other.kind, other.arm) != (choice.kind, choice.arm):
            turned.setdefault(verb(other), []).append(str(whole(100 * margin)))
    declared = f"instead of {whole(100 * evidence.margin)}"
    lines = [
        f"With a margin of {' or '.join(at)} {'point' if at == ['1'] else 'points'} {declared}: {what}."
        for what, at in turned.items()
    ]
    return lines or ["The verdict is the same with a margin of 1, 3 or 5 points."]


def _gate(choice: Choice, evidence: Evidence) -> list[str]:
    """What would be decided without one of the gates that bar an arm, each gate by itself and then all of them."""
    if not choice.barred:
        return []
    gates = Gates(evidence)
    named = list(dict.fromkeys(o.gate for a in choice.barred for o in gates.broken(a)))
    lines = [line for gate in named if (line := _without(choice, evidence, (gate,)))]
    return lines or ([line] if len(named) > 1 and (line := _without(choice, evidence, tuple(named))) else [])


def _without(choice: Choice, evidence: Evidence, gates: tuple[Gate, ...]) -> str:
    other = choose(evidence, ignored=frozenset(gates))
    if (other.kind, other.arm) == (choice.kind, choice.arm):
        return ""
    return f"If {both([MATTERS[g] for g in gates])} did not matter: {verb(other)}."


def _costs(choice: Choice, evidence: Evidence) -> list[str]:
    """From when the arm with more right answers pays: the simple one's rival, or the chosen one over the control."""
    if choice.arm is None or choice.rival is None or choice.difference is None:
        return []
    simple, better = (choice.rival, choice.arm) if choice.because == "best" else (choice.arm, choice.rival)
    gain = choice.difference.value
    if choice.because in ("gate", "few-facts", "only-allowed") or gain is None or gain <= 0:
        return []
    a, b = evidence.part(simple, "usage"), evidence.part(better, "usage")
    rates = (evidence.hourly, evidence.questions, evidence.refreshes)
    mine, theirs = cost_per_month(a, *rates), cost_per_month(b, *rates)
    if mine is None or theirs is None:
        return _unpriced(better, simple, evidence)
    if theirs - mine < 1.0:
        cheap = "no more" if theirs <= mine else "under $1 a month more"
        return [f"{better} costs {cheap} than {simple} at {_a_month(evidence)}: the answers decide, not the money."]
    lines = []
    price = worth_from(a, b, gain, evidence.questions, evidence.hourly, evidence.refreshes)
    if price is not None:
        dear = "as soon as a wrong answer costs a cent"
        if price >= 0.01:
            dear = f"where a wrong answer costs more than {money(price)}"
        extra = f"its extra {money(theirs - mine)} a month over {simple}"
        lines.append(f"{better} is worth {extra} {dear} (at {_a_month(evidence)}).")
    return lines + _volume(simple, better, gain, evidence) + _refreshes(simple, better, gain, evidence)


def _a_month(evidence: Evidence) -> str:
    return f"{count(evidence.questions or 0, 'question')} a month"


def _unpriced(better: str, simple: str, evidence: Evidence) -> list[str]:
    """Names what must be known before money can be spoken of."""
    asked = {
        "the price of a machine hour": evidence.hourly,
        "questions a month": evidence.questions,
        "refreshes a year": evidence.refreshes,
    }
    unknown = [name for name, value in asked.items() if value is None]
    if not unknown:
        return [f"What {better} costs more than {simple} is unknown: the study did not measure its time."]
    return [f"Whether {better} is worth its cost cannot be said without {both(unknown)}."]


def _volume(simple: str, better: str, gain: float, evidence: Evidence) -> list[str]:
    if evidence.wrong is None or not evidence.questions:
        return []
    a, b = evidence.part(simple, "usage"), evidence.part(better, "usage")
    volume = pays_from(a, b, gain, evidence.wrong, evidence.hourly, evidence.refreshes)
    if volume is None or volume == 0:
        return []
    if math.isinf(volume):
        return [f"At {money(evidence.wrong)} for a wrong answer {better} pays at no volume."]
    times = volume / evidence.questions
    if times < 0.01:
        return []  # it pays at any volume worth speaking of
    return [
        f"At {money(evidence.wrong)} for a wrong answer {better} pays from {count(max(1, volume), 'question')} a month "
        f"({_times(times)} today's)."
    ]


def _times(ratio: float) -> str:
    return f"{decimal(ratio, 1)} ×" if ratio >= 0.95 else f"{100 * ratio:.0f} % of"


def _refreshes(simple: str, better: str, gain: float, evidence: Evidence) -> list[str]:
    """How often a year it may be refitted before its upkeep eats the gain."""
    a, b = evidence.part(simple, "usage"), evidence.part(better, "usage")
    fit_a, fit_b = training_cost(a, evidence.hourly), training_cost(b, evidence.hourly)
    if evidence.wrong is None or evidence.questions is None or evidence.refreshes is None:
        return []
    if fit_a is None or fit_b is None or fit_b <= fit_a or refresh_seconds(b) is None:
        return []
    running = [cost_per_month(u, evidence.hourly, evidence.questions, 0) for u in (a, b)]
    if running[0] is None or running[1] is None:
        return []
    spare = gain * evidence.wrong * evidence.questions - (running[1] - running[0])
    limit = 12 * spare / (fit_b - fit_a)
    # Over a refresh an hour nothing is said: no document changes that often.
    if limit <= 0 or limit > 365 * 24:
        return []
    often = count(math.floor(limit), "refresh", "refreshes")
    return [f"{better} pays up to {often} a year; planned: {evidence.refreshes:,.0f}."]
