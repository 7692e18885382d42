"""Cut documents into passages: a section where it is short, else at paragraphs, lines, sentences. No word is lost."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from tailor.records import Document, Passage

# About 160 word pieces: below the 256 that the encoder reads, and four of them fit into a small model's window.
MAX_WORDS = 120

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class _Section:
    document: Document
    heading: str
    parent: str
    text: str
    offset: int = 0  # of `text` in the document's


def chunk(documents: Sequence[Document], max_words: int = MAX_WORDS) -> list[Passage]:
    """Cut documents into passages of at most `max_words` words.

    Markdown and HTML are cut at headings (`#` to `######`, not inside code fences), plain text (.txt) is one section.
    Longer sections become pieces of about equal length. `heading` is the section's own heading. A section whose heading
    occurs more than once begins with what tells it apart, the document's title or the heading above it:
    `Pricing: The rate is ...`; those words come on top of `max_words`. Sections without text have no passage.

    Ids are stable: `docs/pricing.md#Rates`, from the second piece on `docs/pricing.md#Rates/2`; without a heading, in
    documents with pages, `docs/terms.pdf#page=3`. A passage's page is the one on which it begins.

    Raises:
        ValueError: max_words < 1.
    """
    if max_words < 1:
        raise ValueError(f"max_words is at least 1, not {max_words}")
    sections = [section for document in documents for section in _sections(document)]
    prefixes = _prefixes(sections)
    taken: set[str] = set()
    passages = []
    for section, prefix in zip(sections, prefixes, strict=True):
        pieces = _pieces(section.text, max_words)
        for piece, page in zip(pieces, _pages(section, pieces), strict=True):
            anchor = section.heading or (f"page={page}" if page else "")
            name = _free_id(section.document.path, anchor, taken)
            passages.append(Passage(name, section.document.path, section.heading, f"{prefix}{piece}", page))
    return passages


def _free_id(document: str, anchor: str, taken: set[str]) -> str:
    first = f"{document}#{anchor}" if anchor else document
    name, number = first, 1
    while name in taken:
        number += 1
        name = f"{document}#{anchor}/{number}"
    taken.add(name)
    return name


def _pages(section: _Section, pieces: list[str]) -> list[int | None]:
    """The page on which each piece begins. Pieces hold all words of the section in order, so counting words finds
    them."""
    starts = section.document.pages
    if not starts:
        return [None] * len(pieces)
    words = [m.start() for m in re.finditer(r"\S+", section.text)]
    firsts = accumulate((len(p.split()) for p in pieces[:-1]), initial=0)
    return [max(1, bisect_right(starts, section.offset + words[n])) for n in firsts]


def _sections(document: Document) -> list[_Section]:
    """The sections that hold text, in order."""
    if document.path.lower().endswith(".txt"):
        return [_Section(document, "", "", document.text.strip())] if document.text.strip() else []
    sections: list[_Section] = []
    above: list[tuple[int, str]] = []
    lines: list[str] = []
    fence = ""
    begin = end = 0  # of the lines collected, in the document's text

    def close() -> None:
        heading = above[-1][1] if above else ""
        parent = above[-2][1] if len(above) > 1 else ""
        joined = "\n".join(lines)
        if text := joined.strip():
            offset = begin + len(joined) - len(joined.lstrip())
            sections.append(_Section(document, heading, parent, text, offset))
        lines.clear()

    for line in document.text.split("\n"):
        end += len(line) + 1
        if mark := _FENCE.match(line):
            fence = "" if fence == mark[1] else fence or mark[1]
        heading = None if fence or mark else _HEADING.fullmatch(line)
        if heading is None:
            lines.append(line)
            continue
        close()
        begin = end
        level = len(heading[1])
        above = [(n, text) for n, text in above if n < level] + [(level, heading[2].strip())]
    close()
    return sections


def _prefixes(sections: list[_Section]) -> list[str]:
    """What is put before each section's text, because its heading alone does not say what it is about."""
    documents: dict[str, set[str]] = defaultdict(set)
    for s in sections:
        documents[s.heading.casefold()].add(s.document.path)
    within = Counter((s.document.path, s.heading.casefold()) for s in sections)
    prefixes = []
    for s in sections:
        parts = [s.document.title] if len(documents[s.heading.casefold()]) > 1 else []
        if within[s.document.path, s.heading.casefold()] > 1 and s.parent not in ("", *parts):
            parts.append(s.parent)
        prefixes.append(f"{', '.join(parts)}: " if parts else "")
    return prefixes


def _pieces(text: str, max_words: int) -> list[str]:
    """A section's text in pieces of at most `max_words` words, cut at the coarsest border that serves."""
    total = len(text.split())
    if total <= max_words:
        return [text]
    # Equal shares: a greedy cut would leave a last piece of a few words that nothing finds.
    share = -(-total // -(-total // max_words))
    pieces: list[str] = []
    current, count = "", 0
    for border, unit in _units(text, max_words):
        size = len(unit.split())
        if current and (count + size > max_words or count >= share):
            pieces.append(current)
            current, count = "", 0
        current, count = (f"{current}{border}{unit}" if current else unit), count + size
    return [*pieces, current]


def _units(text: str, max_words: int) -> list[tuple[str, str]]:
    """Paragraphs, split further only where one is too long, each with what stands before it."""
    units: list[tuple[str, str]] = []
    for paragraph in _PARAGRAPH.split(text):
        units += [("\n\n", paragraph)] if _fits(paragraph, max_words) else _lines(paragraph, max_words)
    return units


def _lines(paragraph: str, max_words: int) -> list[tuple[str, str]]:
    """Sentences of running text; the lines of lists, tables and code."""
    border, pattern = ("\n", re.compile("\n")) if _is_list(paragraph) else (" ", _SENTENCE)
    units: list[tuple[str, str]] = []
    for i, unit in enumerate(pattern.split(paragraph)):
        words = unit.split()
        parts = (
            [unit]
            if len(words) <= max_words
            else [" ".join(words[j : j + max_words]) for j in range(0, len(words), max_words)]
        )
        units += [("\n\n" if i == j == 0 else border if j == 0 else " ", part) for j, part in enumerate(parts)]
    return units


def _is_list(paragraph: str) -> bool:
    marked = re.findall(r"^\s*(?:[-*+|]|\d+[.)])\s?", paragraph, re.MULTILINE)
    return len(marked) > 1


def _fits(text: str, max_words: int) -> bool:
    return len(text.split()) <= max_words
