"""`tailor promote`: an arm of a study, or a release, becomes the champion or the challenger, through the gates."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tailor.cli.common import JsonOption, StudyOption, WorkspaceOption, console, print_json, user

if TYPE_CHECKING:
    from tailor.registry import Release

RELEASE = re.compile(r"(previous|challenger|.+@\d+)")
"""What names a release that there is already."""


def promote(
    arm: Annotated[
        str, typer.Argument(help="An arm, like rag+lora; a release: challenger, lora@2; a tuned model: ft:...")
    ],
    workspace: WorkspaceOption = Path(),
    study: StudyOption = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Which training; the first seed if left out.")] = None,
    alias: Annotated[
        Literal["champion", "challenger"], typer.Option("--as", help="The challenger is tried beside the champion.")
    ] = "champion",
    why: Annotated[str, typer.Option("--why", help="Kept in the history.")] = "recommended by the study",
    force: Annotated[bool, typer.Option("--force", help="Past a gate that refuses; recorded as such.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Register an arm as a release with its lineage and make it the champion, or the challenger."""
    from tailor.registry import ReleaseStore

    tell = (lambda _words: None) if as_json else console().print
    if RELEASE.fullmatch(arm) and not arm.startswith("ft:"):
        store = ReleaseStore(workspace, on_progress=tell)
        release = store.name(arm, alias, by=user(), why=why, force=force)
    else:
        release = _new(arm, workspace, study, seed, alias, why, force, tell)
    if as_json:
        print_json({alias: release.id, "arm": release.record.arm, "version": release.version})
        return
    console().print(f"{release.id} is the {alias}.")
    following = f"tailor rollback {workspace}" if alias == "champion" else f"tailor experiment start {alias}"
    console().print(f"[dim]Next: tailor serve {workspace} · {following}[/]", soft_wrap=True)


def _new(
    arm: str,
    workspace: Path,
    study: str | None,
    seed: int | None,
    alias: Literal["champion", "challenger"],
    why: str,
    force: bool,
    tell: Callable[[str], None],
) -> Release:
    """A release of an arm or of a tuned model."""
    from tailor.registry import ReleaseStore
    from tailor.registry.candidate import candidate
    from tailor.registry.parity import check_parity
    from tailor.serving.tuning.candidate import ARM, tuned_candidate
    from tailor.study.plan import find_study

    tuned = arm.startswith("ft:")
    if tuned:
        found = tuned_candidate(workspace, arm)
    else:
        found = candidate(find_study(workspace, study), arm, seed, force=force)
        check_parity(workspace, study, arm, found.seed, force=force)
    return ReleaseStore(workspace, on_progress=tell).promote(
        found.adaptation,
        arm=ARM if tuned else arm,
        seed=found.seed,
        study=found.study,
        lineage=found.lineage,
        by=user(),
        why=why,
        force=force,
        alias=alias,
    )
