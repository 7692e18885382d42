"""Rows of the built-in model's own training data, for keeping what it can do while it learns something else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from tailor.models.builtin.corpus import Document, Turn, documents, general_suite
from tailor.models.builtin.corpus.world import WORLD_NAMES

SEED = 20260101  # no stream the weights were trained on
VERSION = 1
STREAMS = ("reading", "world_questions", "unknown", "fewshot", "instructions", "skills")
CLOSED_BOOK = frozenset(("world_questions", "unknown", "skills"))
EACH = 350
LONGEST = 600
"""Characters of a row, about 200 tokens: longer contexts cost more than they show."""


@lru_cache(maxsize=1)
def general_rows() -> tuple[tuple[Turn, ...], ...]:
    """2,100 conversations that end with an answer: 350 of each stream of the corpus that is a conversation.

    As many of each, so that no ability is kept at the cost of another. No fact of the invented world that the general
    test asks for is in them: what is measured there is not what is rehearsed here.
    """
    tested = tested_facts()
    found: dict[str, list[tuple[Turn, ...]]] = {stream: [] for stream in STREAMS}
    seen: set[tuple[Turn, ...]] = set()
    for document in documents(SEED):
        if len(found.get(document.stream, "x" * EACH)) >= EACH:
            if all(len(rows) >= EACH for rows in found.values()):
                break
            continue
        for row in _conversations(document):
            text = "\n".join(t.text for t in row)
            if row not in seen and len(text) <= LONGEST and not _tells(text, tested):
                seen.add(row)
                found[document.stream].append(row)
    return tuple(row for stream in STREAMS for row in found[stream][:EACH])


def tested_facts() -> dict[str, frozenset[str]]:
    """What the general test asks for about the invented world: name -> values."""
    found: dict[str, set[str]] = {}
    for probe in general_suite():
        if probe.skill == "world":
            about = max((n for n in WORLD_NAMES if n in probe.turns[-1].text), key=len)
            found.setdefault(about, set()).update(probe.answers)
    return {name: frozenset(values) for name, values in found.items()}


def _tells(text: str, tested: dict[str, frozenset[str]]) -> bool:
    return any(name in text and any(value in text for value in values) for name, values in tested.items())


def _conversations(document: Document) -> Iterator[tuple[Turn, ...]]:
    """Closed-book questions one by one; anything else as it stands."""
    turns = document.turns
    if document.stream not in CLOSED_BOOK:
        if turns[-1].role == "assistant":
            yield turns
        return
    head = tuple(t for t in turns if t.role == "system")
    rest = [t for t in turns if t.role != "system"]
    for question, answer in zip(rest[::2], rest[1::2], strict=True):
        yield (*head, question, answer)
