"""What a made question has to pass, whoever made it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from tailor.data.augment.rules import Candidate
from tailor.data.similar import jaccard, normalise, question_key, words
from tailor.records import Example

# As much as this in common with a test question, and a made one would give the test away.
LEAK = 0.9
LONGEST = 60  # words


class Gates:
    """What a candidate has to pass.

    Args:
        examples: split rows: none of their questions is new, and nothing near one of test or dev is let through.
    """

    def __init__(self, examples: Sequence[Example]) -> None:
        self.taken = {question_key(e) for e in examples}
        held_back = [e for e in examples if e.split in ("test", "dev") and not e.id.endswith("#trained")]
        self.held_back = [words(e.question) for e in held_back]
        self.index: dict[str, list[int]] = defaultdict(list)
        for n, found in enumerate(self.held_back):
            for word in found:
                self.index[word].append(n)

    def refusal(self, candidate: Candidate, source: Example) -> str | None:
        """Why a candidate is refused, or None."""
        question = candidate.question
        if reason := self.place(question):
            return reason
        answer = candidate.answer or source.answer or ""
        if holds(question, answer) and not holds(source.question, answer):
            return "gives its answer away"
        if candidate.answer is None and not _kept(source.question, question):
            return "lost a number or a name"
        return None

    def place(self, question: str) -> str | None:
        """Why a question has no place beside those that are there, whatever its answer, or None."""
        if len(question.split()) > LONGEST:
            return "too long"
        if normalise(question) in self.taken:
            return "not new"
        return self.leak(question)

    def leak(self, question: str) -> str | None:
        """That a question would give one of test or dev away, or None."""
        return "too near to a test question" if self._leaks(words(question)) else None

    def _leaks(self, found: frozenset[str]) -> bool:
        # What shares 0.9 of all words shares every word but a tenth: one of the rarest must be among them.
        rare = sorted(found, key=lambda w: len(self.index.get(w, ())))[: len(found) // 10 + 1]
        near = {n for word in rare for n in self.index.get(word, ())}
        return any(jaccard(found, self.held_back[n]) >= LEAK for n in near)


def holds(question: str, answer: str) -> bool:
    """Whether the answer stands in the question, as whole words."""
    inner = normalise(answer)
    return bool(inner) and re.search(rf"(?<!\w){re.escape(inner)}(?!\w)", normalise(question)) is not None


def _kept(source: str, question: str) -> bool:
    """Numbers, and words with a capital letter inside a sentence, are what a question is about."""
    needed = {w.casefold() for w in re.findall(r"\w*\d\w*|(?<=[^.?!:\s] )[A-Z]\w+", source)}
    return needed <= {w.casefold() for w in re.findall(r"\w+", question)}
