"""When two rows ask for the same thing: the rules that keep templates from looking like copies.

"What does a logo cost?" and "What does a poster cost?" differ in one word, and that word is what is asked for. What
tells them apart from two wordings of one question are their answers and the numbers in them.
"""

from __future__ import annotations

import re

from tailor.data.audit.contract import Material
from tailor.data.similar import jaccard, normalise, words

SAME_WORDS = 0.5
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
# Letters and digits, and the signs that change a meaning: C is not C++, -5 is not 5, 5 % is not 5.
_FORMLESS = re.compile(r"[^\W_]+|(?<=\w)[+#]+|%|(?<!\w)-(?=\d)")


def formless(text: str) -> str:
    """What is left of a text without case, spaces, punctuation, markup and other forms of its characters."""
    return "".join(_FORMLESS.findall(normalise(text))) or normalise(text)


def same_answer(material: Material, i: int, j: int) -> bool:
    """Whether two rows have one answer: equal, through an alias, or half of its words and all of its numbers."""
    mine, theirs = material.answers[i], material.answers[j]
    if mine is None or theirs is None or mine == theirs:
        return mine == theirs
    here, there = material.rows[i], material.rows[j]
    if {mine, *map(normalise, here.aliases)} & {theirs, *map(normalise, there.aliases)}:
        return True
    return jaccard(words(mine), words(theirs)) >= SAME_WORDS and _numbers(mine) == _numbers(theirs)


def same_numbers(material: Material, i: int, j: int) -> bool:
    """Whether two questions name the same numbers."""
    return _numbers(material.questions[i]) == _numbers(material.questions[j])


def _numbers(text: str) -> list[str]:
    return sorted(_NUMBER.findall(text))
