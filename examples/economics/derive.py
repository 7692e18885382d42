"""Published cost statements beside what their own assumptions give.

    python examples/economics/derive.py

Each figure either follows from the assumptions (to the cent), or an assumption is missing and named, or it contradicts
what it stands beside. Prices and formulas are those of `tailor cost`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from tailor.cost.assumptions import HOURS_PER_MONTH
from tailor.cost.hardware import MFU, OPERATIONS, PEAK_TFLOPS, training_gb, training_seconds
from tailor.cost.prices import read_book
from tailor.cost.value import payback_months

DAYS_30 = 720.0  # the month these articles count with
A100 = PEAK_TFLOPS["A100"]
Outcome = Literal["follows", "missing", "contradiction"]


@dataclass(frozen=True)
class Line:
    """One stated figure. `ours` is None where nothing can be derived."""

    figure: str
    ours: float | tuple[float, float] | None
    outcome: Outcome
    why: str


def managed_7b() -> list[Line]:
    hour, storage = 1.324, 2.00
    training, serving = 10 * 1 * hour, DAYS_30 * hour
    more = HOURS_PER_MONTH * hour
    return [
        Line("training_usd", training, "follows", "10 runs × 1 hour × $1.324"),
        Line("serving_month_usd", serving, "follows", f"720 hours; an average month has 730, which is ${more:.2f}"),
        Line("first_month_usd", training + serving + storage, "follows", "training + serving + storage"),
    ]


def managed_70b() -> list[Line]:
    implied = 108.00 / 24
    serving = DAYS_30 * implied
    return [
        Line("training_usd", None, "missing", f"the hour's price is not given; $108 over 24 hours is ${implied:.2f}"),
        Line("serving_month_usd", serving, "follows", f"720 hours at that ${implied:.2f}"),
        Line("times_the_7b", serving / (DAYS_30 * 1.324), "follows", "rounded: 3,240.00 / 953.28 = 3.399"),
    ]


def api_month() -> list[Line]:
    millions = 100 * DAYS_30 * 1000 / 1e6
    gpt4 = read_book().get("openai/gpt-4").rates
    at_input, at_output = millions * gpt4["input"], millions * gpt4["output"]
    return [
        Line(
            "gpt-4_month_usd",
            at_input,
            "contradiction",
            f"72M tokens, every one priced as input ($30 a million); all as output it is ${at_output:,.0f}",
        ),
        Line(
            "claude-3.5-sonnet_month_usd",
            millions * 15.0,
            "contradiction",
            f"here every token is priced as output ($15 a million); all as input ($3) it is ${millions * 3:,.0f}. "
            "The split into input and output is missing, and the two models are not priced alike",
        ),
        Line("gpt-3.5_month_usd", millions * 2.0, "follows", "72M tokens at $0.002 a thousand (case api-tuning)"),
        Line("self_hosted_7b_month_usd", DAYS_30 * 1.324, "follows", "case managed-7b; paid at zero requests too"),
        Line("self_hosted_70b_month_usd", DAYS_30 * 4.50, "follows", "case managed-70b; paid at zero requests too"),
    ]


def api_tuning() -> list[Line]:
    usd = 100_000 / 1000 * 0.008
    return [Line("training_usd", usd, "follows", "one epoch; three epochs would be $2.40")]


def bare_metal() -> list[Line]:
    fits = training_gb(70e9, "qlora")
    hours = [usd / HOURS_PER_MONTH for usd in (500.0, 1000.0)]
    card = read_book().get("runpod/a100-80gb").rates["on_demand"]
    return [
        Line("7b_month_usd", None, "missing", f"the machine; $500 over 730 hours is ${hours[0]:.2f} an hour"),
        Line(
            "70b_month_usd",
            None,
            "missing",
            f"the machine; ${hours[1]:.2f} an hour is less than one A100 80 GB (${card:.2f}), which holds 70B weights "
            f"in 4 bits ({fits - 0.005 * 70 * 16:.0f} GB) but not in 16 (140 GB)",
        ),
        Line("single_user_month_usd", None, "missing", "the machine and its price"),
    ]


def p4d_lora() -> list[Line]:
    one = 32.0 / 8
    why = f"for all eight GPUs: 32 to 64 GPU-hours at ${one:.2f}. If one GPU is enough for 4 to 8 hours: $16 to $32"
    return [Line("training_usd", (4 * 32.0, 8 * 32.0), "follows", why)]


def labels() -> list[Line]:
    minutes = [60 * usd / 1000 / hour for usd, hour in ((1000, 20), (5000, 100))]
    why = f"the minutes for one example; both ends give {minutes[0]:.1f} and {minutes[1]:.1f}, so it agrees with itself"
    return [Line("dataset_usd", None, "missing", why)]


def net_benefit() -> list[Line]:
    net = 500.0 - 300.0
    why = f"before people: at $80 an hour {net / 80:.1f} hours of looking after it a month eat it up"
    return [Line("net_month_usd", net, "follows", why)]


def distil() -> list[Line]:
    machine = read_book().get("lambda/h100").rates["on_demand"] * HOURS_PER_MONTH
    months = payback_months(30_000.0, 10_000.0 - machine)
    why = (
        f"what is paid once and what hosting costs; on one H100 (${machine:,.0f} a month) $30,000 come back after "
        f"{months:.1f} months, if the whole bill goes away"
    )
    return [Line("when", None, "missing", why)]


def legal_summaries() -> list[Line]:
    manual = 150_000 / 0.40
    why = (
        f"hours and wages: 40 % saved are $150,000 only if the work costs ${manual:,.0f} a year. The $350 are "
        f"{100 * 350 / 150_000:.1f} % of it and decide nothing; labels, review and errors would"
    )
    return [Line("annual_saving_usd", None, "missing", why)]


def _tokens_for(usd: float, weights: float, operations: int, hour: float = 4.0) -> float:
    """Tokens that so many dollars of A100 hours train."""
    return usd / hour * 3600 * A100 * 1e12 * MFU / (operations * weights)


def llama3_70b_claim() -> list[Line]:
    lora, full = (_tokens_for(50_000, 70e9, OPERATIONS[k]) / 1e9 for k in ("lora", "full"))
    modest = training_seconds(70e9, 2000 * 1000 * 3, "lora", A100) / 3600 * 4.0
    why = (
        f"$50,000 of A100 at $4 an hour train {lora:.0f} billion tokens with LoRA, {full:.0f} billion in full. Modest "
        f"tuning (2,000 examples of 1,000 tokens, 3 epochs) takes ${modest:.0f}"
    )
    return [Line("per_training_run_usd", modest, "contradiction", why)]


def gpt3_claim() -> list[Line]:
    low, high = (_tokens_for(usd, 175e9, OPERATIONS["full"]) / 1e9 for usd in (80_000, 1_000_000))
    why = f"tokens and price; at $4 an A100 hour: full tuning of 175B weights on {low:.0f} to {high:.0f} billion tokens"
    return [Line("tuning_usd", None, "missing", why)]


def tuned_premium() -> list[Line]:
    shares = [(total - 0) / (times - 1) for total, times in ((0.15, 5), (0.20, 2))]
    return [
        Line(
            "inference_times_base",
            None,
            "missing",
            "a price list; a merged adapter takes no more operations",
        ),
        Line(
            "total_cost_higher_by",
            None,
            "missing",
            f"the share of inference: with 2 to 5 times its price {100 * shares[0]:.0f} to {100 * shares[1]:.0f} % of "
            "the whole, so most of the money goes elsewhere",
        ),
        Line("accuracy_gain", None, "missing", "task, test and interval: that is what a study measures"),
        Line("hallucination_reduction", None, "missing", "task, test and interval: that is what a study measures"),
    ]


def peft_saving() -> list[Line]:
    time = 1 - OPERATIONS["lora"] / OPERATIONS["full"]
    memory = 1 - training_gb(7e9, "lora") / training_gb(7e9, "full")
    return [
        Line(
            "training_time_reduction",
            time,
            "contradiction",
            "4 operations a weight and token against 6: 33 % fewer. 80 % needs something else, like fewer epochs",
        ),
        Line("memory_reduction", memory, "missing", "activations: without them 87 % for 7B weights, with them less"),
    ]


def lora_share() -> list[Line]:
    return [Line("share", 4e6 / 7e9, "follows", "0.057 %, rounded 0.06 %: 0.1 % would be 7 million")]


def memory() -> list[Line]:
    small, large, full = training_gb(7e9, "qlora"), training_gb(70e9, "qlora"), training_gb(7e9, "full")
    return [
        Line("7b_qlora_gb", small, "follows", "it fits: a 16 GB card leaves 12 for activations"),
        Line("70b_qlora_gb", large, "follows", "it fits: a 48 GB card leaves 4 for activations, enough for short rows"),
        Line("7b_full_gb", full, "follows", "16 bytes a weight, activations on top"),
        Line("fp16_over_int8", 16 / 8, "follows", "16 bits over 8"),
    ]


def drift() -> list[Line]:
    lost = (0.92 - 0.78) / 6
    why = (
        f"volume and the price of an error. Falling evenly ({100 * lost:.1f} points a month), training by quarters "
        f"keeps {100 * lost * 3 / 2:.1f} more points on average in half a year; worth it where that many answers cost "
        "more than two trainings"
    )
    return [
        Line("accuracy_start", None, "missing", "an observation, not a calculation"),
        Line("accuracy_after_6_months", None, "missing", "an observation, not a calculation"),
        Line("retrain", None, "missing", why),
    ]


CASES: dict[str, Callable[[], list[Line]]] = {
    "managed-7b": managed_7b,
    "managed-70b": managed_70b,
    "api-month": api_month,
    "api-tuning": api_tuning,
    "bare-metal": bare_metal,
    "p4d-lora": p4d_lora,
    "labels": labels,
    "net-benefit": net_benefit,
    "distil": distil,
    "legal-summaries": legal_summaries,
    "llama3-70b-claim": llama3_70b_claim,
    "gpt3-claim": gpt3_claim,
    "tuned-premium": tuned_premium,
    "peft-saving": peft_saving,
    "lora-share": lora_share,
    "memory": memory,
    "drift": drift,
}


def read_cases() -> list[dict[str, object]]:
    """The statements of `cases.yaml`."""
    text = (Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8")
    found: list[dict[str, object]] = yaml.safe_load(text)["cases"]
    return found


def main() -> None:
    """Print every case side by side."""
    import textwrap

    for case in read_cases():
        stated = case["states"]
        assert isinstance(stated, dict)
        print(f"{case['id']}: {case['says']}")
        for line in CASES[str(case["id"])]():
            says = _plain(stated.get(line.figure, "–"))
            ours = "–" if line.ours is None else _plain(line.ours)
            print(f"  {line.figure:28} says {says:>16}   ours {ours:>16}   {line.outcome}")
            print(textwrap.fill(line.why, 96, initial_indent="      ", subsequent_indent="      "))
        print()


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return " to ".join(_plain(v) for v in value)
    if isinstance(value, float) and 0 < value < 0.01:
        return f"{value:.5f}"
    return f"{value:,.2f}" if isinstance(value, (int, float)) else str(value)


if __name__ == "__main__":
    sys.exit(main())
