from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tailor.cost.assumptions import Assumptions
from tailor.cost.ownership import Ownership, own
from tailor.cost.simulate import Candidate, Simulation, simulate
from tailor.cost.value import Shares, Worth, net_at

WORTH = Worth(right=0.5, wrong=1.5, unanswered=0.4, unanswerable=0.0)


def owned(arm: str, per_answer: float = 0.001, once: float = 0.0) -> Ownership:
    usage = {"answers": 1, "answer_seconds": 3600 * per_answer, "fit_seconds": 0.0}
    assume = Assumptions(machine_hour_usd=1.0, questions_per_month=0, engineering_hours=once, engineer_hour_usd=1.0)
    return own(arm, usage, {"n_test": 0}, assume, uses_rows=False)


def candidate(arm: str, right: float, half: float, per_answer: float = 0.001, once: float = 0.0) -> Candidate:
    bounds = (max(0.0, right - half), min(1.0, right + half))
    return Candidate(owned(arm, per_answer, once), Shares(right, (1 - right) / 2), bounds)


def run(*candidates: Candidate, volume: float = 1000.0, correlation: float = 0.0, draws: int = 4000) -> Simulation:
    pairs = {(a.own.arm, b.own.arm): correlation for a in candidates for b in candidates if a is not b}
    return simulate(candidates, WORTH, volume, facts=100, more_facts=100, correlation=pairs, draws=draws)


@given(st.floats(0, 1), st.floats(0, 0.3), st.floats(0, 1e5), st.floats(0, 1), st.floats(0, 1e4), st.floats(0, 1))
@settings(max_examples=50)
def test_the_interval_contains_the_point(
    right: float, half: float, volume: float, per_answer: float, once: float, other: float
) -> None:
    arms = [candidate("a", right, half, per_answer, once), candidate("b", other, half)]
    found = run(*arms, volume=volume, draws=800)
    for arm in arms:
        point = net_at(arm.own, WORTH.value(arm.shares), volume)
        outcome = found.outcomes[arm.own.arm]
        assert point is not None
        slack = 1e-9 * (1 + abs(point))
        assert outcome.low - slack <= point <= outcome.high + slack
        assert 0 <= outcome.p_best <= 1
    assert sum(o.p_best for o in found.outcomes.values()) == pytest.approx(1)
    assert found.perfect_usd >= 0


def test_probability_of_the_better_arm_is_that_of_the_normal_difference() -> None:
    """Two arms of equal cost: P(a better) = Φ(difference / its standard error), whatever the volume."""
    half_a, half_b = 0.06, 0.08
    for correlation in (0.0, 0.7):
        sd_a, sd_b = half_a / 1.96, half_b / 1.96
        spread = math.sqrt(sd_a**2 + sd_b**2 - 2 * correlation * sd_a * sd_b)
        expected = stats.norm.cdf(0.03 / spread)
        found = run(candidate("a", 0.63, half_a), candidate("b", 0.60, half_b), correlation=correlation, draws=40_000)
        assert found.outcomes["a"].p_best == pytest.approx(expected, abs=0.01)


def test_more_facts_are_worth_no_more_than_knowing_everything() -> None:
    arms = (candidate("a", 0.63, 0.1), candidate("b", 0.60, 0.1, once=50.0))
    worths = [
        simulate(arms, WORTH, 5000.0, facts=100, more_facts=n, draws=20_000).more_usd for n in (0, 50, 200, 100_000)
    ]
    assert worths[0] == 0
    assert worths == sorted(worths)
    assert worths[-1] <= simulate(arms, WORTH, 5000.0, facts=100, more_facts=1, draws=20_000).perfect_usd


def test_value_of_more_facts_is_the_normal_loss_integral() -> None:
    """Two arms, equal cost: E[max(0, D')] − max(0, D) with D' ~ N(D, s × σ), the unit normal loss times the volume."""
    sd = math.sqrt(2) * 0.1 / 1.96
    more, months = 300, 12
    shrunk = math.sqrt(more / (more + 100)) * sd
    z = 0.02 / shrunk
    loss = shrunk * (stats.norm.pdf(z) - z * (1 - stats.norm.cdf(z)))
    # A point of right answers is worth G + (L + E) / 2 here: half of what is not right is wrong, half unanswered. The
    # volume is drawn around what was assumed, its mean.
    volume = 1000
    expected = months * volume * loss * (0.5 + (1.5 + 0.4) / 2)
    arms = (candidate("a", 0.52, 0.1), candidate("b", 0.50, 0.1))
    found = simulate(arms, WORTH, 1000.0, facts=100, more_facts=more, draws=200_000)
    assert found.more_usd == pytest.approx(expected, rel=0.05)


def test_an_arm_that_is_better_in_every_way_is_always_the_best() -> None:
    found = run(candidate("good", 0.9, 0.02, 0.001), candidate("bad", 0.5, 0.02, 0.01, once=500))
    assert found.outcomes["good"].p_best == 1
    assert found.perfect_usd == pytest.approx(0, abs=1e-6)
    mean, low, high = found.differences["good", "bad"]
    assert 0 < low < mean < high
    assert found.differences["bad", "good"] == pytest.approx((-mean, -high, -low))


def test_the_same_seed_draws_the_same() -> None:
    arms = (candidate("a", 0.63, 0.1), candidate("b", 0.60, 0.1))
    assert run(*arms) == run(*arms)


def test_impossible_correlations_are_made_possible() -> None:
    """Pairs measured one by one can contradict each other: a like b, b like c, a unlike c."""
    arms = [candidate(n, 0.5, 0.1) for n in "abc"]
    pairs = {("a", "b"): 0.99, ("b", "c"): 0.99, ("a", "c"): -0.99}
    found = simulate(arms, WORTH, 100.0, facts=50, more_facts=50, correlation=pairs)
    assert all(np.isfinite([o.mean, o.low, o.high]).all() for o in found.outcomes.values())
