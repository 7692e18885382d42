"""Sixteen small workspaces, each with the verdict an expert would give, decided by Tailor on recorded answers.

    python examples/decisions/decide.py            # a table: expert, Tailor, agreement
    python examples/decisions/decide.py citations  # one of them, with verdict, reasons and changes

Every folder holds a `tailor.yaml` as a team would write it, and `recorded.yaml`: how often each arm's recorded answers
are right, wrong or missing, how long they took, and the expert's verdict with the reason. The answers themselves are
laid out from those shares by hashes, alike on every machine, over 60 invented facts in five wordings (12 facts in
tiny-data). From there on everything is the ordinary path: split, plan, metric, intervals, tests, gates, verdict.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tailor.decision.conclude import conclude
from tailor.files import append_lines, write_json
from tailor.records import ABSTENTION, Adaptation, Artifact, Example, Retriever, TrainingRecord, Usage
from tailor.runtime import adaptation_sha256, adaptation_to_json
from tailor.study.analyse import analyse
from tailor.study.cell import CellFiles
from tailor.study.config import load_workspace
from tailor.study.inputs import read_inputs
from tailor.study.plan import Cell, Study, plan_study

HERE = Path(__file__).parent
WORDINGS = (
    "On which shelf is part {}?",
    "Where do I find part {}?",
    "Part {}: shelf?",
    "Tell me the shelf that holds part {}.",
    "A colleague looks for part {}. Where must she go?",
)
PARTS, UNKNOWN, GENERAL = 60, 40, 300


def cases() -> list[str]:
    """The workspaces, by name."""
    return sorted(p.parent.name for p in HERE.glob("*/recorded.yaml"))


def decide(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The results of a workspace and its expert's verdict."""
    recorded = yaml.safe_load((HERE / name / "recorded.yaml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / name
        workspace.mkdir()
        shutil.copy(HERE / name / "tailor.yaml", workspace)
        write_data(workspace, recorded.get("parts", PARTS))
        loaded = load_workspace(workspace)
        study = plan_study(loaded, read_inputs(loaded))
        for cell in study.cells:
            record(study, cell, recorded["arms"][cell.arm.name])
        results = conclude(analyse(study), study.folder)
    return results, recorded["expert"]


def write_data(folder: Path, parts: int) -> None:
    """Questions about invented parts, questions nobody can answer, general questions, and a document."""
    shelves = [f"shelf {chr(65 + n % 26)}{n:02d}" for n in range(parts)]
    rows = [
        {"id": f"part-{n}-{w}", "fact": f"part-{n}", "question": text.format(n + 100), "answer": shelf}
        for n, shelf in enumerate(shelves)
        for w, text in enumerate(WORDINGS)
    ]
    nobody = [{"id": f"no-{n}", "question": f"Who made part {n + 100}?", "answer": None} for n in range(UNKNOWN)]
    general = [{"id": f"sum-{n}", "question": f"What is {n} plus {n}?", "answer": str(2 * n)} for n in range(GENERAL)]
    for name, lines in (("questions", rows), ("unanswerable", nobody), ("general", general)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines), encoding="utf-8")
    (folder / "docs").mkdir()
    text = "# Shelves\n\n" + "\n\n".join(f"Part {n + 100} is on {s}." for n, s in enumerate(shelves))
    (folder / "docs" / "shelves.md").write_text(text, encoding="utf-8")


def record(study: Study, cell: Cell, arm: dict[str, Any]) -> None:
    """Lay the recorded answers of an arm where a run would have put them."""
    files, name = CellFiles.of(study.folder, cell), f"{cell.arm.name}@{cell.seed}"
    adaptation = Adaptation(study.inputs.base)
    if arm.get("searches"):
        adaptation = dataclasses.replace(adaptation, retriever=Retriever(Artifact("index", "0" * 64), 3))
    training = None
    if arm.get("trained"):
        training = TrainingRecord(cell.arm.method, cell.seed, 100, 50_000, arm.get("fit_s", 60.0), 10_000, 900.0, 100)
    fit = {
        "format_version": 1,
        "adaptation": adaptation_to_json(adaptation),
        "adaptation_sha256": adaptation_sha256(adaptation),
        "chosen": {},
        "training": training,
        "seconds": arm.get("fit_s", 0.0),
        "peak_memory_mb": 900.0,
        "latency_ms": [float(arm.get("p95_ms", 100))] * 20,
    }
    write_json(files.fit, fit)
    texts = answers(study.inputs.of("test"), arm, name)
    usage = Usage(arm.get("prompt_tokens", 40), 6, arm.get("answer_s", 0.1))
    lines = [{"item": i, "completion": t, "finish": "stop", "usage": usage, "passages": []} for i, t in texts.items()]
    append_lines(files.answers, lines)


def answers(test: Sequence[Example], arm: dict[str, Any], name: str) -> dict[str, str]:
    """Every test item's answer: in each cell the given share right, the given share wrong, "I don't know" for the rest.

    Which ones: hard facts are hard for every arm (four fifths of an item's place), chance does the rest.
    """
    found: dict[str, str] = {}
    for cell in {e.cell for e in test}:
        items = [e for e in test if e.cell == cell]
        items.sort(key=lambda e: 0.8 * _hash(e.fact) + 0.2 * _hash(f"{name} {e.id}"))
        right = {"general": arm.get("general", 0.8), "held-out-fact": arm.get("new", 0.0)}.get(str(cell), arm["right"])
        wrong = arm["wrong"] if cell in ("held-out-framing", "trained-framing") else (1 - right) / 2
        if cell == "unanswerable":
            right, wrong = 1 - arm["invents"], arm["invents"]
        first, second = round(right * len(items)), round((right + wrong) * len(items))
        for n, example in enumerate(items):
            true = example.answer or ABSTENTION
            found[example.id] = true if n < first else "shelf Z99" if n < second else ABSTENTION
    return found


def _hash(text: str) -> float:
    """A number in [0, 1) that is the same everywhere."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) / 16**12


def agrees(results: dict[str, Any], expert: dict[str, Any]) -> bool:
    """Kind and arm are the expert's, and so is the gate that decided and what the reason must name."""
    verdict = results["verdict"]
    words = " ".join([verdict["sentence"], *verdict["reasons"]])
    same = (verdict["kind"], verdict["arm"]) == (expert["kind"], expert["arm"])
    return same and verdict["gate"] == expert.get("gate") and all(w in words for w in expert.get("names", []))


def main(names: list[str]) -> int:
    """Print the verdicts; 1 where one is not the expert's."""
    wrong = 0
    for name in names or cases():
        results, expert = decide(name)
        verdict, right = results["verdict"], agrees(results, expert)
        wrong += not right
        said = f"{verdict['kind']}, {verdict['arm'] or 'none'}"
        print(f"{name:18} {'agrees' if right else 'DIFFERS':8} {said}")
        print(f"{'':18} expert: {expert['kind']}, {expert['arm'] or 'none'}: {expert['why']}")
        if names:
            for title, lines in (("verdict", [verdict["sentence"]]), ("reasons", verdict["reasons"]),
                                 ("doubts", verdict["doubts"]), ("changes", verdict["changes"])):  # fmt: skip
                print(*(f"  {title:8} {line}" for line in lines), sep="\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
