"""Documents in rows: one text per row of a JSONL or Parquet file, and the articles of a SQuAD file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tailor.data.opening import Unusable, content_suffix, load_text
from tailor.data.rows import COLUMNAR, JSON_LINES, Row, Torn, iter_rows, shown
from tailor.data.squad import articles
from tailor.data.turns import Bad, clean
from tailor.errors import Problem
from tailor.records import Document

ROWS = (*JSON_LINES, ".json", *COLUMNAR)
TEXT = ("text", "content", "body", "document", "passage", "context")
TITLE = ("title", "heading", "name")


def iter_row_documents(file: Path, name: str) -> Iterator[Document | Problem]:
    """One document per row that has a text (and a title, if it has one), called `faq.jsonl/12` after its line; of a
    SQuAD file one per article, with its paragraphs as sections 1, 2, ...: what the `source` of its questions names."""
    if content_suffix(file) == ".json":
        text = load_text(file, name)
        if isinstance(text, str) and (found := articles(text, name)):
            for article in found:
                sections = (f"## {n}\n\n{p.strip()}" for n, p in enumerate(article.paragraphs, 1))
                yield Document(article.path, article.title, "\n\n".join(sections) + "\n")
            return
    try:
        for row in iter_rows(file, name):
            yield row.problem if isinstance(row, Torn) else _document(row, name)
    except Unusable as error:
        yield error.problem


def _document(row: Row, name: str) -> Document | Problem:
    spelling = {key.strip().casefold(): key for key in row.values}
    column = next((spelling[n] for n in TEXT if n in spelling), None)
    if column is None:
        there = ", ".join(map(shown, list(row.values)[:12])) or "nothing"
        return Problem(name, row.line, "text", f"columns {there}", f"a column {' or '.join(TEXT)}")
    try:
        text = clean(row.values[column], column)
        title = next((clean(row.values[spelling[n]] or "", n) for n in TITLE if n in spelling), "")
    except Bad as bad:
        return Problem(name, row.line, bad.field, bad.found, bad.expected, bad.hint)
    if not text:
        return Problem(name, row.line, column, "an empty document", "text")
    return Document(f"{name}/{row.line}", title or f"{Path(name).stem} {row.line}", f"{text}\n")
