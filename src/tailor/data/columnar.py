"""Rows of Parquet and Arrow files and of Hugging Face data sets, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tailor.data.opening import Unusable, content_suffix
from tailor.data.rows import Row
from tailor.errors import MissingDependency, Problem
from tailor.files import read_json

if TYPE_CHECKING:
    import pyarrow

BATCH = 1024
HUB = "hf:"


def iter_columnar(path: Path, name: str) -> Iterator[Row]:
    """The rows of a .parquet or .arrow file, numbered from 1.

    Raises:
        Unusable: no such file, or a damaged one.
        MissingDependency: pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingDependency("Reading Parquet and Arrow files", "data") from None
    if not path.is_file():
        raise Unusable(Problem(name, None, None, "no such file", "a file", "check the path"))
    try:
        if content_suffix(path) == ".parquet":
            batches = pyarrow.parquet.ParquetFile(path).iter_batches(BATCH)
        else:
            batches = _arrow_batches(path)
        yield from _numbered(batches)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        found = f"a file that cannot be read: {' '.join(str(error).split())[:200]}"
        kind = content_suffix(path)[1:].capitalize()
        raise Unusable(Problem(name, None, None, found, f"a {kind} file", "write it again")) from None


def _arrow_batches(path: Path) -> Iterator[pyarrow.RecordBatch]:
    """The batches of an Arrow stream (what the library datasets saves) or file."""
    import pyarrow

    with pyarrow.memory_map(str(path)) as source:
        try:
            yield from pyarrow.ipc.open_stream(source)
        except pyarrow.ArrowInvalid:
            source.seek(0)
            file = pyarrow.ipc.open_file(source)
            yield from (file.get_batch(n) for n in range(file.num_record_batches))


def _numbered(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[Row]:
    number = 0
    for batch in batches:
        for row in batch.to_pylist():
            number += 1
            yield Row(number, plain(row))


def plain(value: Any) -> Any:
    """A value as JSON has it, with numbers as texts."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (str, bool)):
        return value
    return str(value)


def saved_files(folder: Path) -> list[Path] | None:
    """The Arrow files of a data set that `datasets` saved to disk; None for another folder.

    Raises:
        ArtifactError: its description is damaged.
    """
    if not (folder / "state.json").is_file():
        return None
    state = read_json(folder / "state.json")
    files = state.get("_data_files") if isinstance(state, dict) else None
    return [folder / str(f["filename"]) for f in files or [] if isinstance(f, dict) and "filename" in f]


def iter_hub(name: str) -> Iterator[Row]:
    """The rows of a data set on the Hugging Face hub or in its cache: `hf:owner/name`, `hf:owner/name:split`,
    `hf:owner/name/configuration:split`.

    Raises:
        Unusable: it is not there, cannot be reached, or the split must be named.
        MissingDependency: the library datasets is not installed.
    """
    try:
        import datasets
    except ImportError:
        raise MissingDependency("Reading a data set of the Hugging Face hub", "data") from None
    path, _, split = name.removeprefix(HUB).partition(":")
    parts = path.split("/")
    repository, configuration = "/".join(parts[:2]), "/".join(parts[2:]) or None
    datasets.disable_progress_bars()
    try:
        found = datasets.load_dataset(repository, configuration)
    except Exception as error:  # the library and the network below it have many
        hint = "download it once where there is a network, or save it to a folder and name that"
        words = " ".join(str(error).split())[:200]
        raise Unusable(Problem(name, None, None, f"it cannot be had: {words}", "a data set", hint)) from None
    if not split and len(found) == 1:
        [split] = found
    if split not in found:
        what = f"split {split!r}" if split else f"{len(found)} splits"
        expected = f"one of {', '.join(f'{HUB}{path}:{s}' for s in found)}"
        raise Unusable(Problem(name, None, None, what, expected))
    for number, row in enumerate(found[split], 1):
        yield Row(number, plain(row))
