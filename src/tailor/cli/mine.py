"""`tailor data mine`: candidates from what was asked in production."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tailor.cli.common import JsonOption, WorkspaceOption, console, print_json

if TYPE_CHECKING:
    from tailor.serving.mining import Mining

SHOWN_CLASSES = 8


def mine(
    workspace: WorkspaceOption = Path(),
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The .jsonl file to write.", show_default="mined.jsonl")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write answers that people found good or corrected as candidates, from the server's log and its feedback.

    Each question once, nothing personal, nothing incomplete, at most 50 rows (or 1 %) of one user. Studies refuse these
    rows until tailor review let them through.
    """
    from tailor.serving.mining import COMMAND, line
    from tailor.serving.mining import mine as candidates
    from tailor.study.config import load_workspace
    from tailor.study.inputs import read_questions
    from tailor.study.made import check_output, write_rows
    from tailor.study.splits import split_workspace

    path = output or workspace / "mined.jsonl"
    check_output(path, COMMAND)
    loaded = load_workspace(workspace)
    done = candidates(workspace, split_workspace(loaded, read_questions(loaded)))
    write_rows(path, [line(m) for m in done.made])
    if as_json:
        kinds = [m.kind for m in done.made]
        print_json(
            {
                "requests": done.requests,
                "judged": done.judged,
                "made": len(done.made),
                "corrected": kinds.count("corrected"),
                "good": kinds.count("good"),
                "masked": sum(m.masked for m in done.made),
                "left_out": dict(done.left_out),
                "users": done.users,
                "largest_user": done.largest_user,
                "classes": {c: {"rows": a, "production": b} for c, (a, b) in done.classes.items()},
                "output": str(path),
            }
        )
    else:
        _show(done, path)


def _show(done: Mining, path: Path) -> None:
    from rich.markup import escape
    from rich.table import Table

    from tailor.cli.common import printable
    from tailor.decision.words import count, percent

    out = console()
    requests = f"{count(done.requests, 'request')}, people judged {done.judged:,}"
    out.print(f"{escape(str(path))}: {count(len(done.made), 'candidate')} from {requests}", soft_wrap=True)
    left = ", ".join(f"{n:,} {escape(why)}" for why, n in done.left_out.most_common())
    total = done.left_out.total()
    sum_ = f"{done.judged:,} judged = {len(done.made):,} candidates + {total:,} left out"
    out.print(f"  {sum_}{f' ({left})' if left else ''}", soft_wrap=True)
    corrected, masked = sum(m.kind == "corrected" for m in done.made), sum(m.masked for m in done.made)
    kinds = f"{corrected:,} corrected, {len(done.made) - corrected:,} found good"
    out.print(f"  {kinds}; something personal masked in {masked:,}", soft_wrap=True)
    if done.users:
        out.print(f"  {count(done.users, 'user')}; the largest gives {done.largest_user:,}", soft_wrap=True)
    if done.classes:
        table = Table("class", "of these", "in production", box=None, padding=(0, 2))
        for name, (own, production) in list(done.classes.items())[:SHOWN_CLASSES]:
            table.add_row(escape(printable(name))[:40], f"{percent(own)} %", f"{percent(production)} %")
        out.print(table)
    out.print(f"Next: tailor review {escape(str(path))}; studies refuse these rows before", soft_wrap=True)
