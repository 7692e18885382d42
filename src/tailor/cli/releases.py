"""`tailor releases`: every release with where it came from; one as a file, from here or to here."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from tailor.cli.common import JsonOption, WorkspaceArgument, WorkspaceOption, console, print_json, user

if TYPE_CHECKING:
    from tailor.registry import ReleaseInfo, ReleaseRecord


class _Listing(TyperGroup):
    """What is no sub-command is the folder to list: `tailor releases`, `tailor releases FOLDER --verify`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = args[:1] and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if named else ["list", *args])


app = typer.Typer(cls=_Listing, rich_markup_mode=None, help="List the releases; export and import one as a file.")


@app.command("export")
def export(
    name: Annotated[str, typer.Argument(help="champion, previous, challenger, or a release like lora@3.")],
    path: Annotated[Path, typer.Argument(help="File to write, like lora-3.tar; must not be there yet.")],
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Write a release to one file, every byte of it verified first."""
    from tailor.registry import ReleaseStore

    release = ReleaseStore(workspace).export(name, path)
    if as_json:
        print_json({"id": release.id, "path": path, "bytes": path.stat().st_size, "sha256": release.manifest_sha256})
        return
    console().print(f"{path}: {release.id}, {path.stat().st_size / 1e6:.1f} MB.", soft_wrap=True)
    console().print(f"[dim]manifest {release.manifest_sha256}[/]", soft_wrap=True)


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="A file that tailor releases export wrote.")],
    workspace: WorkspaceOption = Path(),
    why: Annotated[str, typer.Option("--why", help="Kept in the history.")] = "imported",
    as_json: JsonOption = False,
) -> None:
    """Take in a release of another workspace; it answers under its id, and is champion only once it is promoted."""
    from tailor.registry import ReleaseStore

    tell = (lambda _words: None) if as_json else console().print
    release = ReleaseStore(workspace, on_progress=tell).take_in(path, by=user(), why=why)
    if as_json:
        print_json({"id": release.id, "version": release.version, "sha256": release.manifest_sha256})
        return
    console().print(f"{release.id} is here, every byte as it was exported.", soft_wrap=True)
    console().print(f"[dim]Next: tailor promote {release.id} --as challenger[/]", soft_wrap=True)


@app.command("list")
def releases(
    workspace: WorkspaceArgument = Path(),
    verify: Annotated[bool, typer.Option("--verify", help="Compare every byte with the manifest.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the releases, newest first: aliases, evidence, lineage, and who promoted them why."""
    from tailor.registry import ReleaseStore

    store = ReleaseStore(workspace)
    came = {m["release"]["version"]: m for m in store.history() if m.get("release")} if store.releases() else {}
    rows = [_row(info, record, came[info.version]) for info, record in reversed(store.records())]
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
        "forced": move.get("forced", False),
        "origin": move.get("origin"),
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
    origin = f", imported: {row['origin']['id']} where it was made" if row["origin"] else ""
    base = f"{row['base']['name']} {row['base']['revision'][:12]}"
    lines = [
        f"{row['created'][:16].replace('T', ' ')} UTC by {row['by']}: {row['why']}",
        f"{measured}, verdict {row['verdict']}",
        f"from {row['study']} seed {row['seed']}, data {row['dataset_sha256'][:12]}, plan {row['plan_sha256'][:12]}",
        f"base {base}, Tailor {row['code_version']}, after {row['parent'] or 'nothing'}{origin}",
    ]
    for line in lines:
        out.print(f"  [dim]{escape(line)}[/]", soft_wrap=True)
