"""What framings made by rules are worth: accuracy in new question forms after one framing as written, and after the
same with up to 19 made by `tailor augment` (as many as its rules find; the table says how many).

    python benchmarks/phenomena/augmented.py

Both conditions train on as many rows in all (fewer framings, more epochs) from the same facts and are asked the same
test questions, in forms that neither the rules nor the training rows know. The gain is paired by question, its interval
clustered by fact with the spread of the seeds in it. Expected: framings by rules help.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import numpy as np
from invented import asked, invent, write
from measure import Point, compare, point, publish, script

from tailor.data.augment.grow import grow
from tailor.evaluation.statistics import paired_difference
from tailor.records import Example, Message, Score
from tailor.study.items import StudyItems

FRAMINGS = 20
RATE = 0.001  # of full tuning; the same for all, so that no condition has the better search
FACTS = 48
VISITS = 60  # rows seen of each fact during training, whatever the number of its framings
CELL = "held-out-framing"


def by_rules(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with framings made for those that train."""
    examples = [
        Example(
            id=str(n),
            messages=(Message("user", row["question"]),),
            answer=row["answer"],
            fact=row["fact"],
            group=row["group"],
            split=row["split"],
        )
        for n, row in enumerate(rows)
    ]
    made = grow(examples, FRAMINGS).made
    given = [rows[int(m.source)] | {"question": m.example.question} for m in made]
    return [*rows, *given]


def scores(folder: Path, arm: str) -> dict[str, tuple[str, list[float]]]:
    """Test question -> its fact and whether each seed answered it right, as 0 or 1."""
    study = StudyItems(folder)
    found = {}
    for item in study.items.values():
        if item.cell == CELL:
            of_seeds = [study.answer(item, arm, seed).score for seed in study.seeds(arm)]
            found[item.question] = (item.fact, [float(isinstance(s, Score) and s.grade == "correct") for s in of_seeds])
    return found


def gain(before: Path, after: Path, arm: str) -> Point:
    """Right answers after minus right answers before, over the same questions."""
    first, second = scores(before, arm), scores(after, arm)
    if first.keys() != second.keys():
        raise SystemExit("The two conditions were not asked the same questions.")
    questions = sorted(first)
    table = [np.array([side[q][1] for q in questions]) for side in (second, first)]
    found = paired_difference(table[0], table[1], [first[q][0] for q in questions])
    return Point("gain (points, paired)", "difference", found.difference, found.low, found.high)


def run(options: argparse.Namespace) -> None:
    points: list[Point] = []
    folders: list[Path] = []
    for name, grown in (("1 written", False), ("1 written, more by rules", True)):
        facts, rng = invent(FACTS, 1), random.Random(2)
        rows = [r for fact in facts for r in asked(fact, 1, rng)]
        if grown:
            rows = by_rules(rows)
        trained = sum(r["split"] == "train" for r in rows) / len(facts)
        arms = ["zero-shot", {"full": {"epochs": VISITS / trained, "learning_rate": RATE, "replay": 0}}]
        folders.append(
            write(
                options.folder / name.replace(",", "").replace(" ", "-"), rows, arms, options.seeds, base=options.base
            )
        )
        results = compare(folders[-1])
        points.append(point("full", f"{name} ({trained:.1f} per fact)", results["arms"]["full"]["quality"]))
    points.append(gain(folders[0], folders[1], "full"))
    title = "Right answers in new question forms, by where the framings in training come from"
    publish("augmented", points, title, "framings in training", options.base, options.seeds)


if __name__ == "__main__":
    script(run, __doc__)
