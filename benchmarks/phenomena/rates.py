"""The best learning rate of LoRA against that of full tuning, and the rank that LoRA needs.

    python benchmarks/phenomena/rates.py

Expected: LoRA wants a rate several times (about ten times) as high, and reaches full tuning once its rank suffices
(Schulman and Thinking Machines 2025, "LoRA Without Regret").
"""

from __future__ import annotations

import argparse
import random

from invented import PLAIN, asked, invent, write
from measure import Point, compare, point, publish, script

RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)
RANKS = (1, 4, 16, 64)
FACTS = 48


def run(options: argparse.Namespace) -> None:
    facts, rng = invent(FACTS, 5), random.Random(6)
    rows = [r for fact in facts for r in asked(fact, 8, rng)]
    arms = [
        "zero-shot",
        {"full": PLAIN | {"learning_rate": list(RATES)}},
        {"lora": PLAIN | {"learning_rate": list(RATES)}},
    ]
    found = compare(write(options.folder / "rates", rows, arms, options.seeds, base=options.base))["arms"]
    points = [
        Point(arm, str(rate), q["value"], q["low"], q["high"])
        for rate in RATES
        for arm in ("full", "lora")
        for q in [found[f"{arm}[learning_rate={rate}]"]["quality"]]
    ]
    title = "Right answers in new question forms, by learning rate"
    publish("rates", points, title, "learning rate", options.base, options.seeds)

    best = {
        arm: max(RATES, key=lambda rate: found[f"{arm}[learning_rate={rate}]"]["quality"]["value"])
        for arm in ("full", "lora")
    }
    arms = [
        "zero-shot",
        {"full": PLAIN | {"learning_rate": best["full"]}},
        {"lora": PLAIN | {"learning_rate": best["lora"], "rank": list(RANKS)}},
    ]
    found = compare(write(options.folder / "ranks", rows, arms, options.seeds, base=options.base))["arms"]
    points = [point("lora", f"rank {rank}", found[f"lora[rank={rank}]"]["quality"]) for rank in RANKS]
    points.append(point("full", "full", found["full"]["quality"]))
    title = f"LoRA by rank at rate {best['lora']}, full tuning at {best['full']}"
    publish("ranks", points, title, "rank", options.base, options.seeds)


if __name__ == "__main__":
    script(run, __doc__)
