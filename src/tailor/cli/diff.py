"""`tailor diff`: which items one arm gets right that another gets wrong, and the reverse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import JsonOption, StudyOption, WorkspaceOption, console, print_json, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from tailor.study.items import Pair, StudyItems

# The team's own questions first, those that decide at the top.
ORDER = ("held-out-framing", "held-out-fact", "unanswerable", "trained-framing", "general")
LISTED = {"fixed": "Fixed", "broken": "Broken", "both-wrong": "Both wrong"}


def diff(
    before: Annotated[str, typer.Argument(help="The arm to start from, such as the control.", metavar="ARM")],
    after: Annotated[str, typer.Argument(help="The arm to compare with it.", metavar="ARM")],
    cell: Annotated[str | None, typer.Option("--cell", help="Only this cell, like held-out-framing.")] = None,
    only: Annotated[str | None, typer.Option("--only", help="List only fixed, broken or both-wrong.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="Items listed of each; 0 lists all.")] = 5,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of both arms.", show_default="the first")] = None,
    workspace: WorkspaceOption = Path(),
    study: StudyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the second arm fixed and broke beside the first, with the evidence. Asks no model."""
    from tailor.errors import ConfigError
    from tailor.plugins import did_you_mean
    from tailor.records import CELLS
    from tailor.study.items import StudyItems

    if cell is not None and cell not in CELLS:
        raise ConfigError(f"There is no cell '{cell}'.{did_you_mean(cell, list(CELLS))}")
    if only is not None and only not in LISTED:
        raise ConfigError(f"--only: expected fixed, broken or both-wrong, found '{only}'.")
    items = StudyItems(workspace, study)
    pairs = [p for p in items.pairs(before, after, seed) if cell in (None, p.item.cell)]
    pairs.sort(key=lambda p: ORDER.index(str(p.item.cell)))
    listed = [only] if only else list(LISTED)
    if as_json:
        print_json(_plain(items, before, after, pairs, listed))
        return
    out = console()
    _head(out, items, before, after, pairs)
    for change in listed:
        _list(out, [p for p in pairs if p.change == change], change, limit)
    out.print("[dim]tailor show ITEM has every arm's answer, the passages and the prompt[/]")


def _plain(items: StudyItems, before: str, after: str, pairs: Sequence[Pair], listed: Sequence[str]) -> dict[str, Any]:
    from tailor.cli.answers import plain_answer, plain_item

    return {
        "study": items.folder.name,
        "before": before,
        "after": after,
        "seeds": [pairs[0].before.seed, pairs[0].after.seed] if pairs else [],
        "cells": _counts(pairs),
        "items": [
            {
                **plain_item(p.item),
                "change": p.change,
                "before": plain_answer(p.before, p.item),
                "after": plain_answer(p.after, p.item),
            }
            for p in pairs
            if p.change in listed
        ],
    }


def _counts(pairs: Sequence[Pair]) -> dict[str, dict[str, int]]:
    from tailor.records import CELLS
    from tailor.study.items import CHANGES

    return {
        c: {"items": len(of_cell), **{k: sum(p.change == k for p in of_cell) for k in CHANGES}}
        for c in CELLS
        if (of_cell := [p for p in pairs if p.item.cell == c])
    }


def _head(out: Console, items: StudyItems, before: str, after: str, pairs: Sequence[Pair]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from tailor.decision.memo_view import CELL_NAMES

    title = Text.assemble((items.plan["name"], "bold"), f"   study {items.folder.name}   from {before} to {after}")
    seeds = {p.before.seed for p in pairs} | {p.after.seed for p in pairs}
    out.print(title + Text(f"   seed {', '.join(map(str, sorted(seeds)))}" if seeds else ""), soft_wrap=True)
    out.print()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    heads = ("", "items", "fixed", "broken", "both\nwrong", "both\nright", "un-\nknown")
    for n, head in enumerate(heads):
        table.add_column(Text(head, style="dim"), justify="right" if n else "left", vertical="bottom", no_wrap=True)
    for cell, counts in _counts(pairs).items():
        table.add_row(CELL_NAMES[cell], *(str(v) for v in counts.values()))
    out.print(table)
    sentence = _difference(items, before, after)
    if sentence:
        out.print()
        out.print(sentence)


def _difference(items: StudyItems, before: str, after: str) -> str:
    """The difference in the primary cell over all seeds, with its interval."""
    from tailor.decision import words
    from tailor.evaluation import compare
    from tailor.study.inputs import PRIMARY_CELL

    found = compare(items.scored(after), items.scored(before), PRIMARY_CELL)
    if found is None:
        return ""
    return (
        f"Newly worded, all seeds: {after} {words.signed(found.difference)} points to {before} "
        f"{words.span(found.low, found.high)}, p {words.p_value(found.p)} (one comparison, not corrected), "
        f"{words.count(found.n_facts, 'fact')}."
    )


def _list(out: Console, pairs: Sequence[Pair], change: str, limit: int) -> None:
    from rich.text import Text

    shown = pairs[:limit] if limit else pairs
    out.print()
    count = f"{len(pairs)}" if len(shown) == len(pairs) else f"{len(pairs)}, {len(shown)} shown"
    out.print(Text.assemble((LISTED[change], "bold"), f"   {count}"))
    for pair in shown:
        _pair(out, pair)


def _pair(out: Console, pair: Pair) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from tailor.cli.answers import answer_text, evidence_text, expected_text

    out.print(Text.assemble("  ", (pair.item.id, "bold"), "  ", printable(pair.item.question)))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("expected", Text(expected_text(pair.item)))
    for answer in (pair.before, pair.after):
        table.add_row(answer.arm, Text.assemble(answer_text(answer), (f"  {evidence_text(answer, pair.item)}", "dim")))
    out.print(Padding(table, (0, 0, 0, 4)))
