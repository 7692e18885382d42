"""Invented studies whose truth is known: arms of a given accuracy on facts whose wordings go together.

Every arm is right on an item where a uniform number is below its true accuracy. With probability `icc` a fact's items
share one number (all right or all wrong), so two items of a fact correlate by exactly `icc`. With probability `shared`
a fact has the same numbers for all arms: what is hard for one is hard for the other, which is what pairing lives on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """`facts` facts of `framings` items; `icc` and `shared` in [0, 1]."""

    facts: int
    framings: int
    icc: float
    shared: float

    @property
    def items(self) -> int:
        return self.facts * self.framings

    @property
    def codes(self) -> NDArray[np.intp]:
        """The fact of each item."""
        return np.repeat(np.arange(self.facts), self.framings)

    def answers(self, rng: np.random.Generator, *accuracies: float | Floats) -> list[Floats]:
        """One table of 0 and 1 per arm: items, or items x seeds where an arm has an accuracy for each seed."""
        together = rng.random(self.facts) < self.icc
        common = rng.random(self.facts) < self.shared
        base = self.numbers(rng, together)
        tables = []
        for accuracy in accuracies:
            own = self.numbers(rng, together)
            drawn = np.where(common[:, None], base, own).reshape(-1)
            tables.append((drawn[:, None] < np.atleast_1d(accuracy)[None, :]).astype(np.float64))
        return [t[:, 0] if np.ndim(a) == 0 else t for t, a in zip(tables, accuracies, strict=True)]

    def numbers(self, rng: np.random.Generator, together: NDArray[np.bool_]) -> Floats:
        """A uniform number for each item, facts x framings, the same one for all items of the facts in `together`."""
        items = rng.random((self.facts, self.framings))
        return np.where(together[:, None], items[:, :1], items)


def grid(worlds: int, rng: np.random.Generator) -> list[World]:
    """`worlds` worlds, evenly over 30 to 1,000 facts, 1 or 4 framings and an ICC of 0 to 0.7."""
    cells = [(g, m, icc) for g in (30, 100, 300, 1000) for m in (1, 4) for icc in (0.0, 0.3, 0.7)]
    return [World(*cells[i % len(cells)], shared=float(rng.choice([0.0, 0.4, 0.8]))) for i in range(worlds)]
