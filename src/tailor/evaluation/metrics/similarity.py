"""How near two texts are as vectors. A diagnostic: a wrong number in the right sentence is very near."""

from __future__ import annotations

from collections.abc import Sequence

from tailor.evaluation.metrics.contract import Reads, Scale, best_over
from tailor.retrieval.embedding import embed


class Similarity(Scale):
    """Cosine of the sentence vectors of all-MiniLM-L6-v2 (where installed; else of hashed character n-grams), negative
    ones as 0. It may not be a study's metric, only one of `other_metrics`."""

    name = "similarity"
    version = "1"
    reads: Reads = "text"
    diagnostic = True

    def __call__(self, answer: str, references: Sequence[str]) -> float:
        vectors = embed([answer, *references])
        near = dict(zip(references, vectors[1:] @ vectors[0], strict=True))
        return best_over(references, lambda reference: min(1.0, max(0.0, float(near[reference]))))


similarity = Similarity()
