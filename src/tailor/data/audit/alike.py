"""When two rows ask for the same thing: the rules that keep templates from looking like copies.

"What does a logo cost?" and "What does a poster cost?" differ in one word, and that word is what is asked for. What
tells them apart from two wordings of one question are their answers and the numbers in them.
"""

from __future__ import annotations

import re

from tailor.data.audit.contract import Material
from tailor.data.similar import jaccard, normalise, words

SAME_WORDS = 0.9
LONG_ANSWER = 5
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
# Letters and digits, and the signs that change a meaning: C is not C++, -5 is not 5, 5 % is not 5.
_FORMLESS = re.compile(r"[^\W_]+|(?<=\w)[+#]+|%|(?<!\w)-(?=\d)")


def formless(text: str) -> str:
    """What is left of a text without case, spaces, punctuation, markup and other forms of its characters."""
    return "".join(_FORMLESS.findall(normalise(text))) or normalise(text)


def same_answer(material: Material, i: int, j: int) -> bool:
    """Whether two rows have one answer: equal, through an alias, or nine tenths of its words and all of its numbers."""
    mine, theirs = material.answers[i], material.answers[j]
    if mine is None or theirs is None or mine == theirs:
        return mine == theirs
    here, there = material.rows[i], material.rows[j]
    if {mine, *map(normalise, here.aliases)} & {theirs, *map(normalise, there.aliases)}:
        return True
    return jaccard(words(mine), words(theirs)) >= SAME_WORDS and _numbers(mine) == _numbers(theirs)


def ask_alike(material: Material, i: int, j: int) -> bool:
    """Whether two similar questions can be one: they have one answer and name the same numbers. Two prices may be equal
    in two years; an answer of several words is one answer whatever the numbers in the question."""
    if not same_answer(material, i, j):
        return False
    long = len((material.answers[i] or "").split()) >= LONG_ANSWER
    return long or _numbers(material.questions[i]) == _numbers(material.questions[j])


def _numbers(text: str) -> list[str]:
    return sorted(_NUMBER.findall(text))
