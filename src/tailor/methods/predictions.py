"""Answers given elsewhere, as an arm: a hosted assistant, another program, the people who answer today."""

from __future__ import annotations

from dataclasses import dataclass

from tailor.methods.base import FitContext
from tailor.records import Adaptation, Base, Fitted


@dataclass(frozen=True)
class PredictionsOptions:
    """`file` holds the answers, relative to `tailor.yaml`. `sha256` of its bytes is set by Tailor: other answers are
    another study."""

    file: str = ""
    sha256: str = ""


class Predictions:
    """Scored and compared like every other arm; cannot be asked, promoted or served. Last in the order of simplicity,
    because nothing is known of what it takes to run."""

    options = PredictionsOptions
    complexity = 90
    uses_seed = False
    trains_weights = False
    needs_documents = False
    required = ("file",)

    def fit(self, context: FitContext, options: PredictionsOptions) -> Fitted:  # noqa: ARG002 - the contract
        """Nothing to fit."""
        return Fitted(Adaptation(Base("predictions", options.file, options.file, options.sha256)))
