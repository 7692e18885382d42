"""Every weight trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tailor.methods.base import FitContext
from tailor.methods.curriculum import check_stages, fit_in_stages
from tailor.methods.tuning import check_training
from tailor.records import Fitted


@dataclass(frozen=True)
class FullOptions:
    """`learning_rate` None for the recipe of the model's width; `epochs` over the training split; `train_with` the
    question alone, or in a hybrid with a retriever the passages above it; `replay` share of general rows in the
    training (0-0.9) and `kl` weight of the divergence from the base on them (0-100), against forgetting; `stages` of
    a curriculum (1-20): a few facts first, more behind a gate."""

    learning_rate: float | None = None
    epochs: float = 15.0
    train_with: Literal["question", "passages"] = "question"
    replay: float = 0.1
    kl: float = 1.0
    stages: int = 1

    def __post_init__(self) -> None:
        check_training(self, "full")
        check_stages(self.stages, "full")


class Full:
    """The strongest and the most forgetful way: the result replaces the base."""

    options = FullOptions
    complexity = 60
    uses_seed = True
    trains_weights = True
    needs_documents = False

    def fit(self, context: FitContext, options: FullOptions) -> Fitted:
        """Train all weights on the training split, the best step chosen on dev."""
        from tailor.training import TrainingOptions

        recipe = TrainingOptions(
            kind="full",
            learning_rate=options.learning_rate,
            epochs=options.epochs,
            replay=options.replay,
            kl=options.kl,
        )
        return fit_in_stages(context, recipe, "full", options.train_with, options.stages)
