"""What tuning on new facts costs of what a model could do, and what protects it, at equal gain.

    python benchmarks/phenomena/forgetting.py           # three methods, seven settings, three rates, three seeds
    python benchmarks/phenomena/forgetting.py --quick   # two methods, four settings, two rates, one seed, 24 facts

Settings: no protection; general rows as 10, 25 and 50 % of the tokens, learned like any others (replay) or held to what
the base says (KL). Every setting is trained at several rates. A setting that merely learns less forgets less, so they
are compared at one gain: the share of right answers that the worst of a method's settings still reaches, less a tenth;
general ability there is read off between the rates. General ability is measured on items kept out of the general rows.

Expected: KL to the base cuts forgetting several times at equal gain (Kaplan, Gekhman et al. 2026, arXiv 2604.15574);
a quarter of replay does about as much (Ibrahim et al. 2024, arXiv 2403.08763, for a strong shift).
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from invented import asked, invent, write
from measure import RESULTS, Point, compare, parser_of, publish

NONE = "none"
SETTINGS: dict[str, dict[str, float]] = {
    NONE: {"replay": 0},
    "replay 10 %": {"replay": 0.1, "kl": 0},
    "replay 25 %": {"replay": 0.25, "kl": 0},
    "replay 50 %": {"replay": 0.5, "kl": 0},
    "KL 10 %": {"replay": 0.1, "kl": 1},
    "KL 25 %": {"replay": 0.25, "kl": 1},
    "KL 50 %": {"replay": 0.5, "kl": 1},
}
QUICK = (NONE, "replay 10 %", "KL 10 %", "KL 25 %")
# Half, once and twice the rate of the formula for the built-in model's width, rounded.
RATES = {
    "full": (0.0005, 0.001, 0.002),
    "last-layers": (0.0005, 0.001, 0.002),
    "lora": (0.0025, 0.005, 0.01),
}
FACTS = 48
FRAMINGS = 8

Measured = Mapping[tuple[str, str], Sequence[tuple[float, float]]]
"""(method, setting) -> (gain, general ability) at each rate, both shares in [0, 1]."""


def at_gain(points: Sequence[tuple[float, float]], gain: float) -> float:
    """General ability where the line through (gain, general ability), in order of gain, crosses `gain`; that of the
    nearest end outside."""
    ordered = sorted(points)
    for (low, before), (high, after) in pairwise(ordered):
        if low <= gain <= high:
            return before + (after - before) * ((gain - low) / (high - low) if high > low else 0.0)
    return ordered[0][1] if gain < ordered[0][0] else ordered[-1][1]


def reached(measured: Measured, method: str) -> float:
    """The gain at which a method's settings are compared."""
    return 0.9 * min(max(g for g, _ in points) for (m, _), points in measured.items() if m == method)


@dataclass(frozen=True)
class Run:
    """What one seed gave: gain and general ability by method and setting, the base's general ability, and the share of
    the training time that protection took."""

    measured: Measured
    base: float
    cost: Mapping[str, float]


def measure(options: argparse.Namespace, seed: int, methods: Sequence[str]) -> Run:
    """One comparison of every method, setting and rate with one seed."""
    facts, rng = invent(options.facts, 17), random.Random(18)
    rows = [r for fact in facts for r in asked(fact, FRAMINGS, rng)]
    settings = {s: v for s, v in SETTINGS.items() if not options.quick or s in QUICK}
    names: dict[tuple[str, str], list[str]] = {}
    arms: list[Any] = ["zero-shot"]
    for method in methods:
        rates = RATES[method][1:] if options.quick else RATES[method]
        for setting, values in settings.items():
            # Lists of one value, so that every arm is named by all its options.
            arms.append({method: {**{k: [v] for k, v in values.items()}, "learning_rate": list(rates)}})
            label = ",".join(f"{k}={v}" for k, v in values.items())
            names[method, setting] = [f"{method}[{label},learning_rate={rate}]" for rate in rates]
    folder = write(options.folder / f"forgetting-{seed}", rows, arms, [seed], base=options.base, general="builtin")
    found = compare(folder)["arms"]
    measured, cost = {}, {}
    for (method, setting), of in names.items():
        measured[method, setting] = [(found[a]["quality"]["value"], found[a]["general"]["after"]) for a in of]
        spent, whole = (sum(found[a]["usage"][k] for a in of) for k in ("rehearsal_seconds", "train_seconds"))
        cost[f"{method}, {setting}"] = round(spent / whole, 3)
    return Run(measured, found["zero-shot"]["general"]["after"], cost)


def run(options: argparse.Namespace) -> None:
    """Measure, compare at equal gain, publish."""
    options = argparse.Namespace(**{"facts": FACTS, "quick": False, **vars(options)})
    if options.quick:
        options.seeds, options.facts = options.seeds[:1], min(options.facts, 24)
    methods = [m for m in RATES if not options.quick or m != "last-layers"]
    runs = [measure(options, seed, methods) for seed in options.seeds]
    points = []
    for method, setting in runs[0].measured:
        kept = [at_gain(r.measured[method, setting], reached(r.measured, method)) for r in runs]
        points.append(Point(method, setting, sum(kept) / len(kept), min(kept), max(kept)))
    base = sum(r.base for r in runs) / len(runs)
    levels = {m: sum(reached(r.measured, m) for r in runs) / len(runs) for m in methods}
    title = f"General ability after tuning to equal gain ({100 * base:.0f} % before)"
    publish("forgetting", points, title, "protection", options.base, options.seeds)
    said = ", ".join(f"{m} {100 * level:.0f} %" for m, level in levels.items())
    note = f"Gain at which they are compared: {said} of {options.facts} facts. In brackets: smallest to largest seed."
    (RESULTS / "forgetting.md").open("a", encoding="utf-8").write(f"\n{note}\n")
    path = RESULTS / "forgetting.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record |= {"facts": options.facts, "quick": options.quick, "base_general": base, "gain": levels}
    record["runs"] = [
        {
            "seed": seed,
            "gain_and_general_by_rate": {f"{m}, {s}": found for (m, s), found in r.measured.items()},
            "rehearsal_share_of_training_time": r.cost,
        }
        for seed, r in zip(options.seeds, runs, strict=True)
    ]
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(note)


if __name__ == "__main__":
    parser = parser_of(__doc__)
    parser.add_argument("--facts", type=int, default=FACTS)
    parser.add_argument("--quick", action="store_true", help="a small version that takes minutes")
    run(parser.parse_args())
