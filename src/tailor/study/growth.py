"""Framings made for a workspace's trained facts, written with the origin of each row."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tailor.data.augment.grow import Growth, Made, grow
from tailor.data.augment.rules import RULES
from tailor.data.places import relative_name
from tailor.data.write import to_row
from tailor.errors import ConfigError
from tailor.files import sha256_of_file, write_text
from tailor.study.config import Workspace
from tailor.study.dataset import file_hashes, store
from tailor.study.inputs import read_questions
from tailor.study.splits import split_workspace

_MADE_ID = re.compile(rf"~(?:{'|'.join([*RULES, 'reversed'])})-\d+(?:#trained)?$")


def augment_workspace(
    workspace: Workspace, output: Path, *, framings: int, seed: int, reversed_too: bool
) -> tuple[Growth, str | None]:
    """Make framings and write them as JSONL; each row says in `made` by which rule and from which row. Rows that this
    made before are no sources. Gives what came of it and the version that was recorded (None where nothing was made).

    Raises:
        ConfigError: the output is no .jsonl file, or one of the files of questions that a person wrote.
        DataError: questions that cannot be used.
    """
    name = relative_name(output, workspace.folder)
    if output.suffix.lower() != ".jsonl":
        raise ConfigError(f"{output} must end in .jsonl.", hint="Convert it afterwards: tailor data convert.")
    rows = split_workspace(workspace, read_questions(workspace))
    hashes = file_hashes(workspace.config.data.all_files, workspace.folder)
    if output.exists() and not _is_ours(output):
        raise ConfigError(f"{output} was not written by tailor augment.", hint="Choose another file with --output.")
    growth = grow([e for e in rows if not _MADE_ID.search(e.id)], framings, seed=seed, reversed_too=reversed_too)
    lines = (json.dumps(_line(made, seed), ensure_ascii=False) for made in growth.made)
    write_text(output, "".join(f"{line}\n" for line in lines))
    if not growth.made:
        return growth, None
    version = store(workspace.folder).record(
        [made.example for made in growth.made],
        made_by="tailor augment",
        how={"framings": framings, "seed": seed, "reversed": reversed_too},
        files={file: digest for file, digest in hashes.items() if file != name},
        output={name: sha256_of_file(output)},
    )
    return growth, version.version


def _is_ours(path: Path) -> bool:
    """Whether every row of a file says that it was made."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return all("made" in json.loads(line) for line in lines)
    except (OSError, ValueError, TypeError):
        return False


def _line(made: Made, seed: int) -> dict[str, object]:
    origin = {"by": "tailor augment", "rule": made.rule, "from": made.source, "seed": seed}
    return {**to_row(made.example, "question-answer"), "made": origin}
