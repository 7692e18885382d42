"""Every weight trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tailor.methods.base import FitContext
from tailor.methods.lora import check_training
from tailor.records import Fitted


@dataclass(frozen=True)
class FullOptions:
    """`learning_rate` None for the recipe of the model's width; `epochs` over the training split; `train_with` the
    question alone, or in a hybrid with a retriever the passages above it."""

    learning_rate: float | None = None
    epochs: float = 15.0
    train_with: Literal["question", "passages"] = "question"

    def __post_init__(self) -> None:
        check_training(self.learning_rate, self.epochs, "full")


class Full:
    """The strongest and the most forgetful way: the result replaces the base."""

    options = FullOptions
    complexity = 60
    uses_seed = True
    trains_weights = True
    needs_documents = False

    def fit(self, context: FitContext, options: FullOptions) -> Fitted:
        """Train all weights on the training split, the best step chosen on dev."""
        from tailor.methods.tuning import fit_weights
        from tailor.training import TrainingOptions

        recipe = TrainingOptions(kind="full", learning_rate=options.learning_rate, epochs=options.epochs)
        return fit_weights(context, recipe, "full", options.train_with)
