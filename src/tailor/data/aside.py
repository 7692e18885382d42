"""Bad rows set aside in a file, so that work goes on with the good ones and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from tailor.data.places import find_files
from tailor.data.stream import Aside, Placed, Reading, folded
from tailor.errors import ConfigError, DataError, Problem
from tailor.files import canonical_json, new_file, write_text
from tailor.records import Example


def write_aside(path: Path, pieces: Sequence[Aside]) -> None:
    """Write rows that were set aside, as JSON lines {file, line, problems, reason, row}, in the order of files and
    lines; the file is there whole or not at all."""
    ordered = sorted(pieces, key=lambda p: (p.file, p.line or 0))
    write_text(path, "".join(canonical_json(_line(p)) + "\n" for p in ordered))


def check_apart(aside: Path, sources: Sequence[Path | str], root: Path) -> None:
    """Refuse to write rows that are set aside over a file that they are read from.

    Raises:
        ConfigError: the file is one of the sources.
    """
    for where in sources:
        files = find_files(where, root)
        for file in [] if isinstance(files, Problem) else files:
            if isinstance(file, Path) and file.resolve() == aside.resolve():
                raise ConfigError(
                    f"--quarantine {aside}: this file would be read as questions ({where}).",
                    hint="Choose a name of its own for the rows that are set aside.",
                )


class Quarantine:
    """Goes over the pieces of a stream, gives the examples and keeps the rest.

    Args:
        path: where rows that are bad or left out are written, as JSON lines {file, line, problems, reason, row}, whole
            or not at all; None to refuse them.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.written = 0
        self.bad: list[Aside] = []

    def examples(self, pieces: Iterable[Placed | Aside], reading: Reading) -> Iterator[Example]:
        """The examples.

        Raises:
            DataError: a file as a whole cannot be used, or there are bad rows and no file for them. It names all
                problems, and comes at the end.
        """
        whole_files = False
        with ExitStack() as stack:
            handle: IO[str] | None = None
            if self.path:
                temporary = stack.enter_context(new_file(self.path))
                handle = stack.enter_context(temporary.open("w", encoding="utf-8", errors="backslashreplace"))
            for piece in pieces:
                if isinstance(piece, Placed):
                    yield piece.example
                    continue
                if piece.content is None:
                    whole_files = True
                if piece.content is None or handle is None:
                    self.bad.append(piece)
                else:
                    handle.write(canonical_json(_line(piece)) + "\n")
                    self.written += 1
            if refused := folded(self.bad, reading):
                names = list(dict.fromkeys(p.file for p in refused))
                hint = "" if whole_files else "Mend the rows, or set them aside in a file: --quarantine FILE"
                count = f"{len(refused)} problem{'s' if len(refused) > 1 else ''}"
                raise DataError(f"{' and '.join(names)} cannot be used: {count}.", problems=tuple(refused), hint=hint)


def _line(piece: Aside) -> dict[str, object]:
    problems = [{"field": p.field, "found": p.found, "expected": p.expected, "hint": p.hint} for p in piece.problems]
    line: dict[str, object] = {"file": piece.file, "line": piece.line, "problems": problems, "row": piece.content}
    return line | ({"reason": piece.reason} if piece.reason else {})
