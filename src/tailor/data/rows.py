"""Rows of a JSONL, JSON, CSV or TSV file with the physical line each begins on. Any bytes give rows or problems."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tailor.data.opening import load_text
from tailor.errors import Problem

_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class Row:
    """One record of a file. Numbers are texts already, spelt as in the file."""

    line: int
    values: Mapping[str, object]


def shown(value: object) -> str:
    """A value as it may stand in an error message: on one line, at most 60 characters."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = "".join(c if c.isprintable() else "�" for c in " ".join(text[:200].split()))
    return f"'{text[:57]}...'" if len(text) > 60 else f"'{text}'"


def read_rows(path: Path, name: str) -> tuple[list[Row], list[Problem]]:
    """All rows of a file by its suffix, and every problem on the way; `name` stands in the problems."""
    readers = {".jsonl": _jsonl, ".json": _json, ".csv": _csv, ".tsv": _tsv}
    reader = readers.get(path.suffix.lower())
    text = load_text(path, name)
    if isinstance(text, Problem):
        return [], [text]
    if reader is None:
        return [], [Problem(name, None, None, f"suffix {shown(path.suffix)}", ", ".join(readers), "convert the file")]
    if not text.strip():
        return [], [Problem(name, None, None, "an empty file", "at least one row")]
    rows, problems = reader(text, name)
    if not rows and not problems:
        problems = [Problem(name, None, None, "no rows", "at least one row")]
    return rows, problems


def _no_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


# Numbers stay as they are spelt: an answer of 3.10 must not become 3.1.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_constant)


def _row(value: object, line: int, name: str) -> Row | Problem:
    if isinstance(value, dict):
        return Row(line, value)
    return Problem(name, line, None, shown(value), "a JSON object", 'such as {"question": "...", "answer": "..."}')


def _sort(found: list[Row | Problem]) -> tuple[list[Row], list[Problem]]:
    return [r for r in found if isinstance(r, Row)], [p for p in found if isinstance(p, Problem)]


def _jsonl(text: str, name: str) -> tuple[list[Row], list[Problem]]:
    found: list[Row | Problem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            found.append(_jsonl_row(line.strip(" \t\r"), number, name))
    return _sort(found)


def _jsonl_row(line: str, number: int, name: str) -> Row | Problem:
    try:
        return _row(_DECODER.decode(line), number, name)
    except json.JSONDecodeError as error:
        found = f"{error.msg} at column {error.colno}: {shown(line)}"
    except (ValueError, RecursionError) as error:
        found = str(error) or "too deeply nested"
    return Problem(name, number, None, found, "one JSON object per line")


def _json(text: str, name: str) -> tuple[list[Row], list[Problem]]:
    """The elements of one JSON list; after an element that is no JSON nothing more can be told apart."""
    found: list[Row | Problem] = []
    position, line, counted = _skip(text, 0), 1, 0
    if text[position] != "[":
        hint = "one object per line belongs in a .jsonl file" if text[position] == "{" else ""
        return [], [Problem(name, 1, None, shown(text[position : position + 60]), "a list of JSON objects", hint)]
    following = ","
    while following == ",":
        position = _skip(text, position + 1)
        line, counted = line + text.count("\n", counted, position), position
        if not found and text[position : position + 1] == "]":
            break
        try:
            value, end = _DECODER.raw_decode(text, position)
        except json.JSONDecodeError as error:
            found.append(Problem(name, error.lineno, None, f"{error.msg} at column {error.colno}", "valid JSON"))
            return _sort(found)
        except (ValueError, RecursionError) as error:
            found.append(Problem(name, line, None, str(error) or "too deeply nested", "valid JSON"))
            return _sort(found)
        found.append(_row(value, line, name))
        position = _skip(text, end)
        following = text[position : position + 1]
    line += text.count("\n", counted, position)
    if text[position : position + 1] != "]":
        there = shown(text[position : position + 20]) if text[position:] else "the end of the file"
        found.append(Problem(name, line, None, there, "',' or ']' after a row"))
    elif rest := text[position + 1 :].strip():
        found.append(Problem(name, line, None, shown(rest[:60]), "nothing after the list"))
    return _sort(found)


def _skip(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _csv(text: str, name: str) -> tuple[list[Row], list[Problem]]:
    header = text.lstrip("\r\n").split("\n", 1)[0]
    # Spreadsheets write semicolons where the comma is the decimal sign.
    return _table(text, name, ";" if ";" in header and "," not in header else ",")


def _tsv(text: str, name: str) -> tuple[list[Row], list[Problem]]:
    return _table(text, name, "\t")


def _table(text: str, name: str, delimiter: str) -> tuple[list[Row], list[Problem]]:
    found: list[Row | Problem] = []
    header: list[str] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            too_long = "limit" in str(error)
            expected = f"fields of at most {csv.field_size_limit():,} characters" if too_long else "matching quotes"
            found.append(Problem(name, line, None, str(error), expected, "" if too_long else 'a quote inside is ""'))
            continue
        if cells is None:
            return _sort(found)
        if not any(c.strip() for c in cells):
            continue
        if not header:
            header = [c.strip() for c in cells]
            if problem := _bad_header(header, line, name):
                return [], [problem]
        elif len(cells) != len(header):
            expected = f"{len(header)} fields ({', '.join(header)})"
            hint = "put a field with the separator in it between double quotes"
            found.append(Problem(name, line, None, f"{len(cells)} fields", expected, hint))
        else:
            found.append(Row(line, dict(zip(header, cells, strict=True))))


def _bad_header(header: list[str], line: int, name: str) -> Problem | None:
    if "" in header:
        return Problem(name, line, None, "a column without a name", "a header with a name for every column")
    twice = sorted({c for c in header if header.count(c) > 1})
    if twice:
        return Problem(name, line, None, f"column {shown(twice[0])} twice", "a header with different names")
    return None
