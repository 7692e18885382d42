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
from tailor.errors import ConfigError, StudyError
from tailor.files import append_lines, read_lines
from tailor.models import Request, on_premises
from tailor.records import Base, Completion, Failure
from tailor.study.config import Workspace

HOUR_S = 3600.0
# Requests sent between two looks at the budget: what it may be passed by is less than one of these portions.
PORTION = 16

Phase = Literal["fit", "answer", "ladder", "latency"]


class BudgetReached(StudyError):
    """The next portion could cost more than is left."""


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


def study_prices(workspace: Workspace, base: Base) -> StudyPrices:
    """The prices that `usage` names, or that the address of an endpoint leads to.

    Raises:
        ConfigError: a name is in no price list, or the price file is wrong.
    """
    usage, book = workspace.config.usage, read_book(workspace.folder)
    tokens = book.get(usage.tokens, "tokens") if usage.tokens else None
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
        budget: dollars the whole study may cost; None for no limit.
    """

    def __init__(self, folder: Path, cell: str, prices: StudyPrices, budget: float | None) -> None:
        self.path = folder / "ledger" / f"{cell}.jsonl"
        self.prices = prices
        self.budget = budget
        self.phase: Phase = "fit"

    @property
    def portion(self) -> int | None:
        """Requests between two looks at the budget; None for all at once."""
        return None if self.budget is None else PORTION

    def admit(self, requests: Sequence[Request]) -> None:
        """Before asking.

        Raises:
            BudgetReached: these could cost more than is left.
        """
        price = self.prices.tokens
        if self.budget is None:
            return
        most = 0.0
        if self.prices.billing == "tokens" and price is not None:
            most = sum(
                most_usd(sum(len(m.content) for m in r.messages), r.generation.max_new_tokens, price) for r in requests
            )
        check_budget(self.path.parent.parent, self.budget, most)

    def count(self, answers: Sequence[Completion | Failure]) -> None:
        """After asking."""
        done = [a.usage for a in answers if isinstance(a, Completion)]
        costs = [tokens_usd(u, self.prices.tokens) for u in done]
        usd = 0.0 if self.prices.billing == "machine" else None if None in costs else math.fsum(c or 0.0 for c in costs)
        self._write(
            answers=len(done),
            failures=len(answers) - len(done),
            uncounted=sum(u.prompt_tokens == 0 for u in done),
            prompt_tokens=sum(u.prompt_tokens for u in done),
            cached_tokens=sum(u.cached_tokens for u in done),
            completion_tokens=sum(u.completion_tokens for u in done),
            usd=usd,
        )

    def time(self, seconds: float) -> None:
        """Machine time of a phase, or of a part of it."""
        self._write(seconds=seconds, usd=self.prices.machine_usd(seconds))

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


def check_priced(prices: StudyPrices, budget: float | None) -> None:
    """A budget needs a price.

    Raises:
        ConfigError: what would be spent cannot be known.
    """
    if budget is None or prices.known:
        return
    what = "the model's tokens (usage.tokens)" if prices.billing == "tokens" else "the machine (usage.machine_hour_usd)"
    raise ConfigError(
        f"A budget of ${budget:g} is set, but the price of {what} is unknown, so nobody could keep it.",
        hint="Give the price, or leave the budget out. tailor prices lists known ones.",
    )


SUMS = ("answers", "failures", "uncounted", "prompt_tokens", "cached_tokens", "completion_tokens", "seconds")


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
