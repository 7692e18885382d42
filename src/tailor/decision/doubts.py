"""What speaks against trusting the verdict, in plain words, the weightiest first."""

from __future__ import annotations

import datetime
from collections import defaultdict

from tailor.cost.prices import STALE_DAYS
from tailor.decision.choice import Choice
from tailor.decision.evidence import Evidence
from tailor.decision.selection import optimism
from tailor.decision.words import both, count, decimal, fraction, number, percent, points, signed, span

# An arm that answers this share of the unanswerable questions is named even where it was not chosen.
INVENTS_MUCH = 1 / 3
# Below this share nobody would call it a fault of the chosen arm.
INVENTS_LITTLE = 0.05
# Answering under a tenth of the facts left out of training is not knowing them.
KNOWS_NOTHING = 0.10
WRONGLY_SILENT = 0.10
INCONSISTENT = 0.80
# The cells that ask about the team's data in wordings never trained.
OWN_CELLS = ("held-out-framing", "held-out-fact", "unanswerable")
# Of their questions. Fewer that resemble a train question move no number by more than that.
MANY_LEAKS = 0.02
LUCK_OF_THE_PICK = 0.005


def doubts(choice: Choice, evidence: Evidence) -> tuple[str, ...]:
    """Plain sentences; empty where nothing is known to speak against the verdict."""
    found = [
        *_missing(evidence),
        *_data(evidence),
        *_invented(choice, evidence),
        *_unmeasured(choice, evidence),
        *_left_out(evidence),
        *_general(choice, evidence),
        *_silent(choice, evidence),
        *_inconsistent(choice, evidence),
        *_seeds(choice, evidence),
        *_picked(choice, evidence),
        *_resolution(choice, evidence),
        *_procedure(evidence),
        *_prices(evidence),
    ]
    return tuple(found)


def _missing(evidence: Evidence) -> list[str]:
    lines = []
    if evidence.results.get("status") == "partial" or evidence.failed():
        lost = evidence.failed()
        lines.append(f"The study is not complete{f': {both(lost)} failed' if lost else ''}.")
    incomplete = [a for a in evidence.measured() if evidence.arms[a].get("status") == "partial"]
    if incomplete:
        verb = "was" if len(incomplete) == 1 else "were"
        lines.append(f"{both(incomplete)} {verb} measured in part only.")
    for arm in evidence.measured():
        lost_answers = number(evidence.part(arm, "quality").get("n_failed"))
        if lost_answers:
            verb = "is" if lost_answers == 1 else "are"
            lines.append(f"{count(lost_answers, 'answer')} of {arm} failed and {verb} not scored.")
    return lines


def _data(evidence: Evidence) -> list[str]:
    """What the audit calls bad, and test questions that are hardly new, if they are many: they make every number
    doubtful."""
    cells = (evidence.results.get("dataset") or {}).get("cells") or {}
    tested = sum(number((cells.get(c) or {}).get("n_items")) or 0 for c in OWN_CELLS)
    return [
        str(f.get("text"))
        for f in evidence.results.get("audit") or []
        if f.get("verdict") == "bad"
        or (str(f.get("dimension")).startswith("leak") and (number(f.get("number")) or 0) > MANY_LEAKS * tested)
    ]


def _invented(choice: Choice, evidence: Evidence) -> list[str]:
    lines = []
    share = evidence.invented(choice.arm) if choice.arm else None
    if share is not None and share >= INVENTS_LITTLE:
        lines.append(f"{choice.arm} invents an answer to {_of_questions(fraction(share))}.")
    named: dict[str, list[str]] = defaultdict(list)
    for arm in evidence.measured():
        share = evidence.invented(arm)
        if arm != choice.arm and share is not None and share >= INVENTS_MUCH:
            named[fraction(share)].append(arm)
    if named:
        (words, arms), *others = named.items()
        verb = "invents" if len(arms) == 1 else "invent"
        rest = "".join(f", {both(a)} to {w}" for w, a in others)
        lines.append(f"{both(arms)} {verb} an answer to {_of_questions(words)}{rest}.")
    return lines


def _of_questions(words: str) -> str:
    if words.endswith("every one"):
        return f"{words} of the questions that cannot be answered"
    return f"{words} questions that cannot be answered"


def _unmeasured(choice: Choice, evidence: Evidence) -> list[str]:
    """A chosen arm whose risks nobody looked at."""
    if choice.arm is None:
        return []
    lines = []
    if evidence.invented(choice.arm) is None:
        lines.append(f"Whether {choice.arm} invents answers was not measured.")
    trained = number(evidence.part(choice.arm, "usage").get("train_tokens"))
    if trained and not evidence.part(choice.arm, "general"):
        lines.append(f"What tuning did to the general ability of {choice.arm} was not measured.")
    return lines


def _left_out(evidence: Evidence) -> list[str]:
    arms = []
    for arm in evidence.measured():
        share = number(evidence.cell_of(arm, "held-out-fact").get("value"))
        tuned = number(evidence.part(arm, "usage").get("train_tokens"))
        if tuned and not evidence.part(arm, "retrieval") and share is not None and share < KNOWS_NOTHING:
            arms.append(arm)
    if not arms:
        return []
    shares = [f"{percent(evidence.cell_of(a, 'held-out-fact').get('value'))} %" for a in arms]
    verb = "answers" if len(arms) == 1 else "answer"
    return [
        f"{both(arms)} {verb} {both(list(dict.fromkeys(shares)))} of questions about facts left out of training: "
        "tuning alone does not teach what it never saw."
    ]


def _general(choice: Choice, evidence: Evidence) -> list[str]:
    lines = []
    for arm in dict.fromkeys(a for a in (choice.arm, choice.rival) if a):
        general = evidence.part(arm, "general")
        bounds = span(general.get("low"), general.get("high"))
        if arm != evidence.control and general.get("verdict") == "inconclusive" and bounds:
            lines.append(
                f"General ability of {arm} changed by {signed(general.get('difference'))} points {bounds}: a loss of "
                f"more than {points(evidence.general_margin)} is not excluded."
            )
    return lines


def _silent(choice: Choice, evidence: Evidence) -> list[str]:
    share = number(evidence.part(str(choice.arm), "false_abstention").get("value"))
    if share is None or share < WRONGLY_SILENT:
        return []
    return [f'{choice.arm} says "I don\'t know" to {percent(share)} % of the questions that have an answer.']


def _inconsistent(choice: Choice, evidence: Evidence) -> list[str]:
    """Said only of an arm that answers something: of one that answers nothing it is no news."""
    share = number(evidence.arms.get(str(choice.arm), {}).get("consistency"))
    right = number(evidence.part(str(choice.arm), "quality").get("value"))
    if share is None or share >= INCONSISTENT or not right:
        return []
    return [f"{choice.arm} answers every wording right for only {percent(share)} % of the facts."]


def _seeds(choice: Choice, evidence: Evidence) -> list[str]:
    lines = []
    for arm in dict.fromkeys(a for a in (choice.arm, choice.rival) if a):
        seeds = evidence.part(arm, "seeds")
        values = [v for v in map(number, seeds.get("values") or []) if v is not None]
        deviation = number(seeds.get("sd"))
        if len(values) > 1 and deviation is not None and deviation > evidence.margin / 2:
            low, high = percent(min(values)), percent(max(values))
            lines.append(f"Luck matters: {arm} answers {low} to {high} % right from seed to seed.")
        elif len(values) == 1 and number(evidence.part(arm, "usage").get("train_tokens")):
            lines.append(f"{arm} was trained with one seed; how much luck is in it is unknown.")
    return lines


def _resolution(choice: Choice, evidence: Evidence) -> list[str]:
    if choice.because in ("few-facts", "nothing-measured"):
        return []
    pairs = [choice.difference]
    pairs += [evidence.difference(a, evidence.control) for a in evidence.measured() if a != evidence.control]
    seen = next((d for d in pairs if d and d.mde is not None and d.n_facts), None)
    if seen is None or seen.mde is None or seen.n_facts is None:
        return []
    verb = "sees" if seen.n_facts == 1 else "see"
    return [
        f"{count(seen.n_facts, 'fact')} {verb} differences of {points(seen.mde)} or more; smaller ones stay hidden."
    ]


def _picked(choice: Choice, evidence: Evidence) -> list[str]:
    """From half a point on, which is what Tailor promises to stay under."""
    excess = optimism(choice, evidence)
    if excess is None or excess < LUCK_OF_THE_PICK:
        return []
    return [
        f"{choice.arm} was picked among arms that are close: about {decimal(100 * excess, 1)} of its "
        f"{percent(evidence.quality(str(choice.arm)))} points are the luck of the pick."
    ]


def _procedure(evidence: Evidence) -> list[str]:
    lines = []
    touches = number(evidence.results.get("test_touches"))
    if touches is not None and touches > 1:
        lines.append(
            f"The test questions were used {count(touches, 'time')}: each use makes them look a little easier."
        )
    deviations = evidence.results.get("deviations") or []
    if deviations:
        lines.append(f"The study departs from its plan in {count(len(deviations), 'point')}; see the end.")
    return lines


def _prices(evidence: Evidence) -> list[str]:
    """Prices that were old when the study was made, and replies that nobody counted."""
    lines = []
    made = _day(evidence.results.get("created"))
    prices = evidence.results.get("prices") or {}
    for name in ("tokens", "machine"):
        price = prices.get(name) or {}
        since = _day(price.get("valid_from"))
        if made and since and (made - since).days > STALE_DAYS:
            lines.append(
                f"The price of {price.get('name')} is of {since}, {(made - since).days} days before the study."
            )
    uncounted = {a: number(evidence.part(a, "usage").get("uncounted")) for a in evidence.measured()}
    silent = [a for a, n in uncounted.items() if n and evidence.part(a, "usage").get("billing") == "tokens"]
    if silent:
        lines.append(f"Replies to {both(silent)} came without token counts: what they cost is not known.")
    programs = [a for a in evidence.measured() if _is_program(evidence, a)]
    if programs:
        lines.append(f"What {both(programs)} may pay elsewhere is not known: only a program's time here has a price.")
    return lines


def _is_program(evidence: Evidence, arm: str) -> bool:
    """Paid by machine time, and yet not known to stay on the machine."""
    paid = evidence.part(arm, "usage").get("billing") == "machine"
    return paid and evidence.arms[arm].get("on_premises") is False


def _day(text: object) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(str(text)[:10])
    except ValueError:
        return None
