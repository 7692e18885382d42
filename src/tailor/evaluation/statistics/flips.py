"""The sign-flip permutation test: if two arms are equally good, each fact's difference could have the other sign."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

FLIPS = 20_000
EXACT_FACTS = 14
MOST_SIZES = 2_000
_FLIP_SEED = 20_240_611


def sign_flip_p(totals: ArrayLike) -> tuple[float, bool]:
    """Two-sided p of the sum of per-fact differences if each could as well have the other sign; whether it is exact.

    Facts without a difference change nothing. Up to 14 others: all 2^k sign patterns are counted. More: 20,000 random
    patterns of a fixed seed, p = (1 + count)/(1 + 20,000) (Phipson and Smyth 2010), which is never 0. More than 2,000
    different sizes of difference: the normal limit of the flips, variance sum of squares (Berry-Esseen: off by less
    than 0.56 * sum|t|^3 / (sum t^2)^1.5, about 0.015 there and smaller in the tails).
    """
    magnitudes = np.abs(np.asarray(totals, dtype=np.float64))
    observed = abs(float(np.sum(totals)))
    magnitudes = magnitudes[magnitudes > 1e-12]
    # Rounding must not turn a pattern as extreme as the observed one into a less extreme one.
    enough = observed - 1e-9 * max(1.0, observed)
    if len(magnitudes) <= EXACT_FACTS:
        sums = np.zeros(1)
        for magnitude in magnitudes:
            sums = np.concatenate([sums + magnitude, sums - magnitude])
        return float(np.mean(np.abs(sums) >= enough)), True
    # Facts with differences of one size are flipped together: their sum needs only how many of them stay positive.
    sizes, counts = np.unique(np.round(magnitudes, 12), return_counts=True)
    if len(sizes) > MOST_SIZES:
        return math.erfc(observed / math.sqrt(2 * float(np.sum(magnitudes**2)))), False
    generator = np.random.default_rng(_FLIP_SEED)
    sums = np.zeros(FLIPS)
    for size, count in zip(sizes, counts, strict=True):
        sums += size * (2.0 * generator.binomial(count, 0.5, size=FLIPS) - count)
    return float((1 + np.count_nonzero(np.abs(sums) >= enough)) / (1 + FLIPS)), False
