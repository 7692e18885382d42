"""What search did for an arm: rankings, citations and support against the gold passages, and the ladder's steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tailor.evaluation import retrieval as scores
from tailor.evaluation.abstain import is_abstention
from tailor.evaluation.extract import extract_answer
from tailor.evaluation.metrics import metric_of_plan
from tailor.evaluation.metrics.contract import Metric
from tailor.evaluation.score import score
from tailor.evaluation.statistics import arm_interval, paired_difference
from tailor.files import read_lines, to_plain
from tailor.records import Completion, Example, Failure, Passage, Score
from tailor.retrieval.cite import cited
from tailor.study.cell import CellFiles
from tailor.study.gold import gold_passages
from tailor.study.ladder import RUNGS, climbed
from tailor.study.plan import Study

if TYPE_CHECKING:
    from tailor.study.analyse import CellResult

ANSWERABLE = ("held-out-framing", "held-out-fact")


def retrieval(study: Study, cells: Sequence[CellResult]) -> dict[str, Any] | None:
    """Means over the answerable items with a known source, of an arm's first seed; None for arms that do not search.
    What cannot be known is null."""
    result = next((c for c in cells if c.fitted and c.fitted.adaptation.retriever), None)
    if result is None or result.fitted is None or result.fitted.adaptation.retriever is None:
        return None
    k, items = result.fitted.adaptation.retriever.k, {e.id: e for e in study.inputs.of("test")}
    known = {p.id: p for p in study.inputs.passages}
    gold = gold_passages(list(items.values()), study.inputs.passages, ANSWERABLE)
    shown = {
        line["item"]: [known[p] for p in line.get("passages") or [] if p in known]
        for line in read_lines(CellFiles.of(study.folder, result.cell).answers)
        if line["item"] in gold and "completion" in line
    }
    rows = [_row(items[i], _text(result, i), passages, gold[i], k) for i, passages in shown.items()]
    means: dict[str, Any] = {name: _mean([row[name] for row in rows]) for name in NAMES}
    rungs = climbed(study, result.cell)
    alone = [_support(items[i], a, shown[i]) for i, a in rungs["no-context"].items() if i in shown]
    return {
        "k": k,
        "n_items": len(rows),
        **means,
        "support_without_context": _mean(alone),
        "ladder": _ladder(study, result, rungs, items),
    }


NAMES = (
    "recall_at_k",
    "ndcg_at_k",
    "mrr",
    "context_precision",
    "answer_in_context",
    "citation_precision",
    "citation_recall",
    "support",
)


def _row(
    item: Example, text: str, shown: Sequence[Passage], gold: Sequence[Passage], k: int
) -> dict[str, float | None]:
    ids, relevant, quoted = [p.id for p in shown], {p.id for p in gold}, {p.id for p in cited(text, shown)}
    abstained = is_abstention(extract_answer(text))
    accepted = (str(item.answer), *item.aliases)
    return {
        "recall_at_k": scores.recall_at_k(ids, relevant, k),
        "ndcg_at_k": scores.ndcg_at_k(ids, relevant, k),
        "mrr": scores.reciprocal_rank(ids, relevant),
        "context_precision": scores.context_precision(ids, relevant),
        "answer_in_context": float(scores.holds_answer([f"{p.heading} {p.text}" for p in shown], accepted)),
        "citation_precision": None if abstained else scores.citation_precision(quoted, relevant),
        "citation_recall": None if abstained else scores.citation_recall(quoted, ids, relevant),
        "support": _support(item, Completion(text), shown),
    }


def _support(item: Example, answer: Completion | Failure, shown: Sequence[Passage]) -> float | None:
    """How much of an answer stands in the passages; None for abstentions and failures, which claim nothing."""
    if isinstance(answer, Failure):
        return None
    text = extract_answer(answer.text)
    if is_abstention(text):
        return None
    return scores.lexical_support(text, [f"{p.heading} {p.text}" for p in shown], item.question)


def _text(result: CellResult, item: str) -> str:
    answer = result.answers.get(item)
    return answer.text if isinstance(answer, Completion) else ""


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return sum(known) / len(known) if known else None


def _ladder(
    study: Study, result: CellResult, rungs: Mapping[Any, Mapping[str, Any]], items: Mapping[str, Example]
) -> dict[str, Any] | None:
    """Right answers on each rung and the steps between them, on the items that every rung answered."""
    metric = metric_of_plan(study.plan["metric"], study.workspace.folder)
    answers = {"no-context": rungs["no-context"], "retrieved": result.answers} | {r: rungs[r] for r in RUNGS[1:]}
    values = {name: _values(metric, of_rung, items) for name, of_rung in answers.items()}
    shared = sorted(set.intersection(*(set(v) for v in values.values())))
    if not shared:
        return None
    facts = [items[i].fact or i for i in shared]
    rows = {name: [[of_rung[i]] for i in shared] for name, of_rung in values.items()}
    found: dict[str, Any] = {name: to_plain(arm_interval(of_rung, facts)) for name, of_rung in rows.items()}
    for name, upper, lower in (
        ("retrieval_loss", "gold", "retrieved"),
        ("distractor_loss", "gold", "gold-and-distractors"),
        ("context_gain", "retrieved", "no-context"),
    ):
        step = paired_difference(rows[upper], rows[lower], facts)
        found[name] = {"difference": step.difference, "low": step.low, "high": step.high, "p": step.p}
    found["reading_loss"] = 1 - found["gold"]["value"]
    plain: dict[str, Any] = to_plain({**found, "n_items": len(shared), "n_facts": len(set(facts))})
    return plain


def _values(metric: Metric, answers: Mapping[str, Any], items: Mapping[str, Example]) -> dict[str, float]:
    found = {}
    for item, answer in answers.items():
        scored = score(items[item], answer.text, metric) if isinstance(answer, Completion) else answer
        if isinstance(scored, Score):
            found[item] = scored.value
    return found
