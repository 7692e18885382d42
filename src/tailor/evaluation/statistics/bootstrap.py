"""Resampling whole facts: an interval without a formula, and the joint spread of several arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tailor.evaluation.statistics.clusters import Facts, Floats, as_table, fact_codes, fact_totals, seed_variance
from tailor.records import Interval

DRAWS = 4_000
_SEED = 20_251_125
# From here on the resampled means are normal for every practical purpose, and drawing them so costs nothing.
MANY_FACTS = 2_000
_NAN = float("nan")


def cluster_bootstrap(
    values: ArrayLike, facts: Facts, level: float = 0.95, *, draws: int = DRAWS, seed: int = _SEED
) -> Interval:
    """Mean over items and its BCa interval (Efron 1987) from resampling whole facts with all their items.

    Args:
        values: one number per item (n); any range, so differences too.
        facts: the fact of each item (n).

    Each draw takes G of the G facts with replacement; its mean is the sum of its item values over its number of items.
    The bounds are quantiles of the draws, corrected for bias and skewness (acceleration by leaving out one fact at a
    time). A check on `clustered_mean` and `paired_difference` that assumes no shape; under about 50 facts it is too
    short (it knows no t). Fewer than 2 facts, or no spread at all: NaN bounds. No items: all NaN.

    Raises:
        ValueError: a value is NaN, or the number of facts is not the number of items.
    """
    from scipy import special

    items = np.asarray(values, dtype=np.float64)
    codes, n_facts = fact_codes(facts)
    if items.shape != codes.shape or np.any(np.isnan(items)):
        raise ValueError("expected one value, not NaN, and one fact for each item")
    if len(items) == 0:
        return Interval(_NAN, _NAN, _NAN)
    totals, sizes = fact_totals(items, codes), np.bincount(codes, minlength=n_facts).astype(np.float64)
    mean = float(items.mean())
    rng = np.random.default_rng(seed)
    block = max(1, 2_000_000 // n_facts)
    means = np.empty(draws)
    for start in range(0, draws, block):
        taken = rng.integers(0, n_facts, (min(block, draws - start), n_facts))
        means[start : start + block] = totals[taken].sum(axis=1) / sizes[taken].sum(axis=1)
    if n_facts < 2 or np.ptp(means) < 1e-12:
        return Interval(mean, _NAN, _NAN, len(items), n_facts)
    without = (totals.sum() - totals) / (sizes.sum() - sizes)
    pull = without.mean() - without
    acceleration = np.sum(pull**3) / (6 * np.sum(pull**2) ** 1.5)
    # Draws that equal the mean count half, as with few distinct values there are many.
    bias = special.ndtri((np.mean(means < mean) + np.mean(means <= mean)) / 2)
    z = bias + special.ndtri([(1 - level) / 2, (1 + level) / 2])
    low, high = np.quantile(means, special.ndtr(bias + z / (1 - acceleration * z)))
    return Interval(mean, float(low), float(high), len(items), n_facts)


@dataclass(frozen=True)
class Standing:
    """How often, over resampled facts and trainings, an arm has the most right answers (`best`), and how often no other
    arm is at least as right and at least as cheap, and better in one (`frontier`; NaN without costs). In [0, 1]."""

    best: float
    frontier: float


def standings(
    values: Sequence[ArrayLike], facts: Facts, costs: Sequence[ArrayLike] | None = None, *, draws: int = DRAWS
) -> tuple[Standing, ...]:
    """P(best) and P(on the Pareto frontier) of arms on the same items, by one joint bootstrap.

    Args:
        values: for each arm, values in [0, 1], items or items x seeds, rows in the same order.
        facts: the fact of each item.
        costs: for each arm, what each item cost (any unit, the same for all arms), one number per item.

    Whole facts are resampled with the values and costs of all arms together, so what makes a fact hard or dear for all
    arms cancels. An arm of S >= 2 seeds gets a normal shift of variance S_seed^2/S per draw, the same variance that its
    interval has. From 2,000 facts on the means are drawn from their normal limit with the clustered covariance.
    Arms that tie in a draw share it. `best` sums to 1. These are no p values and correct for nothing: an arm may be the
    best with 0.9 and not be shown to be. Fewer than 2 facts: NaN.

    Raises:
        ValueError: no arm, no items, or shapes that do not fit.
    """
    codes, n_facts = fact_codes(facts)
    tables = [as_table(arm, codes) for arm in values]
    if not tables or len(codes) == 0:
        raise ValueError("expected at least one arm and one item")
    if n_facts < 2:
        return tuple(Standing(_NAN, _NAN) for _ in tables)
    columns = [table.mean(axis=1) for table in tables]
    for cost in costs or ():
        columns.append(np.asarray(cost, dtype=np.float64))
        if columns[-1].shape != codes.shape or not np.all(np.isfinite(columns[-1])):
            raise ValueError("expected one finite cost for each item and arm")
    rng = np.random.default_rng(_SEED)
    means = _joint_means(np.stack(columns, axis=1), codes, n_facts, draws, rng)
    quality = means[:, : len(tables)]
    for arm, table in enumerate(tables):
        spread = seed_variance(table.mean(axis=0)) ** 0.5
        quality[:, arm] += rng.normal(0.0, spread, draws) if spread > 0 else 0.0
    top = quality >= quality.max(axis=1, keepdims=True) - 1e-12
    best = (top / top.sum(axis=1, keepdims=True)).mean(axis=0)
    frontier = _on_frontier(quality, means[:, len(tables) :]) if costs else np.full(len(tables), _NAN)
    return tuple(Standing(float(b), float(f)) for b, f in zip(best, frontier, strict=True))


def _joint_means(columns: Floats, codes: Facts, n_facts: int, draws: int, rng: np.random.Generator) -> Floats:
    """Means of all columns over resampled facts, draws x columns."""
    totals = np.stack([fact_totals(column, codes) for column in columns.T], axis=1)
    sizes = fact_totals(np.ones(len(columns)), codes)
    if n_facts < MANY_FACTS:
        weights = rng.multinomial(n_facts, np.full(n_facts, 1 / n_facts), size=draws).astype(np.float64)
        found: Floats = (weights @ totals) / (weights @ sizes)[:, None]
        return found
    mean = columns.mean(axis=0)
    deviations = totals - sizes[:, None] * mean
    covariance = n_facts / (n_facts - 1) * deviations.T @ deviations / len(columns) ** 2
    return rng.multivariate_normal(mean, covariance, size=draws, method="eigh")


def _on_frontier(quality: Floats, cost: Floats) -> Floats:
    """Share of the draws in which each arm is beaten by none."""
    share = np.empty(quality.shape[1])
    for arm in range(quality.shape[1]):
        mine, price = quality[:, [arm]], cost[:, [arm]]
        beaten = (quality >= mine) & (cost <= price) & ((quality > mine) | (cost < price))
        share[arm] = 1 - beaten.any(axis=1).mean()
    return share
