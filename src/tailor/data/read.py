"""Read a team's questions: every bad row is reported, and nothing is dropped in silence."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from tailor.data.documents import read_documents
from tailor.data.rows import Row, read_rows, shown
from tailor.data.shapes import NAMES, to_example
from tailor.data.similar import normalise, question_key
from tailor.errors import DataError, Problem
from tailor.files import sha256_of
from tailor.records import Example

__all__ = ["read_documents", "read_examples", "relative_name"]


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
    name = relative_name(path, root)
    rows, problems = read_rows(path, name)
    mapping = dict(columns or {})
    if rows and (unknown := _bad_mapping(mapping, rows, name)):
        raise DataError(f"The column mapping does not fit {name}.", problems=tuple(unknown))
    missing = _missing_columns(rows, mapping, name)
    found: list[tuple[int, Example]] = []
    for row in rows:
        example, bad = to_example(row, mapping, name)
        problems.extend(bad if row is rows[0] else [p for p in bad if p.field not in missing])
        if example is not None:
            found.append((row.line, example))
    problems.extend(_contradictions(found, name))
    examples, repeated = _with_ids(found, name)
    problems.extend(repeated)
    if problems:
        raise _error(name, problems)
    return examples


def _error(name: str, problems: list[Problem]) -> DataError:
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    return DataError(f"{name} cannot be used: {count}.", problems=tuple(sorted(problems, key=lambda p: p.line or 0)))


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


def _with_ids(found: list[tuple[int, Example]], name: str) -> tuple[list[Example], list[Problem]]:
    """Ids that rows bring must differ. Others are made from the question, so that they survive moving a row; a
    repeated question gets a number."""
    lines: dict[str, int] = {}
    problems = []
    for line, example in found:
        if example.id in lines:
            hint = f"line {lines[example.id]} has it too"
            problems.append(Problem(name, line, "id", shown(example.id), "an id of its own", hint))
        elif example.id:
            lines[example.id] = line
    examples = []
    for line, example in found:
        unique, made, copy = example.id, f"q-{sha256_of(example.messages)[:12]}", 1
        if not unique:
            unique = made
            while unique in lines:
                copy += 1
                unique = f"{made}-{copy}"
            lines[unique] = line
        examples.append(replace(example, id=unique))
    return examples, problems


def _contradictions(found: list[tuple[int, Example]], name: str) -> list[Problem]:
    first: dict[str, tuple[int, Example]] = {}
    problems = []
    for line, example in found:
        other_line, other = first.setdefault(question_key(example), (line, example))
        if not _agree(example, other):
            there = "no answer" if other.answer is None else f"the answer {shown(other.answer)}"
            here = "no answer" if example.answer is None else shown(example.answer)
            expected = f"{there}, as in line {other_line} for the same question"
            problems.append(Problem(name, line, "answer", here, expected, "keep one of the two, or ask differently"))
    return problems


def _agree(a: Example, b: Example) -> bool:
    if a.answer is None or b.answer is None:
        return a.answer is b.answer
    return bool({normalise(t) for t in (a.answer, *a.aliases)} & {normalise(t) for t in (b.answer, *b.aliases)})
