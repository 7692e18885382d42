from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.cost.answers import (
    break_even_volume,
    cost_per_1000,
    cost_per_month,
    pays_from,
    training_cost,
    worth_from,
)

# 0.9 s an answer at $4 an hour: 0.001 dollars each. A fit of 900 s: one dollar.
PLAIN = {"answers": 100, "answer_seconds": 90.0, "fit_seconds": 900.0}
# 0.45 s an answer: 0.0005 dollars. A fit of 9,000 s: ten dollars.
TUNED = {"answers": 100, "answer_seconds": 45.0, "fit_seconds": 9000.0}


def test_cost_by_hand() -> None:
    assert cost_per_1000(PLAIN, 4.0) == pytest.approx(1.0)
    assert training_cost(PLAIN, 4.0) == pytest.approx(1.0)
    assert training_cost({"train_seconds": 1800.0, "fit_seconds": None}, 2.0) == pytest.approx(1.0)
    # 20,000 questions: $20, and a dollar for each of the 12 refreshes of a year
    assert cost_per_month(PLAIN, 4.0, 20_000, 12) == pytest.approx(21.0)
    assert cost_per_month(PLAIN, 4.0, 0, 12) == pytest.approx(1.0)


def test_a_free_machine_costs_nothing_and_an_unknown_one_is_unknown() -> None:
    assert cost_per_1000(PLAIN, 0.0) == 0.0
    assert cost_per_1000(PLAIN, None) is None


@pytest.mark.parametrize(
    "usage",
    [
        {},
        {"answers": 0, "answer_seconds": 0.0},
        {"answers": None, "answer_seconds": 3.0},
        {"answers": 10, "answer_seconds": None},
        {"answers": 10, "answer_seconds": math.nan},
        {"answers": 10, "answer_seconds": -1.0},
    ],
)
def test_unknown_seconds_are_an_unknown_cost(usage: dict[str, float | None]) -> None:
    assert cost_per_1000(usage, 1.0) is None
    assert cost_per_month(usage, 1.0, 1000, 12) is None
    assert break_even_volume(usage, PLAIN, 1.0, 12) is None


def test_break_even_by_hand() -> None:
    # tuned saves $0.0005 an answer and costs $9 a month more with 12 refreshes: 18,000 questions a month
    assert break_even_volume(PLAIN, TUNED, 4.0, 12) == pytest.approx(18_000)
    assert break_even_volume(TUNED, PLAIN, 4.0, 12) == pytest.approx(18_000)
    assert cost_per_month(PLAIN, 4.0, 18_000, 12) == pytest.approx(cost_per_month(TUNED, 4.0, 18_000, 12))


def test_no_break_even() -> None:
    dearer = {"answers": 100, "answer_seconds": 180.0, "fit_seconds": 1800.0}
    assert break_even_volume(PLAIN, dearer, 4.0, 12) == math.inf
    assert break_even_volume(PLAIN, PLAIN, 4.0, 12) == math.inf


def test_when_accuracy_pays_by_hand() -> None:
    better = {"answers": 100, "answer_seconds": 180.0, "fit_seconds": 9000.0}
    # 5 points more at $0.10 for a wrong answer are $0.005 a question; it costs $0.001 more a question and $9 a month
    assert pays_from(PLAIN, better, 0.05, 0.10, 4.0, 12) == pytest.approx(9 / 0.004)
    # at 9,000 questions a month the upkeep is $0.001 a question: $0.002 for 0.05 of an answer
    assert worth_from(PLAIN, better, 0.05, 9_000, 4.0, 12) == pytest.approx(0.04)
    assert pays_from(PLAIN, better, 0.05, 0.01, 4.0, 12) == math.inf
    assert pays_from(PLAIN, PLAIN, 0.05, 0.01, 4.0, 12) == 0.0
    assert pays_from(PLAIN, better, 0.05, None, 4.0, 12) is None
    assert worth_from(PLAIN, better, 0.0, 9_000, 4.0, 12) is None
    assert worth_from(PLAIN, better, 0.05, 0, 4.0, 12) is None


seconds = st.floats(0.0, 1e6)
usages = st.builds(
    lambda n, a, f: {"answers": n, "answer_seconds": a, "fit_seconds": f}, st.integers(1, 10**6), seconds, seconds
)
price = st.floats(0.0, 100.0)


@given(usages, price, st.floats(0, 1e7), st.floats(0, 1e7), st.floats(0, 365))
def test_more_questions_never_cost_less(
    usage: dict[str, float], hourly: float, a: float, b: float, refreshes: float
) -> None:
    costs = [cost_per_month(usage, hourly, volume, refreshes) for volume in sorted((a, b))]
    assert costs[0] is not None
    assert costs[1] is not None
    assert 0.0 <= costs[0] <= costs[1]


@given(usages, usages, st.floats(0.01, 100.0), st.floats(0, 365))
def test_break_even_is_symmetric_and_never_negative(
    a: dict[str, float], b: dict[str, float], hourly: float, refreshes: float
) -> None:
    volume = break_even_volume(a, b, hourly, refreshes)
    assert volume == break_even_volume(b, a, hourly, refreshes)
    assert volume is not None
    assert volume >= 0.0
