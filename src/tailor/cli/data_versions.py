"""`tailor data log` and `tailor data diff`: which data sets there were, and what differs between two."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import JsonOption, WorkspaceOption, console, print_json

if TYPE_CHECKING:
    from tailor.records import Example

SHOWN = 20


def log(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """List the versions of the data, newest first: what each holds, what it was made from, which studies used it."""
    from tailor.files import to_plain
    from tailor.study.dataset import store

    used = _studies(workspace)
    rows = [{**to_plain(v), "studies": used.get(v.version, [])} for v in reversed(store(workspace).log())]
    if as_json:
        print_json(rows)
        return
    out = console()
    if not rows:
        out.print("No version yet. tailor compare and tailor augment record what they use and make.")
    for row in rows:
        out.print(
            f"[bold]{row['version'][:12]}[/]  {row['created'][:16].replace('T', ' ')}  {row['made_by']}"
            f"  {row['rows']:,} rows, {row['facts']:,} facts",
            soft_wrap=True,
        )
        for label, value in (
            ("from", ", ".join(row["files"])),
            ("wrote", ", ".join(row["output"])),
            ("parents", ", ".join(p[:12] for p in row["parents"])),
            ("studies", ", ".join(row["studies"])),
        ):
            if value:
                out.print(f"  [dim]{label:8}[/]{value}", soft_wrap=True)


def diff(
    before: Annotated[str, typer.Argument(help="A version, by the beginning of its hash, or a file.")],
    after: Annotated[
        str | None, typer.Argument(help="Another version or file.", show_default="the files as they are now")
    ] = None,
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Show which questions were added, removed or changed between two versions or files."""
    from tailor.data.versions import diff as differences

    changes = differences(_rows(before, workspace), _rows(after, workspace))
    counts = Counter(c.kind for c in changes)
    if as_json:
        print_json(
            {"added": counts["added"], "removed": counts["removed"], "changed": counts["changed"], "rows": changes}
        )
        return
    from rich.markup import escape

    from tailor.data.rows import shown

    out = console()
    for change in changes[:SHOWN]:
        mark = {"added": "[green]+[/]", "removed": "[red]-[/]", "changed": "[yellow]~[/]"}[change.kind]
        out.print(f"{mark} {escape(shown(change.question))}", soft_wrap=True)
        for name, (old, new) in change.fields.items():
            out.print(f"    {name}: {escape(shown(old))} → {escape(shown(new))}", soft_wrap=True)
    if len(changes) > SHOWN:
        out.print(f"... and {len(changes) - SHOWN:,} more (--json lists all)")
    out.print(f"{counts['added']:,} added, {counts['removed']:,} removed, {counts['changed']:,} changed")


def _rows(name: str | None, workspace: Path) -> list[Example]:
    from tailor.data.read import read_examples
    from tailor.study.config import load_workspace
    from tailor.study.dataset import store
    from tailor.study.inputs import read_inputs

    if name is None:
        return list(read_inputs(load_workspace(workspace)).examples)
    if (workspace / name).exists():
        return read_examples(name, root=workspace)
    versions = store(workspace)
    return versions.rows(versions.find(name))


def _studies(workspace: Path) -> dict[str, list[str]]:
    """The studies that used each version."""
    from tailor.files import read_json

    used: dict[str, list[str]] = {}
    for path in sorted((workspace / ".tailor" / "studies").glob("*/plan.json")):
        plan: Any = read_json(path)
        used.setdefault(plan["plan"]["dataset"]["sha256"], []).append(path.parent.name)
    return used
