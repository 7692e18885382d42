"""Read a team's questions: every bad row is reported, and nothing is dropped in silence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tailor.data.documents import read_documents
from tailor.data.places import relative_name
from tailor.data.rows import shown
from tailor.data.similar import normalise, question_key
from tailor.data.stream import Aside, Placed, Reading, folded, rows_at, stream
from tailor.errors import DataError, Problem
from tailor.files import sha256_of
from tailor.records import Example

_Clash = tuple[Placed, Problem]
"""A row that cannot stand beside one before it, and why."""

__all__ = ["read_documents", "read_examples", "read_files", "relative_name"]


def read_examples(
    path: Path | str, columns: Mapping[str, str] | None = None, *, root: Path, encoding: str | None = None
) -> list[Example]:
    """Read the questions and answers of a file, a folder, a pattern such as `data/*.jsonl`, or a data set `hf:NAME`.

    Files are .jsonl, .json, .csv, .tsv, .parquet or .arrow, also packed (.gz, .bz2, .xz, .zst). A row is {question,
    answer}, {prompt, completion}, {instruction, input, output}, {messages: [{role, content}]}, {conversations: [{from,
    value}]}, a preference pair with `chosen` and `rejected`, or SQuAD's; in conversations the last assistant turn is
    the answer. Column names are guessed from common ones. The answer null marks a question that must not be answered.
    Optional columns: id, fact, framing, aliases (a list; in tables with `|` between), group, source, split, system,
    tools, and kind, of which `general` puts a row into the cell of general abilities. Other columns are not read.

    Args:
        path: the file, below `root` if it is not absolute.
        columns: field -> column name, for names that cannot be guessed, such as {"question": "Frage"}.
        root: the workspace; messages name the file relative to it.
        encoding: of the file; detected if left out.

    Raises:
        DataError: with one `Problem` for everything wrong: unreadable file, row that is no JSON or has too many
            fields, missing or empty question or answer, value that is no text, two rows with one id, one question
            with two answers.
        MissingDependency: a format needs the extra `data`.
    """
    return read_files([path], columns, root=root, encoding=encoding)


def read_files(
    paths: Sequence[Path | str],
    columns: Mapping[str, str] | None = None,
    *,
    root: Path,
    encoding: str | None = None,
    reading: Reading | None = None,
    aside: list[Aside] | None = None,
) -> list[Example]:
    """Read several files as one: ids and answers are compared across them, and all their problems come together.

    Args:
        reading: is filled with the counts and the columns that were found.
        aside: is filled with the rows that are bad or left out, which are then no error; of two rows that clash, with
            the later one. Files that cannot be used as a whole are one in either case.
    """
    counts = Reading() if reading is None else reading
    found: list[Placed] = []
    bad: list[Aside] = []
    for piece in stream(paths, columns, root=root, encoding=encoding, reading=counts):
        if isinstance(piece, Placed):
            found.append(piece)
        elif aside is not None and piece.content is not None:
            aside.append(piece)
        elif piece.problems:
            bad.append(piece)
    problems, everything = [*folded(bad, counts), *_waiting(found)], found
    for clashes in (_contradictions, _repeated_ids):
        clash = clashes(found)
        if aside is None:
            problems += [problem for _, problem in clash]
        elif clash:
            places = _places(everything, {id(row) for row, _ in clash})
            as_read = rows_at(paths, columns, set(places.values()), root=root, encoding=encoding)
            found = _without(found, clash, {n: as_read.get(place) for n, place in places.items()}, aside, counts)
    if problems:
        raise _error(list(counts.files), problems)
    return _with_ids(found)


def _waiting(found: Sequence[Placed]) -> list[Problem]:
    """Rows that a person has to let through first, once for each file."""
    files = Counter(row.file for row in found if row.waits)
    return [
        Problem(
            name,
            None,
            "status",
            f"{n} row{'' if n == 1 else 's'} 'to review'",
            "rows that a person let through",
            f"tailor review {name} writes them to a file of their own: name that one",
        )
        for name, n in files.items()
    ]


def _places(found: Sequence[Placed], wanted: Collection[int]) -> dict[int, tuple[str, int]]:
    """Which example of its file a row is, from 0, by the identity of the row."""
    before: Counter[str] = Counter()
    places = {}
    for row in found:
        if id(row) in wanted:
            places[id(row)] = row.file, before[row.file]
        before[row.file] += 1
    return places


def _without(
    found: Sequence[Placed],
    clash: Sequence[_Clash],
    as_read: Mapping[int, object],
    aside: list[Aside],
    counts: Reading,
) -> list[Placed]:
    """The rows that clash with none before them; the others go aside, as they were read. Rows go by their identity: all
    rows of a .json file may stand in one line."""
    wrong: dict[int, list[Problem]] = defaultdict(list)
    for row, problem in clash:
        wrong[id(row)].append(problem)
    kept = []
    for row in found:
        if id(row) in wrong:
            aside.append(Aside(row.file, row.line, tuple(wrong[id(row)]), as_read[id(row)]))
            counts.examples -= 1
            counts.bad += 1
        else:
            kept.append(row)
    return kept


def _error(names: Sequence[str], problems: list[Problem]) -> DataError:
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    order = {name: n for n, name in enumerate(names)}
    ordered = sorted(problems, key=lambda p: (order[p.file], p.line or 0))
    bad = list(dict.fromkeys(p.file for p in ordered))
    of_rows = all(p.line is not None for p in ordered)
    hint = "Mend the rows, or go on without them: --quarantine FILE" if of_rows else ""
    return DataError(f"{' and '.join(bad)} cannot be used: {count}.", problems=tuple(ordered), hint=hint)


def _repeated_ids(found: Sequence[Placed]) -> list[_Clash]:
    """Ids that rows bring must differ."""
    first: dict[str, Placed] = {}
    problems: list[_Clash] = []
    for row in found:
        identity = row.example.id
        if identity in first:
            hint = f"{first[identity].seen_from(row)} has it too"
            problems.append((row, Problem(row.file, row.line, "id", shown(identity), "an id of its own", hint)))
        elif identity:
            first[identity] = row
    return problems


def _with_ids(found: Sequence[Placed]) -> list[Example]:
    """Rows without an id get one made from the question, so that it survives moving a row; a repeated question gets a
    number."""
    taken = {row.example.id for row in found}
    examples = []
    for row in found:
        unique, made, copy = row.example.id, f"q-{sha256_of(row.example.messages)[:12]}", 1
        if not unique:
            unique = made
            while unique in taken:
                copy += 1
                unique = f"{made}-{copy}"
            taken.add(unique)
        examples.append(replace(row.example, id=unique))
    return examples


def _contradictions(found: Sequence[Placed]) -> list[_Clash]:
    """One question with two answers, and one that both trains and tests."""
    first: dict[str, Placed] = {}
    split: dict[str, Placed] = {}
    problems: list[_Clash] = []
    for row in found:
        key, example = question_key(row.example), row.example
        before = first.setdefault(key, row)
        if not _agree(example, before.example):
            there = "no answer" if before.example.answer is None else f"the answer {shown(before.example.answer)}"
            here = "no answer" if example.answer is None else shown(example.answer)
            expected = f"{there}, as in {before.seen_from(row)} for the same question"
            hint = "keep one of the two, or ask differently"
            problems.append((row, Problem(row.file, row.line, "answer", here, expected, hint)))
        if example.split:
            other = split.setdefault(key, row)
            if other.example.split != example.split:
                expected = f"'{other.example.split}', as in {other.seen_from(row)} for the same question"
                hint = "a question that is trained on tests nothing: keep one of the two"
                found_split = f"'{example.split}'"
                problems.append((row, Problem(row.file, row.line, "split", found_split, expected, hint)))
    return problems


def _agree(a: Example, b: Example) -> bool:
    if a.answer is None or b.answer is None:
        return a.answer is b.answer
    return bool({normalise(t) for t in (a.answer, *a.aliases)} & {normalise(t) for t in (b.answer, *b.aliases)})
