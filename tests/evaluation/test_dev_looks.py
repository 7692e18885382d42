"""Several looks at dev: bounds that hold together, and never at the test."""

import numpy as np
import pytest
from scipy import stats

from tailor.errors import StudyError
from tailor.evaluation.dev_looks import look
from tailor.evaluation.statistics import mcnemar_exact
from tailor.evaluation.summary import ArmAnswers
from tailor.records import Example, Message, Score


def arm(name: str, values: np.ndarray, split: str = "dev") -> ArmAnswers:
    items = tuple(
        Example(str(i), (Message("user", f"{i}?"),), "yes", fact=str(i), split=split, cell="held-out-framing")
        for i in range(len(values))
    )
    scores = {
        str(i): Score(str(i), float(v), "correct" if v else "incorrect", float(v), False) for i, v in enumerate(values)
    }
    return ArmAnswers(name, items, {1: scores})


def test_one_look_at_the_end_is_the_usual_test() -> None:
    a, b = np.array([1] * 30 + [0] * 10 + [1] * 60), np.array([0] * 30 + [1] * 10 + [1] * 60)
    found = look(arm("a", a), arm("b", b), planned_facts=100)
    assert found.bound == pytest.approx(stats.norm.ppf(0.975))
    assert found.z == pytest.approx(stats.norm.isf(mcnemar_exact(10, 30) / 2))
    assert found.decided
    assert look(arm("b", b), arm("a", a), planned_facts=100).z == pytest.approx(-found.z)


def test_an_early_look_asks_for_much_more() -> None:
    a, b = np.array([1] * 12 + [1] * 8), np.array([0] * 12 + [1] * 8)
    found = look(arm("a", a), arm("b", b), planned_facts=100)
    assert found.bound == pytest.approx(4.8769, abs=1e-3)
    assert not found.decided
    assert look(arm("a", a), arm("b", b), planned_facts=20).decided


def test_five_looks_at_equal_arms_err_in_at_most_5_percent_and_naive_ones_in_more() -> None:
    rng = np.random.default_rng(3)
    sizes, worlds, wrong, naive = (60, 120, 180, 240, 300), 400, 0, 0
    bounds = [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]
    for _ in range(worlds):
        flips = rng.choice([-1, 0, 1], p=[0.15, 0.7, 0.15], size=300)
        p = [mcnemar_exact(int(np.sum(flips[:n] < 0)), int(np.sum(flips[:n] > 0))) for n in sizes]
        z = stats.norm.isf(np.array(p) / 2)
        wrong += bool(np.any(z >= bounds))
        naive += bool(np.any(np.array(p) < 0.05))
    assert wrong / worlds <= 0.05
    assert naive / worlds > 0.06


def test_the_test_split_is_not_looked_at_early() -> None:
    values = np.ones(40)
    with pytest.raises(StudyError, match="only dev may be looked at"):
        look(arm("a", values, "test"), arm("b", values, "test"), planned_facts=100)
    with pytest.raises(StudyError, match="fewer than two dev facts"):
        look(arm("a", values[:1]), arm("b", values[:1]), planned_facts=100)
    with pytest.raises(ValueError, match="rise"):
        look(arm("a", values), arm("b", values), planned_facts=100, earlier=[60])
