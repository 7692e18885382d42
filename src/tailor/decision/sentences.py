"""The verdict in words: one sentence for each way a choice can come about, and the reasons behind it."""

from __future__ import annotations

from tailor.cost.answers import cost_per_month, pays_from
from tailor.decision.choice import MINIMUM_FACTS, Choice
from tailor.decision.evidence import Difference, Evidence
from tailor.decision.gates import NAMES, Gates
from tailor.decision.money_sentences import BY_MONEY, money_sentence
from tailor.decision.words import both, capital, count, money, p_value, percent, points, signed, span, whole

# How a cell's questions are called in a sentence.
QUESTIONS = {
    "trained-framing": "questions asked as in training",
    "held-out-framing": "newly worded questions",
    "held-out-fact": "questions about facts left out of training",
    "unanswerable": "questions that cannot be answered",
    "general": "general questions",
}


def sentence(choice: Choice, evidence: Evidence) -> str:
    """The verdict, in one to three sentences."""
    if choice.unit == "usd" and choice.because in BY_MONEY:
        return money_sentence(choice, evidence)
    return _SENTENCES[choice.because](choice, evidence) + _barred_better(choice, evidence)


def _barred_better(choice: Choice, evidence: Evidence) -> str:
    """The barred arm with more right answers than the chosen one, which a reader of the table would ask for."""
    if choice.because not in ("best", "simpler", "small-gain"):
        return ""
    own = evidence.quality(str(choice.arm))
    found = [(q, a) for a in choice.barred if (q := evidence.quality(a)) is not None and own is not None and q > own]
    if not found or whole(100 * (max(found)[0] - (own or 0.0))) == 0:
        return ""
    quality, arm = max(found)
    why = Gates(evidence).broken(arm)[0].words.partition(" (")[0]  # the reasons have the numbers
    return f" {arm} answers {percent(quality)} % right, but is out: it {why}."


def _best(choice: Choice, evidence: Evidence) -> str:
    if choice.difference is None or choice.difference.value is None:
        return f"Use {choice.arm}: it answers {_rightly(choice.arm, evidence)}."
    gain = points(choice.difference.value)
    return f"Use {choice.arm}: it answers {_rightly(choice.arm, evidence)}, {gain} more than {choice.rival}."


def _simpler(choice: Choice, evidence: Evidence) -> str:
    difference = choice.difference
    assert difference is not None
    value = difference.value or 0.0
    if whole(100 * value) <= 0:
        text = f"{choice.rival} is no better {span(difference.low, difference.high)}"
    else:
        text = f"{choice.rival} is {_better(value)} {span(difference.low, difference.high)}{_holm(difference)}"
    if difference.high is not None and difference.high <= evidence.margin:
        text += f", within the {points(evidence.margin)} that do not matter"
    else:
        text += f", which is not shown to exceed the {points(evidence.margin)} that would justify it"
    return f"Use {choice.arm}. {text}{_priced(choice, evidence)}."


def _small_gain(choice: Choice, evidence: Evidence) -> str:
    difference = choice.difference
    assert difference is not None
    return (
        f"Stay with {choice.arm}. {choice.rival} is {_better(difference.value or 0.0)} "
        f"{span(difference.low, difference.high)}{_holm(difference)}: real, but no more than the "
        f"{points(evidence.margin)} that do not matter{_priced(choice, evidence)}."
    )


def _no_gain(choice: Choice, _: Evidence) -> str:
    text = f"Change nothing: no arm is shown to be better than {choice.arm}"
    difference = choice.difference
    if difference is None or difference.value is None:
        return f"{text}."
    return f"{text}. The nearest, {choice.rival}, {_against(difference, str(choice.arm))}."


def _gate(choice: Choice, evidence: Evidence) -> str:
    gain = choice.difference.value if choice.difference and choice.unit == "points" else None
    more = f" is {_better(gain)} than {choice.arm}, but" if gain is not None else ""
    return (
        f"Not allowed: {choice.rival}{more} {_why_barred(str(choice.rival), evidence)}, and no allowed arm beats "
        f"{choice.arm}. Stay with {choice.arm}."
    )


def _why_barred(arm: str, evidence: Evidence) -> str:
    """`loses general ability (...)`: every gate that bars an arm."""
    return both([o.words for o in Gates(evidence).broken(arm)])


def _nothing_allowed(choice: Choice, evidence: Evidence) -> str:
    """By the gate that bars every arm, where there is one; else arm by arm."""
    broken = {a: Gates(evidence).broken(a) for a in choice.barred}
    shared = set.intersection(*({o.gate for o in found} for found in broken.values()))
    if not shared:
        each = "; ".join(f"{a} {found[0].words}" for a, found in broken.items())
        return f"Not allowed: no arm keeps every gate: {each}. None may be used."
    arm, found = next(iter(broken.items()))
    first = next(o for o in found if o.gate in shared)
    others = "" if len(broken) == 1 else ", and no other arm keeps it"
    return f"Not allowed, for {NAMES[first.gate]}: {arm} {first.words}{others}. None may be used."


def _only_allowed(choice: Choice, evidence: Evidence) -> str:
    text = f"Use {choice.arm}: it keeps every gate and answers {_rightly(choice.arm, evidence)}. "
    text += f"{evidence.control} {_why_barred(evidence.control, evidence)}, so it may not stay"
    difference = choice.difference
    if difference is not None and difference.value is not None and difference.value < 0:
        text += f", though {choice.arm} {_against(difference, evidence.control)}"
    return f"{text}."


def _wide_to_control(choice: Choice, evidence: Evidence) -> str:
    return (
        f"Not enough evidence that {choice.rival} beats {choice.arm}: "
        f"{_unsettled(choice, evidence.margin)} Until then stay with {choice.arm}."
    )


def _wide_to_best(choice: Choice, evidence: Evidence) -> str:
    return (
        f"Not enough evidence to choose between {choice.arm} and {choice.rival}: "
        f"{_unsettled(choice, evidence.margin)} Until then use {choice.arm}, the simpler one, "
        f"which answers {_rightly(choice.arm, evidence)}."
    )


def _few_facts(choice: Choice, evidence: Evidence) -> str:
    facts = evidence.facts()
    tested = "the number of facts tested is unknown" if facts is None else f"{count(facts, 'fact')} tested"
    add = f" Add at least {count(MINIMUM_FACTS - facts, 'fact')}, each asked in several ways." if facts else ""
    return (
        f"Not enough evidence: {tested}, and at least {MINIMUM_FACTS} are needed to rank the arms"
        f"{_needed(choice, 'about {} for this margin')}.{add} Until then stay with {choice.arm}."
    )


def _nothing_measured(_: Choice, evidence: Evidence) -> str:
    if evidence.failed() and len(evidence.failed()) == len(evidence.arms):
        return f"Not enough evidence: {'the only arm' if len(evidence.arms) == 1 else 'every arm'} failed."
    return "Not enough evidence: no arm was measured."


def _no_control(_: Choice, evidence: Evidence) -> str:
    why = "failed" if evidence.control in evidence.failed() else "was not measured"
    name = f"the control {evidence.control}" if evidence.control else "the control"
    return f"Not enough evidence: {name} {why}, and every arm is judged by its difference to it."


def _one_arm(choice: Choice, evidence: Evidence) -> str:
    lost = [a for a in evidence.failed() if a != choice.arm]
    why = f"{both(lost)} failed" if lost else "the study has no other arm"
    return f"Not enough evidence: only {choice.arm} was measured; {why}."


_SENTENCES = {
    "best": _best,
    "simpler": _simpler,
    "small-gain": _small_gain,
    "no-gain": _no_gain,
    "gate": _gate,
    "nothing-allowed": _nothing_allowed,
    "only-allowed": _only_allowed,
    "wide-to-control": _wide_to_control,
    "wide-to-best": _wide_to_best,
    "few-facts": _few_facts,
    "nothing-measured": _nothing_measured,
    "no-control": _no_control,
    "one-arm": _one_arm,
}


def reasons(choice: Choice, evidence: Evidence) -> tuple[str, ...]:
    """Why: who is out and by which gate, then who was weighed against whom."""
    lines = [_failure(a, evidence) for a in evidence.failed()]
    lines += [f"{a} is out: it {_why_barred(a, evidence)}." for a in choice.barred]
    lines += _beating(choice, evidence)
    if choice.unit == "points" and choice.because in ("simpler", "wide-to-best"):
        lines.append(
            f"The simplest arm is taken unless another is shown to be better by more than {points(evidence.margin)}."
        )
    lines += _passed_over(choice, evidence)
    return tuple(lines)


def _beating(choice: Choice, evidence: Evidence) -> list[str]:
    """What the chosen arm has over the control, and who else beats it."""
    allowed = [a for a in evidence.measured() if a not in choice.barred and a != evidence.control]
    pairs = [(a, evidence.difference(a, evidence.control)) for a in allowed]
    better = [(a, d) for a, d in pairs if d and d.shown_better]
    lines = []
    for arm, difference in better:
        if arm == choice.arm:
            lines.append(
                f"{arm} {_against(difference, evidence.control)}{_holm(difference)}; "
                f"it answers {_rightly(arm, evidence)}."
            )
    rest = [a for a, d in pairs if d and not d.shown_better]
    if rest and better:
        verb = "is" if len(rest) == 1 else "are"
        lines.append(f"{both(rest)} {verb} not shown to beat {evidence.control}.")
    return lines


def _passed_over(choice: Choice, evidence: Evidence) -> list[str]:
    """Arms simpler than the chosen one that beat the control too: by how much they are worse."""
    if (
        choice.unit == "usd"
        or choice.kind not in ("adopt", "keep-simple")
        or choice.arm is None
        or choice.arm == evidence.control
    ):
        return []
    lines = []
    for arm in evidence.measured():
        if arm in choice.barred or arm == evidence.control:
            continue
        if evidence.complexity(arm) >= evidence.complexity(choice.arm):
            continue
        gain, gap = evidence.difference(arm, evidence.control), evidence.difference(arm, choice.rival or choice.arm)
        if choice.because == "best":
            gap = evidence.difference(arm, choice.arm)
        if gain and gain.shown_better and gap and gap.value is not None:
            lines.append(f"{arm} is simpler, but {_against(gap, gap.against)}.")
    return lines


def _against(difference: Difference, other: str) -> str:
    """`is 5 points better than rag [1 to 9]`."""
    value = difference.value or 0.0
    bounds = span(difference.low, difference.high)
    if whole(100 * value) == 0:
        return f"is as good as {other} {bounds}".rstrip()
    return f"is {_better(value)} than {other} {bounds}".rstrip()


def _better(value: float) -> str:
    return f"{points(value)} {'better' if value >= 0 else 'worse'}"


def _rightly(arm: str | None, evidence: Evidence) -> str:
    share = percent(evidence.quality(str(arm)))
    return f"{share} % of {QUESTIONS.get(evidence.cell, f'{evidence.cell} questions')} right"


def _holm(difference: Difference) -> str:
    return "" if difference.p is None else f", Holm p {p_value(difference.p)}"


def _failure(arm: str, evidence: Evidence) -> str:
    failure = evidence.part(arm, "failure")
    cause = str(failure.get("cause") or "no cause recorded").rstrip(".")
    hint = str(failure.get("hint") or "").strip()
    return f"{arm} failed: {cause}." + (f" {capital(hint)}" if hint else "")


def _unsettled(choice: Choice, margin: float) -> str:
    difference = choice.difference
    if difference is None or difference.value is None or span(difference.low, difference.high) == "":
        return "the study has no interval for their difference."
    facts = count(difference.n_facts, "fact") if difference.n_facts else "the facts tested"
    return (
        f"the difference is {signed(difference.value)} points {span(difference.low, difference.high)}, too wide for a "
        f"margin of {points(margin)} with {facts}{_needed(choice, 'about {} would settle it')}."
    )


def _needed(choice: Choice, phrase: str) -> str:
    if choice.facts_needed is None or (choice.because == "few-facts" and choice.facts_needed <= MINIMUM_FACTS):
        return ""
    return f"; {phrase.format(f'{choice.facts_needed:,}')}"


def _priced(choice: Choice, evidence: Evidence) -> str:
    """What the rival would cost more a month, and from which volume that pays where a wrong answer has a price."""
    rates = (evidence.hourly, evidence.questions, evidence.refreshes)
    arm, rival = evidence.part(str(choice.arm), "usage"), evidence.part(str(choice.rival), "usage")
    mine, theirs = cost_per_month(arm, *rates), cost_per_month(rival, *rates)
    if mine is None or theirs is None or theirs - mine < 1.0:
        return ""  # nobody decides over less than a dollar a month
    text = f". It costs {money(theirs - mine)} a month more"
    gain = choice.difference.value if choice.difference else None
    if evidence.wrong is not None and gain is not None and evidence.questions is not None:
        worth = gain * evidence.wrong * evidence.questions
        volume = pays_from(arm, rival, gain, evidence.wrong, evidence.hourly, evidence.refreshes)
        if worth > 0:
            text += f" and saves {money(worth)} in wrong answers"
        if volume is not None and 0 < volume < float("inf") and volume > evidence.questions:
            text += f"; it pays from {volume:,.0f} questions a month"
    return text
