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
from typing import Any, BinaryIO

from tailor.errors import ArtifactError


def to_plain(value: Any) -> Any:
    """Records, tuples and paths as lists, dicts and scalars of JSON. NaN and infinity, which it has not, are null."""
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


def _bytes(text: str) -> bytes:
    """UTF-8; half a surrogate pair, which UTF-8 has not, as the escape that JSON has for it."""
    return text.encode("utf-8", "backslashreplace")


def sha256_of(value: Any) -> str:
    """Hex SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(_bytes(canonical_json(value))).hexdigest()


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
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(_bytes(text))
            handle.flush()
            os.fsync(handle.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
        _sync(path.parent)
    except BaseException:  # Ctrl-C too leaves no half file behind
        Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write records or plain values as indented JSON, atomically."""
    write_text(path, json.dumps(to_plain(value), indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        ArtifactError: the file is missing, cannot be read or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{path} does not exist.") from None
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} is not valid JSON: {error}", hint="It was damaged or edited by hand.") from None
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}.") from None


def append_lines(path: Path, values: list[Any]) -> None:
    """Append values as JSON lines and fsync before returning: what was returned for is on disk.

    A torn last line (the process was killed while writing it) is cut off first. Writers wait for each other.
    """
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(to_plain(v), ensure_ascii=False) + "\n" for v in values)
    with path.open("a+b") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        handle.truncate(_end_of_last_line(handle))
        handle.write(_bytes(text))
        handle.flush()
        os.fsync(handle.fileno())


def _end_of_last_line(handle: BinaryIO, block: int = 65_536) -> int:
    """Offset just behind the last line feed, found from the end; 0 without one."""
    end = handle.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - block)
        handle.seek(start)
        found = handle.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def read_lines(path: Path) -> list[Any]:
    """Read JSON lines written by `append_lines`, also while they are being written: a last line without its line feed
    is left out. The file is not changed; the next append cuts a torn line off.

    Raises:
        ArtifactError: a line is not JSON, or the file cannot be read.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        # Not splitlines: it also splits at U+2028 and others that stand inside JSON strings.
        return [json.loads(line) for line in raw[: raw.rfind(b"\n") + 1].decode().split("\n") if line]
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} is damaged: {error}", hint="Delete it to have its answers made again.") from None


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """A file that appears at `target` complete or not at all: yields a temporary sibling to write, then renames it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        _sync(temporary)
        temporary.chmod(0o644)
        temporary.replace(target)
        _sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder that appears at `target` complete or not at all: yields a temporary sibling, renames it at the end.

    What stood at `target` before stays whole until the new one is; a kill in between leaves neither half-deleted.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    holder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    temporary = holder / "new"
    temporary.mkdir()
    try:
        yield temporary
        for path in temporary.rglob("*"):
            if path.is_file():
                _sync(path)
        if target.exists():
            target.replace(holder / "old")
        temporary.replace(target)
        _sync(target.parent)
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path` (created beside what it guards); released also when the process is killed."""
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
