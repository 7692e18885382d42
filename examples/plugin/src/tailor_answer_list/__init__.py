"""An arm for Tailor: the instruction lists the answers that questions usually have.

Where a question has one of a few answers (a department, a priority, yes or no), the list alone is half the work.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tailor.errors import ConfigError, DataError
from tailor.methods.base import FitContext, choose_on_dev
from tailor.records import Adaptation, Fitted

TRIED = (5, 10, 20)


@dataclass(frozen=True)
class AnswerListOptions:
    """`most` answers listed (1-200), or None to choose among 5, 10 and 20 on dev."""

    most: int | None = None

    def __post_init__(self) -> None:
        if self.most is not None and not 1 <= self.most <= 200:
            raise ConfigError(f"answer-list: most must be from 1 to 200, found {self.most}.")


class AnswerList:
    """The most frequent answers of the training split, named in the instruction."""

    options = AnswerListOptions
    complexity = 5  # between zero-shot (0) and prompt (8): one instruction, nothing searched
    uses_seed = False
    trains_weights = False
    needs_documents = False

    def fit(self, context: FitContext, options: AnswerListOptions) -> Fitted:
        """Count the answers; try how many to list on dev unless given."""
        counted = Counter(e.answer for e in context.train if e.answer is not None)
        if not counted:
            raise DataError("answer-list: the training split is empty.", hint="Add questions with answers.")
        # Equally frequent ones by the alphabet, so that the order of the rows does not matter.
        ranked = sorted(counted, key=lambda answer: (-counted[answer], answer))
        sizes = (options.most,) if options.most else TRIED
        lists = dict.fromkeys(tuple(ranked[:size]) for size in sizes)
        candidates = [(len(shown), Adaptation(context.base, system=instruction(shown))) for shown in lists]
        size, adaptation = choose_on_dev(candidates, context)
        return Fitted(adaptation, chosen={"most": size})


def instruction(answers: tuple[str, ...]) -> str:
    """What the model is told."""
    return f"The answer is often one of these: {'; '.join(answers)}."
