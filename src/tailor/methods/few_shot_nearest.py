"""The k most similar training questions as demonstrations, looked up for each question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tailor.errors import ConfigError, DataError
from tailor.methods.base import FitContext, choose_on_dev
from tailor.records import Adaptation, Demonstration, Demonstrations, Fitted

TRIED = (2, 4, 8)
Order = Literal["nearest-last", "nearest-first"]
KINDS: dict[Order, Literal["nearest", "nearest-first"]] = {"nearest-last": "nearest", "nearest-first": "nearest-first"}


@dataclass(frozen=True)
class FewShotNearestOptions:
    """`k` demonstrations (1-64), or None to choose among 2, 4 and 8 on dev; `order` puts the one most like the question
    last or first, None to choose on dev."""

    k: int | None = None
    order: Order | None = "nearest-last"

    def __post_init__(self) -> None:
        if self.k is not None and not 1 <= self.k <= 64:
            raise ConfigError(f"few-shot-nearest: k must be from 1 to 64, found {self.k}.")


class FewShotNearest:
    """KATE (Liu et al. 2022): nearest neighbours as demonstrations. In effect retrieval over answered questions."""

    options = FewShotNearestOptions
    complexity = 20
    uses_seed = False
    trains_weights = False
    needs_documents = False

    def fit(self, context: FitContext, options: FewShotNearestOptions) -> Fitted:
        """Take the whole training split as the pool; try k on dev unless given."""
        rows = sorted((e for e in context.train if e.answer is not None), key=lambda e: e.id)
        if not rows:
            raise DataError("few-shot-nearest: the training split is empty.", hint="Add questions with answers.")
        pool = tuple(Demonstration(e.question, e.answer or "") for e in rows)
        sizes = [min(options.k, len(pool))] if options.k else [k for k in TRIED if k <= len(pool)] or [len(pool)]
        orders = [options.order] if options.order else list(KINDS)
        candidates = [
            ((k, order), Adaptation(context.base, demonstrations=Demonstrations(KINDS[order], k, pool)))
            for k in sizes
            for order in orders
        ]
        best, adaptation = choose_on_dev(candidates, context)
        assert isinstance(best, tuple)
        return Fitted(adaptation, chosen={"k": best[0]} if options.order else {"k": best[0], "order": best[1]})
