"""PDF as Markdown with the place where each page begins. Scanned pages are recognised, not read as empty text."""

from __future__ import annotations

import io
import logging
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tailor.data.opening import PageText
from tailor.errors import MissingDependency, Problem

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

OCR_HINT = "recognise its text first, for example with: ocrmypdf scanned.pdf readable.pdf"
# A letter is 12 points beside 10: headings are at least this much larger than the text around them.
HEADING_RATIO = 1.15
HEADING_WORDS = 15
# A first or last line that stands on this many pages, page numbers aside, is a running head or foot.
RUNNING_HEAD = 3
SCANNED_SHARE = 0.2

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "\xad": ""})
_PAGE_NUMBER = re.compile(r"^(?P<first>\d{1,4})\b|\b(?P<last>\d{1,4})(?: (?:of|/|von) \d+)?$", re.ASCII)
_ROMAN = re.compile(r"[ivxl]+")
_HYPHEN = re.compile(r"(?<=[a-zäöüß])-\n(?=[a-zäöüß])")


@dataclass(frozen=True)
class _Line:
    text: str
    size: float  # points
    bold: bool


def read_pdf(raw: bytes, name: str) -> PageText | Problem:
    """The text of a PDF. Lines in a larger or bolder type than the text become Markdown headings.

    Raises:
        MissingDependency: pypdf is not installed.
    """
    try:
        import pypdf
    except ImportError:
        raise MissingDependency("Reading PDF", "docs") from None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it logs what it mends
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            hint = "save a copy without the password"
            return Problem(name, None, None, "a PDF with a password", "a PDF that opens without one", hint)
        pages = [_lines(page) for page in reader.pages]
        scanned = [n for n, page in enumerate(reader.pages, 1) if not pages[n - 1] and _has_picture(page)]
        title = _title(reader)
    except Exception as error:  # pypdf raises whatever a broken file leads it into: KeyError, zlib.error, ...
        found = f"a PDF that cannot be read: {type(error).__name__} {error}".strip()
        return Problem(name, None, None, " ".join(found.split())[:200], "a PDF", "open it and save it anew")
    if scanned and len(scanned) > SCANNED_SHARE * len(pages):
        which = "all pages are" if len(scanned) == len(pages) else f"{len(scanned)} of {len(pages)} pages are"
        return Problem(name, scanned[0], None, f"a scanned PDF: {which} pictures without text", "text", OCR_HINT)
    return _joined(_without_running_heads(pages), title)


def _title(reader: PdfReader) -> str:
    metadata = reader.metadata
    return " ".join(str(metadata.title or "").split()) if metadata else ""


def _has_picture(page: PageObject) -> bool:
    return any(True for _ in page.images.keys())  # noqa: SIM118 - the keys alone: decoding the pictures takes seconds


def _lines(page: PageObject) -> list[_Line]:
    """The lines of a page that hold text, each in the size and weight of most of its letters."""
    parts: list[list[tuple[str, float, bool]]] = [[]]

    def visit(text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        scale = math.hypot(tm[2], tm[3]) * math.hypot(cm[2], cm[3]) or 1.0
        bold = "bold" in str((font or {}).get("/BaseFont", "")).lower()
        for n, piece in enumerate(text.split("\n")):
            if n:
                parts.append([])
            parts[-1].append((piece, round(size * scale, 1), bold))

    page.extract_text(visitor_text=visit)
    lines = []
    for line in parts:
        text = _printable("".join(piece for piece, _, _ in line).translate(_LIGATURES)).strip()
        if text:
            letters: Counter[tuple[float, bool]] = Counter()
            for piece, size, bold in line:
                letters[size, bold] += len(piece.strip())
            size, bold = letters.most_common(1)[0][0]
            lines.append(_Line(text, size, bold))
    return lines


def _printable(text: str) -> str:
    """Fonts without a table of their characters give control characters."""
    return "".join(c if c.isprintable() or c == "\t" else " " for c in text)


def _without_running_heads(pages: list[list[_Line]]) -> list[list[_Line]]:
    """Pages without the first and last line that three of them share: it would stand in the middle of a sentence."""
    shared = Counter(
        key for n, page in enumerate(pages) if page for key in {_running(page[0], n), _running(page[-1], n)}
    )
    kept = []
    for n, page in enumerate(pages):
        first = int(bool(page) and shared[_running(page[0], n)] >= RUNNING_HEAD)
        last = len(page) - int(len(page) > 1 and shared[_running(page[-1], n)] >= RUNNING_HEAD)
        kept.append(page[first:last])
    return kept


def _running(line: _Line, page: int) -> tuple[str, int | None]:
    """A line without the page number at its end or beginning, and how far that is from the page: lines of three pages
    that agree in both are one running head, and `Total 34` below a table is none."""
    number = _PAGE_NUMBER.search(line.text)
    if number is None:
        return ("i", None) if _ROMAN.fullmatch(line.text) else (line.text, None)
    text = f"{line.text[: number.start()]}{line.text[number.end() :]}".strip()
    return text, int(number["last"] or number["first"]) - page


def _joined(pages: list[list[_Line]], title: str) -> PageText:
    levels = _levels(pages)
    text = ""
    starts = []
    for page in pages:
        starts.append(len(text))
        for n, line in enumerate(page):
            level = levels.get((line.size, line.bold))
            if level and _may_be_heading(line.text):
                text = f"{text.rstrip()}\n\n{'#' * level} {line.text}\n\n" if text else f"# {line.text}\n\n"
            else:
                # A sentence that goes on over the page stays one paragraph.
                ends = n == 0 and text.rstrip().endswith((".", "!", "?", ":"))
                # A `#` of the text itself is no heading.
                own = f"\\{line.text}" if line.text.startswith("#") else line.text
                text += f"\n{own}\n" if ends else f"{own}\n"
    return _without_hyphens(text, starts, title)


def _may_be_heading(text: str) -> bool:
    return len(text.split()) <= HEADING_WORDS and any(c.isalpha() for c in text) and not text.endswith((".", ",", ";"))


def _levels(pages: list[list[_Line]]) -> dict[tuple[float, bool], int]:
    """The heading level of each type (size, bold): those above the text's own size, the largest first; then the
    text's size in bold, where the text itself is not."""
    letters: Counter[tuple[float, bool]] = Counter()
    for line in {line for page in pages for line in page}:  # what stands on every page counts once
        letters[line.size, line.bold] += len(line.text)
    if not letters:
        return {}
    body, body_bold = letters.most_common(1)[0][0]
    larger = sorted({t for t in letters if t[0] >= body * HEADING_RATIO}, key=lambda t: (-t[0], not t[1]))
    order = [*larger, *([(body, True)] if not body_bold and (body, True) in letters else [])]
    return {kind: min(n, 6) for n, kind in enumerate(order, 1)}


def _without_hyphens(text: str, starts: list[int], title: str) -> PageText:
    """Words that were divided at a line's end are whole again; the pages' offsets move along."""
    cuts = [m.start() for m in _HYPHEN.finditer(text)]
    moved = [start - 2 * sum(cut < start for cut in cuts) for start in starts]
    return PageText(_HYPHEN.sub("", text), title, tuple(moved))
