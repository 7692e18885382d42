"""The mixed stream of documents and its shares."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from tailor.models.builtin.corpus.document import Document
from tailor.models.builtin.corpus.fewshot import fewshot_document
from tailor.models.builtin.corpus.instructions import instruction_document, json_document
from tailor.models.builtin.corpus.reading import reading_document, recitation_document
from tailor.models.builtin.corpus.relations import Maker
from tailor.models.builtin.corpus.skills import skill_document
from tailor.models.builtin.corpus.warmup import warmup_document
from tailor.models.builtin.corpus.world import WorldStream

SHARES: Mapping[str, float] = MappingProxyType(
    {
        "reading": 0.43,
        "recitation": 0.02,
        "world_texts": 0.10,
        "world_questions": 0.10,
        "unknown": 0.07,
        "fewshot": 0.12,
        "instructions": 0.05,
        "skills": 0.08,
        "procedural": 0.03,
    }
)
EASY = 20e6  # characters after which no reading context is kept short on purpose (about 5 M tokens)
PRIOR = 500.0  # characters of a document before a stream has been measured


def size(document: Document) -> int:
    """Characters of the turns plus a few for the markers of each turn."""
    return sum(len(t.text) + 6 for t in document.turns)


def documents(seed: int) -> Iterator[Document]:
    """Endless documents mixed so that each stream has about its share of the characters; same seed, same stream."""
    rng = random.Random(f"corpus {seed}")
    maker = Maker.of(rng)
    world = WorldStream(rng)
    make: dict[str, Callable[[], Document]] = {
        "reading": lambda: reading_document(maker, max(0.0, 1.0 - sum(written.values()) / EASY)),
        "recitation": lambda: recitation_document(maker),
        "world_texts": world.biography,
        "world_questions": world.questions,
        "unknown": lambda: world.unknown(maker),
        "fewshot": lambda: fewshot_document(maker),
        "instructions": lambda: json_document(maker) if rng.random() < 0.4 else instruction_document(maker),
        "skills": lambda: skill_document(rng, maker.names),
        "procedural": lambda: warmup_document(rng, maker.names),
    }
    streams = list(SHARES)
    written = dict.fromkeys(streams, PRIOR)
    count = dict.fromkeys(streams, 1)
    while True:
        # A stream of long documents must be drawn less often: weight = share / mean length so far.
        weights = [SHARES[s] * count[s] / written[s] for s in streams]
        stream = rng.choices(streams, weights)[0]
        document = make[stream]()
        written[stream] += size(document)
        count[stream] += 1
        yield document
