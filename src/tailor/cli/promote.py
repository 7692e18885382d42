"""`tailor promote`: an arm of a study becomes the champion, through the gates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tailor.cli.common import JsonOption, StudyOption, WorkspaceOption, console, print_json, user


def promote(
    arm: Annotated[str, typer.Argument(help="An arm of the study, like rag+lora; or a tuned model, ft:...")],
    workspace: WorkspaceOption = Path(),
    study: StudyOption = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Which training; the first seed if left out.")] = None,
    why: Annotated[str, typer.Option("--why", help="Kept in the history.")] = "recommended by the study",
    force: Annotated[bool, typer.Option("--force", help="Past a gate that refuses; recorded as such.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Register an arm as a release with its lineage and make it the champion."""
    from tailor.registry import ReleaseStore
    from tailor.registry.candidate import candidate
    from tailor.registry.parity import check_parity
    from tailor.serving.tuning.candidate import ARM, tuned_candidate
    from tailor.study.plan import find_study

    tuned = arm.startswith("ft:")
    found = (
        tuned_candidate(workspace, arm) if tuned else candidate(find_study(workspace, study), arm, seed, force=force)
    )
    tell = (lambda _words: None) if as_json else console().print
    if not tuned:
        check_parity(workspace, study, arm, found.seed, force=force)
    release = ReleaseStore(workspace, on_progress=tell).promote(
        found.adaptation,
        arm=ARM if tuned else arm,
        seed=found.seed,
        study=found.study,
        lineage=found.lineage,
        by=user(),
        why=why,
        force=force,
    )
    if as_json:
        print_json({"champion": release.id, "arm": release.record.arm, "version": release.record.version})
        return
    console().print(f"{release.id} is the champion.")
    console().print(f"[dim]Next: tailor serve {workspace} · tailor rollback {workspace}[/]", soft_wrap=True)
