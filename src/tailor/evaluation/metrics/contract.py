"""What a metric is: the contract that built-in metrics and those of installed packages keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol


class Metric(Protocol):
    """A number for one answer, higher is better, the best over all accepted references.

    `METRICS.load(name)` gives a ready object. `low` and `high` are the ends of its scale; `correct_from` is the value
    on that scale from which on an answer is graded correct. `version` changes whenever values could.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def correct_from(self) -> float: ...

    def __call__(self, answer: str, references: Sequence[str]) -> float:
        """The value in [low, high] of `answer` against `references` (at least one).

        Raises:
            ValueError: there is no reference.
        """
        ...


def best_over(references: Sequence[str], measure: Callable[[str], float]) -> float:
    """The best value over all references: an answer is as good as its best alias says.

    Raises:
        ValueError: there is no reference.
    """
    if not references:
        raise ValueError("a metric needs at least one reference answer")
    return max(measure(reference) for reference in references)
