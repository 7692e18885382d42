"""Resampled facts: against scipy's bootstrap, and worlds whose answer is known."""

import math

import numpy as np
import pytest
from scipy import stats

from tailor.evaluation import clustered_mean
from tailor.evaluation.statistics import cluster_bootstrap, standings


def ratio(totals, sizes, axis=-1):
    return np.sum(totals, axis=axis) / np.sum(sizes, axis=axis)


@pytest.mark.parametrize("binary", [True, False])
def test_cluster_bootstrap_is_the_bca_interval_of_scipy_over_facts(binary: bool) -> None:
    """Facts of 1 to 4 framings; scipy resamples (sum, size) of facts in pairs with the same random numbers."""
    rng = np.random.default_rng(3)
    facts = [str(f) for f in range(60) for _ in range(1 + f % 4)]
    values = (rng.random(len(facts)) < 0.8).astype(float) if binary else rng.random(len(facts)) ** 3
    codes = np.array(facts, dtype=int)
    totals, sizes = np.bincount(codes, weights=values), np.bincount(codes).astype(float)
    oracle = stats.bootstrap(
        (totals, sizes), ratio, paired=True, method="BCa", n_resamples=2_000, rng=np.random.default_rng(9)
    ).confidence_interval
    found = cluster_bootstrap(values, facts, draws=2_000, seed=9)
    assert (found.low, found.high) == (pytest.approx(oracle.low, abs=1e-9), pytest.approx(oracle.high, abs=1e-9))
    assert (found.value, found.n_items, found.n_facts) == (pytest.approx(values.mean(), abs=1e-12), len(facts), 60)


def test_cluster_bootstrap_agrees_with_the_clustered_interval_on_many_facts() -> None:
    rng = np.random.default_rng(4)
    chances = np.repeat(rng.beta(2, 1, 400), 3)
    values, facts = (rng.random(1200) < chances).astype(float), [str(i // 3) for i in range(1200)]
    one, other = cluster_bootstrap(values, facts), clustered_mean(values, facts)
    assert one.low == pytest.approx(other.low, abs=0.003)
    assert one.high == pytest.approx(other.high, abs=0.003)


def test_cluster_bootstrap_without_spread_has_no_bounds() -> None:
    assert math.isnan(cluster_bootstrap([1.0, 1.0, 1.0], ["a", "b", "c"]).low)
    assert math.isnan(cluster_bootstrap([1.0, 0.0], ["a", "a"]).low)
    assert math.isnan(cluster_bootstrap([], []).value)
    with pytest.raises(ValueError, match="not NaN"):
        cluster_bootstrap([1.0, math.nan], ["a", "b"])


def arms(n: int, *shares: float) -> list[np.ndarray]:
    return [(np.arange(n) < share * n).astype(float) for share in shares]


@pytest.mark.parametrize("n", [100, 3_000])
def test_chance_to_be_best_of_two_arms_is_the_normal_tail(n: int) -> None:
    """b is right where a is, and on 2.5 % of the items more; a alone on 1 %. Resampled, the difference has mean d
    and variance (p_d - d^2)/n."""
    b = np.zeros(n)
    b[: int(0.6 * n)] = 1
    a = b.copy()
    a[: round(0.025 * n)], a[-round(0.01 * n) :] = 0, 1
    d = (round(0.025 * n) - round(0.01 * n)) / n
    discordant = (round(0.025 * n) + round(0.01 * n)) / n
    found = standings([a, b], [str(i) for i in range(n)])
    # Counts are whole and ties are shared: the correction for continuity is 0, since half of a tie goes to each.
    assert found[1].best == pytest.approx(stats.norm.cdf(d / math.sqrt((discordant - d**2) / n)), abs=0.03)
    assert found[0].best + found[1].best == pytest.approx(1)
    assert math.isnan(found[0].frontier)


def test_standings_by_hand() -> None:
    """One arm best and dear, one cheap and poor, one dearer than the best and no better: never on the frontier."""
    facts = [str(i) for i in range(200)]
    best, cheap = arms(200, 0.9, 0.2)
    found = standings([best, cheap, best], facts, [np.full(200, 2.0), np.full(200, 1.0), np.full(200, 3.0)])
    assert [s.best for s in found] == [0.5, 0, 0.5]
    assert [s.frontier for s in found] == [1, 1, 0]


def test_luck_of_seeds_is_in_the_chances() -> None:
    """Two points ahead on 4,000 facts is certain for one training, and far from it where seeds differ by 10 points."""
    facts = [str(i) for i in range(4000)]
    control = arms(4000, 0.5)[0]
    sure = np.stack(arms(4000, 0.52, 0.52), axis=1)
    lucky = np.stack(arms(4000, 0.47, 0.57), axis=1)
    assert standings([control, sure], facts)[1].best > 0.99
    # Shift of standard deviation 0.0707 / sqrt(2) = 0.05: P(0.02 + shift > 0) = Phi(0.4) = 0.655.
    assert standings([control, lucky], facts)[1].best == pytest.approx(stats.norm.cdf(0.4), abs=0.03)


def test_one_fact_says_nothing_and_no_item_is_refused() -> None:
    assert math.isnan(standings([[1.0], [0.0]], ["a"])[0].best)
    with pytest.raises(ValueError, match="at least one arm"):
        standings([], [])
    with pytest.raises(ValueError, match="finite cost"):
        standings([[1.0, 0.0]], ["a", "b"], [[1.0, math.nan]])
