"""The sentences of a passage as plain text, without the marks of Markdown."""

from __future__ import annotations

import re

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_EMPHASIS = re.compile(r"(?<!\w)([*_]{1,3}|`+)(\S(?:.*?\S)?)\1(?!\w)")
_ITEM = re.compile(r"\s*(?:[-*+>]|\d+[.)])\s+")
_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
# A full stop behind these ends no sentence.
_SHORT = "".join(rf"(?<!\b{word}\.)" for word in ("[A-Z]", "Mr", "Ms", "Mrs", "Dr", "St", "No", r"e\.g", r"i\.e", "vs"))
_END = re.compile(rf"(?<=[.!?]){_SHORT}\s+(?=[\"“(A-Z0-9])")


def sentences(text: str) -> list[str]:
    """Whole sentences in order; code, table rows and pieces without a full stop at their end are left out."""
    found = []
    for paragraph in _PARAGRAPH.split(_FENCE.sub("\n\n", text)):
        for piece in _joined(paragraph):
            plain = " ".join(_EMPHASIS.sub(r"\2", _LINK.sub(r"\1", piece)).split())
            found += [s for s in _END.split(plain) if s.endswith((".", "!"))]
    return found


def _joined(paragraph: str) -> list[str]:
    """The items of a list one by one, other lines as one text."""
    pieces = [""]
    for line in paragraph.split("\n"):
        if line.lstrip().startswith("|"):
            continue
        if _ITEM.match(line):
            pieces.append(_ITEM.sub("", line, count=1))
        else:
            pieces[-1] += f" {line}"
    return pieces
