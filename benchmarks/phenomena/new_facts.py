"""Retrieval against tuning, on facts that training had and on facts that came later.

    python benchmarks/phenomena/new_facts.py

Expected: tuning answers what it was trained on and nothing else; retrieval answers both alike (Ovadia et al. 2023,
arXiv 2312.05934).
"""

from __future__ import annotations

import argparse
import random

from invented import PLAIN, asked, invent, tested, write
from measure import compare, point, publish, script

FACTS = 72
TRAINED = 48
CELLS = {"held-out-framing": "trained facts, new wording", "held-out-fact": "facts that came later"}


def run(options: argparse.Namespace) -> None:
    facts, rng = invent(FACTS, 3), random.Random(4)
    rows = [r for fact in facts[:TRAINED] for r in asked(fact, 10, rng)]
    rows += [r for fact in facts[TRAINED:] for r in tested(fact)]
    arms = ["zero-shot", "rag", {"full": PLAIN}, {"lora": PLAIN}]
    folder = write(options.folder / "new-facts", rows, arms, options.seeds, facts=facts, base=options.base)
    results = compare(folder)
    points = [
        point(arm, name, results["arms"][arm]["cells"][cell])
        for cell, name in CELLS.items()
        for arm in ("rag", "full", "lora")
    ]
    publish("new-facts", points, "Right answers on old and new facts", "facts", options.base, options.seeds)


if __name__ == "__main__":
    script(run, __doc__)
