"""What the memo says about money, as words and lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tailor.cost.answers import cost_per_1000, cost_per_1000_right
from tailor.cost.ownership import Ownership
from tailor.decision import words
from tailor.decision.account import economics
from tailor.decision.choice import choose, verb
from tailor.decision.economics import Economics
from tailor.decision.evidence import Evidence
from tailor.decision.sensitivity import what_ifs

BASIS = {"measured": "measured", "given": "as given", "assumed": "assumed"}


@dataclass(frozen=True)
class MoneyRow:
    """One arm's money in words; `–` where unknown."""

    arm: str
    chosen: bool
    once: str
    month: str
    thousand: str
    thousand_right: str
    value: str
    net: str
    net_span: str
    best: str
    payback: str


def money_view(results: Mapping[str, Any], chosen: str | None) -> dict[str, Any]:
    """Everything the templates say about money; `rows` is empty where no arm has a known cost."""
    evidence = Evidence(results)
    money = Economics(evidence)
    known = [a for a, o in money.owned.items() if o.per_answer is not None]
    if not known:
        return {"rows": [], "columns": {}, "lines": [], "facts": [], "what_ifs": []}
    stored = results.get("economics")
    found = stored if isinstance(stored, Mapping) and stored.get("arms") else economics(results)
    rows = [_row(money, a, found["arms"].get(a) or {}, chosen) for a in money.owned]
    names = ("value", "net", "best", "payback")
    return {
        "rows": rows,
        "columns": {n: any(getattr(r, n) != words.UNKNOWN for r in rows) for n in names},
        "lines": _lines(money, chosen or evidence.control),
        "lines_of": chosen or evidence.control,
        "facts": _facts(evidence, money, found, chosen or evidence.control),
        "what_ifs": _what_ifs(results, evidence),
    }


def _row(money: Economics, arm: str, found: Mapping[str, Any], chosen: str | None) -> MoneyRow:
    usage, hourly = money.evidence.part(arm, "usage"), money.assume.machine_hour_usd
    low, high = words.number(found.get("net_low_usd")), words.number(found.get("net_high_usd"))
    share = words.number(found.get("p_best"))
    return MoneyRow(
        arm=arm,
        chosen=arm == chosen,
        once=words.money(found.get("once_usd")),
        month=words.money(found.get("month_usd")),
        thousand=words.money(cost_per_1000(usage, hourly)),
        thousand_right=words.money(cost_per_1000_right(usage, hourly, money.evidence.quality(arm))),
        value=words.money(found.get("value_per_answer_usd")),
        net=words.money(found.get("net_month_usd")),
        net_span="" if low is None or high is None else f"[{words.money(low)} to {words.money(high)}]",
        best=words.percent(share),
        payback=_payback(found),
    )


def _payback(found: Mapping[str, Any]) -> str:
    if found.get("pays_back") is False:
        return "never"
    months = words.number(found.get("payback_months"))
    if months is None:
        return words.UNKNOWN
    return "at once" if months < 0.05 else f"{months:,.1f} months"


def _lines(money: Economics, arm: str) -> list[tuple[str, str, str, str, str]]:
    """(when, name, dollars, how it came about, basis) of every line of an arm, sums between them."""
    owned = money.owned.get(arm)
    if owned is None:
        return []
    rows = []
    for when, title in (("once", "once"), ("month", "a month")):
        of = [x for x in owned.lines if x.when == when]
        rows += [(title, x.name, words.money(x.usd), x.how, BASIS[x.basis]) for x in of if x.usd is not None]
        if any(x.usd is not None for x in of):
            rows.append((title, "sum", words.money(owned.once if when == "once" else owned.monthly), "", ""))
    return rows


def _facts(evidence: Evidence, money: Economics, found: Mapping[str, Any], arm: str) -> list[str]:
    lines = [*_break_even(money, found, arm), *_evidence(found), *_not_counted(money.owned.get(arm))]
    return [*lines, *_prices(evidence.results)]


def _break_even(money: Economics, found: Mapping[str, Any], arm: str) -> list[str]:
    """Where the chosen arm and each other one change places; pairs that never do are put together."""
    kind = "net_volume" if money.worth is not None else "cost_volume"
    noun = "earn the same" if money.worth is not None else "cost the same"
    lines, never = [], []
    for pair in found.get("break_even") or []:
        if arm not in (pair["a"], pair["b"]):
            continue
        other = pair["b"] if pair["a"] == arm else pair["a"]
        volume = words.number(pair.get(kind))
        if volume is None:
            never.append(other)
        elif volume >= 1:
            lines.append(f"{arm} and {other} {noun} at {words.count(volume, 'question')} a month.")
    if never and lines:
        lines.append(f"{arm} and {words.both(never)} change places at no volume.")
    return lines


def _evidence(found: Mapping[str, Any]) -> list[str]:
    evidence = found.get("evidence")
    if not isinstance(evidence, Mapping):
        return []
    months, facts = found.get("months"), evidence.get("more_facts")
    perfect, more, price = (words.number(evidence.get(k)) for k in ("perfect_usd", "more_usd", "price_usd"))
    if perfect is None or more is None:
        return []
    if perfect < 1:
        return ["More evidence would not change which arm earns most: it is worth less than $1."]
    text = (
        f"More evidence is worth at most {words.money(perfect)} over {months} months; "
        f"testing {facts} more facts at most {words.money(more)}"
    )
    if price is None:
        return [f"{text}."]
    worth = "less than they cost to label" if more < price else "and labelling them costs"
    return [f"{text}, {worth} ({words.money(price)})."]


def _not_counted(owned: Ownership | None) -> list[str]:
    if owned is None or not owned.unknown:
        return []
    return [f"Not counted, because nobody gave it: {words.both(owned.unknown)}."]


def _prices(results: Mapping[str, Any]) -> list[str]:
    prices = results.get("prices") or {}
    lines: list[str] = []
    used = [prices.get("tokens"), prices.get("machine")]
    used += [p.get("tokens") for p in (prices.get("arms") or {}).values()]
    for price in used:
        if isinstance(price, Mapping):
            rates = ", ".join(f"{k.replace('_', ' ')} {v:g}" for k, v in (price.get("rates") or {}).items())
            lines.append(
                f"Price of {price.get('name')}: {rates} USD per {price.get('unit')}, from {price.get('valid_from')} "
                f"({price.get('source')})."
            )
    return list(dict.fromkeys(lines))


def _what_ifs(results: Mapping[str, Any], evidence: Evidence) -> list[tuple[str, str, str, bool]]:
    """(what if, verdict, arm that earns most, whether anything turns round)."""
    today = choose(evidence)
    return [
        (w.what, verb(w.found), _buy(w.best_buy), w.verdict_flips or w.money_flips) for w in what_ifs(results, today)
    ]


def _buy(arm: str | None) -> str:
    return words.UNKNOWN if arm is None else "none pays" if arm == "none" else arm
