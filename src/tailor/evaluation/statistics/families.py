"""Several comparisons at once."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment (1979), in the order given: those below alpha keep the family-wise error below it.

    The k-th smallest of m becomes (m - k + 1) * p, at least what came before it and at most 1.

    Raises:
        ValueError: a p value is NaN or outside [0, 1].
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError("expected p values in [0, 1]")
    adjusted, floor = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = floor
    return adjusted
