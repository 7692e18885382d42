"""What a question made from a passage has to pass before anybody asks whether the passage answers it."""

from __future__ import annotations

import re

from tailor.data.asking.rules import Candidate
from tailor.data.asking.sentences import sentences
from tailor.data.audit.language import language_of
from tailor.data.augment.gates import Gates, holds
from tailor.data.similar import STOP_WORDS, content_words, normalise, words
from tailor.records import Passage

LONGEST_ANSWER = 60  # words
# Behind a question that stands alone there is no passage to point to.
_POINTS = re.compile(
    r"\b(?:(?:this|the|that|above|following|given) (?:passage|text|document|section|paragraph|excerpt|article|context|"
    r"sentence|author)|according to (?:it|this|the (?:text|passage))|mentioned (?:above|here)|as stated)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|these|those)\b", re.IGNORECASE)
_NAMED = re.compile(r"(?<=[^.?!\s] )[A-Z]\w+|\d")


def refusal(question: str, candidate: Candidate, passage: Passage, gates: Gates) -> str | None:
    """Why a question is refused, or None.

    Args:
        question: one of the wordings of the candidate.
        passage: that it was made from.
        gates: of the questions that are there already.
    """
    text = f"{passage.heading}\n{passage.text}"
    if not words(question) - STOP_WORDS:
        return "no question"
    if _POINTS.search(question) or (_PRONOUN.search(question) and not _NAMED.search(question)):
        return "not understood without its passage"
    if len(candidate.answer.split()) > LONGEST_ANSWER:
        return "too long"
    if not holds(text, candidate.answer):
        return "its answer is not in the passage"
    if holds(question, candidate.answer):
        return "gives its answer away"
    here, there = language_of(question), language_of(passage.text)
    if here and there and here != there:
        return "another language"
    return gates.place(question)


def read_back(question: str, answer: str, passage: Passage) -> bool:
    """Whether a reader without a model comes from the question to the answer: of the passage's sentences, one that
    shares most of the question's content words holds it.

    Sentences that share as many count alike. Questions whose answer is a piece of two sentences are never read back.
    """
    asked = content_words(question)
    ranked = [(len(asked & content_words(s)), s) for s in sentences(passage.text)]
    most = max((n for n, _ in ranked), default=0)
    return most > 0 and any(holds(s, answer) for n, s in ranked if n == most)


def agrees(said: str, answer: str) -> bool:
    """Whether what a reader said is the answer: the same words, or either within the other where it is no sentence
    more (at most eight words longer)."""
    a, b = normalise(said), normalise(answer)
    if not a or not b:
        return False
    short, long = sorted((a, b), key=len)
    return a == b or (holds(long, short) and len(long.split()) - len(short.split()) <= 8)
