"""From a file to its bytes and text. Any bytes give a text or a problem."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tailor.errors import Problem

UTF8_HINT = "save the file as UTF-8"


@dataclass(frozen=True)
class PageText:
    """A document's text, the title it names itself, and the offsets at which its pages begin (PDF)."""

    text: str
    title: str = ""
    pages: tuple[int, ...] = ()


def load_bytes(path: Path, name: str) -> bytes | Problem:
    """The content of a file, or why there is none."""
    try:
        if path.is_dir():
            return Problem(name, None, None, "a folder", "a file", "name one of the files in it")
        if path.exists() and not path.is_file():
            return Problem(name, None, None, "something that is not a regular file", "a file")
        return path.read_bytes()
    except FileNotFoundError:
        return Problem(name, None, None, "no such file", "a file", "check the path")
    except PermissionError:
        return Problem(name, None, None, "no permission to read it", "a readable file")
    except (OSError, ValueError) as error:
        return Problem(name, None, None, f"it cannot be read: {error}", "a readable file")


def load_text(path: Path, name: str) -> str | Problem:
    """The text of a UTF-8 file without its byte-order mark, or why there is none."""
    raw = load_bytes(path, name)
    return raw if isinstance(raw, Problem) else decode(raw, name)


def decode(raw: bytes, name: str) -> str | Problem:
    """UTF-8 bytes as text; names the encoding and the line where they are something else."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem(name, None, None, "UTF-16", "UTF-8 text", UTF8_HINT)
    # A text has no NUL bytes; UTF-16 without its mark has one in every second place, compiled formats have runs.
    if raw.count(0) > len(raw) // 20:
        return Problem(name, None, None, "a binary file or UTF-16", "UTF-8 text", UTF8_HINT)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{raw[error.start]:02x}"
        if raw.count(0):
            return Problem(name, None, None, f"a binary file ({byte} in line {line})", "UTF-8 text")
        found = f"{byte}, which is not UTF-8 (Windows-1252 or Latin-1?)"
        return Problem(name, line, None, found, "UTF-8 text", UTF8_HINT)
