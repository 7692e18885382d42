"""Write examples in every format that can be read; what is written is read as the same examples."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from tailor.data.opening import PACKED, content_suffix
from tailor.data.rows import JSON_LINES, TABLES
from tailor.errors import DataError, MissingDependency
from tailor.files import new_file
from tailor.records import Example

BATCH = 1024
WRITABLE = (*JSON_LINES, ".json", *TABLES, ".parquet")
# The columns that hold question and answer, by shape.
SHAPES: Mapping[str, tuple[str, ...]] = {
    "question-answer": ("question", "answer"),
    "prompt-completion": ("prompt", "completion"),
    "alpaca": ("instruction", "input", "output"),
    "messages": ("messages",),
    "sharegpt": ("conversations",),
    "preference": ("prompt", "chosen"),
}
_CONVERSATIONS = ("messages", "sharegpt")
_SHAREGPT_ROLES = {"system": "system", "user": "human", "assistant": "gpt"}
_TEXTS = ("id", "fact", "framing", "group", "source", "kind", "split")
_LISTS = ("aliases", "rejected")


def write_examples(examples: Iterable[Example], path: Path, *, shape: str = "question-answer") -> int:
    """Write examples to a .jsonl, .ndjson, .json, .csv, .tsv or .parquet file, packed if the name ends so (.gz, .bz2,
    .xz, .zst), one after the other; the file is there whole or not at all. Gives how many were written.

    Cells other than `general` are not written: a split gives them.

    Args:
        shape: one of `SHAPES`. Those of a single question cannot hold a conversation.

    Raises:
        DataError: an unknown suffix or shape, or an example that the shape cannot hold.
        MissingDependency: .parquet and .zst need the extra `data`.
    """
    suffix = content_suffix(path)
    if suffix not in WRITABLE:
        raise DataError(f"Cannot write {path.name}.", hint=f"Known: {', '.join(WRITABLE)}, each also packed.")
    if shape not in SHAPES:
        raise DataError(f"Unknown shape '{shape}'.", hint=f"Known: {', '.join(SHAPES)}")
    table = suffix in TABLES
    counted = _Counted(examples)
    rows = (to_row(example, shape, table=table) for example in counted)
    with new_file(path) as temporary:
        if suffix == ".parquet":
            _parquet(rows, temporary, shape)
        else:
            with _packed(temporary, path.suffix.lower()) as handle:
                _WRITERS[suffix](rows, handle, shape)
    return counted.n


class _Counted:
    def __init__(self, examples: Iterable[Example]) -> None:
        self._examples = examples
        self.n = 0

    def __iter__(self) -> Iterator[Example]:
        for example in self._examples:
            self.n += 1
            yield example


def to_row(example: Example, shape: str, *, table: bool = False) -> dict[str, Any]:
    """One example as a row of a shape. In tables every column is there, lists and turns are JSON, and the kind says
    that a question must not be answered.

    Raises:
        DataError: the shape cannot hold it.
    """
    kinds = ["general"] if example.cell == "general" else []
    row: dict[str, Any] = {}
    if shape in _CONVERSATIONS:
        row[SHAPES[shape][0]] = _turns(example, shape)
    else:
        system, question = _single(example, shape)
        row = dict.fromkeys(SHAPES[shape], "") | {SHAPES[shape][0]: question, SHAPES[shape][-1]: example.answer}
        row["system"] = system
        if table and example.answer is None:
            kinds.append("unanswerable")
    row |= {field: getattr(example, field) or "" for field in _TEXTS if field != "kind"}
    row |= {"kind": " ".join(kinds), "aliases": list(example.aliases), "rejected": list(example.rejected)}
    if table:
        return {key: _cell(value, key) for key, value in row.items()}
    return {key: value for key, value in row.items() if value or key in SHAPES[shape]}


def _single(example: Example, shape: str) -> tuple[str, str]:
    """System prompt and question of an example without a conversation before it."""
    roles = [m.role for m in example.messages]
    if roles not in (["user"], ["system", "user"]):
        raise DataError(
            f"Example {example.id or example.question[:40]!r} is a conversation; the shape {shape} holds one question.",
            hint="Choose the shape messages or sharegpt.",
        )
    return (example.messages[0].content if len(roles) == 2 else ""), example.question


def _turns(example: Example, shape: str) -> list[dict[str, str | None]]:
    turns: list[tuple[str, str | None]] = [(m.role, m.content) for m in example.messages]
    turns.append(("assistant", example.answer))
    if shape == "sharegpt":
        return [{"from": _SHAREGPT_ROLES[role], "value": content} for role, content in turns]
    return [{"role": role, "content": content} for role, content in turns]


def _cell(value: Any, column: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, list):
        return str(value)
    plain = column == "aliases" and not any("|" in v for v in value) and not "".join(value[:1]).startswith("[")
    if plain or not value:
        return "|".join(value)
    return json.dumps(value, ensure_ascii=False)


def _columns(shape: str) -> list[str]:
    own = list(SHAPES[shape])
    return [*own, *([] if shape in _CONVERSATIONS else ["system"]), *_TEXTS, *_LISTS]


def _write_lines(rows: Iterable[Mapping[str, Any]], handle: IO[str], _shape: str) -> None:
    for row in rows:
        handle.write(json.dumps(row, ensure_ascii=False) + "\n")


def _write_list(rows: Iterable[Mapping[str, Any]], handle: IO[str], _shape: str) -> None:
    before = "[\n"
    for row in rows:
        handle.write(before + json.dumps(row, ensure_ascii=False))
        before = ",\n"
    handle.write("\n]\n" if before != "[\n" else "[]\n")


def _write_table(delimiter: str) -> Callable[[Iterable[Mapping[str, Any]], IO[str], str], None]:
    def write(rows: Iterable[Mapping[str, Any]], handle: IO[str], shape: str) -> None:
        writer = csv.DictWriter(handle, _columns(shape), delimiter=delimiter, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)

    return write


_WRITERS: Mapping[str, Callable[[Iterable[Mapping[str, Any]], IO[str], str], None]] = {
    **dict.fromkeys(JSON_LINES, _write_lines),
    ".json": _write_list,
    **{suffix: _write_table(delimiter) for suffix, delimiter in TABLES.items()},
}


def _parquet(rows: Iterable[Mapping[str, Any]], path: Path, shape: str) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingDependency("Writing Parquet files", "data") from None
    texts = pa.list_(pa.string())
    role, content = ("from", "value") if shape == "sharegpt" else ("role", "content")
    turns = pa.list_(pa.struct([(role, pa.string()), (content, pa.string())]))
    kinds = {**dict.fromkeys(_LISTS, texts), "messages": turns, "conversations": turns}
    schema = pa.schema([(column, kinds.get(column, pa.string())) for column in _columns(shape)])
    with pq.ParquetWriter(path, schema) as writer:
        batch: list[Mapping[str, Any]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                writer.write_table(pa.Table.from_pylist(batch, schema))
                batch = []
        writer.write_table(pa.Table.from_pylist(batch, schema))


@contextmanager
def _packed(path: Path, suffix: str) -> Iterator[IO[str]]:
    """A text file for writing, packed as the suffix of its final name says."""
    with path.open("wb") as raw:
        if suffix == ".zst":
            try:
                import pyarrow
            except ImportError:
                raise MissingDependency("Writing .zst files", "data") from None
            binary: Any = pyarrow.CompressedOutputStream(pyarrow.PythonFile(raw), "zstd")
        else:
            binary = _packer(raw, suffix)
        text = io.TextIOWrapper(binary, "utf-8", "strict", "")
        yield text
        text.flush()
        if suffix in PACKED:
            binary.close()


def _packer(raw: IO[bytes], suffix: str) -> IO[bytes]:
    if suffix == ".gz":
        import gzip

        # No name and time in the file: the same rows give the same bytes.
        return cast(IO[bytes], gzip.GzipFile("", "wb", 6, cast(Any, raw), 0))
    if suffix == ".bz2":
        import bz2

        return cast(IO[bytes], bz2.open(raw, "wb"))
    if suffix == ".xz":
        import lzma

        return cast(IO[bytes], lzma.open(raw, "wb"))
    return raw
