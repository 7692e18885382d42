"""What is shown beside the metric that decides: other metrics, and the labels of a classification."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tailor.evaluation.extract import extract_answer
from tailor.evaluation.labels import label_report
from tailor.evaluation.metrics import load_metric, metric_of_plan
from tailor.evaluation.metrics.contract import Metric
from tailor.evaluation.metrics.label import Label
from tailor.evaluation.score import measure
from tailor.evaluation.statistics import arm_interval
from tailor.files import to_plain
from tailor.records import Completion, Example, Failure
from tailor.study.inputs import PRIMARY_CELL
from tailor.study.plan import Study

if TYPE_CHECKING:
    from tailor.study.analyse import CellResult


def other_metrics(study: Study, cells: Sequence[CellResult]) -> dict[str, Any]:
    """Name -> mean with its interval over the primary cell, for each of `other_metrics`.

    They are not part of the plan: naming one later measures the answers that are there, and decides nothing.
    """
    metrics = [load_metric(spec, study.workspace.folder) for spec in study.workspace.config.other_metrics]
    return {metric.name: _mean(metric, list(_answered(study, cells))) for metric in metrics}


def labels(study: Study, cells: Sequence[CellResult]) -> dict[str, Any] | None:
    """Accuracy, macro-F1 and every label where the metric is `label`, over the primary cell; means over seeds."""
    metric = metric_of_plan(study.plan["metric"], study.workspace.folder)
    rows = list(_answered(study, cells))
    if not isinstance(metric, Label) or not rows:
        return None
    reports = []
    for seed in range(len(rows[0][1])):
        predicted = [metric.read(extract_answer(texts[seed])) for _, texts in rows]
        reports.append(label_report(predicted, [metric.read(str(e.answer)) or str(e.answer) for e, _ in rows]))
    plain: dict[str, Any] = to_plain(reports[0])
    plain["macro_f1"] = sum(r.macro_f1 for r in reports) / len(reports)
    plain["accuracy"] = sum(r.accuracy for r in reports) / len(reports)
    return {**plain, "n_items": len(rows), "by_label_of_seed": next(c.cell.seed for c in cells if c.answers)}


def _answered(study: Study, cells: Sequence[CellResult]) -> Iterator[tuple[Example, list[str]]]:
    """Items of the primary cell that every seed answered, with the answers."""
    of_seeds = [c.answers for c in cells if c.answers]
    for example in study.inputs.of("test"):
        if example.cell != PRIMARY_CELL or example.answer is None or not of_seeds:
            continue
        answers = [a.get(example.id) for a in of_seeds]
        texts = [a.text for a in answers if isinstance(a, Completion)]
        if len(texts) == len(answers):
            yield example, texts


def _mean(metric: Metric, rows: Sequence[tuple[Example, list[str]]]) -> dict[str, Any]:
    table, facts, failed = [], [], 0
    for example, texts in rows:
        references = (str(example.answer), *example.aliases)
        values = [measure(metric, text, references, example.id) for text in texts]
        failures = sum(isinstance(v, Failure) for v in values)
        failed += failures
        if not failures:
            table.append([v[0] for v in values if not isinstance(v, Failure)])
            facts.append(example.fact or example.id)
    interval = to_plain(arm_interval(table, tuple(facts))) if table else {}
    return {"version": metric.version, **interval, "n_failed": failed}
