"""What Tailor's statistics promise, tried in invented studies with a known truth. One command, one table:

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/evaluation/simulations.py [--scale 5] [--output table.md]

`--scale` multiplies the number of studies: 1 is what the slow tests run (17 s of processor time), 5 the published
table. Seeds are fixed: the same scale gives the same table.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from decisions import calibration, decision_worlds
from scipy import special
from worlds import Floats, World, grid

from tailor.evaluation.statistics import (
    Design,
    clustered_mean,
    holm,
    non_inferiority,
    paired_difference,
    power,
    wilson,
)


@dataclass(frozen=True)
class Rate:
    """A share that was counted, and what it was promised to be."""

    name: str
    count: float
    worlds: int
    promise: str = ""

    @property
    def value(self) -> float:
        return self.count / self.worlds

    def row(self) -> str:
        bounds = wilson(self.count, self.worlds)
        span = f"{100 * bounds.low:.1f} – {100 * bounds.high:.1f}"
        return f"| {self.name} | {100 * self.value:.1f} % | {span} | {self.worlds:,} | {self.promise} |"


@dataclass(frozen=True)
class Points:
    """The mean of some shares, in points."""

    name: str
    values: tuple[float, ...]
    promise: str = ""

    @property
    def value(self) -> float:
        return float(100 * np.mean(self.values))

    def row(self) -> str:
        half = 196 * np.std(self.values, ddof=1) / math.sqrt(len(self.values))
        return f"| {self.name} | {self.value:+.2f} | {half:.2f} | {len(self.values):,} | {self.promise} |"


def unpaired_z(a: Floats, b: Floats) -> float:
    """p of two independent shares over items: what a comparison of two printed standard errors amounts to."""
    n = len(a)
    error = math.sqrt(a.var(ddof=1) / n + b.var(ddof=1) / n)
    return 1.0 if error == 0 else float(2 * special.ndtr(-abs(a.mean() - b.mean()) / error))


def paired_z(a: Floats, b: Floats) -> float:
    """p of the paired difference with every item its own observation."""
    d = a - b
    error = d.std(ddof=1) / math.sqrt(len(d))
    return 1.0 if error == 0 else float(2 * special.ndtr(-abs(d.mean()) / error))


def equal_arms(worlds: int) -> list[Rate]:
    """A/A: two arms of one accuracy, 30 to 1,000 facts, ICC 0 to 0.7. How often is a difference called real?"""
    rng = np.random.default_rng(1)
    called = np.zeros(5)
    wordings = 0
    for world in grid(worlds, rng):
        p = rng.uniform(0.2, 0.95)
        a, b = world.answers(rng, p, p)
        found = paired_difference(a, b, world.codes)
        naive = paired_z(a, b) < 0.05
        called += [found.p < 0.05, found.p < 0.05 and found.difference > 0, unpaired_z(a, b) < 0.05, naive, 0]
        if world.framings > 1 and world.icc > 0:
            wordings += 1
            called[4] += naive
    names = ["equal arms called different", "equal arms: b called better", "naive: unpaired z over items"]
    rates = [Rate(n, float(c), worlds, s) for n, c, s in zip(names, called, ["≤ 5.5 %", "≤ 2.75 %", ""], strict=False)]
    rates.append(Rate("naive: paired z over items", float(called[3]), worlds))
    rates.append(Rate("naive: paired z over items, 4 wordings, ICC 0.3 and 0.7", float(called[4]), wordings))
    return rates


def seeded_arms(worlds: int) -> list[Rate]:
    """A/A of recipes: 3 trainings that differ by 3 points, against an arm that is not trained."""
    rng = np.random.default_rng(2)
    called = covered = 0
    for world in grid(worlds, rng):
        p = rng.uniform(0.3, 0.8)
        tuned, control = world.answers(rng, p + rng.normal(0, 0.03, 3), p)
        found = paired_difference(tuned, control, world.codes)
        called += found.p < 0.05
        covered += found.low <= 0 <= found.high
    return [
        Rate("equal recipes, 3 seeds, called different", called, worlds, "≤ 5.5 %"),
        Rate("95 % interval of a difference, 3 seeds, holds the truth", covered, worlds, "≥ 93.5 %"),
    ]


def coverage(worlds: int) -> list[Rate]:
    """Arms that differ by -10 to 10 points: how often do the intervals hold the true accuracy and difference?"""
    rng = np.random.default_rng(3)
    pair, arm = 0, 0
    by_facts: dict[int, list[bool]] = {}
    for world in grid(worlds, rng):
        p = rng.uniform(0.2, 0.85)
        d = rng.uniform(-0.1, 0.1)
        a, b = world.answers(rng, p, p + d)
        found = paired_difference(b, a, world.codes)
        mean = clustered_mean(a, world.codes)
        pair += found.low <= d <= found.high
        arm += mean.low <= p <= mean.high
        by_facts.setdefault(world.facts, []).append(found.low <= d <= found.high)
    return [
        Rate("95 % interval of a difference holds the truth", pair, worlds, "93.5 – 96.5 %"),
        Rate("95 % interval of an arm holds the truth", arm, worlds, "93.5 – 96.5 %"),
        *(
            Rate(f"interval of a difference, {facts:,} facts", sum(held), len(held), "≥ 93 %" if facts == 30 else "")
            for facts, held in sorted(by_facts.items())
        ),
    ]


def family(worlds: int) -> list[Rate]:
    """Nine arms as good as the control: how often is at least one called better or worse?"""
    rng = np.random.default_rng(4)
    wrong = np.zeros(3)
    for i in range(worlds):
        world = World(100, *((1, 0.0), (3, 0.5))[i % 2], shared=0.4)
        control, *arms = world.answers(rng, *[0.6] * 10)
        p = [paired_difference(arm, control, world.codes).p for arm in arms]
        wrong += [min(holm(p)) < 0.05, min(p) < 0.05, min(unpaired_z(arm, control) for arm in arms) < 0.05]
    return [
        Rate("9 equal arms: any called different, Holm", float(wrong[0]), worlds, "≤ 5 %"),
        Rate("the same tests without Holm", float(wrong[1]), worlds),
        Rate("naive: unpaired z over items, no correction", float(wrong[2]), worlds),
    ]


def planned_power(worlds: int) -> list[tuple[str, float, Rate]]:
    """Planned and simulated power of five designs."""
    plans = [
        (Design(320, 1, 0.10, 0.0), 0.05),
        (Design(120, 1, 0.20, 0.0), 0.10),
        (Design(112, 3, 0.20, 0.5), 0.10),
        (Design(60, 4, 0.30, 0.7), 0.15),
        (Design(300, 3, 0.20, 0.3, alpha=0.05 / 6), 0.06),
        (Design(200, 3, 0.20, 0.5, seeds=3, seed_sd=0.02), 0.09),
    ]
    rng, rows = np.random.default_rng(5), []
    for plan, difference in plans:
        world = World(plan.facts, int(plan.framings), plan.icc, 1.0)
        found = 0
        for _ in range(worlds):
            gains = difference + rng.normal(0, plan.seed_sd, plan.seeds)
            a, b = disagreeing(rng, world, plan.discordant, gains)
            comparison = paired_difference(a, b, world.codes)
            found += comparison.p < plan.alpha and comparison.difference > 0
        name = f"{plan.facts} facts × {plan.framings:g}, disagree {plan.discordant:.0%}, ICC {plan.icc:g}, "
        name += f"{100 * difference:g} points, alpha {plan.alpha:.3g}" + (", 3 seeds" if plan.seeds > 1 else "")
        rows.append((name, power(plan, difference), Rate(name, found, worlds)))
    return rows


def disagreeing(rng: np.random.Generator, world: World, discordant: float, gains: Floats) -> tuple[Floats, Floats]:
    """Two arms that disagree on a share of the items. a, with one seed per gain, is ahead of b by `gains`: it is wrong
    on the lowest numbers and b between those and the share of disagreement; both are right above."""
    numbers = world.numbers(rng, rng.random(world.facts) < world.icc).reshape(-1)
    lost = (discordant - gains.mean()) / 2
    a = (numbers[:, None] >= lost + gains.mean() - gains).astype(np.float64)
    b = ((numbers < lost) | (numbers >= discordant)).astype(np.float64)
    return (a[:, 0] if len(gains) == 1 else a), b


def kept(worlds: int) -> list[Rate]:
    """1,000 general items, 10 % disagreement, a margin of 3 points: a loss of just that, and none."""
    rng, rates = np.random.default_rng(6), []
    codes = np.arange(1000)
    for loss, name, promise in (
        (0.03, "a loss of exactly 3 points called kept", "≤ 5 %"),
        (0.0, "no loss called kept", "≥ 90 %"),
    ):
        u = rng.random((worlds, 1000))
        before, after = (u >= 0.05 - loss / 2).astype(float), ((u < 0.05 - loss / 2) | (u >= 0.10)).astype(float)
        verdicts = [non_inferiority(x, y, codes, 0.03).verdict == "kept" for x, y in zip(after, before, strict=True)]
        rates.append(Rate(f"{name} (1,000 items)", sum(verdicts), worlds, promise))
    return rates


def decisions(worlds: int) -> list[Rate]:
    """Whole studies of six arms through the rules of the verdict."""
    mixed, clear = decision_worlds(worlds, "mixed"), decision_worlds(worlds // 2, "clear")
    return [
        Rate("clear studies: the right arm named", clear.clear_right, clear.clear, "≥ 95 %"),
        Rate("clear studies: left open", clear.clear_open, clear.clear),
        Rate("all studies: an arm named and wrong", mixed.wrong, mixed.studies, "≤ 2 %"),
        Rate("all studies: named, and outside the plain margins", mixed.beyond_margin, mixed.studies),
        Rate("all studies: left open (not enough evidence)", mixed.studies - mixed.confident, mixed.studies),
        Rate("naive: the highest score named and wrong", mixed.naive_wrong, mixed.studies),
    ]


def chances(worlds: int) -> list[Rate]:
    """`p_best` by what it said: how often the arm was the best where it said so much."""
    said, was = calibration(worlds)
    bins = [(0.0, 0.05), (0.05, 0.35), (0.35, 0.65), (0.65, 0.95), (0.95, 1.01)]
    rates = []
    for low, high in bins:
        inside = (said >= low) & (said < high)
        name = f"arms said to be best with {100 * low:.0f} to {100 * min(1, high):.0f} %"
        promise = f"{100 * said[inside].mean():.0f} % said"
        rates.append(Rate(name, float(was[inside].sum()), int(inside.sum()), promise))
    return rates


def optimism(worlds: int) -> list[Points]:
    """Measured minus true accuracy of the arm that is named."""
    points = []
    for setting, name, promise in (
        ("mixed", "all studies", "≤ 0.5"),
        ("like", "five equally good arms, 200 facts", ""),
    ):
        tally = decision_worlds(worlds, setting)
        points.append(Points(f"{name}: optimism of the arm named", tuple(tally.optimism), promise))
        points.append(Points(f"{name}: less the luck of the pick", tuple(tally.corrected), "≤ 0.5"))
        points.append(Points(f"{name}: naive, of the highest score", tuple(tally.naive_optimism)))
    return points


PARTS: dict[str, tuple[Callable[[int], list[Rate]], int]] = {
    "Equal arms": (equal_arms, 2_000),
    "Equal recipes": (seeded_arms, 2_000),
    "Coverage": (coverage, 3_000),
    "Nine arms at once": (family, 1_000),
    "General ability": (kept, 2_000),
    "Verdicts": (decisions, 1_000),
    "Chance to be the best": (chances, 100),
}
POWER_WORLDS, OPTIMISM_WORLDS = 1_000, 400


def table(scale: float) -> str:
    """All parts as Markdown."""
    lines = []
    for title, (part, worlds) in PARTS.items():
        lines += [f"\n**{title}**\n", "| | found | 95 % interval | studies | promised |", "|---|---:|---:|---:|---|"]
        lines += [rate.row() for rate in part(int(worlds * scale))]
    lines += ["\n**Planned power**\n", "| design | planned | simulated | difference, points |", "|---|---:|---:|---:|"]
    for name, planned, rate in planned_power(int(POWER_WORLDS * scale)):
        gap = f"{100 * (planned - rate.value):+.1f}"
        lines.append(f"| {name} | {100 * planned:.1f} % | {100 * rate.value:.1f} % | {gap} |")
    lines += ["\n**Optimism**\n", "| | points | ± 95 % | studies | promised |", "|---|---:|---:|---:|---|"]
    lines += [points.row() for points in optimism(int(OPTIMISM_WORLDS * scale))]
    return "\n".join(lines).strip() + "\n"


def main() -> None:
    """Print the table, and write it where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    started = time.process_time()
    text = table(asked.scale)
    print(text)
    print(f"{time.process_time() - started:.0f} s of processor time, scale {asked.scale:g}", file=sys.stderr)
    if asked.output:
        asked.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
