"""A classification as a whole: accuracy, macro-F1 and each label's precision and recall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class LabelScore:
    """One label. `precision` and `f1` are 0 where it was never predicted, as in scikit-learn; `n` counts the items that
    have it."""

    precision: float
    recall: float
    f1: float
    n: int


@dataclass(frozen=True)
class LabelReport:
    """All labels that were expected; `macro_f1` is the plain mean of their F1, so that rare labels count as much as
    frequent ones. A prediction that is none of them is an error of the expected label and of no other."""

    accuracy: float
    macro_f1: float
    by_label: dict[str, LabelScore]


def label_report(predicted: Sequence[str | None], expected: Sequence[str]) -> LabelReport:
    """Compare predicted labels (None: no label could be read) with the expected ones, item by item.

    Raises:
        ValueError: there are no items, or the lengths differ.
    """
    if not expected or len(predicted) != len(expected):
        raise ValueError("a classification needs as many predictions as expected labels, and at least one")
    pairs = list(zip(predicted, expected, strict=True))
    scores = {}
    for label in sorted(set(expected)):
        hits = sum(p == e == label for p, e in pairs)
        n, claimed = sum(e == label for e in expected), sum(p == label for p in predicted)
        scores[label] = LabelScore(hits / claimed if claimed else 0.0, hits / n, 2 * hits / (n + claimed), n)
    macro = sum(s.f1 for s in scores.values()) / len(scores)
    return LabelReport(sum(p == e for p, e in pairs) / len(pairs), macro, scores)
