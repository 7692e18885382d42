"""The verdict in words where the plan decides by money: one sentence for each way a choice can come about."""

from __future__ import annotations

from tailor.decision.choice import Choice
from tailor.decision.evidence import Difference, Evidence
from tailor.decision.scale import MoneyScale
from tailor.decision.words import both, money, percent


def money_sentence(choice: Choice, evidence: Evidence) -> str:
    """The verdict, in one to three sentences; dollars are a month."""
    return _SENTENCES[choice.because](choice, evidence)


def _net(arm: str | None, evidence: Evidence) -> str:
    """`earns $1,200 a month [900 to 1,500]`."""
    scale = MoneyScale(evidence)
    found = scale.drawn.outcomes.get(str(arm)) if scale.drawn else None
    net = scale.money.net(str(arm))
    if found is None or net is None:
        return "has no known net benefit"
    verb = "earns" if net >= 0 else "loses"
    low, high = (found.low, found.high) if net >= 0 else (-found.high, -found.low)
    return f"{verb} {money(abs(net))} a month [{money(low)} to {money(high)}]"


def _more(difference: Difference) -> str:
    """`$300 a month more [$100 to $500]`."""
    value, low, high = (difference.value or 0.0, difference.low or 0.0, difference.high or 0.0)
    word = "more" if value >= 0 else "less"
    if value < 0:
        value, low, high = -value, -high, -low
    return f"{money(value)} a month {word} [{money(low)} to {money(high)}]"


def _best(choice: Choice, evidence: Evidence) -> str:
    difference = choice.difference
    more = f", {_more(difference)} than {choice.rival}" if difference else ""
    return f"Use {choice.arm}: it {_net(choice.arm, evidence)}{more}."


def _simpler(choice: Choice, evidence: Evidence) -> str:
    difference = choice.difference
    assert difference is not None
    margin = money(MoneyScale(evidence).margin)
    return (
        f"Use {choice.arm}: it {_net(choice.arm, evidence)}. {choice.rival} earns {_more(difference)}, which is not "
        f"shown to exceed the {margin} a month that would justify it."
    )


def _small_gain(choice: Choice, evidence: Evidence) -> str:
    difference = choice.difference
    assert difference is not None
    margin = money(MoneyScale(evidence).margin)
    return (
        f"Stay with {choice.arm}. {choice.rival} earns {_more(difference)}: real, but no more than the {margin} "
        "a month that do not matter."
    )


def _no_gain(choice: Choice, _: Evidence) -> str:
    text = f"Change nothing: no arm is shown to earn more than {choice.arm}"
    if choice.difference is None or choice.rival is None:
        return f"{text}."
    return f"{text}. The nearest, {choice.rival}, earns {_more(choice.difference)}."


def _wide(choice: Choice, _: Evidence) -> str:
    first = f"Not enough evidence that {choice.rival} earns more than {choice.arm}"
    difference = choice.difference
    if difference is None:
        return f"{first}: what one of them costs is not known. Until then stay with {choice.arm}."
    return f"{first}: it would be {_more(difference)}. Until then stay with {choice.arm}, the simpler one."


def _missing(_: Choice, evidence: Evidence) -> str:
    unknown = both(MoneyScale(evidence).missing())
    return f"Not enough evidence: the plan decides by money, and {unknown} is not known."


def _only_allowed(choice: Choice, evidence: Evidence) -> str:
    return f"Use {choice.arm}: it keeps every gate and {_net(choice.arm, evidence)}; {evidence.control} may not stay."


def all_lose(choice: Choice, evidence: Evidence) -> str:
    """No allowed arm is worth its cost: better to do without any."""
    share = percent(evidence.quality(str(choice.rival)))
    return (
        f"Do nothing: no arm is worth what it costs and spoils. The best, {choice.rival}, answers {share} % right and "
        f"{_net(choice.rival, evidence)}."
    )


_SENTENCES = {
    "best": _best,
    "simpler": _simpler,
    "small-gain": _small_gain,
    "no-gain": _no_gain,
    "only-allowed": _only_allowed,
    "all-lose": all_lose,
    "wide-to-control": _wide,
    "wide-to-best": _wide,
    "no-money": _missing,
}
BY_MONEY = frozenset(_SENTENCES)
