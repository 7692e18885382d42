"""Thompson sampling: the arithmetic by hand, and what a plain and a weighted analysis make of its data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tailor.evaluation.statistics.adaptive import (
    FLOOR,
    probability_better,
    propensity_p,
    thompson_share,
    weighted_difference,
)
from tailor.evaluation.statistics.always_valid import tuned_rho


def test_the_probability_of_being_better_by_hand() -> None:
    assert probability_better((3, 4), (3, 4)) == pytest.approx(0.5, abs=1e-3)
    # Beta(2, 1) against Beta(1, 1): the integral of 2x * x is 2/3; Beta(1, 2): that of 2(1 - x) * x is 1/3.
    assert probability_better((1, 0), (0, 0)) == pytest.approx(2 / 3, abs=1e-3)
    assert probability_better((0, 1), (0, 0)) == pytest.approx(1 / 3, abs=1e-3)


def test_the_probability_agrees_with_sampling() -> None:
    rng = np.random.default_rng(5)
    drawn = rng.beta(13, 9, 400_000) > rng.beta(20, 18, 400_000)
    # Four standard errors of 400,000 draws, and our own 1e-3.
    assert probability_better((12, 8), (19, 17)) == pytest.approx(drawn.mean(), abs=4 * 0.5 / 400_000**0.5 + 1e-3)


def test_no_arm_falls_below_the_floor() -> None:
    assert thompson_share([1.0] * 200, [0.0] * 200) == 1 - FLOOR
    assert thompson_share([0.0] * 200, [1.0] * 200) == FLOOR
    assert thompson_share([], []) == pytest.approx(0.5, abs=1e-3)


def test_weighting_by_hand() -> None:
    # 30 units at 0.5 of which 15 said yes, 10 at 0.1 of which all did: (15/0.5 + 10/0.1) / (30/0.5 + 10/0.1) = 130/160.
    treatment = [(1.0, 0.5)] * 15 + [(0.0, 0.5)] * 15 + [(1.0, 0.1)] * 10
    control = [(1.0, 0.5)] * 15 + [(0.0, 0.5)] * 15
    found = weighted_difference(treatment, control, rho=tuned_rho(0.1))
    assert found.value == pytest.approx(130 / 160 - 0.5)
    mean = 130 / 160
    spread = 15 * (2 * (1 - mean)) ** 2 + 15 * (2 * mean) ** 2 + 10 * (10 * (1 - mean)) ** 2
    variance = spread / 160**2 + 30 * (2 * 0.5) ** 2 / 60**2
    information, rho = 1 / variance, tuned_rho(0.1)
    both = information + rho
    half = math.sqrt(both * math.log(both / (rho * 0.05**2))) / information
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))
    few = weighted_difference(treatment[:29], control, rho=rho)
    assert math.isnan(few.low)


def test_the_sample_ratio_of_changing_shares() -> None:
    # Expected 50 * 0.5 + 50 * 0.1 = 30, variance 12.5 + 4.5 = 17.
    shares = [0.5] * 50 + [0.1] * 50
    assert propensity_p(shares, 30) == pytest.approx(1.0)
    assert propensity_p(shares, 47) == pytest.approx(math.erfc(17 / math.sqrt(17) / math.sqrt(2)))
    assert math.isnan(propensity_p([0.05] * 50, 2))


def simulated(
    rng: np.random.Generator, rates: tuple[float, float], batches: int, each: int
) -> tuple[list[bool], float, float, float]:
    """One experiment: whether each look excluded 0, the weighted and the plain difference at the end, and the share of
    users that the treatment got."""
    seen: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    share, excluded = 0.5, []
    for _ in range(batches):
        for treated, value in zip(rng.random(each) < share, rng.random(each), strict=True):
            answer = float(value < rates[0 if treated else 1])
            seen[bool(treated)].append((answer, share if treated else 1 - share))
        share = thompson_share([y for y, _ in seen[True]], [y for y, _ in seen[False]])
        found = weighted_difference(seen[True], seen[False], rho=tuned_rho(0.1))
        excluded.append(found.low > 0 or found.high < 0)
    plain = np.mean([y for y, _ in seen[True]]) - np.mean([y for y, _ in seen[False]])
    return excluded, found.value, float(plain), len(seen[True]) / (batches * each)


def test_equal_arms_are_called_different_in_at_most_5_percent_at_all_looks_together() -> None:
    rng = np.random.default_rng(11)
    runs = [simulated(rng, (0.6, 0.6), 12, 60) for _ in range(200)]
    wrong = sum(any(excluded) for excluded, *_ in runs)
    # 10 of 200 expected at most; 19 is the 99.5 % point of a binomial with 0.05.
    assert wrong <= 19


def test_the_better_arm_gets_more_users_and_the_difference_is_not_biased() -> None:
    rng = np.random.default_rng(12)
    runs = [simulated(rng, (0.7, 0.5), 10, 60) for _ in range(150)]
    weighted = np.array([value for _, value, _, _ in runs])
    error = 4 * weighted.std(ddof=1) / len(runs) ** 0.5
    assert weighted.mean() == pytest.approx(0.2, abs=error)
    assert np.mean([share for *_, share in runs]) > 0.8
