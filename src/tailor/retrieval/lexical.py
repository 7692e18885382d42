"""BM25 over passages, in memory.

The index is built from the passages when they are loaded: 10,000 passages take about a second, and nothing has to be
stored that could disagree with them. It needs numpy only, so searching works without the packages for embeddings.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

K1, B = 1.5, 0.75
# A word in more than half of the passages has a negative weight in the first form of BM25 (Robertson & Sparck Jones
# 1976): it tells nothing, like the company's own name in its handbook. Among fewer than ten passages it may be chance.
COMMON_FROM = 10

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|\d+")
_STOP_WORDS = (
    "a an and are as at be by can did do does for from has have how i if in into is it its me my no not of on or our"
    " should so such that the their them then there these they this to was we were what when where which who whom whose"
    " why will with would you your"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())


def tokens(text: str) -> list[str]:
    """Lower-cased words without stop words and plural endings; numbers without thousands separators."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [_stem(t) for t in _TOKEN.findall(folded) if t not in STOP_WORDS]


@functools.lru_cache(maxsize=100_000)
def _stem(token: str) -> str:
    """The S-stemmer (Harman 1991, "How effective is suffixing?"): plural to singular, nothing else."""
    if token[0].isdigit():
        return token.replace(",", "")
    if len(token) < 4:
        return token
    if token.endswith("ies") and not token.endswith(("eies", "aies")):
        return token[:-3] + "y"
    if token.endswith("es") and not token.endswith(("aes", "ees", "oes")):
        return token[:-1]
    if token.endswith("s") and not token.endswith(("us", "ss")):
        return token[:-1]
    return token


class BM25:
    """Okapi BM25 (Robertson & Zaragoza 2009) with the always positive inverse document frequency of Lucene, and without
    words that more than half of the passages hold.

    score(q, d) = sum over t in q of ln(1 + (N - df + 0.5) / (df + 0.5)) * tf / (tf + k1 (1 - b + b |d| / mean |d|))
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.size = n = len(texts)
        self._vocabulary: dict[str, int] = {}
        numbers = [[self._vocabulary.setdefault(t, len(self._vocabulary)) for t in tokens(text)] for text in texts]
        lengths = np.array([len(ns) for ns in numbers], dtype=np.int64)
        token = np.fromiter(chain.from_iterable(numbers), dtype=np.int64, count=int(lengths.sum()))
        passage = np.repeat(np.arange(n), lengths)
        # One entry for each token and passage, ordered by token, then passage.
        pairs, tf = np.unique(token * max(n, 1) + passage, return_counts=True)
        token, self._passage = np.divmod(pairs, max(n, 1))
        df = np.bincount(token, minlength=len(self._vocabulary))
        self._start = np.concatenate([[0], np.cumsum(df)])
        idf = np.log1p((n - df + 0.5) / (df + 0.5))
        if n >= COMMON_FROM:
            idf[2 * df > n] = 0
        norm = K1 * (1 - B + B * lengths / max(float(lengths.mean()) if n else 0.0, 1e-12))
        self._weight: NDArray[np.float64] = idf[token] * tf / (tf + norm[self._passage])

    def scores(self, question: str) -> NDArray[np.float64]:
        """One score per passage, shape [n]; 0 where no word is shared. A word asked twice counts twice."""
        scores = np.zeros(self.size)
        for token, times in sorted(Counter(tokens(question)).items()):
            if (number := self._vocabulary.get(token)) is not None:
                entries = slice(self._start[number], self._start[number + 1])
                scores[self._passage[entries]] += times * self._weight[entries]
        return scores
