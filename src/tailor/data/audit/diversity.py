"""How many different questions there really are."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from tailor.data.audit.contract import Finding, Material, at_least
from tailor.data.audit.vectors import weighted, word_counts

SAMPLE = 1000
MIN_SHARE = 0.2


def diversity(material: Material) -> Iterator[Finding]:
    """The Vendi score of the questions, as a share of their number: 1 if no two have a word in common, 1/n if all are
    the same. Measured on a thousand of them, chosen by their hashes."""
    texts = sorted(material.questions, key=lambda t: (zlib.crc32(t.encode("utf-8", "replace")), t))[:SAMPLE]
    if len(texts) < 2:
        return
    vectors = weighted(word_counts(texts, pairs=False))
    score = vendi_score((vectors @ vectors.T).toarray())
    text = f"{len(texts):,} questions are as varied as {score:,.0f} that have no word in common (Vendi score)."
    yield at_least("diversity", score / len(texts), MIN_SHARE, text, unit="share")


def vendi_score(similarities: Any) -> float:
    """The effective number of different items: exp of the entropy of the eigenvalues of K/n (Friedman and Dieng 2023,
    "The Vendi Score: a diversity evaluation metric for machine learning", equation 1).

    Args:
        similarities: K, shape [n, n], symmetric, positive semi-definite, ones on the diagonal.

    Returns:
        From 1 (all the same) to n (nothing in common).
    """
    eigenvalues = np.linalg.eigvalsh(np.asarray(similarities, dtype=np.float64) / len(similarities))
    kept = eigenvalues[eigenvalues > 1e-12]
    return math.exp(-float(np.sum(kept * np.log(kept))))
