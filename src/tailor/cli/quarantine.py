"""Bad rows set aside by `tailor check` and `tailor compare`: where to, and what to say of it."""

from __future__ import annotations

import dataclasses
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tailor.cli.common import console

if TYPE_CHECKING:
    from tailor.study.config import Workspace
    from tailor.study.inputs import Inputs

QuarantineOption = Annotated[
    Path | None, typer.Option("--quarantine", help="Set bad rows of questions aside in this file and go on without.")
]


def setting_aside(loaded: Workspace, quarantine: Path | None) -> Workspace:
    """The workspace, read without its bad rows where a file for them is named.

    Raises:
        ConfigError: the file would be read as questions.
    """
    from tailor.data.aside import check_apart
    from tailor.data.places import relative_name
    from tailor.errors import ConfigError

    if quarantine is None:
        return loaded
    check_apart(quarantine, loaded.config.data.all_files, loaded.folder)
    name = relative_name(quarantine, loaded.folder)
    for where in loaded.config.data.all_files:
        inside = (loaded.folder / where).is_dir() and name.startswith(f"{where.strip('./')}/")
        if inside or fnmatch(name, where.removeprefix("./")):
            raise ConfigError(
                f"--quarantine {quarantine}: this file would be read as questions ({where}).",
                hint="Choose a name outside of data.questions.",
            )
    return dataclasses.replace(loaded, set_aside=True)


def keep_aside(inputs: Inputs, quarantine: Path | None, *, quiet: bool) -> None:
    """Write the rows that were set aside, and say how all rows add up."""
    from rich.markup import escape

    from tailor.data.aside import write_aside

    if quarantine is None:
        return
    write_aside(quarantine, inputs.aside)
    if quiet:
        return
    read, out = inputs.reading, console()
    left = read.rows - read.examples - read.bad
    out.print(f"{read.rows:,} rows = {read.examples:,} examples + {read.bad:,} bad + {left:,} left out", soft_wrap=True)
    what = f"{len(inputs.aside):,}, each with what is wrong"
    out.print(f"set aside in {escape(str(quarantine))}: {what if inputs.aside else 'none'}", soft_wrap=True)
