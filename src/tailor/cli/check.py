"""`tailor check`: everything wrong with settings and data, at once, before anything is spent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from tailor.cli.common import JsonOption, WorkspaceArgument, console, print_json


def check(workspace: WorkspaceArgument = Path(), as_json: JsonOption = False) -> None:
    """Check tailor.yaml, every row of the data and what they allow one to conclude. Changes nothing.

    Exit code 2 when something must be mended first, 0 otherwise (warnings included).
    """
    from tailor.data.audit import audit
    from tailor.study.config import load_workspace
    from tailor.study.inputs import read_inputs

    loaded = load_workspace(workspace)
    inputs = read_inputs(loaded)
    own = [e for e in inputs.examples if e.cell != "general"]
    found = audit(own, inputs.documents)
    if as_json:
        print_json({"workspace": loaded.config.name, "dataset_sha256": inputs.dataset_sha256, "audit": found})
    else:
        _show(loaded.config.name, inputs, found)
    if any(f.verdict == "bad" for f in found.findings):
        raise typer.Exit(2)


def _show(name: str, inputs: Any, found: Any) -> None:
    from rich.markup import escape
    from rich.table import Table

    from tailor.records import CELLS

    out = console()
    cells = {c: sum(e.cell == c for e in inputs.of("test")) for c in CELLS}
    documents = f"{len(inputs.documents)} document{'s' if len(inputs.documents) != 1 else ''}"
    out.print(f"[bold]{escape(name)}[/]   base {escape(inputs.base.name)}   {documents}", soft_wrap=True)
    out.print(f"{len(inputs.of('train'))} train · {len(inputs.of('dev'))} dev · {len(inputs.of('test'))} test items")
    out.print("test: " + ", ".join(f"{n} {c}" for c, n in cells.items() if n))
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    marks = {"ok": "[green]✓ ok[/]", "warn": "[yellow]! look[/]", "bad": "[red]✗ mend[/]"}
    for finding in found.findings:
        text = escape(finding.text)
        for row in list(finding.rows)[:3]:
            text += f"\n[dim]{escape(str(row))}[/]"
        table.add_row(marks[finding.verdict], finding.dimension, text)
    out.print(table)
    out.print("nothing was changed")
