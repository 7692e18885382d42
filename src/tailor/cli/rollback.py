"""`tailor rollback`: the previous champion again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tailor.cli.common import JsonOption, WorkspaceArgument, console, print_json, user


def rollback(
    workspace: WorkspaceArgument = Path(),
    why: Annotated[str, typer.Option("--why", help="Kept in the history.")] = "rolled back by hand",
    as_json: JsonOption = False,
) -> None:
    """Make the previous champion the champion again; a running server follows within a second."""
    from tailor.registry import ReleaseStore

    release = ReleaseStore(workspace).rollback(by=user(), why=why)
    if as_json:
        print_json({"champion": release.id, "arm": release.record.arm, "version": release.version})
    else:
        console().print(f"The champion is {release.id} again.")
