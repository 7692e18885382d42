"""chrF (Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation"): any language, any script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tailor.evaluation.metrics.contract import Reads, Scale, best_over

ORDERS = range(1, 7)
BETA_SQUARED = 4.0  # chrF2: recall counts twice as much as precision


class ChrF(Scale):
    """Character n-gram F-score, n = 1 to 6, beta = 2, without white space; in [0, 1], where sacrebleu prints 0 to 100.

    Precision and recall are averaged over the orders for which both sides have n-grams. Graded correct from 0.5 on,
    which says little: it is for reading beside another metric.
    """

    name = "chrf"
    version = "1"
    correct_from = 0.5
    reads: Reads = "text"

    def __call__(self, answer: str, references: Sequence[str]) -> float:
        given = "".join(answer.split())
        return best_over(references, lambda reference: _score(given, "".join(reference.split())))


def _score(given: str, expected: str) -> float:
    precision = recall = orders = 0.0
    for n in ORDERS:
        left, right = _grams(given, n), _grams(expected, n)
        if not left or not right:
            continue
        shared = (left & right).total()
        precision += shared / left.total()
        recall += shared / right.total()
        orders += 1
    if not orders or not precision + recall:
        return 0.0
    precision, recall = precision / orders, recall / orders
    # The quotient may exceed 1 in its last bit.
    return min(1.0, (1 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall))


def _grams(text: str, n: int) -> Counter[str]:
    return Counter(text[i : i + n] for i in range(len(text) - n + 1))


chrf = ChrF()
