"""What a running study looks like: a line per finished cell, a bar per running one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as RichProgress

from tailor.cli.common import clock
from tailor.records import Failure
from tailor.study.cell import CellFiles, stored_fit
from tailor.study.plan import Cell, Study

# Share of a cell's time by phase, from runs on the example workspace: only the bar's smoothness hangs on it.
PHASES = {"fit": (0.0, 0.7), "answer": (0.7, 0.25), "latency": (0.95, 0.05)}


class Progress:
    """A listener for `run_study` that draws on a terminal, and prints plain lines elsewhere."""

    def __init__(self, console: Console, study: Study, pending: Sequence[Cell], *, quiet: bool = False) -> None:
        self._console, self._study, self._quiet = console, study, quiet
        self._cells = {c.name: c for c in pending}
        self._left = len(pending)
        self._started = time.perf_counter()
        self._tasks: dict[str, Any] = {}
        self._bars = RichProgress(
            TextColumn("  [bold]●[/] {task.fields[cell]:<18}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[words]}"),
            console=console,
            transient=True,
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
        label = f"{self._label(cell):<26}"
        if failure:
            self._bars.console.print(f"  [red]✗[/] {label} {failure.cause}")
        else:
            self._bars.console.print(f"  [green]✓[/] {label} {clock(seconds):>6}   {self._words(cell)}")

    def _label(self, name: str) -> str:
        cell = self._cells[name]
        seeds: list[int] = self._study.plan["seeds"]
        if len(seeds) == 1 or not cell.arm.uses_seed:
            return cell.arm.name
        return f"{cell.arm.name}  seed {seeds.index(cell.seed) + 1} of {len(seeds)}"

    def _words(self, name: str) -> str:
        """What was chosen on dev."""
        fitted = stored_fit(CellFiles.of(self._study.folder, self._cells[name]).fit)
        if fitted is None:
            return ""
        chosen = " · ".join(f"{k} {v} chosen on dev" for k, v in fitted.chosen.items())
        if fitted.training and fitted.training.seconds:
            rate = fitted.training.tokens / fitted.training.seconds / 1000
            return f"{chosen}   {rate:.1f}k tok/s" if chosen else f"{rate:.1f}k tok/s"
        return chosen
