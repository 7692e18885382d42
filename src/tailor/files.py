"""Files that survive a crash: atomic writes, fsynced append-only lines, content hashes, records as JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tailor.errors import ArtifactError


def to_plain(value: Any) -> Any:
    """Records, tuples and paths as the lists, dicts and scalars of JSON. NaN and infinity, which JSON has not, are null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Path):
        return str(value)
    return value


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no spaces. What is hashed."""
    return json.dumps(to_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256_of(value: Any) -> str:
    """Hex SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sha256_of_tree(folder: Path) -> str:
    """Hex SHA-256 over relative names and contents of all files below `folder`."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256_of_file(path)}\n".encode())
    return digest.hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a whole file or nothing: temporary name in the same folder, fsync, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write records or plain values as indented JSON, atomically."""
    write_text(path, json.dumps(to_plain(value), indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        ArtifactError: the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{path} does not exist.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path} is not valid JSON: {error}", hint="It was damaged or edited by hand.") from None


def append_lines(path: Path, values: list[Any]) -> None:
    """Append values as JSON lines and fsync before returning: what was returned for is on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(to_plain(v), ensure_ascii=False) + "\n" for v in values)
    with path.open("ab") as handle:
        handle.write(text.encode())
        handle.flush()
        os.fsync(handle.fileno())


def read_lines(path: Path) -> list[Any]:
    """Read JSON lines written by `append_lines`. A torn last line (the process was killed while writing it) is cut off
    from the file, so that the next append starts on a line of its own."""
    if not path.exists():
        return []
    raw = path.read_bytes()
    keep = raw.rfind(b"\n") + 1
    if keep != len(raw):
        with path.open("r+b") as handle:
            handle.truncate(keep)
    try:
        return [json.loads(line) for line in raw[:keep].decode().splitlines() if line]
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path} is damaged: {error}", hint="Delete it to have its answers made again.") from None


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder that appears at `target` complete or not at all: yields a temporary sibling, renames it at the end."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        yield temporary
        if target.exists():
            shutil.rmtree(target)
        temporary.replace(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path` (created beside what it guards); released also when the process is killed."""
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
