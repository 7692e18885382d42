"""What a command is about to send to a model: shown before, and asked for where it leaves the machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from tailor.cli.common import console

if TYPE_CHECKING:
    from tailor.study.writer import Quote


def words(quote: Quote) -> str:
    """`gpt-x at api.example: 74 requests, about 31,000 + 9,000 tokens, $0.0213`."""
    from tailor.decision.words import money

    where = f" at {quote.host}" if quote.host else ""
    usd = "price unknown" if quote.usd is None else money(quote.usd) if quote.usd else "no tokens to pay"
    tokens = f"about {quote.prompt_tokens:,.0f} + {quote.completion_tokens:,.0f} tokens"
    return f"{quote.model}{where}: {quote.requests:,} request{'' if quote.requests == 1 else 's'}, {tokens}, {usd}"


def ask_leave(quote: Quote, what: str, *, yes: bool, quiet: bool) -> None:
    """Say what is about to be sent; where it leaves the machine or its network, a person must agree.

    Args:
        what: is sent, such as `the passages of docs`.
        yes: somebody agreed on the command line.
        quiet: print no more than what is asked for.

    Raises:
        ConfigError: nobody agreed.
    """
    from rich.markup import escape

    from tailor.errors import ConfigError

    if not quiet:
        console().print(escape(words(quote)), soft_wrap=True)
    if not quote.host or yes:
        return
    question = f"This sends {what} to {quote.host}."
    if not sys.stdin.isatty():
        raise ConfigError(question, hint="Nothing was sent. Say --yes if it may leave this machine.")
    if not typer.confirm(f"{question} Go on?"):
        raise ConfigError("Nothing was sent.", hint="Work without --by writer, or choose a writer inside.")
