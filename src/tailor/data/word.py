"""DOCX as Markdown: headings, lists and tables in the order in which they stand."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

from tailor.data.opening import PageText
from tailor.errors import MissingDependency, Problem

if TYPE_CHECKING:
    from docx.table import Table
    from docx.text.paragraph import Paragraph

# A file of a few kilobytes can unpack to gigabytes; the text of a thousand pages is about 5 MB.
LARGEST = 512 * 1024 * 1024
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)


def read_docx(raw: bytes, name: str) -> PageText | Problem:
    """The text of a Word document as Markdown, and its title. Headers, footers and text boxes are not read.

    Raises:
        MissingDependency: python-docx is not installed.
    """
    try:
        import docx
        from docx.text.paragraph import Paragraph
    except ImportError:
        raise MissingDependency("Reading DOCX", "docs") from None
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        hint = "open it in a word processor and save it as .docx without a password"
        return Problem(name, None, None, "an old .doc file, or one with a password", "a DOCX file", hint)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > LARGEST:
            return Problem(name, None, None, f"{size:,} bytes when unpacked", f"at most {LARGEST:,}", "split it")
        document = docx.Document(io.BytesIO(raw))
        blocks = [
            _paragraph(block) if isinstance(block, Paragraph) else _table(block)
            for block in document.iter_inner_content()
        ]
        title = " ".join((document.core_properties.title or "").split())
    except Exception as error:  # zip, XML and python-docx each have their own errors for a broken file
        found = f"a DOCX that cannot be read: {type(error).__name__} {error}".strip()
        return Problem(name, None, None, " ".join(found.split())[:200], "a DOCX file", "open it and save it anew")
    return PageText(_joined(blocks), "" if title == "Word Document" else title)


def _paragraph(paragraph: Paragraph) -> str:
    text = " ".join(paragraph.text.split())
    style = (paragraph.style.name if paragraph.style else "") or ""
    if not text:
        return ""
    if style.lower() == "title":
        return f"# {text}"
    if heading := _HEADING.fullmatch(style):
        return f"{'#' * min(int(heading[1]), 6)} {text}"
    if style.lower().startswith("list"):
        return f"- {text}"
    return f"\\{text}" if text.startswith("#") else text  # a `#` of the text itself is no heading


def _table(table: Table) -> str:
    """Rows with `|` between their cells; a cell that spans several columns stands once."""
    rows = []
    for row in table.rows:
        cells: list[str] = []
        last = None
        for cell in row.cells:
            if cell._tc is not last:
                cells.append(" ".join(cell.text.split()).replace("|", "/"))
            last = cell._tc
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _joined(blocks: list[str]) -> str:
    """Blocks with an empty line between them, list items without."""
    text = ""
    for block in blocks:
        if block:
            both = block.startswith("- ") and text.rsplit("\n", 1)[-1].startswith("- ")
            text += f"{'' if not text else chr(10) if both else chr(10) * 2}{block}"
    return f"{text}\n" if text else ""
