"""How many ways of asking does a fact need? Accuracy in new question forms after 1, 2, 5, 10 and 20 in training.

    python benchmarks/phenomena/framings.py

Every condition trains on as many rows in all (fewer framings, more epochs), so that only their variety differs.
Expected: a steep rise at first and a knee (Allen-Zhu and Li 2023, arXiv 2309.14316; Berglund et al. 2023 trained 30).
"""

from __future__ import annotations

import argparse
import random

from invented import PLAIN, asked, invent, write
from measure import Point, compare, point, publish, script

FRAMINGS = (1, 2, 5, 10, 20)
FACTS = 48
VISITS = 200  # rows seen of each fact during training, whatever the number of its framings


def run(options: argparse.Namespace) -> None:
    points: list[Point] = []
    for framings in FRAMINGS:
        facts, rng = invent(FACTS, 1), random.Random(2)
        rows = [r for fact in facts for r in asked(fact, framings, rng)]
        epochs = VISITS / framings
        arms = ["zero-shot", {"full": PLAIN | {"epochs": epochs}}, {"lora": PLAIN | {"epochs": epochs}}]
        folder = write(options.folder / f"framings-{framings}", rows, arms, options.seeds, base=options.base)
        results = compare(folder)
        points += [point(arm, float(framings), results["arms"][arm]["quality"]) for arm in ("full", "lora")]
    title = "Right answers in new question forms, by ways of asking in training"
    publish("framings", points, title, "framings per fact", options.base, options.seeds)


if __name__ == "__main__":
    script(run, __doc__)
