"""Dollars from measured seconds.

    c     = answer_seconds / answers / 3600 × machine_hour_usd              dollars per answer
    f     = fit_seconds / 3600 × machine_hour_usd                           dollars per refresh
    M(V)  = V × c + refreshes_per_year / 12 × f                             dollars a month at V questions a month

Where a provider is paid by the token (`usage.billing` is `tokens`), what the replies cost stands in the usage already:

    c     = token_usd / priced        f = fit_usd

`usage` is the `usage` of one arm in results.json (docs/reference/results.md). Whatever is unknown (absent, null, NaN,
negative, or a rate over no answers) makes the result None, never 0: an unknown price must not look like a free one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

MONTHS = 12
HOUR_S = 3600.0

Usage = Mapping[str, Any]


def known(value: object) -> float | None:
    """A finite number of at least 0 as a float, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        return None
    return float(value)


def seconds_per_answer(usage: Usage) -> float | None:
    """Machine seconds for one answer: `answer_seconds / answers`."""
    seconds, answers = known(usage.get("answer_seconds")), known(usage.get("answers"))
    return None if seconds is None or not answers else seconds / answers


def by_token(usage: Usage) -> bool:
    """Whether a provider is paid for the tokens of this arm, and no machine by the hour."""
    return usage.get("billing") == "tokens"


def cost_per_1000(usage: Usage, machine_hour_usd: float | None) -> float | None:
    """Dollars for 1,000 answers: of their tokens, or on a busy machine `1000 × answer_seconds / answers / 3600 ×
    machine_hour_usd`.

    A machine that idles costs more per answer than this; the share of the hour the answers take is all that is counted.
    """
    if by_token(usage):
        spent, priced = known(usage.get("token_usd")), known(usage.get("priced"))
        return None if spent is None or not priced else 1000.0 * spent / priced
    seconds, hourly = seconds_per_answer(usage), known(machine_hour_usd)
    return None if seconds is None or hourly is None else 1000.0 * seconds / HOUR_S * hourly


def cost_per_1000_right(usage: Usage, machine_hour_usd: float | None, right: float | None) -> float | None:
    """Dollars for 1,000 right answers: `cost_per_1000 / right`, with the share of right answers. None where no answer
    is right: no money buys one."""
    answers, share = cost_per_1000(usage, machine_hour_usd), known(right)
    return None if answers is None or not share else answers / share


def refresh_seconds(usage: Usage) -> float | None:
    """Seconds to fit the arm once again: `fit_seconds` (training, index, choice of options), else `train_seconds`."""
    seconds = known(usage.get("fit_seconds"))
    return known(usage.get("train_seconds")) if seconds is None else seconds


def training_cost(usage: Usage, machine_hour_usd: float | None) -> float | None:
    """Dollars for fitting the arm once: `fit_seconds / 3600 × machine_hour_usd`, or the tokens that fitting took."""
    if by_token(usage):
        return known(usage.get("fit_usd"))
    seconds, hourly = refresh_seconds(usage), known(machine_hour_usd)
    return None if seconds is None or hourly is None else seconds / HOUR_S * hourly


def upkeep_per_month(usage: Usage, machine_hour_usd: float | None, refreshes_per_year: float | None) -> float | None:
    """Dollars a month that do not depend on volume: `refreshes_per_year / 12 × training_cost`."""
    fit, refreshes = training_cost(usage, machine_hour_usd), known(refreshes_per_year)
    return None if fit is None or refreshes is None else refreshes / MONTHS * fit


def cost_per_month(
    usage: Usage,
    machine_hour_usd: float | None,
    questions_per_month: float | None,
    refreshes_per_year: float | None,
) -> float | None:
    """Dollars a month: `questions_per_month / 1000 × cost_per_1000 + refreshes_per_year / 12 × training_cost`."""
    answers, upkeep = (
        cost_per_1000(usage, machine_hour_usd),
        upkeep_per_month(usage, machine_hour_usd, refreshes_per_year),
    )
    volume = known(questions_per_month)
    return None if answers is None or upkeep is None or volume is None else volume / 1000.0 * answers + upkeep


def break_even_volume(
    a: Usage, b: Usage, machine_hour_usd: float | None, refreshes_per_year: float | None
) -> float | None:
    """Questions a month at which two arms cost the same: `V = (F_b − F_a) / (c_a − c_b)`, F the monthly upkeep.

    Returns:
        The volume (>= 0); infinity where one arm is the cheaper at every volume or both cost the same throughout;
        None where a term is unknown. Symmetric in the arms.
    """
    terms = _extra(a, b, machine_hour_usd, refreshes_per_year)
    if terms is None:
        return None
    per_answer, upkeep = terms
    if per_answer == 0.0:
        return math.inf
    volume = -upkeep / per_answer
    return abs(volume) if volume >= 0 and upkeep != 0.0 else math.inf


def pays_from(
    simple: Usage,
    better: Usage,
    gain: float | None,
    wrong_answer_usd: float | None,
    machine_hour_usd: float | None,
    refreshes_per_year: float | None,
) -> float | None:
    """Questions a month from which the more accurate arm is worth its extra cost.

    `V = (F_better − F_simple) / (gain × wrong_answer_usd − (c_better − c_simple))`, where `gain` is the difference in
    the share of right answers and `wrong_answer_usd` what a question not answered rightly costs.

    Returns:
        0 where it pays at every volume, infinity where at none, None where a term is unknown.
    """
    terms, wrong = _extra(simple, better, machine_hour_usd, refreshes_per_year), known(wrong_answer_usd)
    if terms is None or wrong is None or gain is None or not math.isfinite(gain):
        return None
    per_answer, upkeep = terms
    net = gain * wrong - per_answer
    if upkeep <= 0.0:
        return 0.0 if net >= 0.0 else math.inf
    return upkeep / net if net > 0.0 else math.inf


def worth_from(
    simple: Usage,
    better: Usage,
    gain: float | None,
    questions_per_month: float | None,
    machine_hour_usd: float | None,
    refreshes_per_year: float | None,
) -> float | None:
    """Dollars a wrong answer must cost for the more accurate arm to be worth its extra cost at this volume.

    `w = ((c_better − c_simple) + (F_better − F_simple) / V) / gain`; 0 where it is the cheaper one anyway; None where
    a term is unknown, the volume is 0 or there is no gain.
    """
    terms, volume = _extra(simple, better, machine_hour_usd, refreshes_per_year), known(questions_per_month)
    if terms is None or not volume or gain is None or not math.isfinite(gain) or gain <= 0.0:
        return None
    per_answer, upkeep = terms
    return max(0.0, (per_answer + upkeep / volume) / gain)


def _extra(
    a: Usage, b: Usage, machine_hour_usd: float | None, refreshes_per_year: float | None
) -> tuple[float, float] | None:
    """What `b` costs more than `a`: dollars per answer, dollars of upkeep a month."""
    cost_a, cost_b = cost_per_1000(a, machine_hour_usd), cost_per_1000(b, machine_hour_usd)
    upkeep_a, upkeep_b = (upkeep_per_month(u, machine_hour_usd, refreshes_per_year) for u in (a, b))
    if cost_a is None or cost_b is None or upkeep_a is None or upkeep_b is None:
        return None
    return (cost_b - cost_a) / 1000.0, upkeep_b - upkeep_a
