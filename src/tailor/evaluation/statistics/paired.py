"""Two arms on the same items: their difference, its interval, its p value and what it could have detected."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tailor.evaluation.statistics.clusters import (
    Facts,
    Floats,
    as_table,
    clustered_standard_error,
    combine,
    fact_codes,
    fact_totals,
    normal_quantile,
    seed_variance,
    t_quantile,
    t_tail,
)
from tailor.evaluation.statistics.flips import FLIPS, sign_flip_p
from tailor.evaluation.statistics.shares import adjusted, mcnemar_exact

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


@dataclass(frozen=True)
class Contrast:
    """What an interval for a difference is made of: centre +- quantile * error, t with `degrees` (infinite: normal).

    `totals` is the sum of the differences of each fact; `counts` (n01, n10) where there is one right-or-wrong item per
    fact and one seed per arm, else None; `seeds` whether the error holds variance between trainings.
    """

    difference: float
    centre: float
    error: float
    degrees: float
    totals: Floats
    counts: tuple[int, int] | None
    seeds: bool
    n_items: int

    @property
    def n_facts(self) -> int:
        return len(self.totals)

    def bounds(self, level: float) -> tuple[float, float]:
        """The two-sided interval, cut to [-1, 1]."""
        half = t_quantile((1 + level) / 2, self.degrees) * self.error
        return max(-1.0, self.centre - half), min(1.0, self.centre + half)


def contrast(a: ArrayLike, b: ArrayLike, facts: Facts) -> Contrast:
    """Arm a minus arm b, values as for `paired_difference`; NaN centre and error with fewer than 2 facts.

    Raises:
        ValueError: as `paired_difference`.
    """
    codes, n_facts = fact_codes(facts)
    first, second = as_table(a, codes), as_table(b, codes)
    if len(first) == 0:
        raise ValueError("expected at least one item to compare")
    differences = first.mean(axis=1) - second.mean(axis=1)
    totals, value, n = fact_totals(differences, codes), float(differences.mean()), len(differences)
    if n_facts < 2:
        return Contrast(value, _NAN, _NAN, _NAN, totals, None, False, n)
    if n_facts == n and first.shape[1] == second.shape[1] == 1 and _is_binary(first) and _is_binary(second):
        n10, n01 = int(np.sum(differences > 0)), int(np.sum(differences < 0))
        return Contrast(value, *adjusted(n, n01, n10), math.inf, totals, (n01, n10), False, n)
    seeds = [(seed_variance(arm.mean(axis=0)), arm.shape[1] - 1.0) for arm in (first, second)]
    clustered = clustered_standard_error(differences, codes)
    error, degrees = combine([(clustered**2, n_facts - 1.0), *seeds])
    if error > 0:
        return Contrast(value, value, error, degrees, totals, None, any(v > 0 for v, _ in seeds), n)
    means = totals / np.bincount(codes, minlength=n_facts)
    worse, better = float(-means[means < 0].sum()), float(means[means > 0].sum())
    return Contrast(value, *adjusted(n_facts, worse, better), math.inf, totals, None, False, n)


def paired_difference(a: ArrayLike, b: ArrayLike, facts: Facts, level: float = 0.95) -> Comparison:
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
    found = contrast(a, b, facts)
    n_facts, n_items = found.n_facts, found.n_items
    if n_facts < 2:
        return Comparison(found.difference, _NAN, _NAN, 1.0, "one fact: no test", n_facts, n_items, _NAN)
    p, test = _p(found)
    low, high = found.bounds(level)
    interval = "Bonett-Price" if math.isinf(found.degrees) else "clustered t"
    method = f"{test}, {interval} interval"
    return Comparison(found.difference, low, high, p, method, n_facts, n_items, _mde(found.error))


def _p(found: Contrast) -> tuple[float, str]:
    if found.counts is not None:
        return mcnemar_exact(*found.counts), "exact McNemar"
    p, exact = sign_flip_p(found.totals)
    test = "exact sign flips over facts" if exact else f"{FLIPS} sign flips over facts"
    if not found.seeds:
        return p, test
    return max(
        p, 2 * t_tail(abs(found.difference) / found.error, found.degrees)
    ), f"{test} and t test with seed variance"


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


def _is_binary(table: Floats) -> bool:
    return bool(np.all((table == 0) | (table == 1)))
