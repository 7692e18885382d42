"""The fact as the unit: item values, the facts they ask for, and the variance of a mean over clustered items."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
# The fact of each item: names, or numbers from 0 that `fact_codes` gave (counting names once is enough).
Facts = Sequence[str] | NDArray[np.intp]


@dataclass(frozen=True)
class Estimate:
    """A mean with its standard error and degrees of freedom (both NaN where there are fewer than 2 facts)."""

    mean: float
    standard_error: float
    degrees: float
    n_items: int
    n_facts: int


def as_table(values: ArrayLike, facts: Facts) -> Floats:
    """Values as items x seeds; a flat list is one seed.

    Raises:
        ValueError: a value is NaN or outside [0, 1], or the number of facts is not the number of items.
    """
    table = np.asarray(values, dtype=np.float64)
    table = table.reshape(-1, 1) if table.ndim == 1 else table
    if table.ndim != 2 or table.shape[1] == 0:
        raise ValueError(f"expected values of shape items or items x seeds, found {table.shape}")
    if table.shape[0] != len(facts):
        raise ValueError(f"expected one fact for each of {table.shape[0]} items, found {len(facts)}")
    if not np.all((table >= 0) & (table <= 1)):
        raise ValueError("expected values in [0, 1], found NaN or a value outside; leave failed answers out beforehand")
    return table


def fact_codes(facts: Facts) -> tuple[NDArray[np.intp], int]:
    """Each item's fact as a number from 0, and how many facts there are. Numbers pass through."""
    if isinstance(facts, np.ndarray) and np.issubdtype(facts.dtype, np.integer):
        return facts, int(facts.max()) + 1 if len(facts) else 0
    seen: dict[str, int] = {}
    codes = np.fromiter((seen.setdefault(str(f), len(seen)) for f in facts), dtype=np.intp, count=len(facts))
    return codes, len(seen)


def fact_totals(values: Floats, facts: Facts) -> Floats:
    """Sum of the item values of each fact."""
    codes, n_facts = fact_codes(facts)
    return np.bincount(codes, weights=values, minlength=n_facts).astype(np.float64)


def clustered_standard_error(values: ArrayLike, facts: Facts) -> float:
    """Standard error of the mean over items when items of one fact go together.

    SE^2 = G/(G-1) * sum_g (sum_{i in g} (s_i - mean))^2 / n^2 over G facts and n items (Miller 2024, arXiv 2411.00640,
    appendix A; the cluster-robust variance of a regression on a constant, with the G/(G-1) correction). With one item
    per fact it is the usual s/sqrt(n). NaN for fewer than 2 facts.
    """
    items = np.asarray(values, dtype=np.float64)
    codes, n_facts = fact_codes(facts)
    if n_facts < 2:
        return float("nan")
    deviations = fact_totals(items - items.mean(), codes)
    error = float(np.sqrt(n_facts / (n_facts - 1) * np.sum(deviations**2)) / len(items))
    # Rounding leaves about 1e-17 where every fact has the same mean; that is no spread.
    return 0.0 if error < 1e-12 else error


def seed_variance(per_seed: Floats) -> float:
    """Variance of the mean over S seeds, S_seed^2/S, from the seeds' own means; 0 for one seed, where it is unknown."""
    return float(np.var(per_seed, ddof=1) / len(per_seed)) if len(per_seed) > 1 else 0.0


def combine(parts: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Standard error and degrees of freedom of a sum of independent parts given as (variance, degrees).

    Degrees by Satterthwaite (1946): (sum v)^2 / sum(v^2/df); those of the first part where nothing varies.
    """
    total = sum(variance for variance, _ in parts)
    below = sum(variance**2 / degrees for variance, degrees in parts if variance > 0)
    return float(np.sqrt(total)), (total**2 / below if below > 0 else parts[0][1])


def estimate(table: Floats, facts: Facts) -> Estimate:
    """Mean of an arm over items x seeds: item means over seeds, clustered by fact, plus the seeds' own variance.

    Var = SE_clustered^2 + S_seed^2/S for S >= 2 seeds; the seed means also carry a little of the items' noise, so this
    errs on the wide side. One seed: the variance between trainings is unknown and not in it.
    """
    codes, n_facts = fact_codes(facts)
    items, per_seed = table.mean(axis=1), table.mean(axis=0)
    clustered = clustered_standard_error(items, codes)
    error, degrees = combine([(clustered**2, n_facts - 1.0), (seed_variance(per_seed), len(per_seed) - 1.0)])
    return Estimate(float(items.mean()), error, degrees, len(items), n_facts)


def t_quantile(probability: float, degrees: float) -> float:
    """Quantile of Student's t; of the normal distribution where the degrees of freedom are infinite."""
    from scipy import special

    return normal_quantile(probability) if math.isinf(degrees) else float(special.stdtrit(degrees, probability))


def t_tail(statistic: float, degrees: float) -> float:
    """P(T > statistic) for Student's t; the normal distribution where the degrees of freedom are infinite."""
    from scipy import special

    return float(special.ndtr(-statistic) if math.isinf(degrees) else special.stdtr(degrees, -statistic))


def normal_quantile(probability: float) -> float:
    from scipy import special

    return float(special.ndtri(probability))
