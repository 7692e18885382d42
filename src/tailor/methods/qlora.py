"""LoRA beside a base that is held in 4 bits (Dettmers et al. 2023, arXiv 2305.14314)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tailor.methods.base import FitContext
from tailor.methods.lora import LoRAOptions
from tailor.methods.quantised import in_4_bits
from tailor.methods.tuning import fit_weights
from tailor.records import Fitted

if TYPE_CHECKING:
    from tailor.training import TrainingOptions


@dataclass(frozen=True)
class QLoRAOptions:
    """As for `lora`, without its variants."""

    rank: int = 32
    alpha: int = 32
    learning_rate: float | None = None
    epochs: float = 15.0
    train_with: Literal["question", "passages"] = "question"
    targets: str = "all-linear"
    replay: float = 0.1
    kl: float = 1.0

    def __post_init__(self) -> None:
        LoRAOptions(**dataclasses.asdict(self))

    def recipe(self) -> TrainingOptions:
        """What the training engine is asked for."""
        from tailor.training import TrainingOptions

        values = dataclasses.asdict(self)
        values.pop("train_with")
        return TrainingOptions(kind="lora", quantise="nf4", **values)


class QLoRA:
    """An adapter for a base whose matrices are in NF4, with which it is also answered: for bases that do not fit into
    memory otherwise. The arm `quantised` is always shown beside it."""

    options = QLoRAOptions
    complexity = 53
    uses_seed = True
    trains_weights = True
    needs_documents = False
    beside = ("quantised",)

    def fit(self, context: FitContext, options: QLoRAOptions) -> Fitted:
        """Train an adapter on the training split, the best step chosen on dev.

        Raises:
            MissingDependency: bitsandbytes is not installed.
        """
        base = in_4_bits(context.base, "qlora")
        fitted = fit_weights(context, options.recipe(), "adapter", options.train_with)
        return dataclasses.replace(fitted, adaptation=dataclasses.replace(fitted.adaptation, base=base))
