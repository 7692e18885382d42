"""Which examples share a row, and which rows a batch: integers only, a function of lengths and seed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

Row = tuple[int, ...]
"""Positions of the examples that stand one after the other in a row."""
Batch = tuple[Row, ...]

LOOK_AHEAD = 32
"""Examples looked at for the last gaps of a batch; those left over open the next batch."""


def row_capacity(lengths: Sequence[int], batch_tokens: int) -> int:
    """Tokens of a row. Attention on a CPU costs row length x row length whatever the mask, so rows are short: 64
    tokens, or two long (95th percentile) or three middling examples where that is more. At 20 tokens per example rows
    of 64, 128 and 256 made 3774, 3255 and 3140 real tokens per processor second (medians of ten steps); at 28 tokens
    rows of 64, 96 and 128 made 6742, 7218 and 6370 (medians of seven times four steps). The gaps are about 5 %."""
    wanted = max(64, 2 * int(np.percentile(lengths, 95)), 3 * float(np.mean(lengths)))
    return max(1, min(batch_tokens, 32 * math.ceil(wanted / 32)))


def pack(order: Sequence[int], lengths: Sequence[int], capacity: int, batch_tokens: int) -> Iterator[Batch]:
    """Fill batches in the given order: each example goes into the fullest row with room for it, else into a new row
    while the batch has room for one. An example longer than `capacity` has a row of its own.

    Every example is in exactly one row. An example waits for the next batch only where it does not fit into this one.
    """
    waiting = deque(order)
    while waiting:
        rows: list[list[int]] = []
        room: list[int] = []
        spent = 0
        skipped: list[int] = []
        while waiting and len(skipped) < LOOK_AHEAD:
            example = waiting.popleft()
            length = lengths[example]
            fitting = [r for r in range(len(rows)) if room[r] >= length]
            size = max(capacity, length)
            if fitting:
                tightest = min(fitting, key=room.__getitem__)
                rows[tightest].append(example)
                room[tightest] -= length
            elif not rows or spent + size <= batch_tokens:
                rows.append([example])
                room.append(size - length)
                spent += size
            else:
                skipped.append(example)
        waiting.extendleft(reversed(skipped))
        yield tuple(tuple(row) for row in rows)


def plan(lengths: Sequence[int], *, epochs: float, seed: int, batch_tokens: int, packed: bool) -> list[Batch]:
    """All batches of a training. Each epoch is shuffled as a whole, so that examples of one fact are far apart.

    Args:
        lengths: tokens of each example.
        epochs: passes; the last one may be part of a pass.
        seed: of the shuffling.
        batch_tokens: tokens per batch.
        packed: several examples in a row; otherwise one each.
    """
    capacity = row_capacity(lengths, batch_tokens) if packed else 1
    batches: list[Batch] = []
    for epoch in range(math.ceil(epochs)):
        order = np.random.default_rng([seed, epoch]).permutation(len(lengths)).tolist()
        share = min(1.0, epochs - epoch)
        batches += pack(order[: max(1, round(share * len(order)))], lengths, capacity, batch_tokens)
    return batches


def passes(batch: Batch, lengths: Sequence[int], micro_tokens: int) -> list[Batch]:
    """Split a batch into forward passes of at most `micro_tokens` (at least one row each), rows of like length
    together: a row shorter than three quarters of the longest in its pass would mostly be padding."""
    rows = sorted(batch, key=lambda row: -sum(lengths[e] for e in row))
    result: list[list[Row]] = []
    longest = 0
    for row in rows:
        used = sum(lengths[e] for e in row)
        if not result or used < 0.75 * longest or (len(result[-1]) + 1) * longest > micro_tokens:
            result.append([])
            longest = used
        result[-1].append(row)
    return [tuple(rows) for rows in result]
