"""Write a search index: a folder of plain files that names what it was made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tailor.errors import DataError, MissingDependency
from tailor.files import canonical_json, new_folder, write_json, write_text
from tailor.records import Passage
from tailor.retrieval import embedding

FORMAT_VERSION = 1
PASSAGES, VECTORS, SETTINGS = "passages.jsonl", "dense.safetensors", "index.json"


def indexed_text(passage: Passage) -> str:
    """What of a passage is searched: its heading and its text."""
    return f"{passage.heading}\n{passage.text}" if passage.heading else passage.text


def build_index(
    passages: Sequence[Passage],
    folder: Path,
    *,
    dense: bool | None = None,
    chunk_settings: Mapping[str, object] | None = None,
) -> None:
    """Write an index to `folder`, whole or not at all; an index that is there is replaced.

    The folder holds `passages.jsonl`, `index.json` and, with dense search, `dense.safetensors` (float16 [n, 384]). The
    lexical index is made from the passages when they are loaded.

    Args:
        dense: with embeddings; None: if the encoder is installed.
        chunk_settings: how the passages were cut, kept in `index.json`.

    Raises:
        DataError: no passages, or two with one id.
        MissingDependency: dense search is asked for and the encoder is not installed.
    """
    if not passages:
        raise DataError("There are no passages to index.", hint="Check that the documents hold text.")
    ids = [p.id for p in passages]
    if len(set(ids)) < len(ids):
        twice = next(i for i in ids if ids.count(i) > 1)
        raise DataError(f"Two passages have the id '{twice}'.", hint="Name every document once.")
    with_vectors = embedding.installed() if dense is None else dense
    if with_vectors and not embedding.installed():
        raise MissingDependency("Dense retrieval", "rag")
    with new_folder(folder) as new:
        write_text(new / PASSAGES, "".join(canonical_json(p) + "\n" for p in passages))
        if with_vectors:
            from safetensors.numpy import save

            vectors = embedding.encode([indexed_text(p) for p in passages])
            (new / VECTORS).write_bytes(save({"vectors": vectors.astype(np.float16)}))
        settings = {
            "format_version": FORMAT_VERSION,
            "n": len(passages),
            "dense_model": embedding.MODEL if with_vectors else None,
            "dense_model_sha256": embedding.model_sha256() if with_vectors else None,
            "chunk": dict(chunk_settings or {}),
        }
        write_json(new / SETTINGS, settings)
