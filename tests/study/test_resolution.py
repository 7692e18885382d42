"""What a study can see, from its plan: against Connor's formula by hand."""

import math

import pytest
from scipy import stats

from tailor.study.resolution import needs, resolution, sees


def plan(facts: int, items: int, arms: int, margin: float = 0.05) -> dict[str, object]:
    return {
        "dataset": {"cells": {"held-out-framing": {"n_facts": facts, "n_items": items}}},
        "primary_cell": "held-out-framing",
        "margin": margin,
        "arms": [{"name": str(n)} for n in range(arms)],
    }


def test_facts_for_the_margin_are_near_connors_formula() -> None:
    """Three wordings, ICC 0.5: a design effect of 2 over three items; six comparisons: alpha 0.05 / 6."""
    found = resolution(plan(112, 336, 7))
    z_a, z_b = stats.norm.ppf(1 - 0.05 / 12), stats.norm.ppf(0.8)
    for facts, p in zip(found.facts_for_margin, (0.1, 0.3), strict=True):
        connor = ((z_a * math.sqrt(p) + z_b * math.sqrt(p - 0.0025)) / 0.05) ** 2 * 2 / 3
        assert facts == pytest.approx(connor, rel=0.05)
    assert (found.facts, found.framings, found.comparisons) == (112, 3, 6)
    low, high = found.smallest
    assert low is not None
    assert high is not None
    assert 0.05 < low < high < 0.2
    assert sees(found) == f"finds differences of {math.ceil(100 * low)} to {math.ceil(100 * high)} points or more"
    assert needs(found).endswith("facts find one of 5 points, the margin")


def test_as_many_facts_as_are_needed_find_the_margin() -> None:
    needed = resolution(plan(112, 336, 7)).facts_for_margin[1]
    assert needed is not None
    assert resolution(plan(needed, 3 * needed, 7)).smallest[1] == pytest.approx(0.05, abs=0.001)


@pytest.mark.parametrize("facts", [0, 1, 5])
def test_too_few_facts_find_nothing(facts: int) -> None:
    found = resolution(plan(facts, facts, 2))
    assert found.smallest == (None, None)
    assert sees(found) == "too few facts to find differences of up to 30 points"
    assert "find one of 5 points" in needs(found)
