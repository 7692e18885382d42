"""Framings made for a workspace's trained facts, written with the origin of each row."""

from __future__ import annotations

import re
from pathlib import Path

from tailor.data.augment.grow import Growth, Made, grow
from tailor.data.augment.rules import RULES
from tailor.data.write import to_row
from tailor.study.config import Workspace
from tailor.study.inputs import read_questions
from tailor.study.made import check_output, record, write_rows
from tailor.study.splits import split_workspace
from tailor.study.writer import open_writer
from tailor.study.writing import WAYS, FramingWriter, Written

COMMAND = "tailor augment"
_WRITTEN_ID = re.compile(rf"~(?:{'|'.join(WAYS)})-\d+(?:#trained)?$")
_MADE_ID = re.compile(rf"~(?:{'|'.join([*RULES, 'reversed', *WAYS])})-\d+(?:#trained)?$")


def augment_workspace(
    workspace: Workspace, output: Path, *, framings: int, seed: int, reversed_too: bool
) -> tuple[Growth, str | None]:
    """Make framings and write them as JSONL; each row says in `made` by which rule and from which row. Rows that this
    made before are no sources. Gives what came of it and the version that was recorded (None where nothing was made).

    Raises:
        ConfigError: the output is no .jsonl file, or one of the files of questions that a person wrote.
        DataError: questions that cannot be used.
    """
    check_output(output, COMMAND)
    rows = split_workspace(workspace, read_questions(workspace))
    growth = grow([e for e in rows if not _MADE_ID.search(e.id)], framings, seed=seed, reversed_too=reversed_too)
    write_rows(output, [_line(made, seed) for made in growth.made])
    how = {"framings": framings, "seed": seed, "reversed": reversed_too}
    return growth, record(workspace, output, [made.example for made in growth.made], COMMAND, how)


def framing_writer(workspace: Workspace, output: Path, framings: int, budget: float | None) -> FramingWriter:
    """What makes framings with the writer of `tailor.yaml`; nothing is asked yet.

    Raises:
        ConfigError: there is no writer, or the output was not written by this.
    """
    check_output(output, COMMAND)
    writer = open_writer(workspace, output, budget)
    rows = split_workspace(workspace, read_questions(workspace))
    return FramingWriter([e for e in rows if not _WRITTEN_ID.search(e.id)], framings, writer)


def write_framings(workspace: Workspace, output: Path, maker: FramingWriter) -> tuple[Written, str | None]:
    """Make the framings and write them, each with the model, its way, the row it comes from and what it cost."""
    done = maker.run()
    model = maker.writer.base.name
    made = done.growth.made
    origin = [{"by": COMMAND, "writer": model, "rule": m.rule, "from": m.source, "usd": m.usd} for m in made]
    write_rows(output, [{**to_row(m.example, "question-answer"), "made": o} for m, o in zip(made, origin, strict=True)])
    how = {"framings": maker.framings, "writer": model}
    return done, record(workspace, output, [m.example for m in made], COMMAND, how)


def _line(made: Made, seed: int) -> dict[str, object]:
    origin = {"by": COMMAND, "rule": made.rule, "from": made.source, "seed": seed}
    return {**to_row(made.example, "question-answer"), "made": origin}
