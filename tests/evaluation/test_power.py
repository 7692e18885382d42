"""Plans: against Connor's formula, statsmodels' power of the t test, and full enumeration. Looks: published bounds."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from tailor.evaluation import mcnemar_exact
from tailor.evaluation.statistics import (
    Design,
    design_effect,
    facts_for,
    power,
    smallest_difference,
    spending_bounds,
    spent_alpha,
)


def test_design_effect_by_hand() -> None:
    assert [design_effect(4, icc) for icc in (0.1, 0.3, 0.5, 0.7)] == pytest.approx([1.3, 1.9, 2.5, 3.1])
    assert design_effect(1, 0.7) == 1


@pytest.mark.parametrize(("facts", "discordant", "difference"), [(40, 0.3, 0.2), (60, 0.2, 0.1), (25, 0.5, 0.5)])
def test_power_of_one_question_per_fact_by_enumerating_all_outcomes(facts: int, discordant: float, difference: float):
    n10, n01 = (discordant + difference) / 2, (discordant - difference) / 2
    total = 0.0
    for won in range(facts + 1):
        for lost in range(facts + 1 - won):
            if won > lost and mcnemar_exact(lost, won) <= 0.05:
                total += stats.multinomial.pmf([won, lost, facts - won - lost], facts, [n10, n01, 1 - n10 - n01])
    assert power(Design(facts, discordant=discordant), difference) == pytest.approx(total, abs=1e-6)


def test_power_of_several_framings_is_that_of_the_t_test_of_statsmodels() -> None:
    # 100 facts x 3 framings, ICC 0.5: variance of a fact's mean difference (0.2 - 0.01) * 2 / 3.
    sd = math.sqrt((0.2 - 0.1**2) * 2 / 3)
    oracle = TTestPower().power(0.1 / sd, 100, 0.05 / 6, alternative="two-sided")
    assert power(Design(100, 3, 0.2, 0.5, alpha=0.05 / 6), 0.1) == pytest.approx(oracle, abs=1e-6)


@pytest.mark.parametrize(("discordant", "connor"), [(0.10, 312), (0.15, 469), (0.20, 626), (0.30, 940)])
def test_facts_for_five_points_is_a_little_above_connors_formula(discordant: float, connor: int) -> None:
    """Connor's is for the asymptotic test; the exact one needs up to a tenth more."""
    found = facts_for(Design(0, discordant=discordant), 0.05)
    assert found is not None
    assert connor <= found <= 1.1 * connor


def test_the_three_questions_agree() -> None:
    plan = Design(112, 3, 0.2, 0.5, alpha=0.05 / 6)
    smallest = smallest_difference(plan)
    assert power(plan, smallest) == pytest.approx(0.8, abs=1e-6)
    assert facts_for(plan, smallest) in (111, 112, 113)
    assert smallest_difference(replace(plan, alpha=0.05)) < smallest < smallest_difference(replace(plan, facts=60))
    assert smallest_difference(plan) < smallest_difference(replace(plan, seeds=3, seed_sd=0.03))


def test_what_cannot_be_found_is_unknown() -> None:
    assert math.isnan(smallest_difference(Design(5)))
    assert math.isnan(smallest_difference(Design(1)))
    # Three trainings that differ by 8 points never show a difference of 5, with however many facts.
    assert facts_for(Design(0, 3, seeds=3, seed_sd=0.08), 0.05) is None
    for facts, difference in ((1, 0.1), (100, 0.0), (100, 0.3)):
        with pytest.raises(ValueError, match="at least 2 facts"):
            power(Design(facts), difference)


def test_bounds_of_five_looks_are_the_published_ones() -> None:
    # Lan-DeMets O'Brien-Fleming-like spending, two-sided 0.05, five equal looks (tables of WinLD and ldbounds).
    published = [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]
    assert spending_bounds([0.2, 0.4, 0.6, 0.8, 1.0]) == pytest.approx(published, abs=2e-4)


def test_bounds_spend_what_they_say() -> None:
    """Against scipy's multivariate normal: P(no crossing) after three unequal looks is 1 - alpha."""
    shares = [0.25, 0.6, 1.0]
    bounds = np.array(spending_bounds(shares))
    correlation = np.array([[math.sqrt(min(s, t) / max(s, t)) for t in shares] for s in shares])
    normal = stats.multivariate_normal(cov=correlation, abseps=1e-8, releps=1e-8, maxpts=500_000, seed=1)
    inside = normal.cdf(bounds, lower_limit=-bounds)
    assert 1 - inside == pytest.approx(0.05, abs=2e-5)
    assert spending_bounds([1.0]) == pytest.approx([stats.norm.ppf(0.975)], abs=1e-9)
    assert spent_alpha(1.0) == pytest.approx(0.05)
    # A look that was not planned does not change the bounds of those before it.
    assert spending_bounds([0.25, 0.6]) == pytest.approx(bounds[:2].tolist(), abs=1e-9)


@pytest.mark.parametrize("shares", [[], [0.5, 0.5], [0.6, 0.3], [0.5, 1.2], [0.0, 1.0]])
def test_looks_go_forward(shares: list[float]) -> None:
    with pytest.raises(ValueError, match="rise"):
        spending_bounds(shares)
