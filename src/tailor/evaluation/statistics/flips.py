"""The sign-flip permutation test: if two arms are equally good, each fact's difference could have the other sign."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from tailor.evaluation.statistics.clusters import Floats

FLIPS = 20_000
EXACT_FACTS = 14
MOST_UNITS = 1 << 20
MOST_SIZES = 2_000
# Units tried for the differences: scores are shares of items, seeds and half points, so a small denominator fits.
DENOMINATORS = (*range(1, 25), 30, 36, 48, 60, 120)
_FLIP_SEED = 20_240_611


def sign_flip_p(totals: ArrayLike) -> tuple[float, bool]:
    """Two-sided p of the sum of per-fact differences if each could as well have the other sign; whether it is exact.

    Facts without a difference change nothing. Where all differences are multiples of one unit (right-or-wrong items
    always are: 1 over the numbers of seeds), all 2^k sign patterns are counted: the number of units whose sign is
    turned has the generating function prod((1 + x^size)/2), which a Fourier transform unfolds. Up to 14 facts with
    other differences are counted one by one. More of them: 20,000 random patterns of a fixed seed, p = (1 + count) /
    (1 + 20,000) (Phipson and Smyth 2010), which is never 0. Beyond about a million units or 2,000 different sizes:
    the normal limit with the variance sum of squares; flips have no skewness, so it is off by about 1/k only.
    """
    magnitudes = np.abs(np.asarray(totals, dtype=np.float64))
    observed = abs(float(np.sum(totals)))
    magnitudes = magnitudes[magnitudes > 1e-12]
    if len(magnitudes) == 0:
        return 1.0, True
    units = _units(magnitudes)
    if units is not None:
        sizes, denominator = units
        return _count_units(sizes, round(observed * denominator)), True
    if len(magnitudes) <= EXACT_FACTS:
        return _count_patterns(magnitudes, observed), True
    sizes, counts = np.unique(np.round(magnitudes, 12), return_counts=True)
    if len(sizes) > MOST_SIZES or len(magnitudes) > MOST_UNITS // 24:
        return math.erfc(observed / math.sqrt(2 * float(np.sum(magnitudes**2)))), False
    generator = np.random.default_rng(_FLIP_SEED)
    # Facts with differences of one size are flipped together: their sum needs only how many of them stay positive.
    sums = np.zeros(FLIPS)
    for size, count in zip(sizes, counts, strict=True):
        sums += size * (2.0 * generator.binomial(count, 0.5, size=FLIPS) - count)
    return float((1 + np.count_nonzero(np.abs(sums) >= _enough(observed))) / (1 + FLIPS)), False


def _enough(observed: float) -> float:
    """Rounding must not turn a pattern as extreme as the observed one into a less extreme one."""
    return observed - 1e-9 * max(1.0, observed)


def _units(magnitudes: Floats) -> tuple[Floats, int] | None:
    """Differences as whole numbers of the largest unit that fits all, and its denominator."""
    for denominator in DENOMINATORS:
        sizes = np.round(magnitudes * denominator)
        if sizes.sum() > MOST_UNITS:
            return None
        if np.all(np.abs(magnitudes * denominator - sizes) < 1e-7):
            return sizes, denominator
    return None


def _count_units(sizes: Floats, observed: int) -> float:
    """P(|sum of +-size| >= observed) over all patterns: both ways the turned units are at most (total - observed)/2."""
    if observed == 0:
        return 1.0
    total = int(sizes.sum())
    length = 1 << total.bit_length()
    angles = np.pi * np.arange(length // 2 + 1) / length  # half of 2*pi*j/length
    product = np.ones_like(angles)
    for size, count in zip(*np.unique(sizes, return_counts=True), strict=True):
        product *= np.cos(size * angles) ** count
    chances = np.fft.irfft(product * np.exp(-1j * total * angles), n=length)
    tail = float(2 * np.sum(chances[: (total - observed) // 2 + 1]))
    # The transform is good to 1e-16; no p is below that of the one most extreme pattern and its mirror.
    return min(1.0, max(tail, 2.0 ** (1 - min(len(sizes), 1000))))


def _count_patterns(magnitudes: Floats, observed: float) -> float:
    sums = np.zeros(1)
    for magnitude in magnitudes:
        sums = np.concatenate([sums + magnitude, sums - magnitude])
    return float(np.mean(np.abs(sums) >= _enough(observed)))
