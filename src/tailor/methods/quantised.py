"""The base as it is, but held in 4 bits: what an adapter trained beside such a base is to be compared with."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from tailor.errors import ModelError
from tailor.methods.base import FitContext
from tailor.records import Adaptation, Base, Fitted


@dataclass(frozen=True)
class QuantisedOptions:
    """`system` is an instruction put before every conversation."""

    system: str | None = None


class Quantised:
    """No training: shows what holding the base in NF4 costs by itself (Dettmers et al. 2023, arXiv 2305.14314)."""

    options = QuantisedOptions
    complexity = 3
    uses_seed = False
    trains_weights = False
    needs_documents = False
    needs_weights = True

    def fit(self, context: FitContext, options: QuantisedOptions) -> Fitted:
        """Nothing to fit.

        Raises:
            ModelError: the base's weights are not here.
        """
        return Fitted(Adaptation(in_4_bits(context.base, "quantised"), system=options.system))


def in_4_bits(base: Base, arm: str) -> Base:
    """The same base in NF4.

    Raises:
        ModelError: the base is behind an endpoint.
    """
    if base.kind == "endpoint":
        raise ModelError(
            f"{arm}: {base.name} cannot be trained here, nor held in 4 bits: it is behind an endpoint.",
            hint="Use a folder or a Hugging Face name as base.",
        )
    return dataclasses.replace(base, quantised="nf4")
