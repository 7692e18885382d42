"""Where data is: a file, a folder, a pattern, a data set of the Hugging Face hub."""

from __future__ import annotations

import os
from pathlib import Path

from tailor.data.columnar import HUB, saved_files
from tailor.data.opening import content_suffix
from tailor.data.rows import READABLE, shown
from tailor.errors import ArtifactError, Problem

_PATTERN = frozenset("*?[")


def relative_name(path: Path, root: Path) -> str:
    """How a file is called in messages and citations: relative to the workspace, with forward slashes."""
    return Path(os.path.relpath(path.absolute(), root.absolute())).as_posix()


def is_place(where: str) -> bool:
    """Whether a name is no file or folder: a pattern, or a data set of the hub."""
    return is_hub(where) or bool(_PATTERN & set(where))


def is_hub(where: Path | str) -> bool:
    """Whether a data set of the Hugging Face hub is meant."""
    return str(where).startswith(HUB)


def find_files(where: Path | str, root: Path) -> list[Path | str] | Problem:
    """The files that are meant, in the order of their names.

    Args:
        where: a file; a folder, with everything below it whose name does not begin with a dot; a pattern with `*`, `?`,
            `[...]` or `**`; a data set that the library datasets saved; or `hf:NAME`, which is returned as it is.
        root: what relative paths are relative to.
    """
    if is_hub(where):
        return [str(where)]
    path = root / where
    name = relative_name(path, root)
    try:
        if _PATTERN & set(str(where)) and not path.exists():
            return _matching(path, root, name)
        if path.is_dir():
            return _below(path, name, root)
    except ValueError as error:  # a NUL in the name
        return Problem(str(where), None, None, str(error), "a file name")
    return [path]


def _matching(path: Path, root: Path, name: str) -> list[Path | str] | Problem:
    import glob

    hits = [Path(p) for p in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 - of an absolute pattern
    files: list[Path | str] = [p for p in hits if p.is_file()]
    return files or Problem(
        name, None, None, "no file that matches", "at least one file", f"looked in {root.resolve()}"
    )


def _below(folder: Path, name: str, root: Path) -> list[Path | str] | Problem:
    if (folder / "dataset_dict.json").is_file():
        splits = ", ".join(sorted(f"{name}/{p.name}" for p in folder.iterdir() if p.is_dir()))
        return Problem(name, None, None, "a data set with several splits", f"one of them: {splits}")
    try:
        if (saved := saved_files(folder)) is not None:
            return list(saved)
    except ArtifactError as error:
        return Problem(name, None, None, error.message, "a data set saved to disk")
    below = sorted(p for p in folder.rglob("*") if not p.is_dir())
    files = [p for p in below if not any(part.startswith(".") for part in p.relative_to(folder).parts)]
    if not files:
        return Problem(name, None, None, "a folder without files", f"files of {', '.join(READABLE)}")
    others = [p for p in files if content_suffix(p) not in READABLE]
    if others:
        hint = f"move it out of the folder, or name the files: {name}/*{content_suffix(files[0]) or '.jsonl'}"
        found = f"suffix {shown(others[0].suffix)}"
        return Problem(relative_name(others[0], root), None, None, found, ", ".join(READABLE), hint)
    return list(files)
