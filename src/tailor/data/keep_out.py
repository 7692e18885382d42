"""General rows that may be trained on: those that ask for nothing a test item asks for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from tailor.data.similar import content_words, question_key
from tailor.records import Example

NEAR = 0.5
"""Shared content words of question and answer from which on two rows count as asking for the same thing."""


def kept_out(rows: Sequence[Example], tests: Sequence[Example]) -> list[Example]:
    """The rows that have nothing to do with a test item, in their order.

    A row goes if it shares the group of a test item, if it asks the same question (spelling and punctuation aside), or
    if question and answer share half of their content words with those of a test item (Jaccard >= 0.5): "What is the
    capital of France? Paris" with "Name the capital of France. Paris". Too many go rather than too few.
    """
    groups = {t.group for t in tests if t.group}
    asked = {question_key(t) for t in tests}
    sets = [_words(t) for t in tests]
    with_word: dict[str, list[int]] = defaultdict(list)
    for n, found in enumerate(sets):
        for word in found:
            with_word[word].append(n)

    def near(row: Example) -> bool:
        own = _words(row)
        shared = Counter(n for word in own for n in with_word.get(word, ()))
        return any(count >= NEAR * (len(own) + len(sets[n]) - count) for n, count in shared.items())

    return [r for r in rows if r.group not in groups and question_key(r) not in asked and not near(r)]


def _words(example: Example) -> frozenset[str]:
    return content_words(f"{example.question} {example.answer or ''}")
