"""k fixed demonstrations before every question; k chosen on dev."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tailor.errors import ConfigError, DataError
from tailor.methods.base import FitContext, choose_on_dev
from tailor.records import Adaptation, Demonstration, Demonstrations, Example, Fitted

TRIED = (2, 4, 8)


@dataclass(frozen=True)
class FewShotOptions:
    """`k` demonstrations (1-64, at most one per fact of the training split), or None to choose among 2, 4 and 8 on
    dev; `orders` of them that are tried on dev (1-24), the order of the draw first."""

    k: int | None = None
    orders: int = 1

    def __post_init__(self) -> None:
        if self.k is not None and not 1 <= self.k <= 64:
            raise ConfigError(f"few-shot: k must be from 1 to 64, found {self.k}.")
        if not 1 <= self.orders <= 24:
            raise ConfigError(f"few-shot: orders must be from 1 to 24, found {self.orders}.")


class FewShot:
    """Demonstrations drawn from different facts of the training split, the same for every question, so that an engine
    can share their prefix."""

    options = FewShotOptions
    complexity = 10
    uses_seed = True
    trains_weights = False
    needs_documents = False

    def fit(self, context: FitContext, options: FewShotOptions) -> Fitted:
        """Draw demonstrations by the seed; try k on dev unless given."""
        pool = one_per_fact(context.train, context.seed)
        if not pool:
            raise DataError("few-shot: the training split is empty.", hint="Add questions with answers.")
        sizes = [min(options.k, len(pool))] if options.k else [k for k in TRIED if k <= len(pool)] or [len(pool)]
        candidates = [
            (k, Adaptation(context.base, demonstrations=Demonstrations("fixed", k, tuple(pool[:k])))) for k in sizes
        ]
        k, adaptation = choose_on_dev(candidates, context)
        if options.orders == 1:
            return Fitted(adaptation, chosen={"k": k})
        shown = adaptation.demonstrations
        assert shown is not None
        tried = [
            (order, Adaptation(context.base, demonstrations=Demonstrations("fixed", shown.k, order)))
            for order in orders(shown.pool, options.orders, context.seed)
        ]
        _, adaptation = choose_on_dev(tried, context)
        best = adaptation.demonstrations
        assert best is not None
        return Fitted(adaptation, chosen={"k": k, "order": [shown.pool.index(d) for d in best.pool]})


def orders(pool: tuple[Demonstration, ...], count: int, seed: int) -> list[tuple[Demonstration, ...]]:
    """Up to `count` different orders, the given one first. Order alone can decide between near chance and the best
    answers (Lu et al. 2022, arXiv 2104.08786)."""
    rng, found = random.Random(seed), dict.fromkeys([pool])
    for _ in range(20 * count):
        if len(found) == count:
            break
        found[tuple(rng.sample(pool, len(pool)))] = None
    return list(found)


def one_per_fact(train: Sequence[Example], seed: int) -> list[Demonstration]:
    """One framing of each fact, in an order drawn by the seed."""
    rows = sorted((e for e in train if e.answer is not None), key=lambda e: e.id)
    random.Random(seed).shuffle(rows)
    seen: dict[str, Demonstration] = {}
    for row in rows:
        seen.setdefault(row.fact or row.id, Demonstration(row.question, row.answer or ""))
    return list(seen.values())
