"""Statistics against scipy, statsmodels and numbers worked out by hand (to 1e-9), and their properties."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from tailor.evaluation import (
    arm_interval,
    bonett_price,
    clustered_mean,
    facts_needed,
    holm,
    mcnemar_exact,
    paired_difference,
    seed_spread,
    wilson,
)
from tailor.evaluation.statistics import benjamini_hochberg, clustered_standard_error, rule_of_three, sign_flip_p

close = pytest.approx


def exactly(value: float):
    return close(value, abs=1e-9, rel=0)


unit = st.sampled_from([0.0, 1 / 3, 0.5, 1.0])


@st.composite
def two_arms(draw):
    facts = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=20))
    column = st.lists(unit, min_size=len(facts), max_size=len(facts))
    return draw(column), draw(column), facts


# Shares and means


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.8, 0.95]))
def test_wilson_is_that_of_statsmodels(counts: tuple[int, int], level: float) -> None:
    successes, n = counts
    low, high = proportion_confint(successes, n, alpha=1 - level, method="wilson")
    found = wilson(successes, n, level)
    assert (found.low, found.high) == (exactly(low), exactly(high))
    assert found.low <= found.value <= found.high


def test_wilson_without_trials_is_nan_and_impossible_counts_are_refused() -> None:
    assert math.isnan(wilson(0, 0).low)
    with pytest.raises(ValueError, match="0 to 3"):
        wilson(4, 3)


def test_nothing_wrong_is_not_never_wrong() -> None:
    # Clopper and Pearson's one-sided 95 % bound at 0 of n: a two-sided 90 % interval.
    for n in (1, 20, 100, 1000):
        assert rule_of_three(n) == exactly(proportion_confint(0, n, alpha=0.10, method="beta")[1])
    assert rule_of_three(0) == 1
    with pytest.raises(ValueError, match="from 0"):
        rule_of_three(-1)


def test_clustered_standard_error_by_hand() -> None:
    # Facts a: 1, 1; b: 0, 1; c: 0. Mean 0.6; sums of deviations 0.8, -0.2, -0.6; squares 0.64 + 0.04 + 0.36 = 1.04.
    expected = math.sqrt(1.04 * 3 / 2) / 5
    assert clustered_standard_error([1, 1, 0, 1, 0], list("aabbc")) == exactly(expected)


@given(two_arms())
def test_clustered_standard_error_is_the_cluster_robust_one_of_statsmodels(data) -> None:
    values, _, facts = data
    codes = np.unique(facts, return_inverse=True)[1]
    g, n = codes.max() + 1, len(values)
    if g < 2:
        assert math.isnan(clustered_standard_error(values, facts))
        return
    fit = OLS(np.array(values), np.ones((n, 1))).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "use_correction": False}
    )
    found = clustered_standard_error(values, facts)
    assert found**2 == close(fit.cov_params()[0, 0] * g / (g - 1), abs=1e-12)


def test_one_item_per_fact_is_the_usual_standard_error() -> None:
    values = [0.2, 0.4, 1.0, 0.0, 0.7]
    assert clustered_standard_error(values, list("abcde")) == exactly(stats.sem(values))


@given(two_arms(), st.sampled_from([0.9, 0.95]))
def test_bounds_of_the_mean_solve_the_score_equation(data, level: float) -> None:
    """|mean - p| = q * SE * sqrt(p(1-p) / (mean(1-mean))) at both bounds, found here by root finding."""
    values, _, facts = data
    found = clustered_mean(values, facts, level)
    mean, g = float(np.mean(values)), len(set(facts))
    error = clustered_standard_error(values, facts)
    assert found.value == exactly(mean)
    assert (found.n_items, found.n_facts) == (len(values), g)
    if g < 2:
        assert math.isnan(found.low)
        assert math.isnan(found.high)
        return
    assert 0 <= found.low <= mean + 1e-12
    assert mean - 1e-12 <= found.high <= 1
    assert found.low < found.high
    if error == 0:
        q, n = stats.norm.ppf((1 + level) / 2), g
    else:
        q, n = stats.t.ppf((1 + level) / 2, g - 1), mean * (1 - mean) / error**2

    def gap(p: float) -> float:
        return (mean - p) ** 2 - q**2 * p * (1 - p) / n

    if mean > 0:
        assert found.low == close(optimize.brentq(gap, 0, min(mean, 1 - 1e-9), xtol=1e-14), abs=1e-9)
    if mean < 1:
        assert found.high == close(optimize.brentq(gap, max(mean, 1e-9), 1, xtol=1e-14), abs=1e-9)


def test_all_right_is_not_certain() -> None:
    # 20 facts x 3 framings, all right: Wilson over 20 facts, low = 20 / (20 + 1.959964^2).
    found = clustered_mean([1.0] * 60, [str(i // 3) for i in range(60)])
    assert found.low == exactly(20 / (20 + stats.norm.ppf(0.975) ** 2))
    assert (found.value, found.high, found.n_items, found.n_facts) == (1.0, exactly(1.0), 60, 20)


def test_copies_of_an_item_add_nothing() -> None:
    values, facts = [1, 0, 1, 1, 0, 1, 1], list("abcdefg")
    once, four = clustered_mean(values, facts), clustered_mean(np.repeat(values, 4), np.repeat(facts, 4).tolist())
    assert (once.low, once.high) == (exactly(four.low), exactly(four.high))


def test_no_items_is_nan_and_nan_is_refused() -> None:
    assert math.isnan(clustered_mean([], []).value)
    for bad in (math.nan, 1.5, -0.1):
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            clustered_mean([1.0, bad], ["a", "b"])
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            paired_difference([1.0, 0.0], [1.0, bad], ["a", "b"])
    with pytest.raises(ValueError, match="one fact for each of 2"):
        clustered_mean([1.0, 1.0], ["a"])


# Seeds


def test_seed_spread() -> None:
    assert seed_spread([0.5, 0.7, 0.9]) == (exactly(0.7), exactly(0.2))
    assert seed_spread([0.5])[0] == 0.5
    assert math.isnan(seed_spread([0.5])[1])
    assert math.isnan(seed_spread([])[0])


def test_seed_variance_is_added_by_hand() -> None:
    # 4 facts x 2 seeds. Item means 1, .5, .5, 0 -> mean .5, s^2 = 1/6, SE^2 = 1/24. Seed means .75, .25 ->
    # S^2/2 = .125/2 = 1/16. Var = 5/48. Satterthwaite df = (5/48)^2 / ((1/24)^2/3 + (1/16)^2/1).
    table, facts = [[1, 1], [1, 0], [1, 0], [0, 0]], list("abcd")
    degrees = (5 / 48) ** 2 / ((1 / 24) ** 2 / 3 + (1 / 16) ** 2)
    q, n = stats.t.ppf(0.975, degrees), 0.25 / (5 / 48)
    half = q * math.sqrt(0.25 / n + q**2 / (4 * n**2)) / (1 + q**2 / n)
    found = arm_interval(table, facts)
    assert (found.low, found.high) == (exactly(0.5 - half), exactly(0.5 + half))


def test_seeds_that_agree_change_nothing_and_seeds_that_differ_widen() -> None:
    column, facts = np.array([1, 0, 1, 1, 0, 1.0]), list("abcdef")
    same = arm_interval(np.stack([column, column, column], axis=1), facts)
    assert (same.low, same.high) == (exactly(clustered_mean(column, facts).low), exactly(same.high))
    worse = np.array([1, 0, 0, 0, 0, 0.0])
    apart = arm_interval(np.stack([column, worse], axis=1), facts)
    without = clustered_mean((column + worse) / 2, facts)
    assert apart.low < without.low
    assert without.high < apart.high


# Differences


@given(st.lists(st.tuples(unit, unit), min_size=3, max_size=12))
def test_one_framing_per_fact_is_the_paired_t_interval_and_the_permutation_test_of_scipy(pairs) -> None:
    a, b = np.array(pairs).T
    d = a - b
    found = paired_difference(a, b, [str(i) for i in range(len(d))])
    if set(np.unique([a, b])) <= {0.0, 1.0} or np.ptp(d) < 1e-12:
        return
    interval = stats.ttest_1samp(d, 0).confidence_interval(0.95)
    assert found.low == exactly(max(-1, interval.low))
    assert found.high == exactly(min(1, interval.high))
    oracle = stats.permutation_test((d,), np.sum, permutation_type="samples", n_resamples=np.inf, vectorized=False)
    # A sum of 0 is less extreme than no pattern; scipy's comparison misses some of them by rounding.
    assert found.p == close(1.0 if abs(d.sum()) < 1e-9 else oracle.pvalue, abs=1e-12)
    assert "exact" in found.method


@given(two_arms())
def test_clustered_difference_against_all_sign_patterns(data) -> None:
    a, b, facts = data
    found = paired_difference(a, b, facts)
    d = np.array(a) - np.array(b)
    totals = [d[[f == name for f in facts]].sum() for name in sorted(set(facts))]
    patterns = [
        abs(sum(s * t for s, t in zip(signs, totals, strict=True))) for signs in product([1, -1], repeat=len(totals))
    ]
    assert found.p == close(np.mean([p >= abs(sum(totals)) - 1e-9 for p in patterns]), abs=1e-12)
    assert found.difference == exactly(d.mean())
    if len(totals) > 1 and "clustered t" in found.method:
        half = stats.t.ppf(0.975, len(totals) - 1) * clustered_standard_error(d, facts)
        assert found.low == exactly(max(-1, d.mean() - half))
        assert found.high == exactly(min(1, d.mean() + half))


@given(two_arms())
def test_swapping_the_arms_mirrors_everything(data) -> None:
    a, b, facts = data
    there, back = paired_difference(a, b, facts), paired_difference(b, a, facts)
    assert there.p == close(back.p, abs=1e-12)
    assert 0 < there.p <= 1
    assert there.difference == exactly(-back.difference)
    if there.n_facts > 1:
        assert (there.low, there.high) == (exactly(-back.high), exactly(-back.low))
        assert -1 <= there.low <= there.difference + 1e-12
        assert there.difference - 1e-12 <= there.high <= 1
        assert there.low < there.high
        assert there.mde == exactly(back.mde)
        assert there.mde > 0


def test_right_or_wrong_with_one_framing_is_mcnemar_with_bonett_price() -> None:
    # 40 facts: 9 only a right, 2 only b right, 20 both, 9 neither.
    a, b = [1] * 9 + [0] * 2 + [1] * 20 + [0] * 9, [0] * 9 + [1] * 2 + [1] * 20 + [0] * 9
    found = paired_difference(a, b, [str(i) for i in range(40)])
    assert found.p == exactly(mcnemar([[20, 9], [2, 9]], exact=True).pvalue)
    p10, p01 = 10 / 42, 3 / 42
    half = stats.norm.ppf(0.975) * math.sqrt((p10 + p01 - (p10 - p01) ** 2) / 42)
    assert (found.low, found.high) == (exactly(p10 - p01 - half), exactly(p10 - p01 + half))
    assert found.difference == exactly(7 / 40)
    assert found.method == "exact McNemar, Bonett-Price interval"


@given(st.integers(0, 30), st.integers(0, 30))
def test_mcnemar_is_that_of_statsmodels_and_the_exact_sign_flip(n01: int, n10: int) -> None:
    assert mcnemar_exact(n01, n10) == close(mcnemar([[5, n10], [n01, 5]], exact=True).pvalue, abs=1e-9)
    if n01 + n10 <= 14:
        p, exact = sign_flip_p([1.0] * n10 + [-1.0] * n01)
        assert exact
        assert p == close(mcnemar_exact(n01, n10), abs=1e-12)


def test_many_facts_are_counted_exactly_where_differences_have_a_unit() -> None:
    for lost, won in ((14, 28), (100, 140), (0, 30)):
        p, exact = sign_flip_p([1 / 3] * won + [-1 / 3] * lost)
        assert exact
        assert p == close(mcnemar_exact(lost, won), rel=1e-6, abs=1e-13)
    assert sign_flip_p([1.0] * 100)[0] == 2 / 2**100


@given(st.lists(st.integers(-6, 6), min_size=15, max_size=60), st.sampled_from([1, 2, 3, 9]))
def test_counting_units_is_the_convolution_of_all_facts(sizes: list[int], denominator: int) -> None:
    chances = np.ones(1)
    for size in filter(None, sizes):
        step = np.zeros(2 * abs(size) + 1)
        step[[0, -1]] += 0.5
        chances = np.convolve(chances, step)
    sums = np.abs(np.arange(len(chances)) - len(chances) // 2)
    p, exact = sign_flip_p(np.array(sizes) / denominator)
    assert exact
    assert p == exactly(chances[sums >= abs(sum(sizes))].sum())


def test_differences_without_a_unit_are_flipped_at_random_reproducibly() -> None:
    rng = np.random.default_rng(5)
    totals = rng.normal(0.25, 1, 200)
    p, exact = sign_flip_p(totals)
    assert not exact
    assert sign_flip_p(totals) == (p, exact)
    # The normal limit of the flips; 20,000 of them have a standard deviation below 0.002 here.
    limit = math.erfc(abs(totals.sum()) / math.sqrt(2 * np.sum(totals**2)))
    assert p == close(limit, abs=0.006)
    # Above 2,000 sizes it is the limit that counts.
    many = rng.normal(0.03, 1, 3000)
    assert sign_flip_p(many)[0] == exactly(math.erfc(abs(many.sum()) / math.sqrt(2 * np.sum(many**2))))


def test_bonett_price_by_hand() -> None:
    # n = 8, only a 3, only b 1: p10 = .4, p01 = .2, d = .2, variance (.6 - .04) / 10 = .056.
    found, half = bonett_price(8, 1, 3), stats.norm.ppf(0.975) * math.sqrt(0.056)
    assert (found.value, found.low, found.high) == (0.25, exactly(0.2 - half), exactly(0.2 + half))
    assert math.isnan(bonett_price(0, 0, 0).value)


def test_no_difference_at_all_has_p_1_and_an_interval_with_width() -> None:
    a, facts = [1.0, 0.5, 0.0] * 20, [str(i // 3) for i in range(60)]
    found = paired_difference(a, a, facts)
    # 20 facts, none differs: variance (2/22) / 22.
    half = stats.norm.ppf(0.975) * math.sqrt(2) / 22
    assert (found.difference, found.p, found.low, found.high) == (0, 1, exactly(-half), exactly(half))
    assert found.mde == exactly((stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * math.sqrt(2) / 22)


def test_always_better_is_significant_though_the_error_is_zero() -> None:
    found = paired_difference([1.0] * 30, [0.0] * 30, [str(i // 3) for i in range(30)])
    assert found.difference == 1
    assert found.p == exactly(2 / 2**10)
    assert 0 < found.low < 1
    assert found.high == 1


def test_one_fact_decides_nothing_and_no_item_is_refused() -> None:
    found = paired_difference([1, 1], [0, 0], ["a", "a"])
    assert (found.difference, found.p, found.n_facts, found.n_items) == (1, 1, 1, 2)
    assert all(math.isnan(x) for x in (found.low, found.high, found.mde))
    with pytest.raises(ValueError, match="at least 2 facts"):
        facts_needed(found, 0.05)
    with pytest.raises(ValueError, match="at least one item"):
        paired_difference([], [], [])


def test_differences_with_seeds_by_hand() -> None:
    # Arm a 2 seeds, arm b none. a's item means 1, .5, .5, 1; b 0, .5, 0, .5 -> d = 1, 0, .5, .5: mean .5, SE^2 = 1/24.
    # Seed means of a 1 and .5: S^2/2 = .125/2. t = .5 / sqrt(1/24 + 1/16).
    a, b, facts = [[1, 1], [1, 0], [1, 0], [1, 1]], [0, 0.5, 0, 0.5], list("wxyz")
    variance = 1 / 24 + 1 / 16
    degrees = variance**2 / ((1 / 24) ** 2 / 3 + (1 / 16) ** 2)
    found = paired_difference(a, b, facts)
    half = stats.t.ppf(0.975, degrees) * math.sqrt(variance)
    assert found.low == exactly(max(-1, 0.5 - half))
    assert found.high == exactly(min(1, 0.5 + half))
    flips = 2 / 8  # three facts differ, all one way
    assert found.p == exactly(max(flips, 2 * stats.t.sf(0.5 / math.sqrt(variance), degrees)))
    assert found.mde == exactly((stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * math.sqrt(variance))


def test_facts_needed_agrees_with_the_paired_sample_size_formula() -> None:
    # Connor 1987: ((z_a sqrt(p_d) + z_b sqrt(p_d - delta^2)) / delta)^2 for discordance .10 and 5 points: 312 pairs.
    z_a, z_b = stats.norm.ppf(0.975), stats.norm.ppf(0.8)
    connor = ((z_a * math.sqrt(0.1) + z_b * math.sqrt(0.1 - 0.0025)) / 0.05) ** 2
    a, b = [1] * 100 + [0] * 100 + [1] * 1800, [0] * 100 + [1] * 100 + [1] * 1800
    found = paired_difference(a, b, [str(i) for i in range(2000)])
    assert facts_needed(found, 0.05) == close(connor, rel=0.02)
    assert facts_needed(found, -0.05) == facts_needed(found, 0.05)
    assert facts_needed(found, found.mde) == 2000


# Families


# statsmodels takes 0.06 s for each call.
@settings(max_examples=8)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == close(multipletests(p_values, method="holm")[1].tolist(), abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_benjamini_hochberg_is_that_of_scipy(p_values: list[float]) -> None:
    assert benjamini_hochberg(p_values) == close(stats.false_discovery_control(p_values).tolist(), abs=1e-9)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_adjusting_nothing_and_nan(adjust) -> None:
    assert adjust([]) == []
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        adjust([0.1, math.nan])
