"""Before a study: what can be found with so many facts, and how many facts find a difference?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tailor.evaluation.statistics.clusters import normal_quantile, t_quantile

MOST_FACTS = 10_000_000


@dataclass(frozen=True)
class Design:
    """A comparison of two arms as it is planned.

    facts: how many are tested. framings: items per fact. discordant: share of the items on which the arms disagree.
    icc: correlation of the difference between two items of one fact, in [0, 1]. seeds, seed_sd: trainings of the one
    arm that is trained, and the standard deviation of its accuracy between them (0 to 1). alpha: two-sided level of
    the comparison: 0.05 over the number of comparisons for the strictest step of Holm.
    """

    facts: int
    framings: float = 1.0
    discordant: float = 0.2
    icc: float = 0.5
    alpha: float = 0.05
    seeds: int = 1
    seed_sd: float = 0.0


def design_effect(framings: float, icc: float) -> float:
    """By how much items of one fact are worth less than items of their own: 1 + (m-1)*ICC (Kish 1965)."""
    return 1 + (framings - 1) * icc


def power(design: Design, difference: float) -> float:
    """Chance that `paired_difference` finds a true difference (p below alpha, right direction), in [0, 1].

    One item per fact and no seed variance: exact McNemar, so P(X <= c(D)) summed over the number of disagreements D ~
    Binomial(n, p_d) with X ~ Binomial(D, p01/p_d) and c(D) the largest count that is significant. Otherwise the
    noncentral t distribution with G-1 degrees of freedom and difference over
    SE = sqrt((p_d - d^2) * DEFF / items + seed_sd^2/seeds); with seed variance Satterthwaite's degrees as in the test.

    Raises:
        ValueError: fewer than 2 facts, or a difference outside (0, discordant].
    """
    if design.facts < 2 or not 0 < difference <= design.discordant <= 1:
        raise ValueError(
            f"expected at least 2 facts and a difference above 0 and up to the disagreement {design.discordant}, "
            f"found {design.facts} facts and {difference}"
        )
    seeds = design.seed_sd**2 / design.seeds
    if design.framings == 1 and seeds == 0:
        return _mcnemar_power(design, difference)
    from scipy import special

    items = design.facts * design.framings
    sampled = (design.discordant - difference**2) * design_effect(design.framings, design.icc) / items
    degrees = design.facts - 1.0
    if seeds > 0 and design.seeds > 1:
        degrees = (sampled + seeds) ** 2 / (sampled**2 / degrees + seeds**2 / (design.seeds - 1))
    error = math.sqrt(sampled + seeds)
    if error == 0:
        return 1.0
    quantile = t_quantile(1 - design.alpha / 2, degrees)
    found = float(special.nctdtr(degrees, -difference / error, -quantile))
    return found if math.isfinite(found) else float(special.ndtr(difference / error - quantile))


def _mcnemar_power(design: Design, difference: float) -> float:
    from scipy import special, stats

    n, share = design.facts, (design.discordant - difference) / 2 / design.discordant
    spread = 8 * math.sqrt(n * design.discordant * (1 - design.discordant))
    first, last = max(0, math.floor(n * design.discordant - spread)), min(n, math.ceil(n * design.discordant + spread))
    disagreements = np.arange(first, last + 1)
    critical = np.floor(stats.binom.ppf(design.alpha / 2, disagreements, 0.5))
    critical -= special.bdtr(critical, disagreements, 0.5) > design.alpha / 2
    found = np.where(critical < 0, 0.0, special.bdtr(np.maximum(critical, 0), disagreements, share))
    return float(np.sum(stats.binom.pmf(disagreements, n, design.discordant) * found))


def smallest_difference(design: Design, wanted: float = 0.8) -> float:
    """The smallest true difference found with power `wanted`; NaN where not even total disagreement one way is."""
    if design.facts < 2 or power(design, design.discordant) < wanted:
        return float("nan")
    low, high = 0.0, design.discordant
    for _ in range(30):
        middle = (low + high) / 2
        if power(design, middle) < wanted:
            low = middle
        else:
            high = middle
    return high


def facts_for(design: Design, difference: float, wanted: float = 0.8) -> int | None:
    """Facts with which a true difference is found with power `wanted` (`design.facts` is not read).

    Starts from Connor's formula (1987), n = ((z_a*sqrt(p_d) + z_b*sqrt(p_d - d^2))/d)^2 * DEFF / framings, and goes on
    to the number for which `power` says so. None where no number of facts does, since seeds alone vary too much.
    """
    z_a, z_b = normal_quantile(1 - design.alpha / 2), normal_quantile(wanted)
    discordant = max(design.discordant, difference)
    root = (z_a * math.sqrt(discordant) + z_b * math.sqrt(max(0.0, discordant - difference**2))) / difference
    start = root**2 * design_effect(design.framings, design.icc) / design.framings
    plan = replace(design, discordant=discordant)

    def enough(facts: int) -> bool:
        return power(replace(plan, facts=facts), difference) >= wanted

    low, high = 1, max(2, math.ceil(start))
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST_FACTS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
