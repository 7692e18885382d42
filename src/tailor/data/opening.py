"""From a file to its bytes and text, unpacked and decoded. Any bytes give a text or a problem."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from tailor.data.encoding import SAMPLE, detect, is_binary
from tailor.errors import MissingDependency, Problem

PACKED = (".gz", ".bz2", ".xz", ".zst")
ENCODING_HINT = "save the file as UTF-8, or name its encoding: data.encoding in tailor.yaml"


@dataclass(frozen=True)
class PageText:
    """A document's text, the title it names itself, and the offsets at which its pages begin (PDF)."""

    text: str
    title: str = ""
    pages: tuple[int, ...] = ()


@dataclass(frozen=True)
class TextFile:
    """An open text and the encoding it is read in. Bytes that the encoding has not are lone surrogates in it
    (Python's `surrogateescape`), so that the rows without them can be used and the others are reported."""

    lines: IO[str]
    encoding: str


class Unusable(Exception):
    """Why a file as a whole cannot be read; never leaves this package."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def content_suffix(path: Path) -> str:
    """The suffix that names the format: `.jsonl` of `rows.jsonl.gz`."""
    inner = path.with_suffix("") if path.suffix.lower() in PACKED else path
    return inner.suffix.lower()


def load_bytes(path: Path, name: str) -> bytes | Problem:
    """The content of a file, unpacked, or why there is none."""
    try:
        with open_bytes(path, name) as handle:
            return handle.read()
    except Unusable as error:
        return error.problem


@contextmanager
def open_bytes(path: Path, name: str) -> Iterator[BinaryIO]:
    """A file's bytes, unpacked while they are read.

    Raises:
        Unusable: it is missing, a folder, not readable, or its packing is damaged (also while reading).
        MissingDependency: .zst needs the extra `data`.
    """
    import lzma
    import zlib

    try:
        if path.is_dir():
            raise Unusable(Problem(name, None, None, "a folder", "a file", "name one of the files in it"))
        if path.exists() and not path.is_file():
            raise Unusable(Problem(name, None, None, "something that is not a regular file", "a file"))
        with _unpacked(path) as handle:
            yield handle
    except FileNotFoundError:
        raise Unusable(Problem(name, None, None, "no such file", "a file", "check the path")) from None
    except PermissionError:
        raise Unusable(Problem(name, None, None, "no permission to read it", "a readable file")) from None
    except (EOFError, zlib.error, lzma.LZMAError) as error:
        raise Unusable(_damaged(path, name, error)) from None
    except (OSError, ValueError) as error:
        packed = path.suffix.lower() in PACKED
        problem = Problem(name, None, None, f"it cannot be read: {error}", "a readable file")
        raise Unusable(_damaged(path, name, error) if packed else problem) from None


def _damaged(path: Path, name: str, error: Exception) -> Problem:
    found = f"a damaged or unfinished {path.suffix} file: {error}"
    return Problem(name, None, None, found, "a whole one", "copy or download it again")


def _unpacked(path: Path) -> BinaryIO:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        import gzip

        return cast(BinaryIO, gzip.open(path, "rb"))
    if suffix == ".bz2":
        import bz2

        return cast(BinaryIO, bz2.open(path, "rb"))
    if suffix == ".xz":
        import lzma

        return cast(BinaryIO, lzma.open(path, "rb"))
    if suffix == ".zst":
        return _unpacked_zst(path)
    return path.open("rb")


def _unpacked_zst(path: Path) -> BinaryIO:
    try:
        import pyarrow
    except ImportError:
        raise MissingDependency("Reading .zst files", "data") from None

    class Reader(io.RawIOBase):
        """Arrow's stream, which says when the end is missing (others give the rows before it in silence)."""

        def __init__(self) -> None:
            self._inner = pyarrow.CompressedInputStream(pyarrow.OSFile(str(path)), "zstd")

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            piece = self._inner.read(len(buffer))
            buffer[: len(piece)] = piece
            return len(piece)

        def close(self) -> None:
            self._inner.close()
            super().close()

    return cast(BinaryIO, io.BufferedReader(Reader(), 1 << 17))


@contextmanager
def open_text(path: Path, name: str, encoding: str | None = None, *, newline: str = "") -> Iterator[TextFile]:
    """A file's text, unpacked and decoded while it is read; no more than a sample of it is in memory.

    Args:
        encoding: what it is in; detected if left out.
        newline: as for `open`: "" splits at every line end, "\\n" at line feeds only.

    Raises:
        Unusable: as `open_bytes`, or it is binary, or in an unknown encoding.
    """
    with open_bytes(path, name) as raw:
        sample = raw.read(SAMPLE)
        chosen = encoding or _encoding(sample, name)
        whole = cast(BinaryIO, _Again(sample, raw))
        # Only encodings whose code units are single bytes can keep a wrong one; the others show U+FFFD.
        errors = "replace" if chosen.startswith(("utf-16", "utf-32")) else "surrogateescape"
        mode = "utf-8-sig" if chosen == "utf-8" else chosen
        try:
            yield TextFile(io.TextIOWrapper(whole, mode, errors, newline), chosen)
        except UnicodeError as error:
            found = f"bytes that are not {chosen}: {error.args[-1]}"
            raise Unusable(Problem(name, None, None, found, "text", ENCODING_HINT)) from None


def _encoding(sample: bytes, name: str) -> str:
    if is_binary(sample):
        raise Unusable(Problem(name, None, None, "a binary file", "UTF-8 text", ENCODING_HINT))
    chosen = detect(sample)
    if chosen is None:
        raise Unusable(
            Problem(name, None, None, "text in an unknown encoding, or no text", "UTF-8 text", ENCODING_HINT)
        )
    return chosen


class _Again(io.BufferedIOBase):
    """Bytes that were read already, then the rest of the file."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first = io.BytesIO(first)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1) -> bytes:
        return self.read(size if size and size > 0 else 1 << 17)

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return self._first.read() + self._rest.read()
        return self._first.read(size) or self._rest.read(size)


def encoding_of(path: Path) -> str | None:
    """What a text file is taken to be encoded in; None for other files."""
    try:
        with open_bytes(path, path.name) as handle:
            sample = handle.read(SAMPLE)
    except (Unusable, MissingDependency):
        return None
    return None if is_binary(sample) else detect(sample)


def load_text(path: Path, name: str, encoding: str | None = None) -> str | Problem:
    """The whole text of a file without its byte-order mark, or why there is none."""
    try:
        with open_text(path, name, encoding) as file:
            return file.lines.read()
    except Unusable as error:
        return error.problem


def decode(raw: bytes, name: str) -> str | Problem:
    """Bytes as text; a byte that the encoding has not is a problem, with its line."""
    try:
        chosen = _encoding(raw[:SAMPLE], name)
        return raw.decode("utf-8-sig" if chosen == "utf-8" else chosen)
    except Unusable as error:
        return error.problem
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{raw[error.start]:02x}, which is not {error.encoding.upper()}"
        return Problem(name, line, None, found, "text", ENCODING_HINT)
