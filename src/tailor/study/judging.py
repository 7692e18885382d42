"""Answers of a study graded by a judge: asked through any base model, calibrated on what people said."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tailor.errors import ConfigError
from tailor.evaluation.judge import (
    calibrate,
    grade_prompt,
    pair_prompt,
    prediction_powered,
    read_grade,
    read_preference,
    rogan_gladen,
)
from tailor.evaluation.statistics import arm_interval
from tailor.files import to_plain
from tailor.models import resolve_base
from tailor.records import Adaptation, Base, Completion, Example, Failure, Generation
from tailor.runtime import AnswerMemory, Runtime
from tailor.study.config import Workspace
from tailor.study.human import CELLS, drawn, rounds
from tailor.study.items import StudyItems

ORDER_SEED = 1
LONGEST_REPLY = 300  # tokens: three sentences and a verdict


@dataclass(frozen=True)
class Judge:
    """A base model and the rubric it grades by. Its answers are remembered like all others."""

    base: Base
    rubric: str
    runtime: Runtime

    def ask(self, prompts: Sequence[Any]) -> list[Completion | Failure]:
        """Its replies, in order."""
        adaptation = Adaptation(self.base, generation=Generation(max_new_tokens=LONGEST_REPLY))
        return self.runtime.answer(adaptation, prompts)


def open_judge(workspace: Workspace, plan: Mapping[str, Any]) -> Judge:
    """The judge that `tailor.yaml` names.

    Raises:
        ConfigError: it names none, or one of the family that is being compared, which would grade its own kind kindly.
    """
    settings = workspace.config.judge
    if settings is None:
        raise ConfigError(
            "tailor.yaml names no judge.",
            hint="Add judge: {base: {endpoint: URL, model: NAME}}, and rubric: TEXT where its own does not fit.",
        )
    base = resolve_base(settings.base, workspace.folder)
    if family(base.name) == family(plan["base"]["name"]):
        raise ConfigError(
            f"The judge {base.name} is of the family that is compared ({plan['base']['name']}).",
            hint="Models prefer answers of their own kind: choose a judge of another family.",
        )
    memory = AnswerMemory(workspace.state / "memory")
    return Judge(base, settings.rubric, Runtime(workspace.store, memory))


def family(name: str) -> str:
    """`qwen` of `Qwen/Qwen2.5-7B-Instruct`, `llama` of `meta-llama/Llama-3.2-1B` and `llama3.2`."""
    last = name.rstrip("/").rpartition("/")[2].lower()
    found = re.match(r"[a-z]+", last)
    return found[0] if found else last


def grade_arm(judge: Judge, items: StudyItems, arm: str, limit: int) -> dict[str, Any]:
    """Pass or fail for an arm's answers (first seed), and what that says of the true share: raw, by Rogan-Gladen, and
    prediction-powered; the last two where people rated answers of the study. Unreadable replies are counted and grade
    nothing."""
    chosen = drawn([e for e in items.items.values() if e.cell in CELLS], ORDER_SEED)[:limit]
    graded = _grades(judge, items, [(arm, e) for e in chosen])
    known = {e.id: g for (_, e), g in graded.items() if isinstance(g, bool)}
    labels = _labels(items)
    asked = [(a, items.items[i]) for (a, i) in labels if (a, i) not in {(arm, e.id) for e in chosen}]
    also = _grades(judge, items, asked)
    pairs = [
        (g, labels[a, e.id]) for (a, e), g in {**graded, **also}.items() if isinstance(g, bool) and (a, e.id) in labels
    ]
    calibration = calibrate([g for g, _ in pairs], [h for _, h in pairs])
    table, facts = [[float(g)] for g in known.values()], [items.items[i].fact or i for i in known]
    own = {i: labels[arm, i] for i in known if (arm, i) in labels}
    plain: dict[str, Any] = to_plain(
        {
            "arm": arm,
            "judge": judge.base.name,
            "n_asked": len(chosen),
            "n_unreadable": sum(isinstance(g, Failure) for g in graded.values()),
            "failures": [g.cause for g in graded.values() if isinstance(g, Failure)][:3],
            "judged": arm_interval(table, tuple(facts)) if table else None,
            "calibration": calibration,
            "corrected": rogan_gladen(sum(known.values()), len(known), calibration) if known else None,
            "prediction_powered": _powered(own, known, items),
            "grades": known,
        }
    )
    return plain


def compare_arms(judge: Judge, items: StudyItems, arms: Sequence[str], limit: int) -> dict[str, Any]:
    """Which of two arms' answers the judge prefers. Every pair is asked in both orders; two different verdicts are a
    tie, and `swap_consistency` says how often they were the same."""
    first, second = arms
    pairs = []
    for item in drawn([e for e in items.items.values() if e.cell in CELLS], ORDER_SEED):
        a, b = (_text(items, arm, item) for arm in (first, second))
        if a is not None and b is not None and a != b:
            pairs.append((item, a, b))
    pairs = pairs[:limit]
    forward = judge.ask([pair_prompt(e, a, b, judge.rubric) for e, a, b in pairs])
    backward = judge.ask([pair_prompt(e, b, a, judge.rubric) for e, a, b in pairs])
    values, facts, same, unreadable = [], [], [], 0
    for (item, _, _), one, other in zip(pairs, forward, backward, strict=True):
        there = read_preference(one.text) if isinstance(one, Completion) else one
        back = read_preference(other.text) if isinstance(other, Completion) else other
        if isinstance(there, Failure) or isinstance(back, Failure):
            unreadable += 1
            continue
        same.append(there == {"A": "B", "B": "A", "TIE": "TIE"}[back])
        values.append([{"A": 0.0, "B": 1.0, "TIE": 0.5}[there] if same[-1] else 0.5])
        facts.append(item.fact or item.id)
    plain: dict[str, Any] = to_plain(
        {
            "arms": list(arms),
            "judge": judge.base.name,
            "n_asked": len(pairs),
            "n_unreadable": unreadable,
            "prefers_second": arm_interval(values, tuple(facts)) if values else None,
            "swap_consistency": sum(same) / len(same) if same else None,
        }
    )
    return plain


def _grades(judge: Judge, items: StudyItems, asked: Sequence[tuple[str, Example]]) -> dict[Any, bool | Failure]:
    texts = [(arm, e, text) for arm, e in asked if (text := _text(items, arm, e)) is not None]
    replies = judge.ask([grade_prompt(e, text, judge.rubric) for _, e, text in texts])
    return {
        (arm, e): read_grade(reply.text) if isinstance(reply, Completion) else reply
        for (arm, e, _), reply in zip(texts, replies, strict=True)
    }


def _text(items: StudyItems, arm: str, item: Example) -> str | None:
    answer = items.answer(item, arm, items.seeds(arm)[0]).answer
    return answer.text if isinstance(answer, Completion) else None


def _labels(items: StudyItems) -> dict[tuple[str, str], bool]:
    """(arm, item) -> what most raters said; undecided ones are left out."""
    said: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for found in rounds(items.folder):
        if found.kind != "rating":
            continue
        for judgement in found.judgements():
            task = found.tasks[judgement.task]
            if task.role == "task" and judgement.choice != "skip":
                said[found.arms[0], task.item].append(judgement.choice == "right")
    return {k: sum(v) > len(v) / 2 for k, v in said.items() if sum(v) != len(v) / 2}


def _powered(own: Mapping[str, bool], known: Mapping[str, bool], items: StudyItems) -> Any:
    """Over facts: means of labels and grades within each."""
    labelled: dict[str, list[tuple[float, float]]] = defaultdict(list)
    others: dict[str, list[float]] = defaultdict(list)
    for item, grade in known.items():
        fact = items.items[item].fact or item
        if item in own:
            labelled[fact].append((float(own[item]), float(grade)))
        else:
            others[fact].append(float(grade))
    rest = {f: v for f, v in others.items() if f not in labelled}
    if len(labelled) < 2 or len(rest) < 2:
        return None
    human = [sum(h for h, _ in v) / len(v) for v in labelled.values()]
    judged = [sum(j for _, j in v) / len(v) for v in labelled.values()]
    return prediction_powered(human, judged, [sum(v) / len(v) for v in rest.values()])
