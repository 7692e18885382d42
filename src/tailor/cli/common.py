"""Arguments and small pieces of output that several commands share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

WorkspaceArgument = Annotated[Path, typer.Argument(help="Folder with tailor.yaml.", show_default="this folder")]
WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", help="Folder with tailor.yaml.", show_default="this folder")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
StudyOption = Annotated[str | None, typer.Option("--study", help="Id of a study; the last one if left out.")]


def console() -> Console:
    """Standard output in colour where it is a terminal."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    from tailor.files import to_plain

    typer.echo(json.dumps(to_plain(value), indent=2, ensure_ascii=False))


def printable(text: str) -> str:
    """A text of somebody else's without what would steer a terminal: models and files may hold escape sequences."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def user() -> str:
    """Who runs this, for the history; a container may have no name for them."""
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def clock(seconds: float) -> str:
    """`0:52`, `12:07`, `1:02:07`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
