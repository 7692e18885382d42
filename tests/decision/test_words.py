from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.decision import words

UNKNOWN = [None, math.nan, math.inf, -math.inf, "0.5", True]


@pytest.mark.parametrize("value", UNKNOWN)
def test_unknown_is_never_a_number(value: object) -> None:
    for say in (words.percent, words.signed, words.money, words.duration, words.decimal, words.p_value):
        assert say(value) == "–"
    assert words.interval(value, 0.5) == ""
    assert words.span(0.5, value) == ""


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0"), (0.001, "<1"), (0.005, "1"), (0.86, "86"), (0.125, "13"), (0.999, ">99"), (1, "100")]
)
def test_percent(share: float, text: str) -> None:
    assert words.percent(share) == text


@pytest.mark.parametrize(
    ("difference", "text"),
    [(0, "0 points"), (0.002, "less than 1 point"), (0.01, "1 point"), (-0.01, "1 point"), (0.05, "5 points")],
)
def test_points(difference: float, text: str) -> None:
    assert words.points(difference) == text


@pytest.mark.parametrize(
    ("difference", "text"), [(0.0, "±0"), (-0.004, "±0"), (0.05, "+5"), (-0.055, "−6"), (0.055, "+6")]
)
def test_signed(difference: float, text: str) -> None:
    assert words.signed(difference) == text


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        (0, "$0"),
        (0.0004, "$0.0004"),
        (0.00123, "$0.0012"),
        (0.02, "$0.02"),
        (0.31, "$0.31"),
        (4.5, "$4.50"),
        (12, "$12"),
        (1240.4, "$1,240"),
        (-3, "−$3.00"),
    ],
)
def test_money(dollars: float, text: str) -> None:
    assert words.money(dollars) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.42, "0.4 s"), (31, "31 s"), (84, "1.4 min"), (720, "12 min"), (3600, "1 h"), (12000, "3 h 20 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "none"),
        (1 / 3, "one of three"),
        (0.66, "two of three"),
        (0.5, "one of two"),
        (0.71, "71 of 100"),
        (1, "every one"),
    ],
)
def test_fraction(share: float, text: str) -> None:
    assert words.fraction(share) == text


def test_counts_and_names() -> None:
    assert words.count(1, "fact") == "1 fact"
    assert words.count(0, "fact") == "0 facts"
    assert words.count(20000, "question") == "20,000 questions"
    assert words.both(["lora"]) == "lora"
    assert words.both(["lora", "full"]) == "lora and full"
    assert words.both(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(("p", "text"), [(0.0004, "under 0.001"), (0.0031, "0.003"), (0.03, "0.03"), (0.0499, "0.050")])
def test_p_value(p: float, text: str) -> None:
    assert words.p_value(p) == text


@given(st.floats(-1, 1))
def test_no_negative_zero(difference: float) -> None:
    assert "−0" not in words.span(difference, difference).replace("−0.", "")
    assert words.signed(difference) not in ("−0", "+0")


@given(st.floats(0, 1))
def test_fraction_is_near_the_share(share: float) -> None:
    assert words.fraction(share) != "none" or share == 0
