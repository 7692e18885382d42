"""What a running study looks like: a line per finished cell, a bar per running one."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as RichProgress
from rich.table import Column

from tailor.cli.common import clock
from tailor.records import Failure
from tailor.study.cell import CellFiles, stored_fit
from tailor.study.plan import Cell, Study

# Share of a cell's time by phase, from runs on the example workspace: only the bar's smoothness hangs on it.
PHASES = {"fit": (0.0, 0.7), "answer": (0.7, 0.25), "latency": (0.95, 0.05)}

# What a fit found out beside its options, in words; the rest of it is in results.json.
SAID = {
    "steps": "best step {}",
    "learning_rate": "rate {:.2g}",
    "dev": "dev {:.2f}",
    "calls": "{} calls",
    "teacher_right": "teacher {:.0%} right",
}


class Progress:
    """A listener for `run_study` that draws on a terminal, and prints plain lines elsewhere."""

    def __init__(self, console: Console, study: Study, pending: Sequence[Cell], *, quiet: bool = False) -> None:
        self._console, self._study, self._quiet = console, study, quiet
        self._cells = {c.name: c for c in pending}
        self._left = len(pending)
        self._started = time.perf_counter()
        self._tasks: dict[str, Any] = {}
        self._bars = RichProgress(
            TextColumn("  [bold]●[/] {task.fields[cell]:<22}"),
            BarColumn(bar_width=24 if console.width >= 100 else 10),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[words]}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
            console=console,
            transient=True,
            expand=True,
            disable=quiet or not console.is_terminal,
        )

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def cell_progress(self, cell: str, phase: str, fraction: float, words: str) -> None:
        """Move a cell's bar."""
        if cell not in self._tasks:
            self._tasks[cell] = self._bars.add_task("", total=1.0, cell=self._label(cell), words="")
        start, share = PHASES[phase]
        self._bars.update(self._tasks[cell], completed=start + share * fraction, words=words)

    def cell_done(self, cell: str, failure: Failure | None, seconds: float) -> None:
        """Put a line above the bars."""
        if cell in self._tasks:
            self._bars.remove_task(self._tasks.pop(cell))
        self._left -= 1
        if self._quiet:
            return
        label = f"{self._label(cell):<28}"
        if failure:
            self._line(f"  [red]✗[/] {label} {escape(failure.cause)}", whole=True)
        else:
            self._line(f"  [green]✓[/] {label} {clock(seconds):>6}   {escape(self._words(cell))}".rstrip())

    def _line(self, markup: str, *, whole: bool = False) -> None:
        """One line; on a terminal what is longer than it is cut, unless it must be read to its end."""
        cut = self._console.is_terminal and not whole
        self._bars.console.print(markup, no_wrap=cut, overflow="ellipsis" if cut else None, soft_wrap=not cut)

    def _label(self, name: str) -> str:
        cell = self._cells[name]
        seeds: list[int] = self._study.plan["seeds"]
        arm = escape(cell.arm.name)
        if len(seeds) == 1 or not cell.arm.uses_seed:
            return arm
        return f"{arm}  seed {seeds.index(cell.seed) + 1} of {len(seeds)}"

    def _words(self, name: str) -> str:
        """What was chosen on dev, and how fast the training was."""
        cell = self._cells[name]
        fitted = stored_fit(CellFiles.of(self._study.folder, cell).fit)
        if fitted is None:
            return ""
        given = {f"{p.method}.{k}": v for p in cell.arm.parts for k, v in dataclasses.asdict(p.options).items()}
        words = []
        for key, value in fitted.chosen.items():
            option = key if "." in key else f"{cell.arm.method}.{key}"
            said = SAID.get(option.rpartition(".")[2])
            if said and isinstance(value, (int, float)):
                words.append(said.format(value))
            elif option in given and given[option] is None:
                words.append(f"{key} {value} chosen on dev")
        if fitted.training and fitted.training.seconds:
            words.append(f"{fitted.training.tokens / fitted.training.seconds / 1000:.1f}k tok/s")
        return " · ".join(words)
