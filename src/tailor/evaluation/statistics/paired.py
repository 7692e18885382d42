"""Two arms on the same items: their difference, its interval, its p value and what it could have detected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tailor.evaluation.statistics.clusters import (
    Floats,
    as_table,
    clustered_standard_error,
    combine,
    fact_totals,
    normal_quantile,
    seed_variance,
    t_quantile,
)
from tailor.records import Interval

FLIPS = 20_000
EXACT_FACTS = 14
_FLIP_SEED = 20_240_611
_NAN = float("nan")


@dataclass(frozen=True)
class Comparison:
    """Arm a minus arm b on the same items.

    `difference` in [-1, 1] with a two-sided interval [`low`, `high`] (95 % unless another level was asked for); `p` two
    sided against no difference; `method` names the test and the interval. `mde` is the smallest true difference that
    such a test finds with 80 % power at alpha 0.05. NaN bounds and mde with fewer than 2 facts.
    """

    difference: float
    low: float
    high: float
    p: float
    method: str
    n_facts: int
    n_items: int
    mde: float


def mcnemar_exact(n01: int, n10: int) -> float:
    """Exact two-sided McNemar p: of the items on which two arms disagree, is either way more frequent than chance?

    2 * P(X <= min(n01, n10)) for X ~ Binomial(n01 + n10, 1/2), at most 1; 1 where they never disagree.
    """
    from scipy import stats

    discordant = n01 + n10
    return min(1.0, 2 * float(stats.binom.cdf(min(n01, n10), discordant, 0.5))) if discordant else 1.0


def bonett_price(n: int, n01: float, n10: float, level: float = 0.95) -> Interval:
    """Interval for a difference of two paired shares, (n10 - n01)/n (Bonett and Price 2012, adjusted Wald).

    Args:
        n: pairs. n01: only b is right. n10: only a is right.

    With p10 = (n10+1)/(n+2), p01 = (n01+1)/(n+2) and d = p10 - p01, the bounds are d -+ z*sqrt((p10+p01-d^2)/(n+2)),
    cut to [-1, 1]. Never of zero width. NaN for n = 0.
    """
    if n == 0:
        return Interval(_NAN, _NAN, _NAN)
    centre, error = _bonett_price(n, n01, n10)
    half = normal_quantile((1 + level) / 2) * error
    return Interval((n10 - n01) / n, max(-1.0, centre - half), min(1.0, centre + half), n, n)


def _bonett_price(n: int, n01: float, n10: float) -> tuple[float, float]:
    p10, p01 = (n10 + 1) / (n + 2), (n01 + 1) / (n + 2)
    return p10 - p01, math.sqrt((p10 + p01 - (p10 - p01) ** 2) / (n + 2))


def sign_flip_p(totals: ArrayLike) -> tuple[float, bool]:
    """Two-sided p of the sum of per-fact differences if each could as well have the other sign; whether it is exact.

    Facts without a difference change nothing. Up to 14 others: all 2^k sign patterns are counted. More: 20,000 random
    patterns of a fixed seed, p = (1 + count)/(1 + 20,000) (Phipson and Smyth 2010), which is never 0.
    """
    magnitudes = np.abs(np.asarray(totals, dtype=np.float64))
    observed = abs(float(np.sum(totals)))
    magnitudes = magnitudes[magnitudes > 1e-12]
    # Rounding must not turn a pattern as extreme as the observed one into a less extreme one.
    enough = observed - 1e-9 * max(1.0, observed)
    if len(magnitudes) <= EXACT_FACTS:
        sums = np.zeros(1)
        for magnitude in magnitudes:
            sums = np.concatenate([sums + magnitude, sums - magnitude])
        return float(np.mean(np.abs(sums) >= enough)), True
    generator = np.random.default_rng(_FLIP_SEED)
    # Facts with differences of one size are flipped together: their sum needs only how many of them stay positive.
    sizes, counts = np.unique(np.round(magnitudes, 12), return_counts=True)
    sums = np.zeros(FLIPS)
    for size, count in zip(sizes, counts, strict=True):
        sums += size * (2.0 * generator.binomial(count, 0.5, size=FLIPS) - count)
    return float((1 + np.count_nonzero(np.abs(sums) >= enough)) / (1 + FLIPS)), False


def paired_difference(a: ArrayLike, b: ArrayLike, facts: Sequence[str], level: float = 0.95) -> Comparison:
    """Arm a minus arm b over the same items, the fact being the unit.

    Args:
        a, b: values in [0, 1], items or items x seeds (each arm its own number of seeds), rows in the same order.
        facts: the fact of each item.

    The difference is that of the two item means (so it is the difference of the accuracies shown; facts with more
    framings weigh more). Seeds are averaged within each item first.

    Interval: t on the clustered standard error of the item differences, G-1 degrees of freedom, cut to [-1, 1]; an
    arm of S >= 2 seeds adds S_seed^2/S to the variance (degrees by Satterthwaite). p: signs of whole facts flipped
    (`sign_flip_p`). Flips know nothing of trainings, so with seed variance the larger p of flips and t test counts.

    One right-or-wrong item per fact and one seed per arm: exact McNemar (which is the exact sign flip there) and
    Bonett-Price. All facts with the same difference (SE 0; none at all, say): Bonett-Price over facts, the sums of
    positive and of negative fact means in place of the counts, since an interval of zero width would be untrue.

    Raises:
        ValueError: no items; values NaN or outside [0, 1]; shapes that do not fit.
    """
    first, second = as_table(a, facts), as_table(b, facts)
    if len(first) == 0:
        raise ValueError("expected at least one item to compare")
    differences = first.mean(axis=1) - second.mean(axis=1)
    sizes = fact_totals(np.ones(len(differences)), facts)
    totals = fact_totals(differences, facts)
    n_facts, n_items, difference = len(totals), len(differences), float(differences.mean())
    if n_facts < 2:
        return Comparison(difference, _NAN, _NAN, 1.0, "one fact: no test", n_facts, n_items, _NAN)

    if n_facts == n_items and first.shape[1] == second.shape[1] == 1 and _is_binary(first) and _is_binary(second):
        n10, n01 = int(np.sum(differences > 0)), int(np.sum(differences < 0))
        p, test = mcnemar_exact(n01, n10), "exact McNemar"
        low, high, error = _adjusted(totals, level)
        return Comparison(difference, low, high, p, f"{test}, Bonett-Price interval", n_facts, n_items, _mde(error))

    p, exact = sign_flip_p(totals)
    test = "exact sign flips over facts" if exact else f"{FLIPS} sign flips over facts"
    seeds = [(seed_variance(arm.mean(axis=0)), arm.shape[1] - 1.0) for arm in (first, second)]
    clustered = clustered_standard_error(differences, facts)
    error, degrees = combine([(clustered**2, n_facts - 1.0), *seeds])
    if error == 0:
        low, high, error = _adjusted(totals / sizes, level)
        return Comparison(difference, low, high, p, f"{test}, Bonett-Price interval", n_facts, n_items, _mde(error))
    if any(variance > 0 for variance, _ in seeds):
        p, test = max(p, 2 * _t_tail(abs(difference) / error, degrees)), f"{test} and t test with seed variance"
    half = t_quantile((1 + level) / 2, degrees) * error
    low, high = max(-1.0, difference - half), min(1.0, difference + half)
    return Comparison(difference, low, high, p, f"{test}, clustered t interval", n_facts, n_items, _mde(error))


def facts_needed(comparison: Comparison, delta: float) -> int:
    """How many facts a comparison like this needs to find a true difference `delta` with 80 % power at alpha 0.05.

    G * (mde/delta)^2, rounded up: the error shrinks with the root of the number of facts. Where the spread over seeds
    is most of the error, more seeds are needed instead.

    Raises:
        ValueError: delta is 0, or the comparison has fewer than 2 facts.
    """
    if delta == 0 or math.isnan(comparison.mde):
        raise ValueError("expected a difference other than 0 and a comparison over at least 2 facts")
    return math.ceil(comparison.n_facts * (comparison.mde / delta) ** 2)


def detectable(error: float, *, alpha: float, sides: int, power: float = 0.8) -> float:
    """The smallest true difference found with `power`: (z_{1-alpha/sides} + z_power) * standard error."""
    return (normal_quantile(1 - alpha / sides) + normal_quantile(power)) * error


def _mde(error: float) -> float:
    return detectable(error, alpha=0.05, sides=2)


def _adjusted(means: Floats, level: float) -> tuple[float, float, float]:
    n01, n10 = float(-means[means < 0].sum()), float(means[means > 0].sum())
    interval = bonett_price(len(means), n01, n10, level)
    return interval.low, interval.high, _bonett_price(len(means), n01, n10)[1]


def _is_binary(table: Floats) -> bool:
    return bool(np.all((table == 0) | (table == 1)))


def _t_tail(statistic: float, degrees: float) -> float:
    from scipy import stats

    return float(stats.t.sf(statistic, degrees))
