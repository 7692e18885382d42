"""Read a team's documents as text. HTML, PDF and DOCX become Markdown, so that their headings survive."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tailor.data.html import html_to_markdown
from tailor.data.opening import PageText, content_suffix, decode, load_bytes
from tailor.data.pdf import read_pdf
from tailor.data.row_documents import ROWS, iter_row_documents
from tailor.data.rows import shown
from tailor.data.word import read_docx
from tailor.errors import DataError, Problem
from tailor.records import Document

MARKDOWN, PLAIN, HTML, PDF, DOCX = (".md",), (".txt",), (".html", ".htm"), (".pdf",), (".docx",)
READABLE = (*MARKDOWN, *PLAIN, *HTML, *PDF, *DOCX, *ROWS)

_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def read_documents(path: Path, *, root: Path) -> list[Document]:
    """Read a folder (and all folders below it) or one file: .md, .txt, .html, .htm, .pdf, .docx.

    Files and folders whose names begin with a dot are left out. The title is the first heading (HTML, PDF, DOCX: else
    the title the file names), else the file's name. Paths are relative to `root`, documents are in the order of their
    paths. A PDF's document says where its pages begin.

    Raises:
        DataError: with one `Problem` for each file that is empty, unreadable, scanned or of another kind.
        MissingDependency: a PDF or DOCX needs the extra `docs`.
    """
    if not path.exists():
        name = Path(os.path.relpath(path.absolute(), root.absolute())).as_posix()
        missing = Problem(name, None, None, "nothing of that name", "a folder or file of documents", "check the path")
        raise DataError("The documents cannot be used.", problems=(missing,))
    documents: list[Document] = []
    problems: list[Problem] = []
    for file in _files(path):
        name = Path(os.path.relpath(file.absolute(), root.absolute())).as_posix()
        found = iter_row_documents(file, name) if content_suffix(file) in ROWS else iter([_document(file, name)])
        for document in found:
            if isinstance(document, Document):
                documents.append(document)
            else:
                problems.append(document)
    if not documents and not problems:
        name = Path(os.path.relpath(path.absolute(), root.absolute())).as_posix()
        problems.append(Problem(name, None, None, "no documents", f"files of {', '.join(READABLE)}"))
    if problems:
        raise DataError(
            f"{len(problems)} of {len(documents) + len(problems)} documents cannot be used.", problems=tuple(problems)
        )
    return documents


def _files(path: Path) -> list[Path]:
    try:
        if not path.is_dir():
            return [path]
    except ValueError:
        return [path]
    below = (p for p in path.rglob("*") if not p.is_dir())
    return sorted(p for p in below if not any(part.startswith(".") for part in p.relative_to(path).parts))


def _document(file: Path, name: str) -> Document | Problem:
    suffix = file.suffix.lower()
    if suffix not in READABLE and file.exists():
        hint = "convert it to Markdown or move it out of the folder"
        return Problem(name, None, None, f"suffix {shown(file.suffix)}", ", ".join(READABLE), hint)
    raw = load_bytes(file, name)
    if isinstance(raw, Problem):
        return raw
    if suffix in PDF:
        read = read_pdf(raw, name)
    elif suffix in DOCX:
        read = read_docx(raw, name)
    else:
        read = _text(raw, suffix, name)
    if isinstance(read, Problem):
        return read
    if not read.text.strip():
        return Problem(name, None, None, "an empty document", "text", "fill it or remove it")
    heading = _HEADING.search(read.text) if suffix not in PLAIN else None
    title = (heading[1].strip() if heading else "") or read.title or file.stem
    return Document(name, title, read.text, read.pages)


def _text(raw: bytes, suffix: str, name: str) -> PageText | Problem:
    text = decode(raw, name)
    if isinstance(text, Problem):
        return text
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        return Problem(name, line, None, f"control character U+{ord(control[0]):04X}", "printable text")
    title = ""
    if suffix in HTML:
        try:
            text, title = html_to_markdown(text)
        except AssertionError as error:  # how html.parser reports a broken <![...]> section
            return Problem(name, None, None, f"broken markup: {error}", "HTML")
    return PageText(text.replace("\r\n", "\n").replace("\r", "\n"), title)
