"""The plan: everything that decides a study's outcome, written and hashed before the test split is asked."""

from __future__ import annotations

import dataclasses
import datetime
import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tailor
from tailor.errors import ArtifactError, StudyError
from tailor.evaluation.metrics import load_metric, metric_entry
from tailor.files import (
    canonical_json,
    read_json,
    read_lines,
    sha256_of,
    sha256_of_file,
    to_plain,
    write_json,
    write_text,
)
from tailor.methods.compose import Arm, Part
from tailor.models.hub import pinned
from tailor.records import CELLS, Example
from tailor.study.config import Workspace
from tailor.study.dataset import record_dataset
from tailor.study.general import recipe
from tailor.study.inputs import PRIMARY_CELL, Inputs
from tailor.study.ledger import study_prices
from tailor.study.splits import freeze

FORMAT_VERSION = 1
LONGEST_NAME = 80
TEST_ITEMS = "test.jsonl"
ALWAYS_PLANNED = {"questions_per_month", "machine_hour_usd", "wrong_answer_usd", "refreshes_per_year"}
# From this share of the same questions on, a study before this one has used its test.
SAME_TEST = 0.5


@dataclass(frozen=True)
class Cell:
    """Arm x seed: what is fitted, answered, retried and paid for as one."""

    arm: Arm
    seed: int

    @property
    def name(self) -> str:
        return f"{self.arm.name}@{self.seed}"

    @property
    def file(self) -> str:
        """The name as a file name."""
        return file_name(self.arm.name, self.seed)


def file_name(arm: str, seed: int) -> str:
    """A cell's file name of its own: names that differ in characters no file may have, or far behind, stay apart."""
    kept = string.ascii_letters + string.digits + "._+=,-"
    plain = "".join(c if c in kept else "_" for c in arm)[:LONGEST_NAME]
    mark = "" if plain == arm else f"-{sha256_of(arm)[:6]}"
    return f"{plain}{mark}@{seed}"


@dataclass(frozen=True)
class Study:
    """One pre-registered comparison and its folder."""

    id: str
    folder: Path
    workspace: Workspace
    inputs: Inputs
    plan: dict[str, Any]
    plan_sha256: str
    cells: tuple[Cell, ...]
    earlier: tuple[Earlier, ...] = ()

    @property
    def test_touches(self) -> int:
        """How many studies have asked these test questions, this one included."""
        return len(self.earlier) + 1


@dataclass(frozen=True)
class Earlier:
    """A study planned before that asked at least half of the same test questions; `share` in [0.5, 1] of ours."""

    id: str
    plan: dict[str, Any]
    share: float


@dataclass(frozen=True)
class Preview:
    """A plan as it would be frozen now. `folder` is where it is on disk already, None where it is new."""

    plan: dict[str, Any]
    plan_sha256: str
    folder: Path | None
    earlier: tuple[Earlier, ...]


def plan_study(workspace: Workspace, inputs: Inputs, *, quick: bool = False) -> Study:
    """The study that this workspace means now: continued where its plan is on disk already, else a new one.

    Args:
        quick: the first seed only.

    Raises:
        StudyError: the plan on disk was changed.
        ModelError: a base of the hub is neither in the cache nor to be had.
        ConfigError: a price that is named is not known.
    """
    inputs = dataclasses.replace(inputs, base=pinned(inputs.base))
    study_prices(workspace, inputs.base)  # a price that nobody knows is said before anything is spent
    seeds = _seeds(workspace, quick)
    found = _preview(workspace, inputs, seeds)
    folder = found.folder or _new_folder(workspace.state / "studies", found.plan, found.plan_sha256, _test(inputs))
    freeze(workspace, inputs.own)
    record_dataset(workspace, inputs.examples)
    cells = tuple(_cells(workspace.arms, seeds))
    return Study(folder.name, folder, workspace, inputs, found.plan, found.plan_sha256, cells, found.earlier)


def preview_plan(workspace: Workspace, inputs: Inputs, *, quick: bool = False) -> Preview:
    """What `plan_study` would freeze; writes nothing.

    Raises:
        StudyError, ModelError: as `plan_study`.
    """
    inputs = dataclasses.replace(inputs, base=pinned(inputs.base))
    return _preview(workspace, inputs, _seeds(workspace, quick))


def _seeds(workspace: Workspace, quick: bool) -> list[int]:
    return workspace.config.seeds[:1] if quick else workspace.config.seeds


def _preview(workspace: Workspace, inputs: Inputs, seeds: Sequence[int]) -> Preview:
    plan = _plan(workspace, inputs, seeds)
    digest, studies = sha256_of(plan), workspace.state / "studies"
    asked = {e.question for e in inputs.of("test") if e.cell != "general"}
    earlier: list[Earlier] = []
    for folder in sorted(studies.iterdir()) if studies.is_dir() else []:
        stored = _stored(folder)
        if stored is None:
            continue
        if stored["plan_sha256"] == digest:
            return Preview(plan, digest, folder, tuple(earlier))
        share = _share_asked(folder, stored["plan"], plan, asked)
        if share >= SAME_TEST:
            earlier.append(Earlier(folder.name, stored["plan"], share))
    return Preview(plan, digest, None, tuple(earlier))


def _share_asked(folder: Path, stored: dict[str, Any], plan: dict[str, Any], asked: set[str]) -> float:
    """The share of our test questions that a study on disk has asked: a row more or less does not make a test new."""
    if not any((folder / "answers").glob("*.jsonl")):
        return 0.0
    if stored["dataset"]["test_sha256"] == plan["dataset"]["test_sha256"]:
        return 1.0
    if not (folder / TEST_ITEMS).is_file():
        return 0.0
    seen = {line["messages"][-1]["content"] for line in read_lines(folder / TEST_ITEMS)}
    return len(asked & seen) / len(asked) if asked else 0.0


def planned_cells(workspace: Workspace, *, quick: bool = False) -> list[Cell]:
    """The cells that `plan_study` would run, in their order."""
    return _cells(workspace.arms, _seeds(workspace, quick))


def _cells(arms: Sequence[Arm], seeds: Sequence[int]) -> list[Cell]:
    """Simple arms first: their results are there while the others train; hybrids find their parts trained."""
    ordered = sorted(arms, key=lambda a: a.complexity)
    return [Cell(arm, seed) for arm in ordered for seed in (seeds if arm.uses_seed else seeds[:1])]


def _test(inputs: Inputs) -> list[Example]:
    return sorted(inputs.of("test"), key=lambda e: e.id)


def _plan(workspace: Workspace, inputs: Inputs, seeds: Sequence[int]) -> dict[str, Any]:
    config = workspace.config
    test = _test(inputs)
    metric = load_metric(config.metric, workspace.folder)
    plan: dict[str, Any] = to_plain(
        {
            "format_version": FORMAT_VERSION,
            "tailor_version": tailor.__version__,
            "name": config.name,
            "question": config.question,
            "base": {"kind": inputs.base.kind, "name": inputs.base.name, "revision": inputs.base.revision},
            "arms": [{"name": a.name, "parts": [_part(p, workspace.folder) for p in a.parts]} for a in workspace.arms],
            "seeds": list(seeds),
            "metric": metric_entry(metric),
            "primary_cell": PRIMARY_CELL,
            "control": config.control,
            "margin": config.margin,
            "general_margin": config.general_margin,
            "family": {
                "arms": [a.name for a in workspace.arms if a.name != config.control],
                "against": config.control,
                "cell": PRIMARY_CELL,
                "correction": "holm",
                "alpha": 0.05,
            },
            "usage": {**config.usage.model_dump(include=ALWAYS_PLANNED), **config.usage.model_dump(exclude_none=True)},
            **_decision_inputs(workspace),
            "general_rows": recipe(inputs.general, inputs.base)
            if any(a.trains_weights for a in workspace.arms)
            else None,
            "dataset": {
                "sha256": inputs.dataset_sha256,
                "test_sha256": sha256_of(test),
                "documents_sha256": sha256_of(inputs.passages),
                "split_seed": config.split_seed,
                "n_facts": len({e.fact for e in inputs.examples if e.cell not in (None, "general", "unanswerable")}),
                "n_train": len(inputs.of("train")),
                "n_dev": len(inputs.of("dev")),
                "n_test": len(test),
                "cells": {
                    c: {
                        "n_items": sum(e.cell == c for e in test),
                        "n_facts": len({e.fact for e in test if e.cell == c}),
                    }
                    for c in CELLS
                },
                "documents": len(inputs.documents),
                "passages": len(inputs.passages),
            },
        }
    )
    return plan


def _part(part: Part, folder: Path) -> dict[str, Any]:
    """A part of an arm in the plan: method, options, and what the files have in them that it reads."""
    plain = {"method": part.method, "options": part.options}
    files = getattr(part.options, "files", None)
    found = {str(f): sha256_of_file(folder / f) for f in files(folder)} if files else {}
    return {**plain, "files": found} if found else plain


def _decision_inputs(workspace: Workspace) -> dict[str, Any]:
    """What is declared beside the usage; only what differs from the defaults, so that old plans keep their hash."""
    config = workspace.config
    found: dict[str, Any] = {
        "costs": config.costs.model_dump(exclude_defaults=True),
        "gates": config.gates.model_dump(exclude_defaults=True),
        "situation": config.situation.model_dump(exclude_defaults=True),
    }
    if config.decide_by != "quality":
        found |= {"decide_by": config.decide_by, "margin_usd": config.margin_usd}
    return {k: v for k, v in found.items() if v}


def _stored(folder: Path) -> dict[str, Any] | None:
    """A plan on disk, whose hash must be that of its content."""
    path = folder / "plan.json"
    if not path.is_file():
        return None
    value = read_json(path)
    if not isinstance(value, dict) or "plan" not in value or "plan_sha256" not in value:
        raise ArtifactError(f"{path} is not a plan.", hint="Delete the study's folder to start it anew.")
    if sha256_of(value["plan"]) != value["plan_sha256"]:
        raise StudyError(
            f"{path} was changed after it was frozen.",
            hint="Restore it, or delete the study's folder to start it anew.",
        )
    return value


def stored_plan(folder: Path) -> dict[str, Any]:
    """`plan.json` of a study: `plan_sha256`, `created`, `plan`.

    Raises:
        StudyError: there is none, or it was changed after it was frozen.
    """
    found = _stored(folder)
    if found is None:
        raise StudyError(f"{folder} has no plan.", hint="Run tailor compare.")
    return found


def _new_folder(studies: Path, plan: dict[str, Any], digest: str, test: Sequence[Example]) -> Path:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    taken = {p.name for p in studies.iterdir()} if studies.is_dir() else set()
    names = (f"{today}-{a}{b}" for a in ("", *string.ascii_lowercase) for b in string.ascii_lowercase)
    name = next(n for n in names if n not in taken)
    folder = studies / name
    created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    # The items stay with the study: its answers can be looked into after the team's files have changed.
    write_text(folder / TEST_ITEMS, "".join(canonical_json(e) + "\n" for e in test))
    write_json(folder / "plan.json", {"plan_sha256": digest, "created": created, "plan": plan})
    return folder


def find_study(workspace_folder: Path, name: str | None = None) -> Path:
    """The folder of a study by its id, or of the last one.

    Raises:
        StudyError: there is none.
    """
    studies = workspace_folder / ".tailor" / "studies"
    known = sorted(p.name for p in studies.iterdir() if (p / "plan.json").is_file()) if studies.is_dir() else []
    if not known:
        raise StudyError(f"There is no study in {workspace_folder.resolve()}.", hint="Run tailor compare first.")
    if name is None:
        return max((studies / k for k in known), key=lambda p: (p / "plan.json").stat().st_mtime)
    if name not in known:
        raise StudyError(f"There is no study called {name}.", hint=f"known: {', '.join(known)}")
    return studies / name
