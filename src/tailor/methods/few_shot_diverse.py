"""Demonstrations that cover the questions of the training split, the same for every question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tailor.errors import ConfigError, DataError
from tailor.methods.base import FitContext, choose_on_dev
from tailor.records import Adaptation, Demonstration, Demonstrations, Fitted

TRIED = (2, 4, 8)
MOST = 2000  # rows looked at, evenly spread by id: a similarity for every two of them is 16 MB
Order = Literal["central-last", "central-first"]
ORDERS: tuple[Order, ...] = ("central-last", "central-first")


@dataclass(frozen=True)
class FewShotDiverseOptions:
    """`k` demonstrations (1-64, at most one per fact of the training split), or None to choose among 2, 4 and 8 on dev;
    `order` puts the one that speaks for most questions last or first, None to choose on dev."""

    k: int | None = None
    order: Order | None = None

    def __post_init__(self) -> None:
        if self.k is not None and not 1 <= self.k <= 64:
            raise ConfigError(f"few-shot-diverse: k must be from 1 to 64, found {self.k}.")


class FewShotDiverse:
    """A random draw may show four questions of one kind. This one takes those to which all training questions are near
    on the whole (facility location), so every kind of question has an example of its form."""

    options = FewShotDiverseOptions
    complexity = 12
    uses_seed = False
    trains_weights = False
    needs_documents = False

    def fit(self, context: FitContext, options: FewShotDiverseOptions) -> Fitted:
        """Choose demonstrations by coverage; try k and order on dev unless given."""
        from tailor.retrieval.embedding import embed

        rows = sorted((e for e in context.train if e.answer is not None), key=lambda e: e.id)
        if not rows:
            raise DataError("few-shot-diverse: the training split is empty.", hint="Add questions with answers.")
        seen = [rows[i] for i in np.linspace(0, len(rows) - 1, min(MOST, len(rows))).round().astype(int)]
        facts = [e.fact or e.id for e in seen]
        largest = min(options.k or max(TRIED), len(set(facts)))
        chosen = covering(embed([e.question for e in seen]), facts, largest)
        pool = [Demonstration(seen[i].question, seen[i].answer or "") for i in chosen]
        sizes = [largest] if options.k else [k for k in TRIED if k <= largest] or [largest]
        candidates = [
            ((k, order), Adaptation(context.base, demonstrations=_shown(pool[:k], order)))
            for k in sizes
            for order in ([options.order] if options.order else ORDERS)
        ]
        best, adaptation = choose_on_dev(candidates, context)
        assert isinstance(best, tuple)
        return Fitted(adaptation, chosen={"k": best[0], "order": best[1]})


def _shown(pool: Sequence[Demonstration], order: Order) -> Demonstrations:
    shown = pool if order == "central-first" else reversed(pool)
    return Demonstrations("fixed", len(pool), tuple(shown))


def covering(vectors: NDArray[np.float32], facts: Sequence[str], k: int) -> list[int]:
    """Rows that speak for all: greedily the one that adds most to Σᵢ max_{j chosen} max(0, vᵢ·vⱼ), the earlier on a
    tie, never two of one fact.

    The sum grows with diminishing returns, so without the rule about facts the greedy choice reaches at least 63 %
    (1 - 1/e) of the best one (facility location: Nemhauser, Wolsey and Fisher 1978). Coverage of demonstrations: Gupta,
    Gardner and Singh 2023, arXiv 2305.14907.

    Args:
        vectors: unit vectors, shape [rows, width].
        facts: of each row.
        k: rows wanted; fewer where there are fewer facts.
    """
    # Rounded, so that rows that are equally good stay so whatever order a matrix product adds in.
    near = np.round(np.maximum(vectors @ vectors.T, 0.0), 5).astype(np.float64)
    covered, chosen, taken = np.zeros(len(vectors)), list[int](), set[str]()
    free = np.ones(len(vectors), dtype=bool)
    while len(chosen) < k and free.any():
        gains = np.round(np.maximum(near, covered[:, None]).sum(0) - covered.sum(), 6)
        best = int(np.argmax(np.where(free, gains, -np.inf)))
        chosen.append(best)
        covered = np.maximum(covered, near[:, best])
        taken.add(facts[best])
        free &= np.array([f not in taken for f in facts])
    return chosen
