"""Rows of files as examples, one after the other: what a study reads at once and `tailor data` reads piece by piece."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tailor.data.columnar import iter_hub
from tailor.data.columns import check_mapping
from tailor.data.opening import Unusable
from tailor.data.places import find_files, relative_name
from tailor.data.rows import Row, Torn, iter_rows
from tailor.data.shapes import BadRow, ShapeReader
from tailor.errors import Problem
from tailor.records import Example

TO_REVIEW = "to review"
"""The `status` of rows that a person has to let through before they are trained on or tested with."""


class Placed(NamedTuple):
    """A row and where it stands. `waits`: it is marked `to review`, and nobody has."""

    file: str
    line: int
    example: Example
    waits: bool = False

    def seen_from(self, other: Placed) -> str:
        """`line 12`, with the file where it is another one."""
        return f"line {self.line}" if self.file == other.file else f"{self.file} line {self.line}"


@dataclass(frozen=True)
class Aside:
    """A piece of a file that gives no example: what is wrong with it, and what stands there (None where a file as a
    whole is meant). A row that is only left out has no problems and a `reason`."""

    file: str
    line: int | None
    problems: tuple[Problem, ...]
    content: object = None
    reason: str = ""
    is_mapping: bool = False


@dataclass
class Reading:
    """What became of the rows: `rows` = `examples` + `bad` + the sum of `left_out`. `files` holds the rows of each
    file, `columns` the column that was found for each field, `unread` the columns that hold none."""

    rows: int = 0
    examples: int = 0
    bad: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    files: dict[str, int] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    unread: dict[str, list[str]] = field(default_factory=dict)


def stream(
    paths: Sequence[Path | str],
    columns: Mapping[str, str] | None = None,
    *,
    root: Path,
    encoding: str | None = None,
    reading: Reading | None = None,
) -> Iterator[Placed | Aside]:
    """What stands in files, one row after the other, in constant memory (.json files aside). Rows without an id have
    the id "".

    Args:
        paths: files, folders, patterns and `hf:` names.
        reading: is filled on the way with counts and columns.
    """
    counts = Reading() if reading is None else reading
    for where in dict.fromkeys(paths):
        files = find_files(where, root)
        if isinstance(files, Problem):
            counts.files.setdefault(files.file, 0)
            yield Aside(files.file, None, (files,))
            continue
        for file in files:
            name = file if isinstance(file, str) else relative_name(file, root)
            if name not in counts.files:
                rows = iter_hub(file) if isinstance(file, str) else iter_rows(file, name, encoding)
                yield from _of_file(rows, name, dict(columns or {}), counts)


def rows_at(
    paths: Sequence[Path | str],
    columns: Mapping[str, str] | None,
    wanted: Collection[tuple[str, int]],
    *,
    root: Path,
    encoding: str | None = None,
) -> dict[tuple[str, int], dict[str, Any]]:
    """Rows as they stand in their files, read once more.

    Args:
        paths, columns, root, encoding: as for `stream`.
        wanted: (file, which of its examples, from 0). A line does not tell: a .json file may be a single one.
    """
    names, found = {name for name, _ in wanted}, dict[tuple[str, int], dict[str, Any]]()
    for where in dict.fromkeys(paths):
        files = find_files(where, root)
        for file in [] if isinstance(files, Problem) else files:
            name = file if isinstance(file, str) else relative_name(file, root)
            if name not in names:
                continue
            names.discard(name)
            reader, number = ShapeReader(dict(columns or {}), name), 0
            with suppress(Unusable):  # has been said
                for row in iter_hub(file) if isinstance(file, str) else iter_rows(file, name, encoding):
                    if isinstance(row, Row) and isinstance(reader.read(row), Example):
                        if (name, number) in wanted:
                            found[name, number] = dict(row.values)
                        number += 1
    return found


def _of_file(rows: Iterable[Row | Torn], name: str, given: dict[str, str], counts: Reading) -> Iterator[Placed | Aside]:
    reader = ShapeReader(given, name)
    before = counts.rows
    counts.files[name] = 0
    try:
        for row in rows:
            counts.rows += 1
            if isinstance(row, Torn):
                counts.bad += 1
                yield Aside(name, row.problem.line, (row.problem,), row.text)
                continue
            read = reader.read(row)
            if isinstance(read, Example):
                counts.examples += 1
                yield Placed(name, row.line, read, row.values.get("status") == TO_REVIEW and "review" not in row.values)
            elif isinstance(read, BadRow):
                counts.bad += 1
                yield Aside(name, row.line, read.problems, dict(row.values))
            else:
                counts.left_out[read.reason] += 1
                yield Aside(name, row.line, (), dict(row.values), read.reason)
    except Unusable as error:
        yield Aside(name, None, (error.problem,))
    counts.files[name] = counts.rows - before
    counts.columns[name] = {f: c for known in reader.columns.values() for f, c in known.of.items()}
    counts.unread[name] = list(dict.fromkeys(c for known in reader.columns.values() for c in known.unread))
    keys = [key for known in reader.columns for key in known]
    if keys and (wrong := check_mapping(given, keys, name)):
        yield Aside(name, None, tuple(wrong), is_mapping=True)


def folded(pieces: Sequence[Aside], reading: Reading) -> list[Problem]:
    """The problems of files. A wrong mapping explains all others of its file, and a column that no row of a file has
    is said once."""
    by_file: dict[str, list[Aside]] = defaultdict(list)
    for piece in pieces:
        by_file[piece.file].append(piece)
    return [p for name, of_file in by_file.items() for p in _folded(of_file, reading.files.get(name, 0))]


def _folded(pieces: list[Aside], rows: int) -> list[Problem]:
    if mapping := [p for piece in pieces if piece.is_mapping for p in piece.problems]:
        return mapping
    missing = Counter(p.field for piece in pieces for p in piece.problems if p.is_missing_column)
    kept, said = [], set()
    for piece in pieces:
        for problem in piece.problems:
            if problem.is_missing_column and missing[problem.field] == rows:
                if problem.field in said:
                    continue
                said.add(problem.field)
            kept.append(problem)
    return kept
