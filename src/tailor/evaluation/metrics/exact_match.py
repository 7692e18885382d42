"""Exact match after normalisation (SQuAD)."""

from __future__ import annotations

from collections.abc import Sequence

from tailor.evaluation.metrics.contract import Scale, best_over
from tailor.evaluation.metrics.normalise import normalise


class ExactMatch(Scale):
    """1 where the normalised answer equals a normalised reference, else 0."""

    name = "exact-match"
    version = "1"

    def __call__(self, answer: str, references: Sequence[str]) -> float:
        given = normalise(answer)
        return best_over(references, lambda reference: float(given == normalise(reference)))


exact_match = ExactMatch()
