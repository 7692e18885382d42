"""What a metric is: the contract that built-in metrics, those of installed packages and those of one file keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from tailor.records import Failure

Direction = Literal["higher", "lower"]
Reads = Literal["answer", "text"]


class Metric(Protocol):
    """A number for one answer, the best over all accepted references.

    `low` and `high` are the ends of its scale; `direction` says which of them is better; `correct_from` is the value
    on that scale from which on (in its direction) an answer is graded correct. `reads` is what it is given: `answer`,
    the extracted answer (`extract_answer`), or `text`, all that was written but the citations. `version` changes
    whenever values could: it is part of a study's plan.
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
    @property
    def direction(self) -> Direction: ...
    @property
    def reads(self) -> Reads: ...

    def __call__(self, answer: str, references: Sequence[str]) -> float | Failure:
        """The value in [low, high] of `answer` against `references` (at least one), or why there is none: an expected
        answer that the metric cannot read is a Failure, an answer that it cannot read is a wrong answer.

        Raises:
            ValueError: there is no reference.
        """
        ...


class Scale:
    """From 0 to 1, correct at 1, higher is better, reads the extracted answer: what most metrics are."""

    low = 0.0
    high = 1.0
    correct_from = 1.0
    direction: Direction = "higher"
    reads: Reads = "answer"


def best_over(references: Sequence[str], measure: Callable[[str], float]) -> float:
    """The best value over all references: an answer is as good as its best alias says.

    Raises:
        ValueError: there is no reference.
    """
    if not references:
        raise ValueError("a metric needs at least one reference answer")
    return max(measure(reference) for reference in references)


def best_readable(references: Sequence[str], measure: Callable[[str], float | None], wanted: str) -> float | Failure:
    """The best value over the references that can be read; a Failure where none can.

    Args:
        measure: None where a reference is not what the metric compares with.
        wanted: what was expected of a reference, for the message: `a number`.

    Raises:
        ValueError: there is no reference.
    """
    if not references:
        raise ValueError("a metric needs at least one reference answer")
    values = [value for reference in references if (value := measure(reference)) is not None]
    if values:
        return max(values)
    return Failure(
        "metric", f"the expected answer {references[0]!r} is not {wanted}", hint="Mend it, or use another metric."
    )
