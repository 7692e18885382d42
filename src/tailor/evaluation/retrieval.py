"""Rankings, contexts and citations against the passages known to hold the answer, and support without a judge.

All values are in [0, 1]. A ranking is passage ids, best first; relevance is yes or no.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from tailor.evaluation.metrics.normalise import tokens

# English words that carry no claim. An answer made of nothing else supports nothing and claims nothing.
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "and are as at be been by can did do does for from had has have how i if in into is it its no not of on or our "
        "that their there these they this to was we were what when where which who will with you your yes",
    )
)


def recall_at_k(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Share of the relevant passages that are among the first k. ValueError where nothing is relevant."""
    _check(ranking, relevant, k)
    return len(set(ranking[:k]) & set(relevant)) / len(set(relevant))


def precision_at_k(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Share of the first k places that hold a relevant passage; an empty place counts as one without, as in TREC."""
    _check(ranking, relevant, k)
    return len(set(ranking[:k]) & set(relevant)) / k


def ndcg_at_k(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Normalised discounted cumulative gain (Järvelin & Kekäläinen 2002): sum of 1 / log2(1 + rank) over the relevant
    passages of the first k, over the most that can be reached."""
    _check(ranking, relevant, k)
    gain = sum(1 / math.log2(1 + rank) for rank, p in enumerate(ranking[:k], 1) if p in relevant)
    return gain / sum(1 / math.log2(1 + rank) for rank in range(1, min(k, len(set(relevant))) + 1))


def reciprocal_rank(ranking: Sequence[str], relevant: Collection[str]) -> float:
    """One over the rank of the first relevant passage; 0 where none was found. Its mean is the MRR."""
    _check(ranking, relevant, 1)
    return next((1 / rank for rank, p in enumerate(ranking, 1) if p in relevant), 0.0)


def context_precision(shown: Sequence[str], relevant: Collection[str]) -> float:
    """Share of the passages shown that are relevant: what is not is noise that is read and paid for."""
    if not shown:
        return 0.0
    return precision_at_k(shown, relevant, len(shown))


def citation_precision(cited: Collection[str], relevant: Collection[str]) -> float | None:
    """Share of the passages cited that are relevant; None where nothing was cited."""
    return len(set(cited) & set(relevant)) / len(set(cited)) if cited else None


def citation_recall(cited: Collection[str], shown: Collection[str], relevant: Collection[str]) -> float | None:
    """Share of the relevant passages shown that are cited; None where none was shown, which is no fault of the answer.

    Both are the gold-label form of ALCE's citation scores (Gao et al. 2023), which ask a model about entailment."""
    could = set(shown) & set(relevant)
    return len(set(cited) & could) / len(could) if could else None


def holds_answer(texts: Sequence[str], answers: Sequence[str]) -> bool:
    """Whether the words of one of the answers stand in one of the texts in a row."""
    needles = [f" {' '.join(words)} " for answer in answers if (words := tokens(answer))]
    return any(needle in f" {' '.join(tokens(text))} " for text in texts for needle in needles)


def lexical_support(answer: str, texts: Sequence[str], question: str = "") -> float | None:
    """How much of an answer stands in the texts: the share of its claims that one text holds, where a claim is a
    content word, number or name, and two that follow each other; words of the question claim nothing.

    It needs no model and finds words, not meaning: a paraphrase looks unsupported, a text that denies the answer looks
    like support. Read it beside the same number for answers given without the texts. None where nothing is claimed.
    """
    asked = set(tokens(question))
    words = [w for w in tokens(answer) if w not in _FUNCTION_WORDS and w not in asked]
    claims = [(w,) for w in words] + list(pairwise(words))
    if not claims:
        return None
    best = 0.0
    for text in texts:
        given = [w for w in tokens(text) if w not in _FUNCTION_WORDS and w not in asked]
        there = {(w,) for w in given} | set(pairwise(given))
        best = max(best, sum(c in there for c in claims) / len(claims))
    return best


def _check(ranking: Sequence[str], relevant: Collection[str], k: int) -> None:
    if not relevant or k < 1 or len(set(ranking)) < len(ranking):
        raise ValueError("a ranking is scored against at least one relevant passage, with k >= 1, no passage twice")
