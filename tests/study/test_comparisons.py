"""Comparisons, ranks, deviations and earlier uses as results.json has them."""

import numpy as np
import pytest
from scipy import stats

from tailor.errors import StudyError
from tailor.evaluation.comparison import CellScores
from tailor.evaluation.summary import ArmAnswers
from tailor.records import Example, Failure, Message, Score
from tailor.study.comparisons import comparisons, ranks
from tailor.study.deviations import changed

SHARES = {"control": 0.4, "rag": 0.8, "lora": 0.8, "slow": 0.78}
CELLS = ("held-out-framing", "held-out-fact", "unanswerable")


def items(n: int) -> tuple[Example, ...]:
    return tuple(
        Example(f"{cell}-{i}", (Message("user", f"{cell} {i}?"),), "yes", fact=f"{cell}-{i}", split="test", cell=cell)
        for cell in CELLS
        for i in range(n)
    )


def arm(name: str, share: float, n: int, seed: int, failed: tuple[str, ...] = ()) -> ArmAnswers:
    rng = np.random.default_rng(seed)
    answers = {}
    for item in items(n):
        right = rng.random() < share
        answers[item.id] = (
            Failure("timeout", "late")
            if item.id in failed
            else Score(item.id, float(right), "correct" if right else "incorrect", float(right), False)
        )
    return ArmAnswers(name, items(n), {1: answers})


def study(n: int) -> dict[str, ArmAnswers]:
    return {name: arm(name, share, n, seed) for seed, (name, share) in enumerate(SHARES.items())}


def test_the_family_is_corrected_by_holm_and_slices_by_benjamini_hochberg() -> None:
    rows = comparisons(study(60), "control", 0.05)
    family = [r for r in rows if r["against"] == "control" and r["cell"] == "held-out-framing"]
    slices = [r for r in rows if r["cell"] != "held-out-framing"]
    between = [r for r in rows if r["against"] != "control"]
    assert ([r["arm"] for r in family], len(slices), len(between)) == (["rag", "lora", "slow"], 6, 3)
    smallest = min(family, key=lambda r: r["p"])
    assert smallest["p_holm"] == pytest.approx(min(1, 3 * smallest["p"]))
    assert [r["p_bh"] for r in slices] == pytest.approx(stats.false_discovery_control([r["p"] for r in slices]))
    assert all(r["p_bh"] is None for r in family)
    assert all(r["p_holm"] is None for r in slices + between)
    assert all(r["p_equivalent"] is None for r in slices)


def primary(arms: dict[str, ArmAnswers]) -> list[dict]:
    return [r for r in comparisons(arms, "control", 0.05) if r["cell"] == "held-out-framing"]


def test_equal_arms_are_shown_to_be_equal_only_with_many_facts() -> None:
    few, many = ({(r["arm"], r["against"]): r for r in primary(study(n))} for n in (60, 3000))
    assert few["rag", "lora"]["p_equivalent"] > 0.05
    assert many["rag", "lora"]["p_equivalent"] < 0.05
    assert many["rag", "control"]["p_equivalent"] > 0.99


def test_ranks_share_the_chance_among_equals_and_know_the_clock() -> None:
    arms = study(600)
    seconds = {name: dict.fromkeys((i.id for i in items(600)), 2.0 if name == "slow" else 1.0) for name in SHARES}
    found = ranks(arms, seconds)
    assert sum(r["p_best"] for r in found.values()) == pytest.approx(1)
    assert found["control"]["p_best"] == 0
    # As quick as the others and never better: beaten. The slow arm is on the frontier only where it is the best.
    assert found["control"]["p_frontier"] == 0
    assert found["slow"]["p_frontier"] == pytest.approx(found["slow"]["p_best"], abs=0.02)
    del seconds["rag"][items(600)[0].id]
    assert np.isnan(ranks(arms, seconds)["rag"]["p_frontier"])


def test_below_thirty_facts_nothing_is_ranked() -> None:
    assert ranks(study(29), {}) == {}
    assert set(ranks(study(30), {name: {} for name in SHARES})) == set(SHARES)


def test_failed_answers_are_left_out_of_both_arms_and_facts_are_counted_without_them() -> None:
    a = arm("a", 0.5, 40, 1, failed=("held-out-framing-0", "held-out-framing-3"))
    b = arm("b", 0.5, 40, 2, failed=("held-out-framing-3", "held-out-framing-5"))
    found = CellScores([a, b], "held-out-framing").compare("a", "b")
    assert found is not None
    assert (found.n_items, found.n_facts) == (37, 37)
    everything = tuple(i.id for i in items(40))
    assert CellScores([a, arm("c", 0.5, 40, 3, failed=everything)], "held-out-framing").compare("a", "c") is None


def test_arms_that_were_asked_other_items_are_not_compared() -> None:
    with pytest.raises(StudyError, match="asked different items"):
        CellScores([arm("a", 0.5, 40, 1), arm("b", 0.5, 39, 1)], "held-out-framing")


def plan(**values: object) -> dict[str, object]:
    return {
        "metric": {"name": "exact-match", "version": "1"},
        "margin": 0.05,
        "seeds": [1, 2, 3],
        "arms": [{"name": "rag", "parts": [{"method": "rag", "options": {"k": 3}}]}],
        "dataset": {"sha256": "a", "documents_sha256": "b"},
        **values,
    }


def test_what_changed_since_the_test_was_used_before() -> None:
    assert changed(plan(), plan()) == []
    now = plan(
        margin=0.03,
        seeds=[1],
        metric={"name": "token-f1", "version": "1"},
        arms=[{"name": "rag", "parts": [{"method": "rag", "options": {"k": 5}}]}, {"name": "lora", "parts": []}],
        dataset={"sha256": "a", "documents_sha256": "c"},
    )
    assert changed(plan(), now) == [
        "metric exact-match 1, now token-f1 1",
        "margin 0.05, now 0.03",
        "seeds 1 and 2 and 3, now 1",
        "arm lora is new",
        "arm rag has other options",
        "the documents",
    ]
