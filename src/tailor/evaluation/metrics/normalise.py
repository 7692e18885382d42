"""The answer normalisation of SQuAD (Rajpurkar et al. 2016, section 6.1): case, punctuation, articles, white space.

Two consequences of the published definition are worth knowing. Only the 32 ASCII punctuation characters are removed,
so typographic quotes and dashes stay. Characters are removed and not replaced, so "3.5" and "35" become the same.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)


@lru_cache(maxsize=1024)  # two metrics read the same answer and the same references
def normalise(text: str) -> str:
    """Lower case; without ASCII punctuation; `a`, `an`, `the` as whole words become a space; single spaces."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_WITHOUT_PUNCTUATION)).split())


def tokens(text: str) -> list[str]:
    """The words of the normalised text."""
    return normalise(text).split()
