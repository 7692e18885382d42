"""What the retrieval scores and the ladder of an arm say, as a sentence and as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tailor.decision import words
from tailor.decision.evidence import Evidence

RUNGS = {
    "no-context": "no passages",
    "retrieved": "retrieved",
    "gold": "the right passage",
    "gold-and-distractors": "right one among others",
}


def ladder_sentences(evidence: Evidence) -> list[tuple[str, str]]:
    """(arm, sentence) for every arm whose ladder was measured."""
    found = []
    for arm in evidence.measured():
        ladder = evidence.part(arm, "retrieval").get("ladder")
        if isinstance(ladder, Mapping):
            found.append((arm, _sentence(ladder)))
    return found


def _sentence(ladder: Mapping[str, Any]) -> str:
    """`Retrieval loses 12 points [8 to 16], reading 5, distractors 3 [1 to 5]; 71 % of this is ...` in few words."""
    step, noise = ladder.get("retrieval_loss") or {}, ladder.get("distractor_loss") or {}
    lost = words.number(step.get("difference")) or 0.0
    text = f"Retrieval loses {_points(lost)}{_span(step)}, reading {_points(words.number(ladder.get('reading_loss')))}"
    if words.number(noise.get("difference")) is not None:
        text += f", other passages beside the right one {_points(words.number(noise.get('difference')))}{_span(noise)}"
    alone = words.percent((ladder.get("no-context") or {}).get("value"))
    return f"{text}. Without passages {alone} % are right ({words.count(ladder.get('n_items') or 0, 'question')})."


def _points(loss: float | None) -> str:
    if loss is None:
        return words.UNKNOWN
    if words.whole(100 * loss) == 0:
        return "nothing"
    return words.points(loss) if loss > 0 else f"{words.signed(loss)} points"


def _span(step: Mapping[str, Any]) -> str:
    span = words.span(step.get("low"), step.get("high"))
    return f" {span}" if span else ""


def reading_view(evidence: Evidence) -> dict[str, Any]:
    """Rows of the retrieval section of the memo; empty where no arm searches."""
    rows, ladders = [], []
    for arm in evidence.measured():
        part = evidence.part(arm, "retrieval")
        if not part:
            continue
        names = ("recall_at_k", "ndcg_at_k", "mrr", "context_precision", "citation_precision", "citation_recall")
        rows.append(
            {
                "arm": arm,
                "k": words.decimal(part.get("k")),
                "scores": [words.percent(part.get(n)) for n in names],
                "support": words.percent(part.get("support")),
                "control": words.percent(part.get("support_without_context")),
                "n_items": words.decimal(part.get("n_items")),
            }
        )
        ladder = part.get("ladder")
        if isinstance(ladder, Mapping):
            cells = [ladder.get(r) or {} for r in RUNGS]
            ladders.append({"arm": arm, "cells": [(words.percent(c.get("value")), _bounds(c)) for c in cells]})
    return {"rows": rows, "ladders": ladders, "rungs": list(RUNGS.values()), "sentences": ladder_sentences(evidence)}


def _bounds(cell: Mapping[str, Any]) -> str:
    return words.interval(cell.get("low"), cell.get("high"))


def other_metrics_view(evidence: Evidence) -> dict[str, Any]:
    """Arms by other metrics: value and interval, in the hundred."""
    names = list(dict.fromkeys(n for a in evidence.measured() for n in evidence.part(a, "metrics")))
    rows = []
    for arm in evidence.measured():
        cells = [evidence.part(arm, "metrics").get(n) or {} for n in names]
        rows.append((arm, [(words.percent(c.get("value")), _bounds(c)) for c in cells]))
    return {"names": names, "rows": rows if names else []}
