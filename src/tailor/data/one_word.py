"""Texts that differ in one word: replaced, added, left out or moved. Exact, and linear in the number of words.

Two texts are one word apart if they become equal when one word is taken out of one or of both (Mor and Fraenkel 1982,
"A hash code method for detecting and correcting spelling errors", here with words for letters).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tailor.data.minhash import Hashes, Ints, equal_or_labelled, mixed, numbered

# Short ones would meet by chance; in longer ones a word changes so little that MinHash finds them all the same.
SHORTEST, LONGEST = 4, 64
_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)


def one_word_apart(
    texts: Sequence[Sequence[str]], others: Sequence[Sequence[str]], labels: Sequence[str], other_labels: Sequence[str]
) -> list[tuple[int, int]]:
    """Pairs of a text and one of the others that are one word apart, texts as lists of 4 to 64 words.

    Where many others are one word apart from a text, those with its label come first, and not all are named.
    """
    numbers: dict[str, int] = {}
    rows, keys = _without_one(texts, numbers)
    other_rows, other_keys = _without_one(others, numbers)
    kinds, other_kinds = numbered(labels, numbers), numbered(other_labels, numbers)
    found = [np.empty((0, 2), dtype=np.int64)]
    for a, b in equal_or_labelled(keys, other_keys, kinds[rows], other_kinds[other_rows]):
        found.append(np.stack([rows[a], other_rows[b]], axis=1))
    pairs = np.unique(np.concatenate(found), axis=0)
    return [(i, j) for i, j in pairs.tolist() if texts[i] != others[j]]


def _without_one(texts: Sequence[Sequence[str]], numbers: dict[str, int]) -> tuple[Ints, Hashes]:
    """For every text of a fitting length the hash of it without each of its words, and of the whole; and its place."""
    places = [i for i, t in enumerate(texts) if SHORTEST <= len(t) <= LONGEST]
    lengths = np.array([len(texts[i]) for i in places], dtype=np.int64)
    if not len(lengths):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint64)
    starts = np.cumsum(lengths) - lengths
    row = np.repeat(np.arange(len(places)), lengths)
    column = np.arange(len(row)) - starts[row]
    powers = np.cumprod(np.full(LONGEST + 1, _BASE, dtype=np.uint64))
    values = numbered([w for i in places for w in texts[i]], numbers) * powers[column]
    # A polynomial modulo 2^64: the words after the one left out move one place down.
    before = np.cumsum(values) - values
    head = before - before[starts][row]
    whole = np.add.reduceat(values, starts)
    without = head + (whole[row] - head - values) * np.uint64(_BASE_INVERSE)
    where = np.array(places, dtype=np.int64)
    # How many words are left keeps texts of different lengths apart.
    keys = np.concatenate([without + (lengths[row] - 1).astype(np.uint64), whole + lengths.astype(np.uint64)])
    return np.concatenate([where[row], where]), mixed(keys)
