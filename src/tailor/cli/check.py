"""`tailor check`: everything wrong with settings and data, at once, before anything is spent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tailor.cli.common import JsonOption, WorkspaceArgument, console, print_json
from tailor.cli.quarantine import QuarantineOption, keep_aside, setting_aside

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tailor.data.audit import Audit, Embed, Finding
    from tailor.study.inputs import Inputs

SHOWN, LONGEST = 3, 92
MARKS = {"ok": "[green]✓ ok[/]", "warn": "[yellow]! look[/]", "bad": "[red]✗ mend[/]", "unknown": "[dim]? open[/]"}

WORDS = {"ok": "fine", "warn": "to look at", "bad": "to mend", "unknown": "open"}


def check(
    workspace: WorkspaceArgument = Path(),
    production: Annotated[
        Path | None, typer.Option("--production", help="Questions as users really ask them, one a line.")
    ] = None,
    meaning: Annotated[
        bool, typer.Option("--meaning", help="Compare meanings with the sentence encoder (slow; extra: rag).")
    ] = False,
    quarantine: QuarantineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check tailor.yaml, every row of the data and what they allow one to conclude. Changes nothing.

    Exit code 2 when something must be mended first, 0 otherwise (warnings included).
    """
    from tailor.data.audit import audit
    from tailor.study.config import load_workspace
    from tailor.study.inputs import read_inputs

    loaded = setting_aside(load_workspace(workspace), quarantine)
    asked = _questions(production) if production else []
    embed = _encoder() if meaning else None
    inputs = read_inputs(loaded)
    keep_aside(inputs, quarantine, quiet=as_json)
    found = audit(inputs.examples, inputs.documents, production=asked, difference=loaded.config.margin, embed=embed)
    if as_json:
        aside = {"set_aside": len(inputs.aside)} if quarantine else {}
        head = {"workspace": loaded.config.name, "dataset_sha256": inputs.dataset_sha256}
        print_json({**head, **aside, "audit": found})
    else:
        _show(loaded.config.name, inputs, found, asked)
    if found.verdict == "bad":
        raise typer.Exit(2)


def _questions(path: Path) -> list[str]:
    """The lines of a text file that are not empty.

    Raises:
        DataError: it cannot be read, or holds no question.
    """
    from tailor.errors import DataError

    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path} cannot be read: {error}.", hint="A text file in UTF-8, one question a line."
        ) from error
    asked = [stripped for line in lines if (stripped := line.strip())]
    if not asked:
        raise DataError(f"{path} holds no question.", hint="A text file in UTF-8, one question a line.")
    return asked


def _encoder() -> Embed:
    from tailor.errors import MissingDependency
    from tailor.retrieval.embedding import encode, installed

    if not installed():
        raise MissingDependency("Comparing meanings", "rag")
    return encode


def _show(name: str, inputs: Inputs, found: Audit, asked: Sequence[str]) -> None:
    from rich.markup import escape

    from tailor.data.audit.production import production_id
    from tailor.records import CELLS

    out = console()
    cells = {c: sum(e.cell == c for e in inputs.of("test")) for c in CELLS}
    documents = f"{len(inputs.documents)} document{'s' if len(inputs.documents) != 1 else ''}"
    out.print(f"[bold]{escape(name)}[/]   base {escape(inputs.base.name)}   {documents}", soft_wrap=True)
    out.print(f"{len(inputs.of('train'))} train · {len(inputs.of('dev'))} dev · {len(inputs.of('test'))} test items")
    out.print("test: " + ", ".join(f"{n} {c}" for c, n in cells.items() if n))
    texts = {e.id: e.question for e in inputs.examples} | {production_id(i): text for i, text in enumerate(asked)}
    out.print(_table(found.findings, texts))
    counts = [f"{sum(f.verdict == v for f in found.findings)} {word}" for v, word in WORDS.items()]
    out.print(", ".join(counts) + "; nothing was changed")


def _table(findings: Sequence[Finding], texts: Mapping[str, str]) -> RenderableType:
    """Verdict, dimension, number, limit, and in words with the worst rows."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for justify in ("left", "left", "right", "right"):
        table.add_column(no_wrap=True, justify=justify)
    table.add_column(ratio=1)
    table.add_row("", *(f"[dim]{word}[/]" for word in ("dimension", "number", "limit", "")))
    for f in findings:
        # What is fine needs no words: one line each keeps the rest in sight.
        lines: list[RenderableType] = []
        if f.verdict != "ok":
            lines = [
                Text(f.text),
                *(Text(_row(r, texts), "dim") for r in f.rows[:SHOWN]),
            ]
        limit = ("≥ " if f.at_least else "≤ ") + _number(f.threshold, f.unit)
        table.add_row(MARKS[f.verdict], f.dimension, _number(f.number, f.unit), limit, Group(*lines))
    return table


def _number(value: float, unit: str) -> str:
    if math.isnan(value):
        return "–"
    if unit == "share":
        return f"{value * 100:.3g} %"
    return f"{value:.1f}" if unit == "ratio" else f"{value:,.0f}"


def _row(identity: str, texts: Mapping[str, str]) -> str:
    """A row's id and the beginning of its question, without anything personal."""
    from tailor.data.pii import scrub

    text = f"{identity}  {' '.join(scrub(texts.get(identity, '')).split())}"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
