"""General ability on tasks of lm-evaluation-harness: the control and an arm on the same documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tailor.errors import StudyError
from tailor.evaluation.harness import TaskScores, run_tasks
from tailor.evaluation.statistics import non_inferiority
from tailor.files import to_plain
from tailor.records import Adaptation
from tailor.runtime import AnswerMemory, Runtime
from tailor.study.cell import CellFiles, stored_fit
from tailor.study.items import StudyItems


def general_tasks(
    items: StudyItems, arm: str, tasks: Sequence[str], *, include: Path | None = None, limit: int | None = None
) -> dict[str, Any]:
    """For each task and for all together: accuracy before (the study's control) and after (the arm, first seed), and
    whether it was kept, by non-inferiority with the study's `general_margin`. A document is one fact.

    Raises:
        StudyError: the arm or the control is not fitted.
    """
    state = items.workspace / ".tailor"
    runtime = Runtime(state / "models", AnswerMemory(state / "memory"))
    margin, control = float(items.plan["general_margin"]), str(items.plan["control"])
    try:
        before = run_tasks(runtime, _adaptation(items, control), tasks, include=include, limit=limit)
        after = run_tasks(runtime, _adaptation(items, arm), tasks, include=include, limit=limit)
    finally:
        runtime.close()
    pairs = list(zip(before, after, strict=True))
    rows = [_row(b.task, b.metric, [b], [a], margin) for b, a in pairs]
    pooled = _row("all tasks", "", before, after, margin)
    plain: dict[str, Any] = to_plain(
        {"arm": arm, "control": control, "margin": margin, "tasks": rows, "pooled": pooled if len(rows) > 1 else None}
    )
    return plain


def _row(
    task: str, metric: str, before: Sequence[TaskScores], after: Sequence[TaskScores], margin: float
) -> dict[str, Any]:
    rows_before = [v for t in before for v in t.values.values()]
    rows_after = [a.values[k] for b, a in zip(before, after, strict=True) for k in b.values]
    facts = [f"{t.task}/{k}" for t in before for k in t.values]
    found = non_inferiority([[v] for v in rows_after], [[v] for v in rows_before], facts, margin)
    return {
        "task": task,
        "metric": metric,
        "n": len(facts),
        "before": sum(rows_before) / len(facts),
        "after": sum(rows_after) / len(facts),
        "difference": found.difference.value,
        "low": found.difference.low,
        "high": found.difference.high,
        "verdict": found.verdict,
        "detectable": found.detectable,
    }


def _adaptation(items: StudyItems, arm: str) -> Adaptation:
    seed = items.seeds(arm)[0]
    cell = next(c for c in items.cells if (c.arm.name, c.seed) == (arm, seed))
    fitted = stored_fit(CellFiles.of(items.folder, cell).fit)
    if fitted is None:
        raise StudyError(f"{arm} is not fitted in this study.", hint="Run tailor compare to finish it.")
    return fitted.adaptation
