"""What a study spends, written down as it is spent: tokens, machine seconds, dollars, of every cell and phase.

One file for each cell, one line for each portion of answers or stretch of machine time. An answer that was lost to a
kill was still paid for and stays in the ledger; analysing a study again adds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tailor.cost.prices import Price, read_book
from tailor.cost.tokens import most_usd, tokens_usd
from tailor.errors import StudyError
from tailor.files import append_lines, read_lines
from tailor.models import Request, on_premises
from tailor.records import Base, Completion, Failure
from tailor.study.config import Workspace

HOUR_S = 3600.0
# Requests sent between two looks at the budget: what it may be passed by is less than one of these portions.
PORTION = 16

Phase = Literal["fit", "answer", "ladder", "latency"]


class BudgetReached(StudyError):
    """The next portion could cost more than is left, or its price is unknown."""


@dataclass(frozen=True)
class StudyPrices:
    """What this study pays for: the tokens of a provider, or the hours of a machine. None where unknown."""

    billing: Literal["tokens", "machine"]
    tokens: Price | None
    machine: Price | None
    machine_hour_usd: float | None

    def machine_usd(self, seconds: float) -> float | None:
        """Dollars for machine time; 0 where the provider's machine is paid by the token."""
        if self.billing == "tokens":
            return 0.0
        return None if self.machine_hour_usd is None else seconds / HOUR_S * self.machine_hour_usd

    @property
    def known(self) -> bool:
        return (self.tokens if self.billing == "tokens" else self.machine_hour_usd) is not None


def study_prices(workspace: Workspace, base: Base, *, own: bool = True) -> StudyPrices:
    """The prices that `usage` names, or that the address of an endpoint leads to.

    Args:
        own: whether this is the study's base; `usage.tokens` is the price of no other model.

    Raises:
        ConfigError: a name is in no price list, or the price file is wrong.
    """
    usage, book = workspace.config.usage, read_book(workspace.folder)
    tokens = book.get(usage.tokens, "tokens") if usage.tokens else None
    if not own:
        tokens = None
    if tokens is None and base.kind == "endpoint":
        tokens = book.of_endpoint(base.location, base.name)
    machine = book.get(usage.machine, "machine") if usage.machine else None
    hourly = machine.rates["on_demand"] if machine else usage.machine_hour_usd
    by_token = base.kind == "endpoint" and (tokens is not None or not on_premises(base))
    return StudyPrices("tokens" if by_token else "machine", tokens if by_token else None, machine, hourly)


class Meter:
    """Counts what one cell spends and stops it before the budget is passed.

    Args:
        folder: of the study.
        cell: the cell's file name.
        workspace: whose prices hold.
        base: the study's base.
        budget: dollars the whole study may cost; None for no limit.
    """

    def __init__(self, folder: Path, cell: str, workspace: Workspace, base: Base, budget: float | None) -> None:
        self.path = folder / "ledger" / f"{cell}.jsonl"
        self.workspace = workspace
        self.budget = budget
        self.phase: Phase = "fit"
        self._prices = {base: study_prices(workspace, base)}
        self.asked = base  # whose prices its time has: while a provider's model answers, ours waits and is not paid

    def prices(self, base: Base) -> StudyPrices:
        """Those of a model: an arm may ask another one than the study's."""
        if base not in self._prices:
            self._prices[base] = study_prices(self.workspace, base, own=False)
        return self._prices[base]

    @property
    def portion(self) -> int | None:
        """Requests between two looks at the budget; None for all at once."""
        return None if self.budget is None else PORTION

    def look(self) -> None:
        """Between two steps.

        Raises:
            BudgetReached: nothing is left.
        """
        if self.budget is not None:
            check_budget(self.path.parent.parent, self.budget, 0.0)

    def admit(self, base: Base, requests: Sequence[Request]) -> None:
        """Before asking.

        Raises:
            BudgetReached: these could cost more than is left, or nobody knows what they cost.
        """
        if self.budget is None:
            return
        prices, most = self.prices(base), 0.0
        check_priced(prices, self.budget, base)
        if prices.billing == "tokens" and prices.tokens is not None:
            sizes = [(sum(len(m.content) for m in r.messages), r.generation.max_new_tokens) for r in requests]
            most = math.fsum(most_usd(characters, new, prices.tokens) for characters, new in sizes)
        check_budget(self.path.parent.parent, self.budget, most)

    def count(self, base: Base, answers: Sequence[Completion | Failure]) -> None:
        """After asking."""
        prices = self.prices(base)
        done = [a.usage for a in answers if isinstance(a, Completion)]
        costs = [tokens_usd(u, prices.tokens) for u in done]
        usd = 0.0 if prices.billing == "machine" else None if None in costs else math.fsum(c or 0.0 for c in costs)
        self._write(
            answers=len(done),
            failures=len(answers) - len(done),
            uncounted=sum(u.prompt_tokens == 0 for u in done),
            prompt_tokens=sum(u.prompt_tokens for u in done),
            cached_tokens=sum(u.cached_tokens for u in done),
            completion_tokens=sum(u.completion_tokens for u in done),
            usd=usd,
        )

    def admit_tuning(self, base: Base, most: float | None) -> None:
        """Before a job at a provider is begun.

        Raises:
            BudgetReached: it could cost more than is left, or nobody knows what it costs.
        """
        if self.budget is None:
            return
        if most is None and self.prices(base).billing == "tokens":
            raise BudgetReached(
                f"A budget of ${self.budget:g} is set, but what tuning {base.name} costs is unknown, so nobody could "
                "keep it.",
                hint="Give usd_per_million and epochs of api-tuned, or leave the budget out.",
            )
        check_budget(self.path.parent.parent, self.budget, most or 0.0)

    def paid(self, base: Base, usd: float | None) -> None:
        """What a provider asks for tuning a base. On a machine of one's own it is time, which is counted as such."""
        self._write(usd=0.0 if usd is None and self.prices(base).billing == "machine" else usd)

    def again(self, requests: int) -> None:
        """Requests whose answers a kill has lost. What the first asking cost nobody here knows."""
        self._write(asked_again=requests, usd=0.0)

    def time(self, seconds: float) -> None:
        """Machine time of a phase, or of a part of it."""
        self._write(seconds=seconds, usd=self.prices(self.asked).machine_usd(seconds))

    def _write(self, **line: Any) -> None:
        append_lines(self.path, [{"phase": self.phase, **line}])


def check_budget(folder: Path, budget: float, most: float) -> None:
    """Whether `most` more dollars may be spent.

    Raises:
        BudgetReached: with what was spent so far.
    """
    found = spending(folder)
    spent = found["usd"]
    if spent is None:
        raise BudgetReached(
            f"The budget of ${budget:g} cannot be kept: {found['uncounted']:.0f} replies came without a token count.",
            hint="Finished work is kept. Leave the budget out to go on without one.",
        )
    if spent + most <= budget and (most or spent < budget):
        return
    raise BudgetReached(
        f"The budget of ${budget:g} is reached: ${spent:.4f} spent, and the next step could cost ${most:.4f}.",
        hint="Finished work is kept. Raise budget_usd in tailor.yaml (or --budget) and run the same command to go on.",
    )


def check_priced(prices: StudyPrices, budget: float | None, base: Base) -> None:
    """A budget needs a price.

    Raises:
        BudgetReached: what would be spent cannot be known.
    """
    if budget is None or prices.known:
        return
    what, setting = ("the machine", "usage.machine_hour_usd")
    if prices.billing == "tokens":
        what, setting = f"the tokens of {base.name}", "usage.tokens, or tailor prices --add"
    raise BudgetReached(
        f"A budget of ${budget:g} is set, but the price of {what} is unknown, so nobody could keep it.",
        hint=f"Give the price ({setting}), or leave the budget out.",
    )


SUMS = (
    "answers",
    "failures",
    "uncounted",
    "asked_again",
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "seconds",
)


def spending(folder: Path) -> dict[str, Any]:
    """The ledger of a study added up: in all, by cell and by phase. `usd` is None where any part of it is unknown."""
    cells: dict[str, Any] = {}
    lines: list[dict[str, Any]] = []
    for path in sorted((folder / "ledger").glob("*.jsonl")):
        of_cell = read_lines(path)
        cells[path.stem] = {**_sum(of_cell), "fit_usd": _sum([x for x in of_cell if x["phase"] == "fit"])["usd"]}
        lines += of_cell
    phases = {p: _sum([x for x in lines if x["phase"] == p]) for p in dict.fromkeys(x["phase"] for x in lines)}
    return {**_sum(lines), "phases": phases, "cells": cells}


def _sum(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    unknown = any(line["usd"] is None for line in lines)
    return {
        **{name: math.fsum(line.get(name, 0) for line in lines) for name in SUMS},
        "usd": None if unknown else math.fsum(line["usd"] for line in lines),
    }
