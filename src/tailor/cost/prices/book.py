"""A price and the book it stands in."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal
from urllib.parse import urlsplit

from tailor.errors import ConfigError

Kind = Literal["tokens", "machine", "storage", "labelling"]
UNITS: Mapping[Kind, str] = {
    "tokens": "1M tokens",
    "machine": "hour",
    "storage": "GB-month",
    "labelling": "hour",
}
# What a price of each kind may hold; the first one is what it cannot do without.
RATES: Mapping[Kind, tuple[str, ...]] = {
    "tokens": ("input", "cached", "output", "batch_input", "batch_output"),
    "machine": ("on_demand", "spot"),
    "storage": ("rate",),
    "labelling": ("rate",),
}
STALE_DAYS = 90

# Whose prices hold for an address. Any other address may cost anything, so nothing is guessed for it.
HOSTS = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "google",
    "api.mistral.ai": "mistral",
    "api.groq.com": "groq",
    "api.together.xyz": "together",
}


@dataclass(frozen=True)
class Price:
    """One price of one day.

    `name` is vendor/model or vendor/machine. `rates` are US dollars for one `unit`: a million tokens, an hour, a
    gigabyte for a month. `above` are the token rates that hold where the prompt is longer than `above_tokens`. `about`
    says what a machine is. `own` marks a price of the user's file.
    """

    name: str
    kind: Kind
    unit: str
    currency: str
    rates: Mapping[str, float]
    valid_from: datetime.date
    source: str
    licence: str
    about: Mapping[str, object]
    above_tokens: int | None = None
    above: Mapping[str, float] | None = None
    own: bool = False

    @property
    def vendor(self) -> str:
        return self.name.partition("/")[0]

    def age_days(self, today: datetime.date) -> int:
        """Days since the price was known to hold; 0 for a day to come."""
        return max(0, (today - self.valid_from).days)

    def stale(self, today: datetime.date) -> bool:
        """Older than 90 days."""
        return self.age_days(today) > STALE_DAYS

    @property
    def figures(self) -> str:
        """`input 0.4, cached 0.1, output 1.6`."""
        return ", ".join(f"{k.replace('_', ' ')} {v:g}" for k, v in self.rates.items())


class PriceBook:
    """All known prices by name. Of one name the user's own price wins, then the newest that holds already."""

    def __init__(self, prices: tuple[Price, ...], today: datetime.date) -> None:
        self.today = today
        self.all = prices
        best: dict[str, Price] = {}
        for price in sorted(prices, key=lambda p: (p.own, p.valid_from)):
            if price.valid_from <= today or price.name not in best:
                best[price.name] = price
        self.prices: Mapping[str, Price] = dict(sorted(best.items()))

    def get(self, name: str, kind: Kind | None = None) -> Price:
        """The price called `name`.

        Raises:
            ConfigError: there is none, or it is of another kind.
        """
        price = self.prices.get(name)
        if price is None:
            same = [n for n, p in self.prices.items() if kind in (None, p.kind)]
            close = get_close_matches(name, same, n=3, cutoff=0.4)
            known = f"Did you mean {', '.join(close)}? " if close else ""
            raise ConfigError(
                f"No price called '{name}' is known.",
                hint=f"{known}tailor prices lists them; tailor prices --add {name} enters one.",
            )
        if kind is not None and price.kind != kind:
            raise ConfigError(f"'{name}' is the price of {_noun(price.kind)}; the price of {_noun(kind)} is needed.")
        return price

    def search(self, words: str = "", kind: str | None = None) -> list[Price]:
        """Prices whose name, source or description holds all the words, by name."""
        wanted = words.lower().split()
        return [
            p
            for p in self.prices.values()
            if kind in (None, p.kind) and all(w in f"{p.name} {p.about} {p.source}".lower() for w in wanted)
        ]

    def of_endpoint(self, url: str, model: str) -> Price | None:
        """The token price of a model behind an address: `vendor/model` at a vendor's own address, and `host/model`
        for any other one, which only a user's own file can hold. The model's name must be the very same."""
        who = endpoint_vendor(url) or urlsplit(url).hostname
        price = self.prices.get(f"{who}/{model}") if who else None
        return price if price is not None and price.kind == "tokens" else None


def endpoint_vendor(url: str) -> str | None:
    """The vendor whose own address this is; None for every other one."""
    return HOSTS.get(urlsplit(url).hostname or "")


def _noun(kind: str) -> str:
    return {"tokens": "tokens", "machine": "a machine", "storage": "storage", "labelling": "labelling"}[kind]
