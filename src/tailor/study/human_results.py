"""What the judgements of a study's rounds show."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tailor.evaluation.human import Preference, bradley_terry, cohen_kappa, krippendorff_alpha
from tailor.evaluation.statistics import arm_interval
from tailor.files import to_plain
from tailor.study.human import Judgement, Round, Task
from tailor.study.items import StudyItems


def round_results(found: Round, items: StudyItems) -> dict[str, Any]:
    """Of one round: the share of a pair that prefers the second arm (a tie is half), or of a rating that is right, with
    its interval over facts; agreement; what repeats, gold tasks and sides say about the raters. Skips count nowhere."""
    said = [j for j in found.judgements() if j.choice != "skip"]
    of_task: dict[str, list[Judgement]] = defaultdict(list)
    for judgement in said:
        of_task[judgement.task].append(judgement)
    tasks = [t for t in found.tasks.values() if t.role == "task" and of_task[t.id]]
    values = {t.id: [_value(found, t, j) for j in of_task[t.id]] for t in tasks}
    table, facts = [[sum(v) / len(v)] for v in values.values()], [t.fact for t in tasks]
    raters = sorted({j.rater for j in said})
    units = [[{j.rater: _value(found, t, j) for j in of_task[t.id]}.get(r) for r in raters] for t in tasks]
    plain: dict[str, Any] = {
        "round": found.name,
        "kind": found.kind,
        "arms": list(found.arms),
        "raters": {r: _rater(found, [j for j in said if j.rater == r]) for r in raters},
        "n_tasks": sum(t.role == "task" for t in found.tasks.values()),
        "n_judged": len(tasks),
        "n_judgements": len(said),
        "result": to_plain(arm_interval(table, facts)) if table else None,
        "alpha": krippendorff_alpha(units, "nominal" if found.kind == "rating" else "ordinal"),
        "metric_kappa": _metric_kappa(found, items, tasks, values) if found.kind == "rating" else None,
    }
    cleaned: dict[str, Any] = to_plain(plain)
    return cleaned


def strengths(all_rounds: Sequence[Round]) -> list[dict[str, Any]]:
    """Bradley-Terry strengths over all pairs of a study; empty where no chain of comparisons connects the arms."""
    preferences = [
        Preference(r.arms[1], r.arms[0], _value(r, r.tasks[j.task], j), r.tasks[j.task].fact)
        for r in all_rounds
        if r.kind == "pair"
        for j in r.judgements()
        if j.choice != "skip" and r.tasks[j.task].role == "task"
    ]
    try:
        plain: list[dict[str, Any]] = to_plain(bradley_terry(preferences))
    except ValueError:
        return []
    return plain


def _value(found: Round, task: Task, judgement: Judgement) -> float:
    """Of a pair: 1 where the round's second arm is preferred, 0 the first, 0.5 a tie. Of a rating: 1 right, 0 wrong."""
    if found.kind == "rating":
        return float(judgement.choice == "right")
    if judgement.choice == "tie":
        return 0.5
    return float(task.arms[0 if judgement.choice == "left" else 1] == found.arms[1])


def _rater(found: Round, said: Sequence[Judgement]) -> dict[str, Any]:
    by_task = {j.task: j for j in said}
    gold = [found.tasks[j.task].answer == j.choice for j in said if found.tasks[j.task].role == "gold"]
    again = [
        _value(found, found.tasks[t.id], by_task[t.id])
        == _value(found, found.tasks[str(t.answer)], by_task[str(t.answer)])
        for t in found.tasks.values()
        if t.role == "repeat" and t.id in by_task and t.answer in by_task
    ]
    sides = [j.choice == "left" for j in said if j.choice in ("left", "right")] if found.kind == "pair" else []
    return {
        "n": len(said),
        "gold_right": _share(gold),
        "n_gold": len(gold),
        "agrees_with_self": _share(again),
        "n_repeats": len(again),
        "left_share": _share(sides),
        "median_seconds": _median([j.seconds for j in said if j.seconds > 0]),
    }


def _share(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None


def _median(values: Sequence[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None


def _metric_kappa(
    found: Round, items: StudyItems, tasks: Sequence[Task], values: dict[str, list[float]]
) -> float | None:
    """Cohen's kappa between the study's metric and the raters' majority: how far the metric may be trusted."""
    arm, seed = found.arms[0], items.seeds(found.arms[0])[0]
    pairs = []
    for task in tasks:
        share = sum(values[task.id]) / len(values[task.id])
        graded = items.answer(items.items[task.item], arm, seed).right
        if share != 0.5 and graded is not None:
            pairs.append((graded, share > 0.5))
    if not pairs:
        return None
    kappa = cohen_kappa([g for g, _ in pairs], [h for _, h in pairs])
    return None if math.isnan(kappa) else kappa
