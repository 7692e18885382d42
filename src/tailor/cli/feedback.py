"""`tailor feedback`: what people said about answers, and the corrections to review."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tailor.cli.common import JsonOption, WorkspaceOption, console, print_json

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What people said about answers.")


def _joined(workspace: Path) -> list[dict[str, Any]]:
    from tailor.serving.feedback import FeedbackStore
    from tailor.serving.keys import serving_folder

    folder = serving_folder(workspace)
    return FeedbackStore(folder / "feedback.db").joined(folder / "requests.db")


@app.command("list")
def list_feedback(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """List feedback, oldest first, with the release that answered."""
    from rich.table import Table

    rows = _joined(workspace)
    if as_json:
        print_json(rows)
        return
    if not rows:
        console().print("No feedback yet. Clients send it to POST /v1/feedback.")
        return
    table = Table("when", "release", "thumbs", "score", "label", "correction", box=None, pad_edge=False)
    for r in rows:
        score = "" if r["score"] is None else f"{r['score']:.2f}"
        values = (r["at"][:16].replace("T", " "), r["release"] or "?", r["thumbs"] or "", score, r["label"] or "")
        table.add_row(*values, (r["correction"] or r["comment"] or "")[:40])
    console().print(table)


@app.command("export")
def export(
    output: Annotated[Path, typer.Argument(help="A new .jsonl file.")],
    workspace: WorkspaceOption = Path(),
) -> None:
    """Write corrected answers as candidates to review, a line each: question, answer, and where they come from.

    Nothing is trained on them. A person decides what goes into the questions of the workspace.
    """
    from tailor.errors import ConfigError
    from tailor.serving.candidates import candidates

    if output.exists():
        raise ConfigError(f"{output} exists already.", hint="Name a new file; nothing is overwritten.")
    found, left_out = candidates(_joined(workspace))
    from tailor.files import write_text

    write_text(output, "".join(json.dumps(c, ensure_ascii=False) + "\n" for c in found))
    out = console()
    noun = "candidate" if len(found) == 1 else "candidates"
    out.print(f"{len(found)} {noun} to review in {output}.", soft_wrap=True)
    for reason, count in left_out.items():
        out.print(f"[dim]{count} left out: {reason}.[/]", soft_wrap=True)
