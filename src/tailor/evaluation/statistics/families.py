"""Several comparisons at once."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment (1979), in the order given: those below alpha keep the family-wise error below it.

    The k-th smallest of m becomes (m - k + 1) * p, at least what came before it and at most 1.

    Raises:
        ValueError: a p value is NaN or outside [0, 1].
    """
    _check(p_values)
    adjusted, floor = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = floor
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's step-up adjustment (1995), in the order given, for slices looked at after the fact.

    The k-th smallest of m becomes m/k * p, at most what comes after it and at most 1. Of those below alpha at most the
    share alpha is expected to be false, if the tests are independent or positively dependent. It does not keep the
    family-wise error: a verdict needs `holm`.

    Raises:
        ValueError: a p value is NaN or outside [0, 1].
    """
    _check(p_values)
    m, adjusted, ceiling = len(p_values), [0.0] * len(p_values), 1.0
    order = sorted(range(m), key=p_values.__getitem__)
    for rank in range(m, 0, -1):
        ceiling = min(ceiling, m / rank * p_values[order[rank - 1]])
        adjusted[order[rank - 1]] = ceiling
    return adjusted


def _check(p_values: Sequence[float]) -> None:
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError("expected p values in [0, 1]")
