"""Whether answers stand in the documents, and whether questions give them away."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tailor.data.audit.contract import Finding, Material, at_most, share
from tailor.data.similar import content_words, normalise
from tailor.records import Document

MAX_UNGROUNDED = 0.2
MAX_GIVEN_AWAY = 0.05
# A longer answer is a sentence of its own: it is supported if a document has this share of its content words.
SHORT_ANSWER = 4
SUPPORT = 0.8
_PIECE = re.compile(r"\w+")


def grounding(material: Material) -> Iterator[Finding]:
    """Answers that no document supports.

    Up to four content words must stand there in one piece. Of longer answers one document must have eight tenths of
    the content words and every number.
    """
    if not material.documents:
        return
    library = _Library(material.documents)
    missing = [
        i
        for i in material.answered
        if not any(map(library.supports, (material.answers[i] or "", *material.rows[i].aliases)))
    ]
    count = len(material.answered)
    text = f"{len(missing):,} of {count:,} answers are not supported by the documents."
    rows = material.ids(missing)
    yield at_most("grounding", share(len(missing), count), MAX_UNGROUNDED, text, rows, unit="share")


def given_away(material: Material) -> Iterator[Finding]:
    """Questions that hold their own answer."""
    given = [
        i
        for i in material.answered
        if content_words(material.answers[i] or "") and _stands_in(material.answers[i] or "", material.questions[i])
    ]
    count = len(material.answered)
    text = f"{len(given):,} questions hold their own answer."
    rows = material.ids(given)
    yield at_most("given away", share(len(given), count), MAX_GIVEN_AWAY, text, rows, unit="share")


class _Library:
    """Documents, and which words stand in which: few of them must be searched for one answer."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._texts = [" ".join(normalise(d.text).split()) for d in documents]
        self._content = [content_words(t) for t in self._texts]
        self._with: dict[str, set[int]] = defaultdict(set)
        for place, text in enumerate(self._texts):
            for word in {*_PIECE.findall(text), *self._content[place]}:
                self._with[word].add(place)

    def supports(self, answer: str) -> bool:
        """Whether an answer stands in a document, or a long one has its words and numbers there."""
        wanted = normalise(answer)
        places = [self._with.get(piece, set()) for piece in _PIECE.findall(wanted)]
        nearby = min(places, key=len) if places else range(len(self._texts))
        return any(_stands_in(wanted, self._texts[p]) for p in nearby) or self._has_the_words(answer)

    def _has_the_words(self, answer: str) -> bool:
        wanted = content_words(answer)
        if len(wanted) <= SHORT_ANSWER:
            return False
        numbers = {w for w in wanted if w[0].isdigit()}
        least = math.ceil(SUPPORT * len(wanted) - 1e-9)
        # A document with so many of the words has one of these rarest ones.
        rarest = sorted((self._with.get(w, set()) for w in wanted), key=len)[: len(wanted) - least + 1]
        return any(
            len(wanted & self._content[p]) >= least and numbers <= self._content[p] for p in set().union(*rarest)
        )


def _stands_in(wanted: str, text: str) -> bool:
    """Whether a normalised text holds a normalised answer as whole words."""
    place = text.find(wanted) if wanted else -1
    while place >= 0:
        end = place + len(wanted)
        if not (_in_word(text[place - 1 : place + 1]) or _in_word(text[end - 1 : end + 1])):
            return True
        place = text.find(wanted, place + 1)
    return False


def _in_word(two: str) -> bool:
    """Whether two neighbouring characters belong to one word."""
    return len(two) == 2 and all(c.isalnum() or c == "_" for c in two)
