"""Read a team's questions: every bad row is reported, and nothing is dropped in silence."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from tailor.data.documents import read_documents
from tailor.data.rows import Row, read_rows, shown
from tailor.data.shapes import NAMES, to_example
from tailor.data.similar import normalise, question_key
from tailor.errors import DataError, Problem
from tailor.files import sha256_of
from tailor.records import Example

__all__ = ["read_documents", "read_examples", "read_files", "relative_name"]


@dataclass(frozen=True)
class Placed:
    """A row and where it stands."""

    file: str
    line: int
    example: Example

    def seen_from(self, other: Placed) -> str:
        """`line 12`, with the file where it is another one."""
        return f"line {self.line}" if self.file == other.file else f"{self.file} line {self.line}"


def relative_name(path: Path, root: Path) -> str:
    """How a file is called in messages and citations: relative to the workspace, with forward slashes."""
    return Path(os.path.relpath(path.absolute(), root.absolute())).as_posix()


def read_examples(path: Path, columns: Mapping[str, str] | None = None, *, root: Path) -> list[Example]:
    """Read a .jsonl, .json, .csv or .tsv file (UTF-8) of questions and answers.

    A row is {question, answer}, {prompt, completion}, {instruction, input, output}, {messages: [{role, content}]} or
    {conversations: [{from, value}]}; in conversations the last assistant turn is the answer. Column names are guessed
    from common ones. The answer null (JSON, JSONL) marks a question that must not be answered. Optional columns: id,
    fact, framing, aliases (a list; in tables with `|` between), group, source, split, system, and kind, of which
    `general` puts a row into the cell of general abilities. Other columns are not read.

    Args:
        path: the file.
        columns: field -> column name, for names that cannot be guessed, such as {"question": "Frage"}.
        root: the workspace; messages name the file relative to it.

    Raises:
        DataError: with one `Problem` for everything wrong: unreadable file, row that is no JSON or has too many
            fields, missing or empty question or answer, value that is no text, two rows with one id, one question
            with two answers.
    """
    return read_files([path], columns, root=root)


def read_files(paths: Sequence[Path], columns: Mapping[str, str] | None = None, *, root: Path) -> list[Example]:
    """Read several files as one: ids and answers are compared across them, and all their problems come together."""
    found: list[Placed] = []
    problems: list[Problem] = []
    for path in dict.fromkeys(paths):
        of_file, bad = _read_file(path, dict(columns or {}), relative_name(path, root))
        found.extend(of_file)
        problems.extend(bad)
    problems.extend(_contradictions(found))
    examples, repeated = _with_ids(found)
    problems.extend(repeated)
    if problems:
        raise _error([relative_name(path, root) for path in dict.fromkeys(paths)], problems)
    return examples


def _read_file(path: Path, mapping: dict[str, str], name: str) -> tuple[list[Placed], list[Problem]]:
    rows, problems = read_rows(path, name)
    if rows and (unknown := _bad_mapping(mapping, rows, name)):
        return [], unknown
    missing = _missing_columns(rows, mapping, name)
    found: list[Placed] = []
    for row in rows:
        example, bad = to_example(row, mapping, name)
        problems.extend(bad if row is rows[0] else [p for p in bad if p.field not in missing])
        if example is not None:
            found.append(Placed(name, row.line, example))
    return found, problems


def _error(names: Sequence[str], problems: list[Problem]) -> DataError:
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    order = {name: n for n, name in enumerate(names)}
    ordered = sorted(problems, key=lambda p: (order[p.file], p.line or 0))
    bad = list(dict.fromkeys(p.file for p in ordered))
    return DataError(f"{' and '.join(bad)} cannot be used: {count}.", problems=tuple(ordered))


def _missing_columns(rows: list[Row], columns: dict[str, str], name: str) -> set[str]:
    """The fields for which no row has a column: one problem says it for all rows."""
    missing = {"question", "answer"}
    for row in rows:
        bad = to_example(row, columns, name)[1]
        missing &= {p.field for p in bad if p.field and p.found.startswith("columns ")}
        if not missing:
            break
    return missing


def _bad_mapping(columns: dict[str, str], rows: list[Row], name: str) -> list[Problem]:
    there = list(dict.fromkeys(key for row in rows for key in row.values))
    problems = []
    for field, column in columns.items():
        if field not in NAMES:
            close = get_close_matches(field, NAMES, n=1)
            hint = f"did you mean '{close[0]}'?" if close else ""
            problems.append(Problem(name, None, field, "an unknown field", f"one of {', '.join(NAMES)}", hint))
        elif column not in there:
            expected = f"one of the columns {', '.join(map(shown, there[:30]))}"
            problems.append(Problem(name, None, field, f"column {shown(column)}", expected))
    return problems


def _with_ids(found: Sequence[Placed]) -> tuple[list[Example], list[Problem]]:
    """Ids that rows bring must differ. Others are made from the question, so that they survive moving a row; a
    repeated question gets a number."""
    first: dict[str, Placed] = {}
    problems = []
    for row in found:
        identity = row.example.id
        if identity in first:
            hint = f"{first[identity].seen_from(row)} has it too"
            problems.append(Problem(row.file, row.line, "id", shown(identity), "an id of its own", hint))
        elif identity:
            first[identity] = row
    examples = []
    for row in found:
        unique, made, copy = row.example.id, f"q-{sha256_of(row.example.messages)[:12]}", 1
        if not unique:
            unique = made
            while unique in first:
                copy += 1
                unique = f"{made}-{copy}"
            first[unique] = row
        examples.append(replace(row.example, id=unique))
    return examples, problems


def _contradictions(found: Sequence[Placed]) -> list[Problem]:
    """One question with two answers, and one that both trains and tests."""
    first: dict[str, Placed] = {}
    split: dict[str, Placed] = {}
    problems = []
    for row in found:
        key, example = question_key(row.example), row.example
        before = first.setdefault(key, row)
        if not _agree(example, before.example):
            there = "no answer" if before.example.answer is None else f"the answer {shown(before.example.answer)}"
            here = "no answer" if example.answer is None else shown(example.answer)
            expected = f"{there}, as in {before.seen_from(row)} for the same question"
            hint = "keep one of the two, or ask differently"
            problems.append(Problem(row.file, row.line, "answer", here, expected, hint))
        if example.split:
            other = split.setdefault(key, row)
            if other.example.split != example.split:
                expected = f"'{other.example.split}', as in {other.seen_from(row)} for the same question"
                hint = "a question that is trained on tests nothing: keep one of the two"
                problems.append(Problem(row.file, row.line, "split", f"'{example.split}'", expected, hint))
    return problems


def _agree(a: Example, b: Example) -> bool:
    if a.answer is None or b.answer is None:
        return a.answer is b.answer
    return bool({normalise(t) for t in (a.answer, *a.aliases)} & {normalise(t) for t in (b.answer, *b.aliases)})
