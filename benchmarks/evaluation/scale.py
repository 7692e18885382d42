"""100,000 test items x 10 arms: how long scoring, analysis and verdict take, and in how much memory.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/evaluation/scale.py [--items 100000] [--arms 10]

Writes invented answers (about half right, some abstentions) into a study's own files. Then does, in a process of its
own, what `tailor compare` does after the last answer: read the answers, score them, compare every pair of arms, decide,
write results.json and the memo. Goal: under 2 minutes and 2 GB on 2 cores.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tailor.decision.conclude import conclude
from tailor.files import write_json
from tailor.models import resolve_base
from tailor.records import Adaptation, Example, Fitted, Message
from tailor.runtime import adaptation_to_json
from tailor.study.analyse import analyse
from tailor.study.cell import CellFiles
from tailor.study.config import load_workspace
from tailor.study.inputs import Inputs
from tailor.study.plan import Study, plan_study

FRAMINGS = 3
# What stands for each share of the items: the cells of a real study.
CELLS = (("held-out-framing", 0.80), ("held-out-fact", 0.10), ("unanswerable", 0.05), ("general", 0.05))
SYLLABLES = ("ba", "do", "fi", "gu", "ke", "lo", "ma", "ne", "pi", "ro", "sa", "tu", "ve", "wi", "zo")
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty")


def examples(items: int) -> tuple[Example, ...]:
    """Test items in all cells, three wordings of a fact each."""
    rng, found, n = np.random.default_rng(0), [], 0
    vocabulary = np.array([a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES])
    for cell, share in CELLS:
        for i in range(int(items * share)):
            fact = f"{cell}-{i // FRAMINGS}"
            answer = None if cell == "unanswerable" else f"the {WORDS[n % 10]} {n // 10}"
            asked = " ".join(rng.choice(vocabulary, 8))
            question = (Message("user", f"What is {asked} of {fact}?"),)
            aliases = (f"{WORDS[n % 10]} no. {n // 10}",) if answer else ()
            found.append(
                Example(
                    f"{fact}-{i % FRAMINGS}",
                    question,
                    answer,
                    aliases,
                    fact,
                    str(i % FRAMINGS),
                    fact,
                    split="test",
                    cell=cell,
                )
            )  # type: ignore[arg-type]
            n += 1
    return tuple(found)


def settings(arms: int) -> str:
    """tailor.yaml with so many arms that train nothing."""
    counts = ", ".join(str(k) for k in range(1, arms))
    arms_text = f"arms:\n  - zero-shot\n  - few-shot: {{k: [{counts}]}}\n"
    return f"name: scale\ndata: {{questions: none.csv}}\n{arms_text}seeds: [1]\n"


def study_in(folder: Path, items: int) -> Study:
    """The study of that folder, planned; its items are invented, no file is read."""
    workspace = load_workspace(folder)
    rows = examples(items)
    inputs = Inputs(resolve_base("builtin/small", folder), rows, (), (), "invented")
    return plan_study(workspace, inputs)


def write_answers(study: Study) -> None:
    """One line per item and arm; arm n answers 50 + n % right."""
    rng = np.random.default_rng(1)
    for number, cell in enumerate(study.cells):
        files = CellFiles.of(study.folder, cell)
        fit = Fitted(Adaptation(study.inputs.base))
        plain = {"adaptation": adaptation_to_json(fit.adaptation), "chosen": {}, "training": None, "seconds": 1.0}
        write_json(files.fit, {**plain, "format_version": 1, "latency_ms": [10.0], "peak_memory_mb": 100.0})
        files.answers.parent.mkdir(parents=True, exist_ok=True)
        luck = rng.random(len(study.inputs.examples))
        with files.answers.open("w", encoding="utf-8") as out:
            for example, u in zip(study.inputs.of("test"), luck, strict=True):
                right = u < 0.5 + number / 100
                text = (
                    (example.answer or "I don't know.")
                    if right
                    else ("I don't know." if u > 0.9 else "the wrong code 7")
                )
                usage = {"prompt_tokens": 40, "completion_tokens": 5, "seconds": 0.01 + u / 100}
                line = {
                    "item": example.id,
                    "completion": f"Answer: {text}",
                    "finish": "stop",
                    "usage": usage,
                    "passages": [],
                }
                out.write(json.dumps(line) + "\n")


def measure(folder: Path, items: int) -> None:
    """Analyse and conclude; prints one JSON line."""
    study = study_in(folder, items)
    wall, cpu = time.perf_counter(), time.process_time()
    results = analyse(study)
    analysed = time.perf_counter() - wall
    conclude(results, study.folder)
    taken = {
        "seconds": time.perf_counter() - wall,
        "analyse_seconds": analysed,
        "cpu_seconds": time.process_time() - cpu,
    }
    if not results["comparisons"]:
        sys.exit("No answer was read: the plan changed between writing and measuring. Run it again.")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps({**taken, "peak_mb": peak, "comparisons": len(results["comparisons"]), "arms": len(results["arms"])})
    )


def main() -> None:
    """Write the answers, then measure in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--arms", type=int, default=10)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.measure, asked.items)
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "tailor.yaml").write_text(settings(asked.arms), encoding="utf-8")
        write_answers(study_in(folder, asked.items))
        command = [sys.executable, __file__, "--measure", place, "--items", str(asked.items)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ))
    found = json.loads(done.stdout)
    print(
        f"{asked.items:,} items x {found['arms']} arms, {found['comparisons']} comparisons: "
        f"{found['seconds']:.0f} s ({found['cpu_seconds']:.0f} s of processor time), {found['peak_mb']:,.0f} MB at most"
    )


if __name__ == "__main__":
    main()
