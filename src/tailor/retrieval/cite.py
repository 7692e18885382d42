"""Citations in answers: `[1]`, `[2][3]`, `[1, 3]`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tailor.records import Passage

# At most two digits: [2024] is a year. Not before a bracket: [1](...) is a link.
_CITATION = re.compile(r"\[([0-9]{1,2}(?:[ \t]*[,;][ \t]*[0-9]{1,2})*)\](?!\()")
_WITH_SPACE = re.compile(rf"[ \t]*{_CITATION.pattern}")


def cited(text: str, passages: Sequence[Passage]) -> list[Passage]:
    """The passages an answer cites, each once, in the order they are first cited; numbers without a passage are
    left out."""
    numbers = [int(n) for match in _CITATION.finditer(text) for n in re.findall("[0-9]+", match[1])]
    return [passages[n - 1] for n in dict.fromkeys(numbers) if 1 <= n <= len(passages)]


def strip_citations(text: str) -> str:
    """The answer without its citations and the spaces before them, for comparing it with the expected one."""
    return _WITH_SPACE.sub("", text).strip()
