"""The last blocks, the final norm and the output layer trained; the rest of the model frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tailor.errors import ConfigError
from tailor.methods.base import FitContext
from tailor.methods.tuning import check_training, fit_weights
from tailor.records import Fitted

if TYPE_CHECKING:
    from tailor.training import TrainingOptions


@dataclass(frozen=True)
class LastLayersOptions:
    """`blocks` trained, counted from the output (1-1024), or None for a quarter of them; `learning_rate` None for the
    recipe of the model's width; `epochs` over the training split; `train_with` the question alone, or in a hybrid with
    a retriever the passages above it; `replay` share of general rows in the training (0-0.9) and `kl` weight of the
    divergence from the base on them (0-100), against forgetting."""

    blocks: int | None = None
    learning_rate: float | None = None
    epochs: float = 15.0
    train_with: Literal["question", "passages"] = "question"
    replay: float = 0.1
    kl: float = 1.0

    def __post_init__(self) -> None:
        if self.blocks is not None and not 1 <= self.blocks <= 1024:
            raise ConfigError(f"last-layers: blocks must be from 1 to 1024, found {self.blocks}.")
        check_training(self, "last-layers")

    def recipe(self) -> TrainingOptions:
        """What the training engine is asked for."""
        from tailor.training import TrainingOptions

        return TrainingOptions(
            kind="last-layers",
            blocks=self.blocks,
            learning_rate=self.learning_rate,
            epochs=self.epochs,
            replay=self.replay,
            kl=self.kl,
        )


class LastLayers:
    """Cheaper than `full` because no gradient enters the frozen blocks; simpler than `lora` because nothing is added.
    The result replaces the base and is as large."""

    options = LastLayersOptions
    complexity = 40
    uses_seed = True
    trains_weights = True
    needs_documents = False

    def fit(self, context: FitContext, options: LastLayersOptions) -> Fitted:
        """Train the last blocks on the training split, the best step chosen on dev."""
        return fit_weights(context, options.recipe(), "full", options.train_with)
