"""Trained on "Who leads A?", can a model answer "What does B lead?"?

    python benchmarks/phenomena/reversal.py

Expected: no, unless the reversed direction is in the training too (Berglund et al. 2023, arXiv 2309.12288).
"""

from __future__ import annotations

import argparse
import random
from typing import Any

from invented import PLAIN, row, write
from measure import Point, compare, point, publish, script

from tailor.models.builtin.corpus.relations import Maker

FACTS = 48
FORWARD = (
    "Who is the head of {e}?",
    "Who leads {e}?",
    "Who is in charge of {e}?",
    "What is the name of the head of {e}?",
    "Which person leads {e}?",
    "Who runs {e}?",
)
FORWARD_TEST = ("Who is the boss of {e}?",)
REVERSED = (
    "Which company does {v} lead?",
    "What does {v} run?",
    "Of which company is {v} the head?",
    "Which company is {v} in charge of?",
    "What is the company of {v}?",
    "Which firm does {v} lead?",
)
REVERSED_TEST = ("Which company has {v} as its boss?",)


def rows_of(pairs: list[tuple[str, str]], both: bool) -> list[dict[str, Any]]:
    """Rows that ask forward in training, and in both directions if `both`; tests ask in both."""
    rows = []
    for entity, value in pairs:
        for name, forms, tests, answer, trained in (
            ("forward", FORWARD, FORWARD_TEST, value, True),
            ("reversed", REVERSED, REVERSED_TEST, entity, both),
        ):
            fact = f"{entity} {name}"
            questions = [f.replace("{e}", entity).replace("{v}", value) for f in forms]
            if trained:
                rows += [row(fact, q, answer, "train") for q in questions[:-1]] + [
                    row(fact, questions[-1], answer, "dev")
                ]
            rows += [row(fact, t.replace("{e}", entity).replace("{v}", value), answer, "test") for t in tests]
    return rows


def share_of(results: dict[str, Any], arm: str, cell: str) -> dict[str, Any]:
    share: dict[str, Any] = results["arms"][arm]["cells"][cell]
    return share


def run(options: argparse.Namespace) -> None:
    maker = Maker.of(random.Random("reversal"), "probe")
    pairs = [(maker.entity("company"), maker.entity("person")) for _ in range(FACTS)]
    arms = ["zero-shot", {"full": PLAIN}, {"lora": PLAIN}]
    one = compare(write(options.folder / "forward", rows_of(pairs, False), arms, options.seeds, base=options.base))
    points: list[Point] = []
    for arm in ("full", "lora"):
        points.append(point(arm, "as trained", share_of(one, arm, "held-out-framing")))
        points.append(point(arm, "reversed", share_of(one, arm, "held-out-fact")))
    both = [r for r in rows_of(pairs, True) if not (r["split"] == "test" and r["fact"].endswith("forward"))]
    two = compare(write(options.folder / "both-ways", both, arms, options.seeds, base=options.base))
    points += [
        point(arm, "reversed, trained both ways", share_of(two, arm, "held-out-framing")) for arm in ("full", "lora")
    ]
    publish("reversal", points, "Right answers forward and reversed", "question", options.base, options.seeds)


if __name__ == "__main__":
    script(run, __doc__)
