"""Confidence sequences and sample ratios, by simulation and against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tailor.evaluation.statistics.always_valid import (
    Sample,
    difference,
    lost_p,
    sample_ratio_p,
    tuned_rho,
    units_needed,
)


def looked_at(rates: tuple[float, float], runs: int, seed: int) -> tuple[float, float, list[int]]:
    """Shares of runs in which an always-valid and a fixed interval excluded 0 at one of 200 looks, and when the first
    did. 3,000 units an arm."""
    rng = np.random.default_rng(seed)
    rho = tuned_rho(0.05)
    always = fixed = 0
    when = []
    looks = np.linspace(40, 3000, 200).astype(int)
    for _ in range(runs):
        sums = [np.cumsum(rng.random(3000) < rate)[looks - 1] for rate in rates]
        out = []
        naive = False
        for n, a, b in zip(looks, *sums, strict=True):
            treatment, control = Sample(int(n), float(a), float(a)), Sample(int(n), float(b), float(b))
            bounds = difference(treatment, control, rho=rho)
            if bounds.low > 0 or bounds.high < 0:
                out.append(int(n))
            se = math.sqrt(treatment.variance / n + control.variance / n)
            naive |= abs(bounds.value) > 1.96 * se
        always += bool(out)
        fixed += naive
        when += out[:1]
    return always / runs, fixed / runs, when


def test_two_hundred_looks_at_no_difference_err_in_under_five_percent() -> None:
    always, fixed, _ = looked_at((0.7, 0.7), 300, 1)
    assert always <= 0.05
    assert fixed > 0.2, "a fixed interval that is looked at this often errs far more"


def test_a_difference_is_found_and_usually_early() -> None:
    always, _, when = looked_at((0.78, 0.7), 60, 2)
    assert always >= 0.9
    assert np.median(when) < 2500


def test_the_bound_is_the_normal_mixture_of_howard_et_al() -> None:
    """Their boundary for S_t = sum of t values of variance 1, by numerical integration: the mixture martingale
    E[exp(lambda S - lambda^2 V / 2)] over lambda ~ N(0, 1/rho) reaches 1 / alpha exactly there."""
    from scipy import integrate

    rho, alpha, n = 40.0, 0.05, 500
    values = Sample(n, 0.0, float(n - 1))  # mean 0, variance 1
    bounds = difference(values, Sample(10**12, 0.0, 10.0**12), rho=rho, alpha=alpha)
    s, v = bounds.high * n, float(n)

    def mixed(lam: float) -> float:
        return math.exp(lam * s - lam**2 * v / 2 - lam**2 * rho / 2) * math.sqrt(rho / (2 * math.pi))

    value, _ = integrate.quad(mixed, -3, 3, points=[s / (v + rho)], limit=200)
    assert value == pytest.approx(1 / alpha, rel=1e-3)


def test_few_units_give_no_interval() -> None:
    bounds = difference(Sample.of([1.0] * 29), Sample.of([0.0] * 500), rho=100)
    assert math.isnan(bounds.low)
    always_right = difference(Sample.of([1.0] * 40), Sample.of([1.0] * 40), rho=tuned_rho(0.05))
    assert always_right.low < 0 < always_right.high, "no variance seen is not certainty"


def test_sample_ratio_is_pearsons() -> None:
    # By hand: 5100 of 10000 at a half: chi2 = 2 * 100^2 / 5000 = 4, p = 0.0455.
    assert sample_ratio_p([5100, 4900], [0.5, 0.5]) == pytest.approx(0.0455, abs=1e-4)
    assert math.isnan(sample_ratio_p([10, 0], [1.0, 0.0]))


def test_two_percent_lost_at_100k_units_are_found_and_no_loss_is_not() -> None:
    rng = np.random.default_rng(3)
    found = false = 0
    for _ in range(200):
        treatment = int(rng.binomial(100_000, 0.5))
        control = 100_000 - treatment
        gone = int(rng.binomial(treatment, 0.02))
        found += (
            min(sample_ratio_p([control, treatment - gone], [0.5, 0.5]), lost_p([0, gone], [control, treatment]))
            < 0.001
        )
        false += sample_ratio_p([control, treatment], [0.5, 0.5]) < 0.001
        # Units that never reached the door: 2 % of all.
        hidden = sample_ratio_p([control, treatment - int(rng.binomial(100_000, 0.02))], [0.5, 0.5])
        found += hidden < 0.001
    assert found >= 0.99 * 400
    assert false <= 2


def test_units_needed_are_those_of_statsmodels() -> None:
    from statsmodels.stats.power import NormalIndPower

    one = NormalIndPower().solve_power(0.05 / 0.5, alpha=0.05, power=0.8, ratio=1)
    assert units_needed(0.05, 0.5) == pytest.approx(2 * one, rel=0.005)
    # One arm with a quarter of the units: ratio 3 of the other to this one.
    quarter = NormalIndPower().solve_power(0.05 / 0.5, alpha=0.05, power=0.8, ratio=3)
    assert units_needed(0.05, 0.5, 0.25) == pytest.approx(4 * quarter, rel=0.005)
