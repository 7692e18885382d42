"""The terminal table of a study and its verdict. Every mark has a word; colour only repeats it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tailor.decision.evidence import Evidence
from tailor.decision.reading import ladder_sentences
from tailor.decision.rows import ArmRow, arm_rows
from tailor.decision.rules import KIND_NAMES, Verdict, decide

if TYPE_CHECKING:
    from rich.table import Table

GAP = 2


@dataclass(frozen=True)
class _Column:
    """`priority` 0 always stays; the highest goes first where the terminal is too narrow."""

    head: tuple[str, ...]
    text: Callable[[ArmRow], str]
    priority: int
    left: bool = False


def _name(row: ArmRow) -> str:
    return f"{'›' if row.chosen else ' '} {row.arm}"


def _right(row: ArmRow) -> str:
    if row.status == "failed":
        return "failed"
    return f"{row.right:>3}  {row.interval}" if row.interval else f"{row.right:>3}"


COLUMNS = (
    _Column(("", "", "arm"), _name, 0, left=True),
    _Column(("newly worded", "right %", "[95 % interval]"), _right, 0, left=True),
    _Column(
        ("difference", "to control", "points"),
        lambda r: f"{r.difference:>3} {r.difference_span}".rstrip(),
        9,
        left=True,
    ),
    _Column(("chance", "to be", "best %"), lambda r: r.best, 10),
    _Column(("new", "fact", "%"), lambda r: r.fact, 1),
    _Column(("says it", "doesn't", "know %"), lambda r: r.abstained, 2),
    _Column(("general", "ability", "points"), lambda r: r.general, 3, left=True),
    _Column(("p50", "", "ms"), lambda r: r.p50, 8),
    _Column(("p95", "", "ms"), lambda r: r.p95, 5),
    _Column(("train-", "ing", "min"), lambda r: r.training, 6),
    _Column(("artifact", "", "MB"), lambda r: r.artifact, 7),
    _Column(("$ per", "1,000", "answers"), lambda r: r.cost, 4),
    _Column(("per", "1,000", "right"), lambda r: r.cost_right, 10),
)


def results_table(results: Mapping[str, Any], width: int) -> Table:
    """The study's arms, one line each.

    Args:
        results: results.json.
        width: columns of the terminal; the least needed columns are left out until the rest fits.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    verdict = verdict_in(results)
    rows = arm_rows(results, verdict.arm)
    columns = _fitting(rows, width)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    for column in columns:
        head = Text("\n".join(column.head), style="dim")
        justify: Any = "left" if column.left else "right"
        table.add_column(head, justify=justify, no_wrap=True, vertical="bottom")
    for row in rows:
        style = "bold" if row.chosen else ""
        table.add_row(*(Text(column.text(row), style=style) for column in columns))
    return table


def _fitting(rows: list[ArmRow], width: int) -> list[_Column]:
    columns = list(COLUMNS)
    while sum(_width(c, rows) + GAP for c in columns) > width:
        least = max(columns, key=lambda c: c.priority)
        if least.priority == 0:
            break
        columns.remove(least)
    return columns


def _width(column: _Column, rows: list[ArmRow]) -> int:
    return max([len(h) for h in column.head] + [len(column.text(r)) for r in rows])


def verdict_panel(results: Mapping[str, Any]) -> Table:
    """Verdict, doubts and what would change it, under each other."""
    from rich.table import Table
    from rich.text import Text

    verdict = verdict_in(results)
    panel = Table.grid(padding=(0, 2, 0, 0), expand=False)
    panel.add_column(no_wrap=True, style="dim")
    panel.add_column(overflow="fold")
    panel.add_row("Verdict", Text(verdict.sentence, style="bold"))
    for name, lines in (("Doubt", verdict.doubts), ("Changes", verdict.changes)):
        for i, line in enumerate(lines):
            panel.add_row(name if i == 0 else "", Text(line))
    reading = ladder_sentences(Evidence(results))
    for i, (arm, line) in enumerate(reading):
        panel.add_row("Reading" if i == 0 else "", Text(f"{arm}: {line}"))
    failed = [r for r in arm_rows(results, verdict.arm) if r.status == "failed" and r.failure]
    for i, row in enumerate(failed):
        panel.add_row("Failed" if i == 0 else "", Text(f"{row.arm}: {row.failure}"))
    return panel


def verdict_in(results: Mapping[str, Any]) -> Verdict:
    """The verdict written into the results, or the one they lead to."""
    stored = results.get("verdict")
    if not isinstance(stored, Mapping) or stored.get("kind") not in KIND_NAMES:
        return decide(results)
    return Verdict(
        kind=stored["kind"],
        arm=stored.get("arm"),
        sentence=str(stored.get("sentence") or ""),
        reasons=tuple(stored.get("reasons") or ()),
        doubts=tuple(stored.get("doubts") or ()),
        changes=tuple(stored.get("changes") or ()),
        gate=stored.get("gate"),
        optimism=stored.get("optimism"),
    )
