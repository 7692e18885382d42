"""Token F1 after normalisation (SQuAD 2.0)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tailor.evaluation.metrics.contract import Scale, best_over
from tailor.evaluation.metrics.normalise import tokens


class TokenF1(Scale):
    """2PR/(P+R) over the bags of normalised words; where either side has no words, 1 if both have none, else 0.

    From 0.5 on an answer is graded correct: at least half of the words are shared.
    """

    name = "token-f1"
    version = "1"
    correct_from = 0.5

    def __call__(self, answer: str, references: Sequence[str]) -> float:
        given = tokens(answer)
        return best_over(references, lambda reference: _f1(given, tokens(reference)))


def _f1(given: list[str], expected: list[str]) -> float:
    if given == expected or not given or not expected:
        return float(given == expected)
    # 2PR/(P+R) with P = shared/given and R = shared/expected, without the division by zero.
    return 2 * (Counter(given) & Counter(expected)).total() / (len(given) + len(expected))


token_f1 = TokenF1()
