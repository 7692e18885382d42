"""Agreement beyond chance: 1 is perfect, 0 is what chance gives, NaN where there is nothing to tell it by."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal

import numpy as np

Level = Literal["nominal", "ordinal", "interval", "ratio"]


def krippendorff_alpha(units: Sequence[Sequence[Any]], level: Level = "nominal") -> float:
    """Krippendorff's alpha (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability").

    1 - observed / expected disagreement, for any number of raters and with values missing.

    Args:
        units: what was judged; each holds one value per rater, None where that rater gave none. Units with fewer than
            two values say nothing and are left out.
        level: how values differ. nominal: at all; ordinal: by ranks; interval: by distance; ratio: by proportion.
            All but nominal need numbers.

    Returns:
        NaN where no unit has two values, or all values are the same (nothing varies, so nothing can agree).
    """
    judged = [values for unit in units if len(values := [v for v in unit if v is not None]) > 1]
    counts = Counter(v for unit in judged for v in unit)
    known = sorted(counts) if level != "nominal" else list(counts)
    total = sum(counts.values())
    if total < 2 or len(known) < 2:
        return math.nan
    apart = _distances(known, counts, level)
    observed = 0.0
    for unit in judged:
        here = Counter(unit)
        pairs = sum(n * m * apart(v, w) for v, n in here.items() for w, m in here.items() if v != w)
        observed += pairs / (len(unit) - 1)
    expected = sum(counts[v] * counts[w] * apart(v, w) for v in known for w in known if v != w) / (total - 1)
    return 1 - observed / expected


def _distances(known: Sequence[Any], counts: Counter[Any], level: Level) -> Callable[[Any, Any], float]:
    """The squared difference of two values that are not the same."""
    if level == "nominal":
        return lambda _v, _w: 1.0
    if level == "interval":
        return lambda v, w: float(v - w) ** 2
    if level == "ratio":
        return lambda v, w: float((v - w) / (v + w)) ** 2
    # Values between the two count whole, the two themselves half.
    below = dict(zip(known, np.cumsum([counts[v] for v in known]), strict=True))

    def ordinal(v: Any, w: Any) -> float:
        low, high = min(v, w), max(v, w)
        between = below[high] - below[low] + counts[low]
        return float(between - (counts[low] + counts[high]) / 2) ** 2

    return ordinal


def cohen_kappa(
    a: Sequence[Hashable], b: Sequence[Hashable], weights: Literal["none", "linear", "quadratic"] = "none"
) -> float:
    """Cohen's kappa of two raters who judged the same items (Cohen 1960; weighted: Cohen 1968).

    Args:
        weights: none: any difference is the same; linear, quadratic: by the distance of the sorted values' places.

    Returns:
        NaN where both gave one and the same value to everything.

    Raises:
        ValueError: the lengths differ, or there is nothing.
    """
    if len(a) != len(b) or not a:
        raise ValueError("kappa needs two raters' values for the same items, at least one")
    known: list[Any] = sorted({*a, *b})
    place = {v: i for i, v in enumerate(known)}
    table = np.zeros((len(known), len(known)))
    for v, w in zip(a, b, strict=True):
        table[place[v], place[w]] += 1
    steps = np.abs(np.subtract.outer(np.arange(len(known)), np.arange(len(known))))
    cost = {"none": (steps > 0).astype(float), "linear": steps.astype(float), "quadratic": steps.astype(float) ** 2}
    chance = np.outer(table.sum(axis=1), table.sum(axis=0)) / len(a)
    expected = float((cost[weights] * chance).sum())
    return 1 - float((cost[weights] * table).sum()) / expected if expected else math.nan


def fleiss_kappa(units: Sequence[Sequence[Hashable]]) -> float:
    """Fleiss' kappa (Fleiss 1971): every unit judged by the same number of raters, not always the same people.

    Returns:
        NaN where one and the same value was given to everything.

    Raises:
        ValueError: units have different numbers of values, or fewer than two.
    """
    sizes = {len(unit) for unit in units}
    if len(sizes) != 1 or min(sizes) < 2:
        raise ValueError("Fleiss' kappa needs units with one number of values each, at least two")
    [n] = sizes
    counts = Counter(v for unit in units for v in unit)
    chance = sum((c / (n * len(units))) ** 2 for c in counts.values())
    agreed = sum(sum(c * (c - 1) for c in Counter(unit).values()) for unit in units) / (n * (n - 1) * len(units))
    return (agreed - chance) / (1 - chance) if chance < 1 else math.nan
