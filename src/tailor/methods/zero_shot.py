"""The base model as it is, with its chat template."""

from __future__ import annotations

from dataclasses import dataclass

from tailor.methods.base import FitContext
from tailor.records import Adaptation, Fitted


@dataclass(frozen=True)
class ZeroShotOptions:
    """`system` is an instruction put before every conversation."""

    system: str | None = None


class ZeroShot:
    """No adaptation: the row every other arm is compared with."""

    options = ZeroShotOptions
    complexity = 0
    uses_seed = False
    trains_weights = False
    needs_documents = False

    def fit(self, context: FitContext, options: ZeroShotOptions) -> Fitted:
        """Nothing to fit."""
        return Fitted(Adaptation(context.base, system=options.system))
