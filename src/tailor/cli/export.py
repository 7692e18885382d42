"""`tailor export`: trained weights for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tailor.cli.common import JsonOption, StudyOption, WorkspaceOption, console, print_json


def export(
    arm: Annotated[str, typer.Argument(help="An arm of the study that trained weights, like lora.")],
    to: Annotated[Path, typer.Option("--to", help="Folder to write; must not be there yet.")],
    workspace: WorkspaceOption = Path(),
    study: StudyOption = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Which training; the first seed if left out.")] = None,
    merged: Annotated[bool, typer.Option("--merged", help="Work an adapter into its base: one model.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write an adapter that plain PEFT loads, or a model that plain Transformers loads, with a model card."""
    from tailor.registry.export import export as write
    from tailor.study.plan import find_study

    folder = find_study(workspace, study)
    made = write(folder, workspace / ".tailor" / "models", arm, seed, to, merged=merged)
    if as_json:
        print_json(made)
        return
    what = "an adapter for PEFT" if made.form == "adapter" else "a model for Transformers"
    console().print(f"{made.folder}: {what}, {made.size_mb:.1f} MB, with README.md.", soft_wrap=True)
    if made.also_needs:
        console().print(
            f"The arm was measured with more than these weights: {', '.join(made.also_needs)} (adaptation.json).",
            soft_wrap=True,
        )
