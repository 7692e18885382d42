"""Read a team's documents as text. HTML becomes Markdown, so that its headings survive."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path

from tailor.data.rows import load_text, shown
from tailor.errors import DataError, Problem
from tailor.records import Document

MARKDOWN, PLAIN, HTML = (".md",), (".txt",), (".html", ".htm")
READABLE = (*MARKDOWN, *PLAIN, *HTML)
LATER = (".pdf", ".docx")

_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
# Elements that begin and end a paragraph.
_BLOCKS = (
    "address article aside blockquote body dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4"
    " h5 h6 header hr html li main nav ol p pre section summary table tbody tfoot thead tr ul"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def read_documents(path: Path, *, root: Path) -> list[Document]:
    """Read a folder (and all folders below it) or one file: .md, .txt, .html, .htm in UTF-8.

    Files and folders whose names begin with a dot are left out. The title is the first heading (HTML: else <title>),
    else the file's name. Paths are relative to `root`, documents are in the order of their paths.

    Raises:
        DataError: with one `Problem` for each file that is empty, unreadable or of another kind.
    """
    if not path.exists():
        name = Path(os.path.relpath(path.absolute(), root.absolute())).as_posix()
        missing = Problem(name, None, None, "nothing of that name", "a folder or file of documents", "check the path")
        raise DataError("The documents cannot be used.", problems=(missing,))
    documents: list[Document] = []
    problems: list[Problem] = []
    for file in _files(path):
        name = Path(os.path.relpath(file.absolute(), root.absolute())).as_posix()
        document = _document(file, name)
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
    if suffix in LATER and file.exists():
        hint = "PDF and DOCX come in a later version; convert it to Markdown"
        return Problem(name, None, None, f"a {suffix[1:].upper()} file", ", ".join(READABLE), hint)
    if suffix not in READABLE and file.exists():
        hint = "convert it to Markdown or move it out of the folder"
        return Problem(name, None, None, f"suffix {shown(file.suffix)}", ", ".join(READABLE), hint)
    text = load_text(file, name)
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
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return Problem(name, None, None, "an empty document", "text", "fill it or remove it")
    heading = _HEADING.search(text) if suffix not in PLAIN else None
    return Document(name, (heading[1].strip() if heading else "") or title or file.stem, text)


def html_to_markdown(html: str) -> tuple[str, str]:
    """The readable text of a page with `#` headings and `-` lists, and its <title>.

    Raises:
        AssertionError: broken `<![...]>` markup.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text(), " ".join("".join(reader.title).split())


class _Reader(HTMLParser):
    HIDDEN = frozenset({"script", "style", "template", "noscript", "svg"})
    BLOCKS = frozenset(_BLOCKS.split())

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[list[str]] = [[]]
        self.title: list[str] = []
        self.hidden = 0
        self.in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.hidden += tag in self.HIDDEN
        self.in_title = self.in_title or tag == "title"
        if tag in self.BLOCKS:
            self.blocks.append([])
        if tag in ("br", "td", "th"):
            self.blocks[-1].append(" ")
        if re.fullmatch("h[1-6]", tag):
            self.blocks[-1].append("#" * int(tag[1]) + " ")
        elif tag == "li":
            self.blocks[-1].append("- ")

    def handle_endtag(self, tag: str) -> None:
        self.hidden = max(0, self.hidden - (tag in self.HIDDEN))
        self.in_title = self.in_title and tag != "title"
        if tag in self.BLOCKS:
            self.blocks.append([])

    def handle_data(self, data: str) -> None:
        if self.in_title:
            self.title.append(data)
        elif not self.hidden:
            self.blocks[-1].append(data)

    def text(self) -> str:
        lines = (" ".join("".join(block).split()) for block in self.blocks)
        return "\n\n".join(line for line in lines if line.strip("#- ")) + "\n"
