"""Search an index: BM25 and embeddings, fused by reciprocal ranks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tailor.errors import ArtifactError, MissingDependency
from tailor.files import read_json
from tailor.records import Passage
from tailor.retrieval import embedding
from tailor.retrieval.index import FORMAT_VERSION, PASSAGES, SETTINGS, VECTORS, indexed_text
from tailor.retrieval.lexical import BM25

# Cormack, Clarke & Büttcher 2009, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods".
RRF_K = 60
# Passages below this rank add less than 1 / 160 to a sum of which the best has 2 / 61.
DEPTH = 100
REBUILD = "Build the index again from the documents."


class Index:
    """Passages that can be searched.

    Args:
        passages: what is searched.
        vectors: their unit vectors, float32 [n, 384]; None: lexical search only.
    """

    def __init__(self, passages: Sequence[Passage], vectors: NDArray[np.float32] | None = None) -> None:
        self.passages = tuple(passages)
        self._vectors = vectors
        self._lexical = BM25([indexed_text(p) for p in passages])

    @classmethod
    def load(cls, folder: Path) -> Index:
        """Read an index written by `build_index`. The encoder is loaded by the first search, not here.

        Raises:
            ArtifactError: files are missing, damaged or from a newer Tailor, or the encoder is another one.
            MissingDependency: the index has embeddings and the encoder is not installed.
        """
        settings = read_json(folder / SETTINGS)
        if not isinstance(settings, dict) or not isinstance(settings.get("format_version"), int):
            raise ArtifactError(f"{folder} is not a search index.", hint=REBUILD)
        if settings["format_version"] > FORMAT_VERSION:
            raise ArtifactError(f"The index {folder} comes from a newer Tailor.", hint=REBUILD)
        passages = read_passages(folder)
        if len(passages) != settings.get("n"):
            found = f"{len(passages)} passages, expected {settings.get('n')}"
            raise ArtifactError(f"The index {folder} holds {found}.", hint=REBUILD)
        return cls(passages, _vectors(folder, settings) if settings.get("dense_model") else None)

    def search(self, question: str, k: int) -> list[Passage]:
        """The k best passages, best first; see `search_many`."""
        return self.search_many([question], k)[0]

    def search_many(self, questions: Sequence[str], k: int) -> list[list[Passage]]:
        """For each question the k best passages, best first.

        A passage's score is the sum of 1 / (60 + rank) over the lexical and the dense ranking. Equal scores keep the
        order of the index. Fewer than k are returned only if the index has fewer, or, without embeddings, if fewer
        share a word with the question.

        Raises:
            ValueError: k < 1.
        """
        if k < 1:
            raise ValueError(f"k is at least 1, not {k}")
        similarities = None
        if self._vectors is not None and questions:
            similarities = embedding.encode(questions)
        found = []
        for i, question in enumerate(questions):
            rankings = [_ranking(self._lexical.scores(question), above_zero=True)]
            if similarities is not None and self._vectors is not None:
                # One question at a time, rounded: a matrix product may differ in its last bits with the number of rows.
                rankings.append(_ranking(np.round(self._vectors @ similarities[i], 5).astype(np.float64)))
            found.append([self.passages[j] for j in fuse(rankings, max(k, DEPTH))[:k]])
        return found


def fuse(rankings: Sequence[Sequence[int]], depth: int = DEPTH) -> list[int]:
    """Reciprocal rank fusion: items by the sum of 1 / (60 + rank), ranks from 1; ties by the smaller item."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking[:depth], start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (RRF_K + rank)
    return sorted(scores, key=lambda item: (-scores[item], item))


def _ranking(scores: NDArray[np.float64], *, above_zero: bool = False) -> list[int]:
    order = np.argsort(-scores, kind="stable")
    return [int(i) for i in (order[scores[order] > 0] if above_zero else order)]


def read_passages(folder: Path) -> list[Passage]:
    """The passages of an index, in its order, without anything to search them with.

    Raises:
        ArtifactError: the file is missing or damaged.
    """
    if not (folder / PASSAGES).is_file():
        raise ArtifactError(f"{folder / PASSAGES} does not exist.", hint=REBUILD)
    try:
        # Not splitlines: a text may hold U+2028, which JSON does not escape.
        lines = (folder / PASSAGES).read_text(encoding="utf-8").split("\n")
        return [Passage(**json.loads(line)) for line in lines if line]
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"{folder / PASSAGES} is damaged: {error}", hint=REBUILD) from None


def _vectors(folder: Path, settings: dict[str, Any]) -> NDArray[np.float32]:
    if not embedding.installed():
        raise MissingDependency("Searching this index", "rag")
    if settings.get("dense_model_sha256") != embedding.model_sha256():
        raise ArtifactError(f"The index {folder} was made with another sentence encoder.", hint=REBUILD)
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        vectors = load_file(folder / VECTORS)["vectors"]
    except (OSError, KeyError, SafetensorError) as error:
        raise ArtifactError(f"{folder / VECTORS} is missing or damaged: {error}", hint=REBUILD) from None
    if vectors.shape != (settings["n"], embedding.WIDTH):
        raise ArtifactError(f"{folder / VECTORS} does not fit the passages.", hint=REBUILD)
    return np.asarray(vectors, dtype=np.float32)
