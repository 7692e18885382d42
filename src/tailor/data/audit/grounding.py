"""Whether answers stand in the documents, and whether questions give them away."""

from __future__ import annotations

from collections.abc import Iterator

from tailor.data.audit.contract import Finding, Material, at_most, share
from tailor.data.similar import content_words, normalise

MAX_UNGROUNDED = 0.2
MAX_GIVEN_AWAY = 0.05
# A longer answer is a sentence of its own: it is supported if a document has this share of its content words.
SHORT_ANSWER = 4
SUPPORT = 0.8


def grounding(material: Material) -> Iterator[Finding]:
    """Answers that no document supports.

    Up to four content words must stand there in one piece. Of longer answers one document must have eight tenths of
    the content words and every number.
    """
    if not material.documents:
        return
    texts = [" ".join(normalise(d.text).split()) for d in material.documents]
    vocabularies = [content_words(t) for t in texts]
    joined = "\n".join(texts)
    missing = [i for i in material.answered if not _supported(material, i, joined, vocabularies)]
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


def _supported(material: Material, i: int, joined: str, vocabularies: list[frozenset[str]]) -> bool:
    answers = [material.rows[i].answer or "", *material.rows[i].aliases]
    return any(_stands_in(normalise(a), joined) or _has_the_words(a, vocabularies) for a in answers)


def _has_the_words(answer: str, vocabularies: list[frozenset[str]]) -> bool:
    wanted = content_words(answer)
    numbers = {w for w in wanted if w[0].isdigit()}
    if len(wanted) <= SHORT_ANSWER:
        return False
    return any(len(wanted & words) >= SUPPORT * len(wanted) and numbers <= words for words in vocabularies)


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
