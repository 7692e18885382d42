"""Texts as sparse vectors of their words, to compare many of them without a model."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tailor.data.similar import STOP_WORDS, normalise

_WORD = re.compile(r"\w+")


def word_counts(texts: Sequence[str], *, pairs: bool) -> Any:
    """Which words stand in which text, and with `pairs` which two words side by side: a sparse matrix of 0 and 1,
    shape [texts, words]."""
    from scipy import sparse

    columns: dict[str, int] = {}
    indices: list[int] = []
    starts = [0]
    for text in texts:
        found = _WORD.findall(normalise(text))
        terms = set(found)
        if pairs:
            terms |= {f"{a} {b}" for a, b in itertools.pairwise(found)}
        indices += [columns.setdefault(t, len(columns)) for t in sorted(terms)]
        starts.append(len(indices))
    return sparse.csr_matrix((np.ones(len(indices)), indices, starts), shape=(len(texts), max(1, len(columns))))


def weighted(counts: Any) -> Any:
    """The counts times the inverse document frequency ln((1 + n) / (1 + df)) + 1, each row of length 1 (or empty)."""
    from scipy import sparse

    frequency = np.asarray(counts.sum(axis=0)).ravel()
    weights = counts @ sparse.diags(np.log((1 + counts.shape[0]) / (1 + frequency)) + 1)
    lengths = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1 / np.where(lengths > 0, lengths, 1)) @ weights)


def nearest(vectors: Any, others: Any, *, itself: bool = False, block: int = 512) -> Any:
    """The cosine of each row to the most similar of the others, shape [rows]. Both are sparse or both dense, unit
    length. With `itself` the two are the same rows, and a row is not compared with itself."""
    best = np.zeros(vectors.shape[0])
    for start in range(0, vectors.shape[0], block):
        cosines = vectors[start : start + block] @ others.T
        cosines = cosines.toarray() if hasattr(cosines, "toarray") else np.asarray(cosines)
        if itself:
            rows = np.arange(len(cosines))
            cosines[rows, start + rows] = -1.0
        best[start : start + block] = cosines.max(axis=1) if cosines.shape[1] else 0.0
    return best


def content(text: str) -> str:
    """A text without the words that stand in any question; all of it where nothing else is left."""
    found = _WORD.findall(normalise(text))
    return " ".join(w for w in found if w not in STOP_WORDS) or " ".join(found)
