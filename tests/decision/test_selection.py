"""How much of a named arm's score is the luck of having been picked."""

from __future__ import annotations

from typing import Any

import pytest
from scipy.stats import norm

from tailor.decision.choice import choose
from tailor.decision.evidence import Evidence
from tailor.decision.rules import decide
from tailor.decision.selection import optimism

Z = 1.959964


def results(right: float, error: float) -> dict[str, Any]:
    """A control that is right in exactly 20 %, and one arm measured with a standard error."""

    def quality(value: float, half: float) -> dict[str, Any]:
        return {"value": value, "low": value - half, "high": value + half, "n_facts": 100}

    gain, half = right - 0.2, Z * error
    return {
        "arms": {
            "zero-shot": {"status": "ok", "complexity": 0, "quality": quality(0.2, 0.0)},
            "rag": {"status": "ok", "complexity": 3, "quality": quality(right, half)},
        },
        "comparisons": [
            {
                "arm": "rag",
                "against": "zero-shot",
                "cell": "held-out-framing",
                "difference": gain,
                "low": gain - half,
                "high": gain + half,
                "p_holm": 2 * norm.sf(gain / error),
                "n_facts": 100,
                "mde": 2.8 * error,
            }
        ],
        "control": "zero-shot",
        "primary_cell": "held-out-framing",
        "margin": 0.05,
    }


@pytest.mark.parametrize(("right", "error"), [(0.30, 0.05), (0.32, 0.05), (0.30, 0.04), (0.50, 0.03)])
def test_an_arm_named_only_where_it_is_shown_better(right: float, error: float) -> None:
    """Drawn around 30 % with an error of 5, it is named above 20 + 1.96 × 5 = 29.8 %: the mean of what is left of a
    normal distribution is error × density / tail (the inverse Mills ratio), here 3.9 points too high."""
    evidence = Evidence(results(right, error))
    cut = (0.2 + Z * error - right) / error
    expected = error * norm.pdf(cut) / norm.sf(cut)
    assert optimism(choose(evidence), evidence) == pytest.approx(expected, abs=4 * error / 4_000**0.5)


def test_it_is_a_doubt_from_half_a_point_on() -> None:
    [doubt] = [d for d in decide(results(0.30, 0.05)).doubts if "luck of the pick" in d]
    assert doubt.startswith("rag was picked among arms that are close: about 3.")
    assert "of its 30 points" in doubt
    sure = decide(results(0.50, 0.03))
    assert sure.optimism == pytest.approx(0, abs=0.002)
    assert not any("luck of the pick" in d for d in sure.doubts)


def test_where_nothing_is_named_for_good_nothing_is_said() -> None:
    evidence = Evidence(results(0.22, 0.05))
    found = choose(evidence)
    assert found.kind == "not-enough-evidence"
    assert optimism(found, evidence) is None
    missing = results(0.30, 0.05)
    missing["arms"]["rag"]["quality"]["low"] = None
    assert optimism(choose(Evidence(missing)), Evidence(missing)) is None
