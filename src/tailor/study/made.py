"""Files of rows that Tailor made: where they may be written, and how their version is recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tailor.data.places import relative_name
from tailor.errors import ConfigError
from tailor.files import sha256_of_file, write_text
from tailor.records import Example
from tailor.study.config import Workspace
from tailor.study.dataset import file_hashes, store


def check_output(output: Path, command: str) -> None:
    """Whether a file may be written by a command.

    Raises:
        ConfigError: it is no .jsonl file, or is there and was not written by the same command.
    """
    if output.suffix.lower() != ".jsonl":
        raise ConfigError(f"{output} must end in .jsonl.", hint="Convert it afterwards: tailor data convert.")
    if output.exists() and not _is_by(output, command):
        raise ConfigError(f"{output} was not written by {command}.", hint="Choose another file with --output.")


def write_rows(output: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as JSON lines; the file is there whole or not at all."""
    write_text(output, "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows))


def record(
    workspace: Workspace, output: Path, examples: Sequence[Example], command: str, how: Mapping[str, Any]
) -> str | None:
    """The version of what was made, recorded with the files it comes from; None where nothing was made."""
    if not examples:
        return None
    name = relative_name(output, workspace.folder)
    hashes = file_hashes(workspace.config.data.all_files, workspace.folder)
    version = store(workspace.folder).record(
        examples,
        made_by=command,
        how=how,
        files={file: digest for file, digest in hashes.items() if file != name},
        output={name: sha256_of_file(output)},
    )
    return version.version


def _is_by(path: Path, command: str) -> bool:
    """Whether every row of a file says that the command made it."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return all(row["made"]["by"] == command for row in rows)
    except (OSError, ValueError, TypeError, KeyError):
        return False
