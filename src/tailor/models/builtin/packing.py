"""Packs encoded documents into rows and batches, in a process of its own so that training does not wait."""

from __future__ import annotations

import queue
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tailor.models.builtin.tokenizer import PAD, Encoded, Encoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LENGTHS = (192, 384, 512)
PIECE = 2048
OPEN = 16


@dataclass(frozen=True)
class Piece:
    """Rows of one length, ``PIECE`` tokens together at most, and what is expected after each token.

    ``tokens``, ``targets``, ``weights`` and ``streams`` have the shape ``(rows, length)``; ``streams`` is the
    number of the target's stream in ``names``.
    """

    tokens: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.float32]
    streams: NDArray[np.int64]
    names: tuple[str, ...]


class Packer:
    """Fills rows of whole documents, each document in the open row of any length where it leaves least room.

    Only a document that fits nowhere opens a row, of the shortest length that holds it; then the fullest row of
    that length is finished once ``OPEN`` are open.  This fills 98 % of the places with documents.
    """

    def __init__(self) -> None:
        self.open: dict[int, list[list[Encoded]]] = {length: [] for length in LENGTHS}
        self.finished: dict[int, list[list[Encoded]]] = {length: [] for length in LENGTHS}
        self.numbers: dict[str, int] = {}

    def add(self, document: Encoded) -> bool:
        """Place a document; False when it is longer than the longest row."""
        size = len(document.tokens)
        own = next((length for length in LENGTHS if size <= length + 1), None)
        if own is None:
            return False
        rooms = [
            (length + 1 - used(row) - size, length, number)
            for length, rows in self.open.items()
            for number, row in enumerate(rows)
        ]
        fitting = min((room for room in rooms if room[0] >= 0), default=None)
        if fitting is not None:
            self.open[fitting[1]][fitting[2]].append(document)
            return True
        self.open[own].append([document])
        if len(self.open[own]) > OPEN:
            fullest = max(range(len(self.open[own])), key=lambda number: used(self.open[own][number]))
            self.finished[own].append(self.open[own].pop(fullest))
        return True

    def piece(self) -> Piece | None:
        """A piece of finished rows, or None when too few of one length are finished."""
        for length, rows in self.finished.items():
            count = PIECE // length
            if len(rows) >= count:
                self.finished[length] = rows[count:]
                return self.stack(rows[:count], length)
        return None

    def stack(self, rows: list[list[Encoded]], length: int) -> Piece:
        """Rows of documents as arrays; what a row does not fill is padding of weight 0."""
        import numpy as np

        tokens = np.full((len(rows), length + 1), PAD, dtype=np.int64)
        weights = np.zeros((len(rows), length + 1), dtype=np.float32)
        streams = np.zeros((len(rows), length + 1), dtype=np.int64)
        for number, row in enumerate(rows):
            start = 0
            for document in row:
                end = start + len(document.tokens)
                tokens[number, start:end] = document.tokens
                weights[number, start:end] = document.weights
                streams[number, start:end] = self.numbers.setdefault(document.stream, len(self.numbers))
                start = end
        inputs, targets = tokens[:, :-1].copy(), tokens[:, 1:].copy()
        return Piece(inputs, targets, weights[:, 1:].copy(), streams[:, 1:].copy(), tuple(self.numbers))


def used(row: list[Encoded]) -> int:
    """Number of tokens in a row."""
    return sum(len(document.tokens) for document in row)


def pieces(documents: Iterable[Encoded], dropped: Counter[str] | None = None) -> Iterator[Piece]:
    """Pieces of packed documents.

    Documents longer than the longest row are left out, since cutting one would cut its answer; ``dropped``
    counts them per stream.
    """
    packer = Packer()
    for document in documents:
        if not packer.add(document) and dropped is not None:
            dropped[document.stream] += 1
        piece = packer.piece()
        if piece is not None:
            yield piece


def produce(tokenizer: Path, seed: int, begun: float, room: Any) -> None:
    """Endlessly put pieces of the corpus of ``seed`` into the queue ``room``.

    A generator that fails is reported and started again with the next seed, so that one bad document does not
    end a run of hours; ten failures without a piece in between are raised.
    """
    from tailor.models.builtin.corpus import documents

    failures = 0
    while True:
        encoder = Encoder(tokenizer, seed)
        try:
            for piece in pieces(encoder.encode(document) for document in documents(seed, begun)):
                room.put(piece)
                failures = 0
        except Exception:  # one bad document must not end hours of training; ten in a row are a defect
            failures += 1
            if failures == 10:
                raise
            traceback.print_exc()
        seed += 1


class Supply:
    """Pieces from a background process; use as a context manager, which ends the process."""

    def __init__(self, tokenizer: Path, seed: int, begun: float = 0.0, ahead: int = 64) -> None:
        context = get_context("spawn")
        self.room: Any = context.Queue(maxsize=ahead)
        self.process = context.Process(target=produce, args=(tokenizer, seed, begun, self.room), daemon=True)

    def __enter__(self) -> Supply:
        self.process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.join()

    def take(self) -> Piece:
        """The next piece; raises ``RuntimeError`` when the background process has died."""
        while True:
            try:
                piece: Piece = self.room.get(timeout=5)
                return piece
            except queue.Empty:
                if not self.process.is_alive():
                    raise RuntimeError(
                        f"the corpus process ended with code {self.process.exitcode}; its error is printed above"
                    ) from None
