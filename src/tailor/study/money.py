"""Prices and what answers cost at them, as `results.json` holds it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tailor.cost.prices import Price
from tailor.cost.tokens import tokens_usd
from tailor.records import Base, Usage
from tailor.study.config import Workspace
from tailor.study.ledger import StudyPrices, study_prices


def describe(prices: StudyPrices) -> dict[str, Any]:
    """What was paid for, by which prices of which day, so that a figure can be computed again."""
    return {
        "billing": prices.billing,
        "tokens": _plain(prices.tokens),
        "machine": _plain(prices.machine),
        "machine_hour_usd": prices.machine_hour_usd,
    }


def of_arms(workspace: Workspace, study_base: Base, bases: Mapping[str, Base]) -> dict[str, StudyPrices]:
    """The prices of every arm: those of the study's base, or of the model that the arm asks instead."""
    return {arm: study_prices(workspace, base, own=base == study_base) for arm, base in bases.items()}


def _plain(price: Price | None) -> dict[str, Any] | None:
    if price is None:
        return None
    above = {"over_tokens": price.above_tokens, **price.above} if price.above else None
    return {
        "name": price.name,
        "rates": dict(price.rates),
        **({"above": above} if above else {}),
        "unit": price.unit,
        "currency": price.currency,
        "valid_from": price.valid_from.isoformat(),
        "source": price.source,
    }


def of_answers(
    used: Sequence[Usage], prices: StudyPrices, ledger: Mapping[str, Any], cells: Sequence[str]
) -> dict[str, Any]:
    """Token counts and dollars of an arm's answers, and what one fit cost in tokens.

    `priced` answers are those with a token count and a known price; `token_usd` is their sum, None without any.
    """
    costs = [c for c in (tokens_usd(u, prices.tokens) for u in used) if c is not None]
    fits = [ledger[c].get("fit_usd") for c in cells if c in ledger]
    by_token = prices.billing == "tokens"
    return {
        "billing": prices.billing,
        "cached_tokens": sum(u.cached_tokens for u in used),
        "uncounted": sum(u.prompt_tokens <= 0 for u in used),
        "priced": len(costs),
        "token_usd": math.fsum(costs) if costs else None,
        "fit_usd": _mean(fits) if by_token and fits and None not in fits else None,
    }


def _mean(values: Sequence[Any]) -> float:
    return math.fsum(values) / len(values)
