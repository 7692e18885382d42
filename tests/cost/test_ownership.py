from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.cost.assumptions import Assumptions
from tailor.cost.ownership import Ownership, machines, own
from tailor.cost.value import Shares, Worth, break_even, net_at, payback_months, roi

# 0.9 s an answer at $4 an hour is $0.001; one fit of 1,800 s is $2; three seeds.
USAGE: dict[str, Any] = {
    "answers": 100,
    "answer_seconds": 90.0,
    "fit_seconds": 1800.0,
    "fits": 3,
    "artifact_mb": 500.0,
}
DATA = {"n_train": 600, "n_dev": 50, "n_test": 200}
EVERYTHING = Assumptions(
    questions_per_month=20_000,
    machine_hour_usd=4.0,
    refreshes_per_year=12,
    months=12,
    label_minutes=2.0,
    review_minutes=0.5,
    labeller_hour_usd=30.0,
    generation_usd=25.0,
    relabel_share=0.1,
    engineering_hours={"lora": 40.0},
    engineer_hour_usd=80.0,
    monitoring_hours=2.0,
    storage_gb_month_usd=0.04,
    base_life_months=20.0,
    rebase_hours=10.0,
)
amounts = st.floats(0, 1e4)


def amount(found: Ownership, name: str) -> float | None:
    return next((line.usd for line in found.lines if line.name == name), 0.0)


def test_every_line_by_hand() -> None:
    found = own("lora", USAGE, DATA, EVERYTHING)
    assert {line.name: line.usd for line in found.lines} == pytest.approx(
        {
            "labels": 600.0,  # 600 rows x 2 min = 20 h x $30
            "review": 150.0,
            "generated data": 25.0,
            "fits": 6.0,
            "evaluation": 0.6,  # 200 questions x 3 seeds x $0.001
            "engineering": 3200.0,
            "answers": 20.0,
            "refreshes": 2.0,
            "evaluation again": 0.2,
            "new labels": 60.0,
            "monitoring": 160.0,
            "storage": 0.02,
            "end of life": (6.0 + 0.6 + 800.0) / 20,
        }
    )
    assert found.once == pytest.approx(3981.6)
    assert found.monthly == pytest.approx(282.55)
    assert found.total == pytest.approx(3981.6 + 12 * 282.55)
    assert found.unknown == ()


def test_what_is_not_known_has_no_amount_and_is_named() -> None:
    found = own("lora", USAGE, DATA, replace(EVERYTHING, engineer_hour_usd=None, refreshes_per_year=None))
    assert set(found.unknown) == {
        "engineering",
        "refreshes",
        "evaluation again",
        "new labels",
        "monitoring",
        "end of life",
    }
    assert found.once == pytest.approx(781.6)


def test_the_arm_that_is_there_needs_no_engineering_and_no_labels() -> None:
    usage = {"answers": 100, "answer_seconds": 90.0, "fit_seconds": 0.0, "fits": 1}
    found = own("zero-shot", usage, DATA, EVERYTHING, control=True, uses_rows=False)
    assert {line.name for line in found.lines} == {"evaluation", "answers", "monitoring", "end of life"}


def test_a_machine_that_is_always_on_is_paid_at_no_questions_too() -> None:
    hosted = replace(EVERYTHING, always_on=True, utilisation=0.5, questions_per_month=0)
    found = own("lora", USAGE, DATA, hosted)
    assert amount(found, "machine") == pytest.approx(730 * 4.0)
    assert found.at(0) == pytest.approx(found.fixed_month + 2920.0)
    # 0.9 s an answer, half of 730 hours used: 1,460,000 answers; one more needs a second machine
    assert found.capacity == pytest.approx(1_460_000)
    assert [machines(v, found.capacity) for v in (0, 1_460_000, 1_460_001)] == [1, 1, 2]
    asked = own("lora", USAGE, DATA, replace(hosted, questions_per_month=146_000))
    how = next(line.how for line in asked.lines if line.name == "machine")  # 1 / 0.9 s; a tenth of half of the time
    assert (
        how
        == "1 always on × 730 hours, 5.0 % busy at 1.11 answers a second (measured), planned for at most 50 % (assumed)"
    )


def test_tokens_are_paid_by_the_answer_and_no_machine() -> None:
    usage = {**USAGE, "billing": "tokens", "token_usd": 0.5, "priced": 100, "fit_usd": 0.25}
    found = own("few-shot", usage, DATA, replace(EVERYTHING, always_on=True))
    assert found.per_answer == pytest.approx(0.005)
    assert amount(found, "answers") == pytest.approx(100.0)
    assert amount(found, "fits") == pytest.approx(0.75)


def test_growth_is_averaged_over_the_months() -> None:
    flat = Assumptions(questions_per_month=1000)
    assert flat.volume == 1000
    # doubles in a year: months 0 to 11 of 2^(m/12), a geometric series with the sum 1 / (2^(1/12) - 1)
    assert replace(flat, growth_per_year=1.0).volume == pytest.approx(1000 / (2 ** (1 / 12) - 1) / 12)
    assert Assumptions.of({"questions_per_month": 1000, "growth_per_year": -0.5}, {}).growth_per_year == -0.5


def test_value_of_an_answer_by_hand() -> None:
    worth = Worth(right=0.5, wrong=1.5, unanswered=0.4, unanswerable=0.1)
    # 0.9 x 0.8 right; 0.9 x 0.15 + 0.1 x 0.3 wrong; the rest, 0.115, is left to somebody
    assert worth.value(Shares(0.8, 0.15, 0.3)) == pytest.approx(0.72 * 0.5 - 0.165 * 1.5 - 0.115 * 0.4)
    assert worth.value(Shares(0.8, 0.15, None)) is None
    assert worth.value(Shares(None, 0.1, 0.1)) is None
    assert Worth.of(Assumptions(right_answer_usd=1.0)) is None
    assert Worth.of(Assumptions(wrong_answer_usd=2.0)) == Worth(0.0, 2.0, 2.0, 0.0)


def simple(arm: str, fixed: float, per_answer: float) -> Ownership:
    usage = {"answers": 1, "answer_seconds": 3600.0 * per_answer, "fit_seconds": 0.0}
    assume = Assumptions(
        machine_hour_usd=1.0, questions_per_month=0, engineering_hours=12 * fixed, engineer_hour_usd=1.0
    )
    return own(arm, usage, {"n_test": 0}, assume, uses_rows=False)


def test_break_even_by_hand() -> None:
    # $300 a month and $0.001 an answer against $0.004 an answer: 100,000 answers
    cheap, dear = simple("a", 300.0, 0.001), simple("b", 0.0, 0.004)
    assert break_even(cheap, dear) == pytest.approx(100_000)
    assert break_even(cheap, simple("c", 400.0, 0.002)) == math.inf
    # worth 2 cents more an answer, costs 0.3 cents less: the $300 come back after 300 / 0.023
    assert break_even(cheap, dear, (0.02, 0.0)) == pytest.approx(300 / 0.023)


def test_break_even_against_a_machine_that_is_always_on() -> None:
    hosted = own(
        "hosted",
        {"answers": 1, "answer_seconds": 1.0, "fit_seconds": 0.0},
        {"n_test": 0},
        Assumptions(machine_hour_usd=1.0, questions_per_month=0, always_on=True, utilisation=0.5, months=1),
        uses_rows=False,
    )
    # $730 for up to 1,314,000 answers against $0.001 an answer: 730,000
    assert break_even(hosted, simple("api", 0.0, 0.001)) == pytest.approx(730_000)
    # at $0.0006 the 1,216,667 answers are still inside the first machine
    assert break_even(simple("api", 0.0, 0.0006), hosted) == pytest.approx(730 / 0.0006)
    # at $0.0005 a second machine is needed before it pays: never, since each adds as much again
    assert break_even(hosted, simple("api", 0.0, 0.0005)) == math.inf


@given(amounts, amounts, st.floats(0, 0.1), st.floats(0, 0.1))
def test_break_even_is_symmetric_and_equal_there(fa: float, fb: float, ca: float, cb: float) -> None:
    a, b = simple("a", fa, ca), simple("b", fb, cb)
    volume = break_even(a, b)
    assert volume == break_even(b, a)
    assert volume is not None
    assert volume > 0
    if math.isfinite(volume):
        left, right = a.at(volume), b.at(volume)
        assert left == pytest.approx(right, rel=1e-6, abs=1e-6)
        before, after = [(a.at(v) or 0) - (b.at(v) or 0) for v in (volume * 0.5, volume * 2)]
        assert before * after <= 1e-9


@given(amounts, amounts, st.floats(0, 1e3), st.floats(1, 5))
def test_costs_grow_with_volume_and_with_the_price(volume: float, more: float, hourly: float, factor: float) -> None:
    for always_on in (False, True):
        base = replace(EVERYTHING, machine_hour_usd=hourly, always_on=always_on)
        found = own("lora", USAGE, DATA, base)
        assert (found.at(volume) or 0) <= (found.at(volume + more) or 0)
        dearer = own("lora", USAGE, DATA, replace(base, machine_hour_usd=hourly * factor))
        assert found.total <= dearer.total + 1e-9


@given(st.one_of(st.none(), amounts), st.one_of(st.none(), amounts), st.one_of(st.none(), st.floats(0, 400)))
def test_sums_are_the_sums_of_their_parts(minutes: float | None, hourly: float | None, often: float | None) -> None:
    assume = replace(EVERYTHING, label_minutes=minutes, machine_hour_usd=hourly, refreshes_per_year=often)
    found = own("lora", USAGE, DATA, assume)
    parts = [line.usd * (1 if line.when == "once" else 12) for line in found.lines if line.usd is not None]
    assert found.total == pytest.approx(math.fsum(parts))
    assert all(line.usd is None or line.usd > 0 for line in found.lines)
    assert set(found.unknown) == {line.name for line in found.lines if line.usd is None}
    if found.per_answer is not None:
        spread = math.fsum(parts) / 12
        assert found.at(assume.volume or 0) == pytest.approx(spread)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(1, 60))
def test_payback_is_never_negative_and_roi_agrees_with_it(extra: float, gain: float, months: int) -> None:
    back = payback_months(extra, gain)
    assert back >= 0
    found = roi(extra, gain, months)
    if found is not None and math.isfinite(found) and math.isfinite(back) and extra > 1e-6:
        assert (found > 1e-9) <= (back < months * (1 + 1e-9))


def test_no_volume_divides_nothing() -> None:
    found = own("lora", USAGE, DATA, replace(EVERYTHING, questions_per_month=0))
    assert found.at(0) == pytest.approx(found.fixed_month)
    assert net_at(found, 0.5, 0.0) == pytest.approx(-found.fixed_month)
