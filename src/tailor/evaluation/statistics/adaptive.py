"""Assigning by what was seen so far, and what can still be concluded from it.

Thompson sampling (Thompson 1933, Biometrika 25; Beta prior: Chapelle and Li 2011, NIPS 24) sends a share of the units
to an arm equal to the probability that it is the better one. Plain means of the arms are then biased, and their
intervals wrong: who was sent where depends on what came before. With the probability of every assignment written down,
weighting by its inverse gives means that are right in the limit (Horvitz and Thompson 1952; Hájek 1971), as long as no
probability comes near 0: hence a floor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tailor.evaluation.statistics.always_valid import MOST_LIKELY_UNITS, half_width
from tailor.records import Interval

FLOOR = 0.05
"""The least share of an arm."""

POINTS = 500


def probability_better(treatment: tuple[float, float], control: tuple[float, float]) -> float:
    """P(rate of the treatment > rate of the control) for independent Beta posteriors under uniform priors.

    Args:
        treatment, control: sums of successes and of failures; fractions count as such.

    The mean of the control's distribution function over 500 quantiles of the treatment: error below 1e-3.
    """
    import numpy as np
    from scipy import special

    quantiles = special.betaincinv(1 + treatment[0], 1 + treatment[1], (np.arange(POINTS) + 0.5) / POINTS)
    return float(special.betainc(1 + control[0], 1 + control[1], quantiles).mean())


def thompson_share(treatment: Sequence[float], control: Sequence[float], *, floor: float = FLOOR) -> float:
    """The share of new units for the treatment, in [floor, 1 - floor].

    Args:
        treatment, control: a value in [0, 1] per unit.
    """
    seen = [(math.fsum(values), len(values) - math.fsum(values)) for values in (treatment, control)]
    return min(1 - floor, max(floor, probability_better(seen[0], seen[1])))


def weighted_difference(
    treatment: Sequence[tuple[float, float]],
    control: Sequence[tuple[float, float]],
    *,
    rho: float,
    alpha: float = 0.05,
) -> Interval:
    """Mean of the treatment minus mean of the control, each unit weighted by the inverse of the probability with which
    it fell into its arm; bounds as of `always_valid.difference`. NaN below 30 units in an arm.

    Args:
        treatment, control: (value, propensity) per unit, propensities in (0, 1].

    Hájek's estimator, its variance by linearisation: sum of (w (y - mean))^2 over (sum of w)^2.
    """
    n = len(treatment) + len(control)
    means = [_weighted(units) for units in (treatment, control)]
    value = means[0][0] - means[1][0]
    if min(len(treatment), len(control)) < MOST_LIKELY_UNITS:
        return Interval(value, math.nan, math.nan, n)
    half = half_width(means[0][1] + means[1][1], rho=rho, alpha=alpha)
    return Interval(value, value - half, value + half, n)


def _weighted(units: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Mean and variance of the mean; an arm in which all said the same has that of one more of either."""
    total = math.fsum(1 / p for _, p in units)
    if not total:
        return math.nan, math.nan
    mean = math.fsum(y / p for y, p in units) / total
    variance = math.fsum(((y - mean) / p) ** 2 for y, p in units) / total**2
    if not variance:
        share = (math.fsum(y for y, _ in units) + 1) / (len(units) + 2)
        variance = share * (1 - share) * math.fsum(p**-2 for _, p in units) / total**2
    return mean, variance


def propensity_p(propensities: Sequence[float], taken: int) -> float:
    """P-value (normal limit) that so many units fell into an arm, each with its own probability: the sample-ratio
    check of an experiment whose shares change. NaN where fewer than five are expected on either side.

    Args:
        propensities: of that arm, one per unit in any arm.
        taken: units in it.
    """
    expected = math.fsum(propensities)
    if min(expected, len(propensities) - expected) < 5:
        return math.nan
    spread = math.sqrt(math.fsum(p * (1 - p) for p in propensities))
    return math.erfc(abs(taken - expected) / spread / math.sqrt(2)) if spread else math.nan
