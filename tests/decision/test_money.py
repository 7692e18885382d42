"""Gates, the decision by money, and what the memo says about both."""

from __future__ import annotations

import copy
import math
import re
from typing import Any

import pytest
from sample_study import compared, study, without

from tailor.decision import pictures
from tailor.decision.account import economics
from tailor.decision.economics import correlations
from tailor.decision.evidence import Evidence
from tailor.decision.memo import render_html, render_markdown
from tailor.decision.rules import decide
from tailor.decision.sensitivity import best_buy, what_ifs


def with_gates(**gates: Any) -> dict[str, Any]:
    return {**study(), "gates": gates}


def priced(**usage: Any) -> dict[str, Any]:
    results = study()
    results["usage_assumptions"].update(
        {"wrong_answer_usd": 0.02, "right_answer_usd": 0.03, "unanswered_usd": 0.01, "questions_per_month": 40_000}
        | usage
    )
    results["costs"] = {
        "engineering_hours": {"few-shot": 4, "rag": 40, "lora": 60, "full": 60, "rag+lora": 90},
        "engineer_hour_usd": 80,
    }
    return results


def by_money(margin: float = 100.0, **usage: Any) -> dict[str, Any]:
    return {**priced(**usage), "decide_by": "money", "margin_usd": margin}


def test_latency_bars_the_slow_ones() -> None:
    verdict = decide(with_gates(p95_ms=50))
    assert (verdict.kind, verdict.arm) == ("adopt", "lora")
    assert "rag is out: it takes 88 ms for one answer in twenty (50 ms allowed)." in verdict.reasons
    # By itself it changes nothing that rag would win: the simplest arm that is not worse
    assert "If the time an answer takes did not matter: use rag." in verdict.changes


def test_what_was_not_measured_does_not_pass() -> None:
    results = with_gates(p95_ms=50)
    for record in results["arms"].values():
        record["latency_ms"] = {"p95": None}
    verdict = decide(results)
    assert (verdict.kind, verdict.arm, verdict.gate) == ("not-allowed", None, "latency")
    assert verdict.sentence == (
        "Not allowed, for latency: zero-shot has no measured latency, and no other arm keeps it. None may be used."
    )


def test_citations_keep_only_what_retrieves_even_where_the_control_falls() -> None:
    verdict = decide(with_gates(citations=True))
    assert (verdict.kind, verdict.arm) == ("keep-simple", "rag")
    alone = without({**with_gates(citations=True)}, "rag", "few-shot", "lora", "full")
    verdict = decide(alone)
    assert (verdict.kind, verdict.arm) == ("adopt", "rag+lora")
    assert "zero-shot cites no source, so it may not stay" in verdict.sentence


def test_privacy_bars_an_endpoint_outside_and_no_local_base() -> None:
    outside = with_gates(private=True)
    outside["base"] = {"name": "gpt-9", "kind": "endpoint", "on_premises": False}
    verdict = decide(outside)
    assert (verdict.kind, verdict.arm, verdict.gate) == ("not-allowed", None, "private")
    assert "is not known to keep questions inside" in verdict.sentence
    inside = with_gates(private=True)
    inside["base"] = {**inside["base"], "on_premises": True}
    assert decide(inside).sentence == decide(study()).sentence
    # One arm that asks a model outside falls alone.
    inside["arms"]["rag"]["on_premises"] = False
    assert decide(inside).arm == "rag+lora"


def test_a_ceiling_on_invented_answers() -> None:
    verdict = decide(with_gates(invented=0.22))
    assert (verdict.kind, verdict.arm) == ("adopt", "rag")  # rag+lora invents 26 of 100, rag 21
    assert "lora is out: it invents an answer to 66 % of the questions" in " ".join(verdict.reasons)


def test_a_monthly_budget_and_no_training() -> None:
    # 400,000 questions at 26.3 s for 624 answers and $2.40 an hour: $11.24, and a refresh of 12.4 s a month
    assert "rag is out: it costs $11 a month ($5.00 allowed)" in " ".join(
        decide(with_gates(budget_month_usd=5)).reasons
    )
    verdict = decide(with_gates(untrained=True))
    assert (verdict.kind, verdict.arm) == ("adopt", "rag")
    assert "lora is out: it needs trained weights." in verdict.reasons


def test_by_money_the_dearer_to_build_must_earn_its_keep() -> None:
    verdict = decide(by_money())
    assert (verdict.kind, verdict.arm) == ("adopt", "rag")
    assert re.match(r"Use rag: it earns \$\d+ a month \[.* to .*\], \$[\d,]+ a month more \[", verdict.sentence)
    much = decide(by_money(questions_per_month=4_000_000))
    assert much.arm == "rag+lora"


def test_where_every_arm_loses_money_the_verdict_is_to_do_without() -> None:
    verdict = decide(by_money(questions_per_month=400))
    assert (verdict.kind, verdict.arm) == ("do-nothing", None)
    assert verdict.sentence.startswith("Do nothing: no arm is worth what it costs and spoils.")


@pytest.mark.parametrize(
    ("lost", "named"),
    [
        ("wrong_answer_usd", "what a wrong answer costs (usage.wrong_answer_usd)"),
        ("questions_per_month", "questions a month (usage.questions_per_month)"),
    ],
)
def test_money_cannot_decide_without_its_numbers(lost: str, named: str) -> None:
    verdict = decide(by_money(**{lost: None}))
    assert (verdict.kind, verdict.arm) == ("not-enough-evidence", None)
    assert named in verdict.sentence


def test_every_flip_is_named_and_none_that_is_not() -> None:
    rows = {w.what: w for w in what_ifs(priced())}
    assert set(rows) == {
        "10 times the volume",
        "a tenth of the volume",
        "3 times the cost of a wrong answer",
        "a third of the cost of a wrong answer",
        "double prices",
        "half the prices",
        "4 times the refreshes",
        "a quarter of the refreshes",
    }
    assert rows["a tenth of the volume"].best_buy == "none"
    assert rows["a tenth of the volume"].money_flips
    assert not rows["double prices"].money_flips
    assert "With a tenth of the volume: no arm pays." in decide(priced()).changes
    # What is not known is not asked.
    assert "3 times the cost of a wrong answer" not in {w.what for w in what_ifs(study())}


def test_a_what_if_is_the_decision_on_the_changed_study() -> None:
    results = priced()
    changed = copy.deepcopy(results)
    changed["usage_assumptions"]["questions_per_month"] *= 10
    [row] = [w for w in what_ifs(results) if w.what == "10 times the volume"]
    assert row.best_buy == best_buy(Evidence(changed))
    assert results == priced()  # and the study itself is left as it was


def test_the_account_by_hand() -> None:
    found = economics(priced())
    rag = found["arms"]["rag"]
    # right 0.86; half of the rest wrong, half unanswered: 0.86 × 3 − 0.07 × 2 − 0.07 × 1 cents
    assert rag["value_per_answer_usd"] == pytest.approx(0.0258 - 0.0014 - 0.0007)
    answer = 26.3 / 624 / 3600 * 2.40
    month = 40_000 * answer + (12.4 / 3600 * 2.40 + 528 * answer)
    assert rag["month_usd"] == pytest.approx(month)
    once = 40 * 80 + 12.4 / 3600 * 2.40 + 528 * answer
    assert rag["once_usd"] == pytest.approx(once)
    net = 40_000 * 0.0237 - month - once / 12
    assert rag["net_month_usd"] == pytest.approx(net)
    assert rag["net_low_usd"] < net < rag["net_high_usd"]
    assert sum(a["p_best"] or 0 for a in found["arms"].values()) == pytest.approx(1)
    assert found["arms"]["full"]["p_best"] is None  # barred: it cannot be the one to choose


def test_correlation_comes_from_the_interval_of_the_difference() -> None:
    results = compared(study(), "rag", "rag+lora", difference=-0.05, low=-0.09, high=-0.01)
    # half-widths 4, 3 and 4 points: (16 + 9 - 16) / (2 x 4 x 3)
    assert correlations(Evidence(results))["rag", "rag+lora"] == pytest.approx(9 / 24)


def test_the_memo_shows_costs_value_and_flips() -> None:
    html, text = render_html(priced()), render_markdown(priced())
    for part in ("What it costs and brings", "line by line", "If the numbers were others", "Net benefit a month by"):
        assert part in html
    assert "rag and zero-shot earn the same at" in html
    assert "Not counted, because nobody gave it: monitoring" in text
    assert "| once | engineering | \\$3,200 | 40 hours | as given |" in text


def test_the_break_even_picture_draws_what_it_says() -> None:
    drawn = pictures.break_even_picture(priced(), "rag")
    assert drawn.startswith("<svg")
    assert "nan" not in drawn
    assert "At 40,000 questions a month rag brings" in drawn
    assert pictures.break_even_picture({**study(), "usage_assumptions": {}}, "rag") == ""
    assert pictures.break_even_picture(priced(questions_per_month=0), "rag") == ""


@pytest.mark.parametrize("volume", [0, 1, 10**9])
def test_any_volume_gives_a_memo_without_made_up_numbers(volume: int) -> None:
    results = by_money(questions_per_month=volume)
    assert not re.search(
        r"\bnan\b|\binf\b|\bNone\b", re.sub(r"<style>.*?</style>", "", render_html(results), flags=re.S)
    )
    assert all(math.isfinite(a["total_usd"]) for a in economics(results)["arms"].values())
