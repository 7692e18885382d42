"""Does tuning on new facts teach a model to make things up? And do examples of abstaining repair it?

    python benchmarks/phenomena/hallucination.py

Expected: training on facts that the base does not know raises the share of unanswerable questions that get an answer
(Gekhman et al. 2024, arXiv 2405.05904); a tenth of rows that abstain brings it back (R-Tuning, arXiv 2311.09677).
"""

from __future__ import annotations

import argparse
import random

from invented import PLAIN, asked, invent, open_questions, row, unheard, write
from measure import Point, compare, point, publish, script

FACTS = 48
FRAMINGS = 8
ABSTENTIONS = {"no abstentions": 0, "10 % abstentions": 43, "25 % abstentions": 128}


def run(options: argparse.Namespace) -> None:
    points: list[Point] = []
    facts = invent(FACTS, 7)
    unanswerable = [*open_questions(facts, 60, random.Random(8)), *unheard(60, 8)]
    for condition, count in ABSTENTIONS.items():
        rng = random.Random(9)
        rows = [r for fact in facts for r in asked(fact, FRAMINGS, rng)]
        rows += [row(f"unknown {n}", q, "I don't know.", "train") for n, q in enumerate(unheard(count, 10))]
        folder = write(
            options.folder / f"hallucination-{count}",
            rows,
            ["zero-shot", {"full": PLAIN}, {"lora": PLAIN}],
            options.seeds,
            unanswerable=unanswerable,
            base=options.base,
        )
        found = compare(folder)["arms"]
        if not count:
            points += [point(arm, "before tuning", found["zero-shot"]["hallucination"]) for arm in ("full", "lora")]
        points += [point(arm, condition, found[arm]["hallucination"]) for arm in ("full", "lora")]
    title = "Unanswerable questions that got an answer"
    publish("hallucination", points, title, "training rows", options.base, options.seeds)


if __name__ == "__main__":
    script(run, __doc__)
