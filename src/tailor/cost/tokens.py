"""Tokens to dollars at a dated price.

    usd = (fresh × input + cached × cached_price + completion × output) / 1,000,000,    fresh = prompt − cached

A provider without a price for cached input charges the full one. Where the prompt is longer than a price's limit, its
rates for long prompts hold for the whole answer. Unknown (no count, no output price) is None, never 0.
"""

from __future__ import annotations

from tailor.cost.prices import Price
from tailor.records import Usage

MILLION = 1_000_000


def tokens_usd(usage: Usage, price: Price | None) -> float | None:
    """Dollars for one answer.

    Args:
        usage: its token counts, as the reply gave them.
        price: of kind tokens; None where nobody knows it.
    """
    if price is None or price.kind != "tokens" or usage.prompt_tokens <= 0:
        return None
    rates = dict(price.rates)
    if price.above and price.above_tokens is not None and usage.prompt_tokens > price.above_tokens:
        rates |= price.above
    output = rates.get("output")
    if usage.completion_tokens and output is None:
        return None
    cached = min(usage.cached_tokens, usage.prompt_tokens)
    fresh = usage.prompt_tokens - cached
    spent = fresh * rates["input"] + cached * rates.get("cached", rates["input"])
    return (spent + usage.completion_tokens * (output or 0.0)) / MILLION


def most_usd(prompt_characters: int, max_new_tokens: int, price: Price) -> float:
    """More than an answer can cost in practice: a token for every two characters, and the longest answer allowed."""
    prompt = max(1, prompt_characters // 2)
    return tokens_usd(Usage(prompt, max_new_tokens if "output" in price.rates else 0), price) or 0.0
