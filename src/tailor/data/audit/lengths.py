"""Rows that are far longer than the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tailor.data.audit.contract import Finding, Material, at_most, plural

# Short texts differ by a few words without being odd: no fence below this many words.
LOWEST_FENCE = 50.0


def lengths(material: Material) -> Iterator[Finding]:
    """Tukey's far-out fence (third quartile and three interquartile ranges), on the number of words."""
    long: list[tuple[int, int]] = []
    for texts in ([e.question for e in material.rows], [e.answer or "" for e in material.rows]):
        counts = [len(t.split()) for t in texts]
        if counts:
            low, high = np.percentile(counts, [25, 75])
            fence = max(LOWEST_FENCE, float(high + 3 * (high - low)))
            long += [(-n, i) for i, n in enumerate(counts) if n > fence]
    rows = material.ids(i for _, i in sorted(long))
    yield at_most(
        "length", len(rows), 0, f"{plural(len(rows), 'row is', 'rows are')} far longer than the others.", rows
    )
