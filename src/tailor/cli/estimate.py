"""`tailor compare --estimate`: what the study would take, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailor.cli.common import console

if TYPE_CHECKING:
    from tailor.study.estimate import Estimate


def show(found: Estimate) -> None:
    """One line an arm, the sum, and what it means for the budget."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from tailor.decision.words import UNKNOWN, duration, money

    out = console()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("arm", overflow="fold")
    for head in ("fits", "questions", "tokens", "time", "memory", "dollars"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("from", no_wrap=True)
    for arm in found.arms:
        tokens = arm.prompt_tokens + arm.completion_tokens + arm.training_tokens
        memory = UNKNOWN if arm.memory_gb is None else f"{arm.memory_gb:.1f} GB"
        time = UNKNOWN if arm.seconds is None else duration(arm.seconds)
        figures = (str(arm.cells), f"{arm.questions:,}", f"{tokens:,.0f}", time, memory, money(arm.usd))
        table.add_row(Text(arm.arm), *figures, arm.basis)
    out.print(table)
    time = "time unknown" if found.seconds is None else f"{duration(found.seconds)} of work"
    cost = "cost unknown: no price" if found.usd is None else money(found.usd)
    out.print(f"In all {time}, {cost}. Nothing was run and nothing was frozen.")
    if any(a.basis == "tried" for a in found.arms):
        out.print("Tried: about twenty steps of the training were run on its own rows; answering is calculated.")
    if any(a.basis == "calculated" for a in found.arms):
        out.print("Calculated times can be wrong by a factor of three; they become exact once an arm has run here.")
    for arm in found.arms:
        if arm.fits is False:
            out.print(Text(f"{arm.arm} does not fit: it needs {arm.memory_gb:.1f} GB, which were not free."))
    if found.budget_usd is not None and found.usd is not None:
        inside = "inside" if found.usd <= found.budget_usd else "more than"
        out.print(f"That is {inside} the budget of {money(found.budget_usd)}.")
