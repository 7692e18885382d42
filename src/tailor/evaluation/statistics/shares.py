"""Two paired shares: how many items only one of two arms gets right. One item per fact, each right or wrong."""

from __future__ import annotations

import math

from tailor.evaluation.statistics.clusters import normal_quantile
from tailor.records import Interval

_NAN = float("nan")


def mcnemar_exact(n01: int, n10: int) -> float:
    """Exact two-sided McNemar p: of the items on which two arms disagree, is either way more frequent than chance?

    2 * P(X <= min(n01, n10)) for X ~ Binomial(n01 + n10, 1/2), at most 1; 1 where they never disagree.
    """
    from scipy import special

    discordant = n01 + n10
    return min(1.0, 2 * float(special.bdtr(min(n01, n10), discordant, 0.5))) if discordant else 1.0


def bonett_price(n: int, n01: float, n10: float, level: float = 0.95) -> Interval:
    """Interval for a difference of two paired shares, (n10 - n01)/n (Bonett and Price 2012, adjusted Wald).

    Args:
        n: pairs. n01: only b is right. n10: only a is right.

    With p10 = (n10+1)/(n+2), p01 = (n01+1)/(n+2) and d = p10 - p01, the bounds are d -+ z*sqrt((p10+p01-d^2)/(n+2)),
    cut to [-1, 1]. Never of zero width. NaN for n = 0.
    """
    if n == 0:
        return Interval(_NAN, _NAN, _NAN)
    centre, error = adjusted(n, n01, n10)
    half = normal_quantile((1 + level) / 2) * error
    return Interval((n10 - n01) / n, max(-1.0, centre - half), min(1.0, centre + half), n, n)


def adjusted(n: int, n01: float, n10: float) -> tuple[float, float]:
    """Centre and standard error of Bonett and Price's interval."""
    p10, p01 = (n10 + 1) / (n + 2), (n01 + 1) / (n + 2)
    return p10 - p01, math.sqrt((p10 + p01 - (p10 - p01) ** 2) / (n + 2))


def tango_z(n: int, n01: float, n10: float, difference: float) -> float:
    """Tango's score statistic (1998) of the hypothesis that the true difference p10 - p01 is `difference`.

    (n10 - n01 - n*d) / sqrt(n * (2*q + d*(1-d))), q the most likely p01 under the hypothesis: the larger root of
    2n*q^2 + ((2n - n10 + n01)*d - n10 - n01)*q - n01*d*(1-d) = 0. Standard normal under the hypothesis, for large n.
    Unlike Bonett and Price's it takes the variance where the hypothesis is true, so that a test at a margin keeps its
    size: at a loss of exactly 3 or 5 points, 300 to 3,000 items and 5 to 30 % disagreement it calls too much "kept" in
    at most 5.05 % (exact calculation; Bonett-Price 6.5 %). 0 where neither numerator nor variance is left.
    """
    linear = (2 * n - n10 + n01) * difference - n10 - n01
    last = -n01 * difference * (1 - difference)
    q = (math.sqrt(max(0.0, linear**2 - 8 * n * last)) - linear) / (4 * n)
    top = n10 - n01 - n * difference
    variance = n * (2 * q + difference * (1 - difference))
    if variance <= 1e-12:
        return 0.0 if abs(top) < 1e-9 else math.copysign(math.inf, top)
    return top / math.sqrt(variance)


def tango(n: int, n01: float, n10: float, level: float = 0.95) -> Interval:
    """Tango's score interval for a difference of paired shares: all d with |tango_z(d)| <= z. NaN for n = 0."""
    if n == 0:
        return Interval(_NAN, _NAN, _NAN)
    z, value = normal_quantile((1 + level) / 2), (n10 - n01) / n
    low = _solve(n, n01, n10, z, -1.0, value)
    return Interval(value, low, -_solve(n, n10, n01, z, -1.0, -value), n, n)


def _solve(n: int, n01: float, n10: float, z: float, low: float, high: float) -> float:
    """Where the statistic, which falls with the difference, is z; 60 halvings leave 1e-18."""
    for _ in range(60):
        middle = (low + high) / 2
        if tango_z(n, n01, n10, middle) > z:
            low = middle
        else:
            high = middle
    return (low + high) / 2
