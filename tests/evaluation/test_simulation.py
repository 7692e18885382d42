"""Error rates and coverage of the statistics in simulated worlds with a known truth (facts x framings, clustered)."""

import numpy as np
import pytest

from tailor.evaluation import clustered_mean, non_inferiority, paired_difference

pytestmark = pytest.mark.slow

WORLDS = 1_000
FACTS, FRAMINGS, ICC = 60, 3, 0.5
NAMES = [str(i) for i in range(FACTS) for _ in range(FRAMINGS)]


def chances(rng: np.random.Generator, mean: float) -> np.ndarray:
    """A chance of being right for each fact; beta distributed, so that two framings of a fact correlate with ICC."""
    total = 1 / ICC - 1
    return rng.beta(mean * total, (1 - mean) * total, size=FACTS)


def answers(rng: np.random.Generator, of_facts: np.ndarray) -> np.ndarray:
    return (rng.random(FACTS * FRAMINGS) < np.repeat(of_facts, FRAMINGS)).astype(float)


def test_equal_arms_are_rarely_called_different() -> None:
    """A/A: two arms of equal accuracy whose strengths lie on different facts. McNemar over items errs here in 14 %."""
    rng = np.random.default_rng(11)
    p, outside = [], []
    for _ in range(WORLDS):
        found = paired_difference(answers(rng, chances(rng, 0.7)), answers(rng, chances(rng, 0.7)), NAMES)
        p.append(found.p)
        outside.append(found.low > 0 or found.high < 0)
    print(f"false positives: p {np.mean(np.array(p) < 0.05):.3f}, interval {np.mean(outside):.3f}")
    assert np.mean(np.array(p) < 0.05) <= 0.065
    assert np.mean(outside) <= 0.07


def test_equal_recipes_with_seed_spread_are_rarely_called_different() -> None:
    """Each seed shifts an arm's chances by about 5 points; 3 seeds against an arm without seeds."""
    rng = np.random.default_rng(12)
    wrong = []
    for _ in range(WORLDS):
        skill = chances(rng, 0.5)
        seeds = [answers(rng, np.clip(skill + rng.normal(0, 0.05), 0, 1)) for _ in range(3)]
        wrong.append(paired_difference(np.stack(seeds, axis=1), answers(rng, chances(rng, 0.5)), NAMES).p < 0.05)
    print(f"false positives with seeds: {np.mean(wrong):.3f}")
    assert np.mean(wrong) <= 0.065


@pytest.mark.parametrize("accuracy", [0.5, 0.7, 0.9, 0.97])
def test_intervals_of_an_arm_cover_the_truth(accuracy: float) -> None:
    rng = np.random.default_rng(13)
    found = [clustered_mean(answers(rng, chances(rng, accuracy)), NAMES) for _ in range(2 * WORLDS)]
    coverage = np.mean([interval.low <= accuracy <= interval.high for interval in found])
    print(f"coverage at {accuracy}: {coverage:.3f}")
    assert 0.93 <= coverage <= 0.975


def test_a_loss_as_large_as_the_margin_is_rarely_called_kept() -> None:
    """1,000 items, arms disagree on 10 % of them, true loss exactly the margin of 3 points: kept at most 5 %;
    without any loss: kept in 90 %."""
    rng = np.random.default_rng(14)
    facts = [str(i) for i in range(1000)]
    kept = {}
    for loss in (0.03, 0.0):
        verdicts = []
        for _ in range(300):
            u = rng.random(1000)
            before = np.where(u < 0.05 + loss / 2, 1.0, np.where(u < 0.10, 0.0, 1.0))
            after = np.where(u < 0.05 + loss / 2, 0.0, 1.0)
            verdicts.append(non_inferiority(after, before, facts, 0.03).verdict == "kept")
        kept[loss] = np.mean(verdicts)
    print(f"kept: {kept}")
    assert kept[0.03] <= 0.075
    assert kept[0.0] >= 0.85
