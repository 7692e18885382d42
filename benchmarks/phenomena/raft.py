"""Does tuning without passages hurt an arm that retrieves? Does tuning with passages and distractors repair it?

    python benchmarks/phenomena/raft.py

Expected: a model tuned on bare questions reads worse than the plain one; tuned with passages, right and wrong ones, it
reads better, also about facts that were not in training (Zhang et al. 2024, RAFT, arXiv 2403.10131).
"""

from __future__ import annotations

import argparse
import random

from invented import PLAIN, asked, invent, tested, write
from measure import compare, point, publish, script

FACTS = 96
TRAINED = 48
CELLS = {"held-out-framing": "trained facts, new wording", "held-out-fact": "facts left out of training"}
ARMS = {
    "rag": {"rag": {"k": 3}},
    "tuned on questions": {"rag+lora": {"rag": {"k": 3}, "lora": PLAIN}},
    "tuned with passages": {"rag+lora": {"rag": {"k": 3}, "lora": PLAIN | {"train_with": "passages"}}},
}


def run(options: argparse.Namespace) -> None:
    facts, rng = invent(FACTS, 11), random.Random(12)
    rows = [r for fact in facts[:TRAINED] for r in asked(fact, 8, rng)]
    rows += [r for fact in facts[TRAINED:] for r in tested(fact)]
    points = []
    for name, arm in ARMS.items():
        folder = options.folder / f"raft-{name.replace(' ', '-')}"
        write(folder, rows, ["zero-shot", arm], options.seeds, facts=facts, base=options.base)
        found = compare(folder)["arms"]
        [record] = [r for arm_name, r in found.items() if arm_name != "zero-shot"]
        points += [point(name, cell, record["cells"][key]) for key, cell in CELLS.items()]
    points.sort(key=lambda p: list(CELLS.values()).index(str(p.x)))
    publish("raft", points, "Right answers of arms that retrieve", "facts", options.base, options.seeds)


if __name__ == "__main__":
    script(run, __doc__)
