"""Whether the answer says the reference somewhere: for arms that answer in whole sentences."""

from __future__ import annotations

from collections.abc import Sequence

from tailor.evaluation.metrics.contract import Scale, best_over
from tailor.evaluation.metrics.normalise import tokens


class Contains(Scale):
    """1 where the normalised words of a reference stand in the answer in a row, else 0.

    Whole words count, so "12" is not in "120". An answer that lists many guesses, or denies the reference ("not 12"),
    also counts: read it beside token F1, which falls with every extra word. A reference without words is contained only
    in an answer without words.
    """

    name = "contains"
    version = "1"

    def __call__(self, answer: str, references: Sequence[str]) -> float:
        given = tokens(answer)
        return best_over(references, lambda reference: float(_in_a_row(tokens(reference), given)))


def _in_a_row(needle: list[str], words: list[str]) -> bool:
    if not needle:
        return not words
    return any(words[i : i + len(needle)] == needle for i in range(len(words) - len(needle) + 1))


contains = Contains()
