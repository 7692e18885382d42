"""Every weight trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tailor.methods.base import FitContext
from tailor.methods.curriculum import check_stages, fit_in_stages
from tailor.methods.tuning import check_training, check_trials
from tailor.records import Fitted

if TYPE_CHECKING:
    from tailor.training import TrainingOptions


@dataclass(frozen=True)
class FullOptions:
    """`learning_rate` None for the recipe of the model's width; `epochs` over the training split; `train_with` the
    question alone, or in a hybrid with a retriever the passages above it; `replay` share of general rows in the
    training (0-0.9) and `kl` weight of the divergence from the base on them (0-100), against forgetting; `stages` of
    a curriculum (1-20): a few facts first, more behind a gate; `trials` settings of rate, batch and epochs tried on dev
    (0-1000; 0 is the ladder of rates)."""

    learning_rate: float | None = None
    epochs: float = 15.0
    train_with: Literal["question", "passages"] = "question"
    replay: float = 0.1
    kl: float = 1.0
    stages: int = 1
    trials: int = 0

    def __post_init__(self) -> None:
        check_training(self, "full")
        check_stages(self.stages, "full")
        check_trials(self, "full")

    def recipe(self) -> TrainingOptions:
        """What the training engine is asked for."""
        from tailor.training import TrainingOptions

        return TrainingOptions(
            kind="full",
            learning_rate=self.learning_rate,
            epochs=self.epochs,
            replay=self.replay,
            kl=self.kl,
        )


class Full:
    """The strongest and the most forgetful way: the result replaces the base."""

    options = FullOptions
    complexity = 60
    uses_seed = True
    trains_weights = True
    needs_documents = False

    def fit(self, context: FitContext, options: FullOptions) -> Fitted:
        """Train all weights on the training split, the best step chosen on dev."""
        return fit_in_stages(
            context, options.recipe(), "full", options.train_with, options.stages, trials=options.trials
        )
