"""Near-duplicates among many texts: MinHash signatures and locality-sensitive hashing, linear in the number of texts.

Broder 1997, "On the resemblance and containment of documents"; banding as in Leskovec, Rajaraman and Ullman, "Mining of
Massive Datasets", chapter 3.4. In numpy over whole blocks of texts; `benchmarks/data/duplicates.py` says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tailor.data.similar import jaccard

# Texts are compared by their runs of five characters: a typo costs five of them, whatever the length of the word.
SHINGLE = 5
# 25 bands of 5: a pair of similarity 0.8 is found with probability 1 - (1 - 0.8^5)^25 = 0.99995, one of 0.5 with 0.55.
BANDS, ROWS = 25, 5
# Neighbours within one bucket that are compared. It bounds the work where thousands of texts share a bucket; those
# that are left out are joined to the same cluster by their own neighbours.
WINDOW = 4
BLOCK = 4096
# An estimate from 125 hashes has a standard deviation of at most 0.045: what is farther off cannot reach the threshold.
SLACK = 0.15
_PAD = "\0" * (SHINGLE - 1)

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Signatures = NDArray[np.uint32]


@dataclass(frozen=True)
class Match:
    """Two texts by their places, and their exact Jaccard similarity in [0, 1]."""

    left: int
    right: int
    similarity: float


def shingles(text: str) -> frozenset[str]:
    """Every run of five characters that begins in the text; the end counts as four characters of its own."""
    padded = text + _PAD
    return frozenset(padded[i : i + SHINGLE] for i in range(len(text)))


def near_duplicates(texts: Sequence[str], threshold: float) -> list[Match]:
    """Pairs of texts, left before right, whose shingles have a Jaccard similarity of at least `threshold`.

    Complete with the probability of the banding, but of texts that share a bucket with many others only the nearest
    neighbours are compared. What is returned is verified exactly; empty texts are equal to nothing.

    Args:
        texts: as they are to be compared, so normalised before.
        threshold: 0.5 or more; below it too many pairs are missed.
    """
    signatures = _signatures(texts)
    found = [np.empty(0, dtype=np.int64)]
    filled = np.array([i for i, t in enumerate(texts) if t], dtype=np.int64)
    for keys in _bands(signatures[filled]):
        order = np.argsort(keys, kind="stable")
        for step in range(1, min(WINDOW, len(order) - 1) + 1):
            same = keys[order[step:]] == keys[order[:-step]]
            a, b = filled[order[:-step][same]], filled[order[step:][same]]
            close = _close(signatures, a, signatures, b, threshold)
            found.append(_pair(np.minimum(a[close], b[close]), np.maximum(a[close], b[close]), len(texts)))
    return _verified(np.unique(np.concatenate(found)), texts, texts, threshold)


def near_matches(
    texts: Sequence[str], others: Sequence[str], threshold: float, labels: Sequence[str], other_labels: Sequence[str]
) -> list[Match]:
    """Pairs of a text (left) and one of the others (right) with a similarity of at least `threshold`, as in
    `near_duplicates`. Where many others share a text's bucket, those with its label are compared first."""
    left, right = _signatures(texts), _signatures(others)
    mine = np.array([i for i, t in enumerate(texts) if t], dtype=np.int64)
    theirs = np.array([i for i, t in enumerate(others) if t], dtype=np.int64)
    numbers: dict[str, int] = {}
    kinds, other_kinds = numbered(labels, numbers)[mine], numbered(other_labels, numbers)[theirs]
    found = [np.empty(0, dtype=np.int64)]
    for keys, other_keys in zip(_bands(left[mine]), _bands(right[theirs]), strict=True):
        for a, b in equal_or_labelled(keys, other_keys, kinds, other_kinds):
            close = _close(left, mine[a], right, theirs[b], threshold)
            found.append(_pair(mine[a][close], theirs[b][close], len(others)))
    return _verified(np.unique(np.concatenate(found)), texts, others, threshold)


def equal_or_labelled(keys: Hashes, others: Hashes, kinds: Hashes, other_kinds: Hashes) -> Iterator[tuple[Ints, Ints]]:
    """Places in `keys` and in `others` that hold the same key. Of each key up to twice `WINDOW` of the others, and as
    many of those that are of its kind too."""
    yield from _equal_keys(mixed(keys ^ kinds), mixed(others ^ other_kinds))
    yield from _equal_keys(keys, others)


def numbered(words: Sequence[str], numbers: dict[str, int]) -> Hashes:
    """A 64-bit hash of each word; the same word has the same one. `numbers` remembers the words."""
    return mixed(np.array([numbers.setdefault(w, len(numbers) + 1) for w in words], dtype=np.uint64))


def _equal_keys(keys: Hashes, others: Hashes) -> Iterator[tuple[Ints, Ints]]:
    order = np.argsort(others, kind="stable")
    ordered = others[order]
    first, last = np.searchsorted(ordered, keys, "left"), np.searchsorted(ordered, keys, "right")
    for step in range(2 * WINDOW):
        there = np.flatnonzero(first + step < last)
        if not len(there):
            return
        yield there, order[first[there] + step]


def _signatures(texts: Sequence[str]) -> Signatures:
    """MinHash signatures, shape [n, 125]; an empty text has the largest value everywhere."""
    random = np.random.default_rng(20261125)
    factors = random.integers(0, 2**31, BANDS * ROWS, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    offsets = random.integers(0, 2**32, BANDS * ROWS, dtype=np.uint32)
    out = np.full((len(texts), BANDS * ROWS), np.iinfo(np.uint32).max, dtype=np.uint32)
    for start in range(0, len(texts), BLOCK):
        block = texts[start : start + BLOCK]
        lengths = np.array([len(t) for t in block], dtype=np.int64)
        filled = np.flatnonzero(lengths)
        values = _shingle_hashes(block, lengths)
        starts = np.concatenate(([0], np.cumsum(lengths[filled])[:-1])) if len(filled) else filled
        buffer = np.empty_like(values)
        for k in range(BANDS * ROWS if len(filled) else 0):
            np.multiply(values, factors[k], out=buffer)
            np.add(buffer, offsets[k], out=buffer)
            out[start + filled, k] = np.minimum.reduceat(buffer, starts)
    return out


def _shingle_hashes(texts: Sequence[str], lengths: Ints) -> NDArray[np.uint32]:
    """A 32-bit hash of each shingle of each text, one text after the other."""
    joined = "".join(t + _PAD for t in texts)
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    begins = np.ones(len(points), dtype=bool)
    ends = np.cumsum(lengths + len(_PAD))
    for k in range(1, len(_PAD) + 1):
        begins[ends - k] = False
    if len(points) < SHINGLE:
        return np.empty(0, dtype=np.uint32)
    count = len(points) - SHINGLE + 1
    rolled = np.zeros(count, dtype=np.uint64)
    for k in range(SHINGLE):
        rolled = rolled * np.uint64(0x100000001B3) + points[k : k + count]
    return (mixed(rolled[begins[:count]]) >> np.uint64(32)).astype(np.uint32)


def mixed(values: Hashes) -> Hashes:
    """Every bit of the result depends on every bit of a value (the finaliser of SplitMix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _bands(signatures: Signatures) -> Iterator[Hashes]:
    """One key per text and band: texts with the same key agree in all hashes of the band."""
    for band in range(BANDS):
        keys = np.zeros(len(signatures), dtype=np.uint64)
        for column in range(band * ROWS, (band + 1) * ROWS):
            keys = mixed(keys + signatures[:, column].astype(np.uint64))
        yield keys


def _close(a: Signatures, i: Ints, b: Signatures, j: Ints, threshold: float) -> NDArray[np.bool_]:
    """Which pairs may reach the threshold, by their signatures."""
    close = np.zeros(len(i), dtype=bool)
    for start in range(0, len(i), 1 << 16):
        part = slice(start, start + (1 << 16))
        close[part] = (a[i[part]] == b[j[part]]).mean(axis=1) >= threshold - SLACK
    return close


def _pair(a: Ints, b: Ints, n: int) -> Ints:
    return a * np.int64(n) + b


def _verified(pairs: Ints, texts: Sequence[str], others: Sequence[str], threshold: float) -> list[Match]:
    found = []
    last, mine = -1, frozenset[str]()
    for pair in pairs.tolist():
        i, j = divmod(pair, len(others))
        if i != last:
            last, mine = i, shingles(texts[i])
        if (similarity := jaccard(mine, shingles(others[j]))) >= threshold:
            found.append(Match(i, j, similarity))
    return found
