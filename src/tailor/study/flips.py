"""Which questions an arm fixed and which it broke, beside the control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tailor.evaluation.summary import ArmAnswers
from tailor.records import Completion, Score
from tailor.study.plan import Study

if TYPE_CHECKING:
    from tailor.study.analyse import CellResult

SHOWN = 6


def flips(
    study: Study, first: Mapping[str, CellResult], scored: Mapping[str, ArmAnswers | None]
) -> dict[str, dict[str, Any]]:
    """For each arm, by its first seed: questions right now and wrong with the control, and the reverse; at most six of
    each, one per fact, with both answers. Counts cover the cells of the team's own questions and the general items."""
    control = study.plan["control"]
    if control not in first:
        return {}
    return {
        name: _of_arm(study, first[name], first[control], scored[name], scored[control])
        for name in first
        if name != control
    }


def _of_arm(
    study: Study,
    arm: CellResult,
    control: CellResult,
    after: ArmAnswers | None,
    before: ArmAnswers | None,
) -> dict[str, Any]:
    fixed: list[dict[str, Any]] = []
    broke: list[dict[str, Any]] = []
    for example in study.inputs.of("test"):
        if after is None or before is None or example.cell == "trained-framing":
            continue
        now = after.answers.get(arm.cell.seed, {}).get(example.id)
        then = before.answers.get(control.cell.seed, {}).get(example.id)
        if (
            not isinstance(now, Score)
            or not isinstance(then, Score)
            or (now.grade == "correct") == (then.grade == "correct")
        ):
            continue
        row = {
            "item": example.id,
            "fact": example.fact,
            "cell": example.cell,
            "question": example.question,
            "expected": example.answer,
            "before": _text(control, example.id),
            "after": _text(arm, example.id),
            "source": example.source,
        }
        (fixed if now.grade == "correct" else broke).append(row)
    return {
        "fixed": _one_per_fact(fixed),
        "broke": _one_per_fact(broke),
        "n_fixed": len(fixed),
        "n_broke": len(broke),
    }


def _text(cell: CellResult, item: str) -> str:
    answer = cell.answers.get(item)
    return answer.text if isinstance(answer, Completion) else ""


def _one_per_fact(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({r["fact"]: r for r in reversed(rows)}.values())[::-1][:SHOWN]
