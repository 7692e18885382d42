"""ROUGE-L (Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries", section 3.1), for whole sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tailor.evaluation.metrics.contract import Reads, Scale, best_over

_WORD = re.compile(r"[a-z0-9]+")


class RougeL(Scale):
    """F1 of the longest common subsequence of words: P = LCS / words given, R = LCS / words expected, 2PR / (P + R).

    Words are runs of a-z and 0-9 in lower case, as in the rouge-score package (no stemming): letters with accents and
    other scripts are not seen, so use chrf for those. Graded correct from 0.5 on, which says little: it is for reading
    beside another metric.
    """

    name = "rouge-l"
    version = "1"
    correct_from = 0.5
    reads: Reads = "text"

    def __call__(self, answer: str, references: Sequence[str]) -> float:
        given = _WORD.findall(answer.lower())
        return best_over(references, lambda reference: _f1(given, _WORD.findall(reference.lower())))


def _f1(given: list[str], expected: list[str]) -> float:
    shared = longest_common(given, expected)
    return 2 * shared / (len(given) + len(expected)) if shared else 0.0


def longest_common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence, in O(len(a) len(b)) time and O(len(b)) memory."""
    row = [0] * (len(b) + 1)
    for left in a:
        diagonal = 0
        for j, right in enumerate(b, 1):
            above = row[j]
            row[j] = diagonal + 1 if left == right else max(above, row[j - 1])
            diagonal = above
    return row[-1]


rouge_l = RougeL()
