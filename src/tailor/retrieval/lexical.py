"""BM25 over passages, in memory.

The index is built from the passages when they are loaded: 10,000 passages take about a second, and nothing has to be
stored that could disagree with them. It needs numpy only, so searching works without the packages for embeddings.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence

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
    """Okapi BM25 without words that more than half of the passages hold, with the always positive inverse document frequency of Lucene (Robertson & Zaragoza 2009).

    score(q, d) = sum over t in q of ln(1 + (N - df + 0.5) / (df + 0.5)) * tf / (tf + k1 (1 - b + b |d| / mean |d|))
    """

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(tokens(t)) for t in texts]
        lengths = np.array([sum(c.values()) for c in counts], dtype=np.float64)
        mean = float(lengths.mean()) if len(texts) and lengths.any() else 1.0
        norms = K1 * (1 - B + B * lengths / mean)
        places: dict[str, list[int]] = defaultdict(list)
        frequencies: dict[str, list[int]] = defaultdict(list)
        for place, count in enumerate(counts):
            for token, frequency in count.items():
                places[token].append(place)
                frequencies[token].append(frequency)
        self.size = len(texts)
        self._postings: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        for token, where in places.items():
            if self.size >= COMMON_FROM and 2 * len(where) > self.size:
                continue
            at, tf = np.array(where), np.array(frequencies[token], dtype=np.float64)
            idf = np.log1p((self.size - len(where) + 0.5) / (len(where) + 0.5))
            self._postings[token] = at, idf * tf / (tf + norms[at])

    def scores(self, question: str) -> NDArray[np.float64]:
        """One score per passage, shape [n]; 0 where no word is shared. A word asked twice counts twice."""
        scores = np.zeros(self.size)
        for token, times in sorted(Counter(tokens(question)).items()):
            if token in self._postings:
                where, weights = self._postings[token]
                scores[where] += times * weights
        return scores
