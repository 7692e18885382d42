"""`tailor releases`: every release with where it came from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import JsonOption, WorkspaceArgument, console, print_json

if TYPE_CHECKING:
    from tailor.registry import ReleaseInfo, ReleaseRecord


def releases(
    workspace: WorkspaceArgument = Path(),
    verify: Annotated[bool, typer.Option("--verify", help="Compare every byte with the manifest.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the releases, newest first: aliases, evidence, lineage, and who promoted them why."""
    from tailor.registry import ReleaseStore

    store = ReleaseStore(workspace)
    moves = {m["to"]: m for m in store.history() if m["action"] == "promote"} if store.releases() else {}
    rows = [_row(info, record, moves[info.version]) for info, record in reversed(store.records())]
    if verify:
        for row in rows:
            row["intact"] = _intact(store, row["version"])
    if as_json:
        print_json(rows)
        return
    if not rows:
        console().print("No release yet. Promote an arm of a study: tailor promote ARM")
    for row in rows:
        _show(row)


def _row(info: ReleaseInfo, record: ReleaseRecord, move: dict[str, Any]) -> dict[str, Any]:
    lineage = record.lineage
    return {
        "id": info.id,
        "version": info.version,
        "aliases": info.aliases,
        "created": info.created,
        "by": move["by"],
        "why": move["why"],
        "forced": move["forced"],
        "parent": record.parent,
        "study": record.study,
        "seed": record.seed,
        "base": record.base,
        "verdict": lineage.evidence.verdict,
        "recommended": lineage.evidence.recommended,
        "quality": lineage.evidence.quality,
        "dataset_sha256": lineage.dataset_sha256,
        "plan_sha256": lineage.plan_sha256,
        "code_version": lineage.code_version,
        "config": lineage.config,
        "manifest_sha256": info.manifest_sha256,
    }


def _intact(store: Any, version: int) -> bool:
    from tailor.errors import ArtifactError

    try:
        store.release(str(version))
    except ArtifactError:
        return False
    return True


def _show(row: dict[str, Any]) -> None:
    from rich.markup import escape

    out = console()
    aliases = "".join(f"  [bold green]{name}[/]" for name in row["aliases"])
    forced = "  [yellow]forced[/]" if row["forced"] else ""
    state = {True: "  intact", False: "  [bold red]CHANGED[/]"}.get(row.get("intact", ""), "")
    out.print(f"[bold]{escape(row['id'])}[/]{aliases}{forced}{state}", soft_wrap=True)
    quality = row["quality"]
    measured = "quality unknown"
    if not math.isnan(quality.value):
        measured = f"{100 * quality.value:.0f} % right [{100 * quality.low:.0f} to {100 * quality.high:.0f}]"
    base = f"{row['base']['name']} {row['base']['revision'][:12]}"
    lines = [
        f"{row['created'][:16].replace('T', ' ')} UTC by {row['by']}: {row['why']}",
        f"{measured}, verdict {row['verdict']}",
        f"from {row['study']} seed {row['seed']}, data {row['dataset_sha256'][:12]}, plan {row['plan_sha256'][:12]}",
        f"base {base}, Tailor {row['code_version']}, after {row['parent'] or 'nothing'}",
    ]
    for line in lines:
        out.print(f"  [dim]{escape(line)}[/]", soft_wrap=True)
