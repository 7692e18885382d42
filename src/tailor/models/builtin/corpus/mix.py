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
# After 15 M tokens the world and the abstentions are learnt (loss 0.08 and 0.04 per token), copying unseen values is
# not (0.67): the second stage is mostly reading, and the copying and placing that reading and citing are built on.
LATER_SHARES: Mapping[str, float] = MappingProxyType(
    {
        "reading": 0.46,
        "recitation": 0.02,
        "world_texts": 0.04,
        "world_questions": 0.07,
        "unknown": 0.03,
        "fewshot": 0.10,
        "instructions": 0.06,
        "skills": 0.07,
        "procedural": 0.15,
    }
)
LATER = 43e6  # characters (about 15 M tokens) after which the second stage begins
EASY = 20e6  # characters after which no reading context is kept short on purpose (about 5 M tokens)
PRIOR = 500.0  # characters of a document before a stream has been measured


def size(document: Document) -> int:
    """Characters of the turns plus a few for the markers of each turn."""
    return sum(len(t.text) + 6 for t in document.turns)


def ease(written: float) -> float:
    """Share of reading contexts kept short at a point of the stream: falls from 1 to 0 early in the first stage, and
    from 0.6 to 0 over 40 M characters of the second, where short contexts give the most answers per token."""
    if written < LATER:
        return max(0.0, 1.0 - written / EASY)
    return max(0.0, 0.6 * (1.0 - (written - LATER) / 40e6))


def documents(seed: int, begun: float = 0.0) -> Iterator[Document]:
    """Endless documents mixed so that each stream has about its share of the characters; same seed, same stream.

    Args:
        begun: characters that earlier streams gave already (a run that was resumed): decides the stage.
    """
    rng = random.Random(f"corpus {seed}")
    maker = Maker.of(rng)
    world = WorldStream(rng)
    make: dict[str, Callable[[], Document]] = {
        "reading": lambda: reading_document(maker, ease(begun + sum(written.values()))),
        "recitation": lambda: recitation_document(maker),
        "world_texts": world.biography,
        "world_questions": world.questions,
        "unknown": lambda: world.unknown(maker),
        "fewshot": lambda: fewshot_document(maker),
        "instructions": lambda: json_document(maker) if rng.random() < 0.4 else instruction_document(maker),
        "skills": lambda: skill_document(rng, maker.names),
        "procedural": lambda: warmup_document(maker),
    }
    streams = list(SHARES)
    written = dict.fromkeys(streams, PRIOR)
    count = dict.fromkeys(streams, 1)
    while True:
        shares = SHARES if begun + sum(written.values()) < LATER else LATER_SHARES
        # A stream of long documents must be drawn less often: weight = share / mean length so far.
        weights = [shares[s] * count[s] / written[s] for s in streams]
        stream = rng.choices(streams, weights)[0]
        document = make[stream]()
        written[stream] += size(document)
        count[stream] += 1
        yield document
