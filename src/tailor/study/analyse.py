"""From answers on disk to `results.json`: scores, cells, comparisons, usage. Pure re-computation, never asks a model.

The schema is documented in docs/reference/results.md; the verdict is added by `tailor.decision`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import tailor
from tailor.data.audit import audit
from tailor.evaluation.comparison import general_change
from tailor.evaluation.metrics import metric_of_plan
from tailor.evaluation.score import score
from tailor.evaluation.statistics import seed_spread
from tailor.evaluation.summary import ArmAnswers, ArmSummary, summarise
from tailor.files import read_json, read_lines, to_plain
from tailor.methods.compose import Arm
from tailor.models import describe_base, on_premises
from tailor.records import Base, Completion, Failure, Fitted, Score, Usage
from tailor.study import money
from tailor.study.cell import CellFiles, stored_fit
from tailor.study.comparisons import DECISION_CELLS, comparisons, ranks
from tailor.study.deviations import deviations, earlier_uses
from tailor.study.energy import energy_kwh
from tailor.study.environment import environment
from tailor.study.flips import flips
from tailor.study.inputs import PRIMARY_CELL
from tailor.study.ledger import StudyPrices, spending, study_prices
from tailor.study.other_metrics import labels, other_metrics
from tailor.study.plan import Cell, Study
from tailor.study.results import FORMAT_VERSION
from tailor.study.retrieval import retrieval


@dataclass(frozen=True)
class CellResult:
    """One finished or failed cell as it lies on disk."""

    cell: Cell
    fitted: Fitted | None
    failure: Failure | None
    answers: Mapping[str, Completion | Failure]
    latency_ms: tuple[float, ...]
    peak_memory_mb: float


def analyse(study: Study, *, read_seconds: float = 0.0) -> dict[str, Any]:
    """Everything a study found, without the verdict.

    Args:
        read_seconds: how long reading the data took, for the account of time.
    """
    started = time.perf_counter()
    cells = [_read_cell(study, c) for c in study.cells]
    by_arm = {a.name: [c for c in cells if c.cell.arm.name == a.name] for a in _ordered(study)}
    prices = study_prices(study.workspace, study.inputs.base)
    bases = {a: _base_of(of_arm, study.inputs.base) for a, of_arm in by_arm.items()}
    priced = money.of_arms(study.workspace, study.inputs.base, bases)
    scored = {name: _scores(study, of_arm) for name, of_arm in by_arm.items()}
    summaries = {name: summarise(a) for name, a in scored.items() if a is not None}
    control = scored.get(study.plan["control"])
    arms = {
        a.name: _arm(study, a, by_arm[a.name], summaries.get(a.name), scored[a.name], control, priced[a.name])
        for a in _ordered(study)
    }
    measured = {n: a for n, a in scored.items() if a is not None}
    for name, rank in ranks(measured, {n: _seconds(by_arm[n]) for n in measured}).items():
        arms[name].update(rank)
    results: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "study": study.id,
        "name": study.plan["name"],
        "question": study.plan["question"],
        "status": "complete" if all(a["status"] == "ok" for a in arms.values()) else "partial",
        "created": read_json(study.folder / "plan.json")["created"],
        "tailor_version": tailor.__version__,
        "plan_sha256": study.plan_sha256,
        "test_touches": study.test_touches,
        "deviations": deviations(study, arms),
        "earlier_uses": earlier_uses(study),
        "base": {
            **study.plan["base"],
            **describe_base(study.inputs.base),
            "on_premises": on_premises(study.inputs.base),
        },
        "dataset": study.plan["dataset"],
        "audit": _audit(study),
        "seeds": study.plan["seeds"],
        "metric": study.plan["metric"],
        "primary_cell": PRIMARY_CELL,
        "margin": study.plan["margin"],
        "general_margin": study.plan["general_margin"],
        "control": study.plan["control"],
        "usage_assumptions": {**study.plan["usage"], "machine_hour_usd": prices.machine_hour_usd},
        **{k: study.plan[k] for k in ("costs", "gates", "situation", "decide_by", "margin_usd") if k in study.plan},
        "prices": {
            **money.describe(prices),
            "arms": {a: money.describe(p) for a, p in priced.items() if bases[a] != study.inputs.base},
        },
        "ledger": {**spending(study.folder), "energy_kwh": energy_kwh(study.folder)},
        "environment": environment(),
        "arms": arms,
        "comparisons": comparisons(measured, study.plan["control"], study.plan["margin"]),
        "flips": flips(study, {c.cell.arm.name: c for c in reversed(cells) if c.fitted}, scored),
    }
    fit = sum(c.fitted.seconds for c in cells if c.fitted)
    answer = sum(a.usage.seconds for c in cells for a in c.answers.values() if isinstance(a, Completion))
    analysis = time.perf_counter() - started
    timing = {"data": read_seconds, "fit": fit, "answer": answer, "analyse": analysis}
    results["timing"] = {**timing, "total": sum(timing.values())}
    results["peak_memory_mb"] = max((c.peak_memory_mb for c in cells), default=0.0)
    plain: dict[str, Any] = to_plain(results)
    return plain


def _audit(study: Study) -> list[dict[str, Any]]:
    """What `tailor check` finds about the data, without naming rows: those of the team stay in the team's files."""
    found = audit(study.inputs.examples, study.inputs.documents, difference=study.plan["margin"])
    return [{k: v for k, v in dataclasses.asdict(f).items() if k != "rows"} for f in found.findings]


def _base_of(cells: Sequence[CellResult], base: Base) -> Base:
    """The model an arm asks: the study's, or one of its own."""
    return next((c.fitted.adaptation.base for c in cells if c.fitted), base)


def _ordered(study: Study) -> list[Arm]:
    return list(dict.fromkeys(c.arm for c in study.cells))


def _read_cell(study: Study, cell: Cell) -> CellResult:
    files = CellFiles.of(study.folder, cell)
    fitted = stored_fit(files.fit)
    failed: Path = files.fit.with_suffix(".failed.json")
    failure = Failure(**read_json(failed)) if failed.is_file() else None
    answers: dict[str, Completion | Failure] = {}
    for line in read_lines(files.answers):
        if "completion" in line:
            answers[line["item"]] = Completion(line["completion"], Usage(**line["usage"]), finish=line["finish"])
        else:
            answers.setdefault(line["item"], Failure(**line["failure"]))
    extra = read_json(files.fit) if fitted else {}
    return CellResult(
        cell,
        fitted,
        failure,
        answers,
        tuple(extra.get("latency_ms") or ()),
        extra.get("peak_memory_mb") or 0.0,
    )


def _scores(study: Study, cells: Sequence[CellResult]) -> ArmAnswers | None:
    """All scores of an arm; seeds whose cell failed before answering are left out. None without any."""
    metric = metric_of_plan(study.plan["metric"], study.workspace.folder)
    test = study.inputs.of("test")
    missing = Failure("interrupted", "not answered", retryable=True, hint="Run tailor compare again.")
    by_seed: dict[int, dict[str, Score | Failure]] = {}
    for result in cells:
        if not result.answers:
            continue
        scores: dict[str, Score | Failure] = {}
        for example in test:
            answer = result.answers.get(example.id, missing)
            scores[example.id] = score(example, answer.text, metric) if isinstance(answer, Completion) else answer
        by_seed[result.cell.seed] = scores
    return ArmAnswers(cells[0].cell.arm.name, test, by_seed) if by_seed else None


def _seconds(cells: Sequence[CellResult]) -> dict[str, float]:
    """What an item's answer took, the mean over seeds."""
    taken: dict[str, list[float]] = {}
    for result in cells:
        for item, answer in result.answers.items():
            if isinstance(answer, Completion):
                taken.setdefault(item, []).append(answer.usage.seconds)
    return {item: sum(seconds) / len(seconds) for item, seconds in taken.items()}


def _arm(
    study: Study,
    arm: Arm,
    cells: Sequence[CellResult],
    summary: ArmSummary | None,
    answers: ArmAnswers | None,
    control: ArmAnswers | None,
    prices: StudyPrices,
) -> dict[str, Any]:
    failures = [c.failure for c in cells if c.failure]
    finished = [c for c in cells if c.fitted and c.answers]
    n_failed = sum(c.n_failed for c in summary.cells.values()) if summary else 0
    status = "failed" if not finished else "partial" if failures or n_failed else "ok"
    general = None
    if answers and control and summary and "general" in summary.cells:
        change = general_change(answers, control, study.plan["general_margin"])
        general = {
            "before": change.before,
            "after": change.after,
            "difference": change.difference.value,
            "low": change.difference.low,
            "high": change.difference.high,
            "verdict": change.verdict,
            "n_items": change.n_items,
            "detectable": change.detectable,
        }
    primary = summary.cells.get(PRIMARY_CELL) if summary else None
    quality = {**to_plain(primary.accuracy), "n_failed": primary.n_failed} if primary else None
    spread = seed_spread(list(primary.per_seed.values())) if primary and len(primary.per_seed) > 1 else None
    return {
        "status": status,
        "failure": failures[0] if failures else None,
        "method": arm.method,
        "options": {p.method: p.options for p in arm.parts},
        "chosen": next((dict(c.fitted.chosen) for c in cells if c.fitted), {}),
        "complexity": arm.complexity,
        "quality": quality,
        "cells": _cells(summary) if summary else {},
        "general": general,
        "hallucination": summary.hallucination if summary else None,
        "false_abstention": summary.false_abstention if summary else None,
        "consistency": summary.consistency.value if summary else None,
        "p_best": None,
        "p_frontier": None,
        "seeds": {"values": list(primary.per_seed.values()), "sd": spread[1]} if primary and spread else None,
        "metrics": other_metrics(study, cells),
        "labels": labels(study, cells),
        "retrieval": retrieval(study, cells),
        "usage": _usage(study, cells, prices),
        "on_premises": on_premises(_base_of(cells, study.inputs.base)),
        "latency_ms": _latency([ms for c in cells for ms in c.latency_ms]),
        "curves": [
            {"seed": c.cell.seed, "points": c.fitted.training.curve} for c in cells if c.fitted and c.fitted.training
        ],
        "notes": _notes(cells, summary),
        "fits": [{"seed": c.cell.seed, "fit": f"{c.cell.file}.json"} for c in cells if c.fitted],
    }


def _notes(cells: Sequence[CellResult], summary: ArmSummary | None) -> list[str]:
    training = [n for c in cells if c.fitted and c.fitted.training for n in c.fitted.training.notes]
    failed = [f"seed {c.cell.seed} failed: {c.failure.cause}" for c in cells if c.failure]
    return list(dict.fromkeys([*failed, *training, *(summary.warnings if summary else ())]))


def _cells(summary: ArmSummary) -> dict[str, Any]:
    return {
        name: {
            **to_plain(c.accuracy),
            "n_failed": c.n_failed,
            "f1": c.f1,
            "correct": c.correct,
            "incorrect": c.incorrect,
            "not_attempted": c.not_attempted,
        }
        for name, c in summary.cells.items()
    }


def _usage(study: Study, cells: Sequence[CellResult], prices: StudyPrices) -> dict[str, Any]:
    """Answers: sums over all seeds, of the team's own questions only (general items are shorter and would flatter).
    Training and fit: the mean of one."""
    asked = {e.id for e in study.inputs.of("test") if e.cell in DECISION_CELLS}
    used = [a.usage for c in cells for item, a in c.answers.items() if isinstance(a, Completion) and item in asked]
    trained = [c.fitted.training for c in cells if c.fitted and c.fitted.training]
    sizes = [s for c in cells if c.fitted for s in [_artifact_mb(study, c.fitted)] if s is not None]
    elsewhere = any(c.fitted and c.fitted.adaptation.base.kind == "predictions" for c in cells)
    unknown = None if elsewhere else 0  # what a file does not say is not nothing
    return {
        "prompt_tokens": sum(u.prompt_tokens for u in used) or unknown,
        "completion_tokens": sum(u.completion_tokens for u in used) or unknown,
        "answers": len(used),
        "answer_seconds": sum(u.seconds for u in used) or unknown,
        **money.of_answers(used, prices, spending(study.folder)["cells"], [c.cell.file for c in cells if c.fitted]),
        "train_tokens": _mean([t.tokens for t in trained]),
        "train_seconds": _mean([t.seconds for t in trained]),
        "rehearsal_tokens": _mean([t.rehearsal_tokens for t in trained]),
        "rehearsal_seconds": _mean([t.rehearsal_seconds for t in trained]),
        "trainable_parameters": max((t.trainable_parameters for t in trained), default=0),
        "fit_seconds": None if elsewhere else _mean([c.fitted.seconds for c in cells if c.fitted]),
        "fits": len([c for c in cells if c.fitted]),
        "peak_memory_mb": max((c.peak_memory_mb for c in cells), default=None),
        "artifact_mb": None if elsewhere else max(sizes, default=0.0),
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _artifact_mb(study: Study, fitted: Fitted) -> float | None:
    """Size on disk of what an adaptation adds to the base."""
    adaptation = fitted.adaptation
    artifacts = [adaptation.weights.artifact] if adaptation.weights else []
    artifacts += [adaptation.retriever.index] if adaptation.retriever else []
    paths = [p for a in artifacts for p in (study.workspace.store / a.path).rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in paths) / 1e6 if artifacts else None


def _latency(milliseconds: list[float]) -> dict[str, Any]:
    if not milliseconds:
        return {"p50": None, "p95": None, "n": 0}
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return {"p50": float(p50), "p95": float(p95), "n": len(milliseconds)}
