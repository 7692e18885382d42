"""Rows of a file, one after the other, with the line each begins on. Any bytes give rows or problems."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

from tailor.data.opening import Unusable, content_suffix, open_text
from tailor.errors import Problem

JSON_LINES, COLUMNAR = (".jsonl", ".ndjson"), (".parquet", ".arrow")
TABLES = {".csv": ",", ".tsv": "\t"}
READABLE = (*JSON_LINES, ".json", *TABLES, *COLUMNAR)

_ENDS = frozenset(("\n", "\r\n", ""))
_SPACE = re.compile(r"[ \t\r\n]*")


class Row(NamedTuple):
    """One record of a file. Numbers are texts already, spelt as in the file. `line` is where it begins, or its number
    in files without lines."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Torn:
    """A piece of a file that is no row: what is wrong with it, and its text as it stands there."""

    problem: Problem
    text: str


def shown(value: object) -> str:
    """A value as it may stand in an error message: on one line, at most 60 characters."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = "".join(c if c.isprintable() else "�" for c in " ".join(text[:200].split()))
    return f"'{text[:57]}...'" if len(text) > 60 else f"'{text}'"


def iter_rows(path: Path, name: str, encoding: str | None = None) -> Iterator[Row | Torn]:
    """The rows of a file by its suffix, and every piece that is none; `name` stands in the problems.

    JSONL, CSV, TSV, Parquet and Arrow are read piece by piece in constant memory, packed (.gz, .bz2, .xz, .zst) too;
    a .json file is held in memory.

    Raises:
        Unusable: the file as a whole (missing, of another kind, empty, without rows), also while reading it.
        MissingDependency: .parquet, .arrow and .zst need the extra `data`.
    """
    found = False
    for piece in _pieces(path, name, encoding):
        found = True
        yield piece
    if not found:
        raise Unusable(Problem(name, None, None, "no rows", "at least one row"))


def _pieces(path: Path, name: str, encoding: str | None) -> Iterator[Row | Torn]:
    suffix = content_suffix(path)
    if suffix in COLUMNAR:
        from tailor.data.columnar import iter_columnar

        yield from iter_columnar(path, name)
        return
    if suffix not in READABLE and path.exists():
        hint = "save it as CSV" if suffix in (".xlsx", ".xls", ".ods") else "convert the file"
        raise Unusable(Problem(name, None, None, f"suffix {shown(path.suffix)}", ", ".join(READABLE), hint))
    newline = "\n" if suffix in JSON_LINES else ""
    with open_text(path, name, encoding, newline=newline) as file:
        lines = _not_empty(file.lines, name)
        if suffix in JSON_LINES:
            yield from _json_lines(lines, name)
        elif suffix in TABLES:
            yield from _table(lines, name, TABLES[suffix])
        else:
            yield from _json("".join(lines), name)


def _not_empty(lines: IO[str], name: str) -> Iterator[str]:
    """The lines of a file that holds something."""
    blank = []
    for line in lines:
        blank.append(line)
        if line.strip():
            return chain(blank, lines)
    raise Unusable(Problem(name, None, None, "an empty file", "at least one row"))


def _no_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


# Numbers stay as they are spelt: an answer of 3.10 must not become 3.1.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_constant)
_SCAN: Callable[[str, int], tuple[object, int]] = _DECODER.scan_once  # type: ignore[attr-defined]


def _row(value: object, line: int, name: str, text: str) -> Row | Torn:
    if isinstance(value, dict):
        return Row(line, value)
    hint = 'such as {"question": "...", "answer": "..."}'
    return Torn(Problem(name, line, None, shown(value), "a JSON object", hint), text)


def _json_lines(lines: Iterator[str], name: str) -> Iterator[Row | Torn]:
    for number, line in enumerate(lines, start=1):
        try:
            value = _decoded(line)
        except (ValueError, RecursionError) as error:
            if line.strip():
                yield _no_json(error, line, number, name)
            continue
        yield Row(number, value) if isinstance(value, dict) else _row(value, number, name, line.strip())


def _decoded(line: str) -> object:
    """As `decode`, which looks for space at both ends first: a tenth of the time of a short row."""
    if line[:1] == "{":
        try:
            value, end = _SCAN(line, 0)
        except StopIteration:  # says only where
            return _DECODER.decode(line)
        if line[end:] in _ENDS:
            return value
    return _DECODER.decode(line)


def _no_json(error: Exception, line: str, number: int, name: str) -> Torn:
    text = line.strip()
    if isinstance(error, json.JSONDecodeError):
        found = f"{error.msg} at column {error.colno if error.lineno == 1 else len(line)}: {shown(text)}"
    else:
        found = str(error) or "too deeply nested"
    return Torn(Problem(name, number, None, found, "one JSON object per line"), text)


def _json(text: str, name: str) -> Iterator[Row | Torn]:
    """The elements of one JSON list; after an element that is no JSON nothing more can be told apart."""
    position, line, counted = _skip(text, 0), 1, 0
    if text[position] == "{":
        from tailor.data.squad import iter_squad

        yield from iter_squad(text, name, _DECODER)
        return
    if text[position] != "[":
        raise Unusable(Problem(name, 1, None, shown(text[position : position + 60]), "a list of JSON objects"))
    following, first = ",", True
    while following == ",":
        position = _skip(text, position + 1)
        line, counted = line + text.count("\n", counted, position), position
        if first and text[position : position + 1] == "]":
            break
        first = False
        try:
            value, end = _DECODER.raw_decode(text, position)
        except json.JSONDecodeError as error:
            found = f"{error.msg} at column {error.colno}"
            yield Torn(Problem(name, error.lineno, None, found, "valid JSON"), text[position:])
            return
        except (ValueError, RecursionError) as error:
            yield Torn(Problem(name, line, None, str(error) or "too deeply nested", "valid JSON"), text[position:])
            return
        yield _row(value, line, name, text[position:end])
        position = _skip(text, end)
        following = text[position : position + 1]
    line += text.count("\n", counted, position)
    if text[position : position + 1] != "]":
        there = shown(text[position : position + 20]) if text[position:] else "the end of the file"
        yield Torn(Problem(name, line, None, there, "',' or ']' after a row"), text[position:])
    elif rest := text[position + 1 :].strip():
        yield Torn(Problem(name, line, None, shown(rest[:60]), "nothing after the list"), rest)


def _skip(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


class _Recorded:
    """Lines, and those that were taken since the last row."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken.append(line)
        return line


def _table(lines: Iterator[str], name: str, delimiter: str) -> Iterator[Row | Torn]:
    blank: list[str] = []
    for first in lines:
        blank.append(first)
        if first.strip():
            break
    # Spreadsheets write semicolons where the comma is the decimal sign.
    if delimiter == "," and ";" in blank[-1] and "," not in blank[-1]:
        delimiter = ";"
    header: list[str] = []
    recorded = _Recorded(chain(blank, lines))
    reader = csv.reader(recorded, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        recorded.taken.clear()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            too_long = "limit" in str(error)
            expected = f"fields of at most {csv.field_size_limit():,} characters" if too_long else "matching quotes"
            problem = Problem(name, line, None, str(error), expected, "" if too_long else 'a quote inside is ""')
            yield Torn(problem, "".join(recorded.taken))
            continue
        if cells is None:
            return
        if not any(c.strip() for c in cells):
            continue
        if not header:
            header = [c.strip() for c in cells]
            if bad := _bad_header(header, line, name):
                raise Unusable(bad)
        elif len(cells) != len(header):
            expected = f"{len(header)} fields ({', '.join(header)})"
            hint = "put a field with the separator in it between double quotes"
            problem = Problem(name, line, None, f"{len(cells)} fields", expected, hint)
            yield Torn(problem, "".join(recorded.taken))
        else:
            yield Row(line, dict(zip(header, cells, strict=True)))


def _bad_header(header: list[str], line: int, name: str) -> Problem | None:
    if "" in header:
        return Problem(name, line, None, "a column without a name", "a header with a name for every column")
    twice = sorted({c for c in header if header.count(c) > 1})
    if twice:
        return Problem(name, line, None, f"column {shown(twice[0])} twice", "a header with different names")
    return None
