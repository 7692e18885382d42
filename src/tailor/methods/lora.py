"""Low-rank adapters beside linear layers (Hu et al. 2021, arXiv 2106.09685), with rsLoRA, DoRA and PiSSA."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tailor.errors import ConfigError
from tailor.methods.base import FitContext
from tailor.methods.curriculum import check_stages, fit_in_stages
from tailor.methods.tuning import check_training, check_trials
from tailor.records import Fitted

if TYPE_CHECKING:
    from tailor.training import TrainingOptions


@dataclass(frozen=True)
class LoRAOptions:
    """`rank` of the update (1-1024); `alpha` (1-4096) its scale (alpha / rank); `learning_rate` None for the recipe of
    the model's width; `epochs` over the training split; `train_with` the question alone, or in a hybrid with a
    retriever the passages above it; `targets` all linear layers or names with commas; `rslora` scales by
    alpha / sqrt(rank); `dora` trains lengths apart from directions; `pissa` begins with the largest components of each
    matrix; `replay` share of general rows in the training (0-0.9) and `kl` weight of the divergence from the base on
    them (0-100), against forgetting; `stages` of a curriculum (1-20): a few facts first, more behind a gate; `trials`
    settings of rate, rank, batch and epochs tried on dev (0-1000; 0 is the ladder of rates)."""

    rank: int = 32
    alpha: int = 32
    learning_rate: float | None = None
    epochs: float = 15.0
    train_with: Literal["question", "passages"] = "question"
    targets: str = "all-linear"
    rslora: bool = False
    dora: bool = False
    pissa: bool = False
    replay: float = 0.1
    kl: float = 1.0
    stages: int = 1
    trials: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.rank <= 1024:
            raise ConfigError(f"lora: rank must be from 1 to 1024, found {self.rank}.")
        if not 1 <= self.alpha <= 4096:
            raise ConfigError(f"lora: alpha must be from 1 to 4096, found {self.alpha}.")
        if not self.targets.replace(",", " ").strip():
            raise ConfigError("lora: targets must name layers, found nothing.", hint="For example: q_proj,v_proj")
        if self.dora and self.pissa:
            raise ConfigError("lora: dora and pissa cannot be joined.", hint="Give them as arms of their own.")
        check_training(self, "lora")
        check_stages(self.stages, "lora")
        check_trials(self, "lora")

    def recipe(self) -> TrainingOptions:
        """What the training engine is asked for."""
        from tailor.training import TrainingOptions

        return TrainingOptions(
            kind="lora",
            rank=self.rank,
            alpha=self.alpha,
            learning_rate=self.learning_rate,
            epochs=self.epochs,
            targets=self.targets,
            rslora=self.rslora,
            dora=self.dora,
            pissa=self.pissa,
            replay=self.replay,
            kl=self.kl,
        )


class LoRA:
    """Freezes the base and trains two thin matrices beside every linear layer."""

    options = LoRAOptions
    complexity = 50
    uses_seed = True
    trains_weights = True
    needs_documents = False

    def fit(self, context: FitContext, options: LoRAOptions) -> Fitted:
        """Train an adapter on the training split, the best step chosen on dev."""
        return fit_in_stages(
            context, options.recipe(), "adapter", options.train_with, options.stages, trials=options.trials
        )
