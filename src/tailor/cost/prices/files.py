"""Price files: reading the packaged ones and the user's, adding to the user's."""

from __future__ import annotations

import datetime
import functools
import math
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from tailor.cost.prices.book import RATES, UNITS, Kind, Price, PriceBook
from tailor.errors import ConfigError
from tailor.files import write_text

FORMAT_VERSION = 1
USER_FILE = "prices.yaml"
FIELDS = ("format_version", "kind", "currency", "unit", "valid_from", "source", "licence", "prices")
ABOUT = ("gpu", "gpus", "gpu_memory_gb", "cores", "note")
OWN = ("valid_from", "source")  # what one price may state for itself
HEADER = "# Prices of your own: they go before the ones that come with Tailor. docs/how-to/set-prices.md\n"


def read_book(workspace: Path | None = None, *, today: datetime.date | None = None) -> PriceBook:
    """The prices that come with Tailor and those of `prices.yaml` in the workspace.

    Args:
        workspace: the folder to look into; None reads the packaged prices only.
        today: the day to judge ages by; the current day in UTC by default.

    Raises:
        ConfigError: a file is wrong; the message names file and price.
    """
    prices = list(_packaged())
    if workspace is not None and (workspace / USER_FILE).is_file():
        path = workspace / USER_FILE
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} cannot be read: {error}.") from None
        prices += _read(text, str(path), own=True)
    return PriceBook(tuple(prices), today or datetime.datetime.now(datetime.UTC).date())


@functools.cache  # they do not change while a program runs, and every arm of a study asks for them (0.1 s)
def _packaged() -> tuple[Price, ...]:
    entries = sorted(files("tailor.cost.prices").joinpath("data").iterdir(), key=lambda e: e.name)
    texts = [(e.read_text(encoding="utf-8"), e.name) for e in entries if e.name.endswith(".yaml")]
    return tuple(price for text, name in texts for price in _read(text, name, own=False))


def _read(text: str, where: str, *, own: bool) -> list[Price]:
    """All prices of a file: one list of one kind, or several below `lists`."""
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{where}{line}: not valid YAML.", hint="Indent with spaces.") from None
    if value is None:
        return []
    lists = value.get("lists") if isinstance(value, dict) and "lists" in value else [value]
    if not isinstance(lists, list):
        raise ConfigError(f"{where}: expected lists: followed by price lists, found {lists!r}.")
    return [price for one in lists for price in _list(one, where, own=own)]


def _list(value: Any, where: str, *, own: bool) -> list[Price]:
    if not isinstance(value, dict):
        raise ConfigError(
            f"{where}: expected a price list, found {value!r}.", hint="docs/how-to/set-prices.md shows one."
        )
    unknown = [k for k in value if k not in FIELDS]
    missing = [k for k in FIELDS if k not in value]
    if unknown or missing:
        wrong = f"no field called '{unknown[0]}'" if unknown else f"'{missing[0]}' is missing"
        raise ConfigError(f"{where}: {wrong}.", hint=f"Fields: {', '.join(FIELDS)}.")
    if value["format_version"] != FORMAT_VERSION:
        raise ConfigError(f"{where}: format_version {value['format_version']!r}; this Tailor reads {FORMAT_VERSION}.")
    kind = value["kind"]
    if kind not in UNITS:
        raise ConfigError(f"{where}: no kind of price called {kind!r}.", hint=f"Known: {', '.join(UNITS)}.")
    if value["currency"] != "USD":
        raise ConfigError(
            f"{where}: the currency is {value['currency']!r}; everything is added up in USD.",
            hint="Convert the prices at the rate you pay and say so in source.",
        )
    if value["unit"] != UNITS[kind]:
        raise ConfigError(f"{where}: the unit is {value['unit']!r}; prices of kind {kind} are per {UNITS[kind]}.")
    if not isinstance(value["prices"], dict):
        raise ConfigError(f"{where}: prices: expected names with rates, found {value['prices']!r}.")
    return [_price(str(name), rates, value, where, own=own) for name, rates in value["prices"].items()]


def _price(name: str, given: Any, of: Mapping[str, Any], where: str, *, own: bool) -> Price:
    place, kind = f"{where}: {name}", of["kind"]
    if not isinstance(given, dict) or not given:
        raise ConfigError(f"{place}: expected rates like {{{RATES[kind][0]}: 0.5}}, found {given!r}.")
    allowed = (*RATES[kind], *ABOUT, *OWN, *(("above",) if kind == "tokens" else ()))
    unknown = [k for k in given if k not in allowed]
    if unknown:
        raise ConfigError(f"{place}: no rate called '{unknown[0]}'.", hint=f"Known: {', '.join(allowed)}.")
    above = given.get("above")
    limit = above.get("over_tokens") if isinstance(above, dict) else None
    if above is not None and (not isinstance(limit, int) or limit < 1):
        raise ConfigError(f"{place}: above: expected {{over_tokens: 200000, input: ...}}, found {above!r}.")
    rates = {k: _rate(given[k], f"{place}, {k}") for k in RATES[kind] if k in given}
    if RATES[kind][0] not in rates:
        raise ConfigError(f"{place}: '{RATES[kind][0]}' is missing.")
    return Price(
        name=name,
        kind=kind,
        unit=of["unit"],
        currency=of["currency"],
        rates=rates,
        valid_from=_day(given.get("valid_from", of["valid_from"]), place),
        source=str(given.get("source", of["source"])),
        licence=str(of["licence"]),
        about={k: given[k] for k in ABOUT if k in given},
        above_tokens=limit,
        above={k: _rate(v, f"{place}, above.{k}") for k, v in above.items() if k in RATES["tokens"]} if above else None,
        own=own,
    )


def _rate(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ConfigError(f"{place}: expected a price of at least 0, found {value!r}.")
    return float(value)


def _day(value: Any, place: str) -> datetime.date:
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(str(value))
    except ValueError:
        raise ConfigError(f"{place}: expected a day like 2026-11-25, found {value!r}.") from None


def add_price(
    workspace: Path, name: str, kind: Kind, rates: Mapping[str, float], source: str, valid_from: datetime.date
) -> Path:
    """Write a price into the workspace's `prices.yaml`; one of the same name there is replaced, the others stay.

    Raises:
        ConfigError: the price or the file is wrong; nothing was written then.
    """
    path = workspace / USER_FILE
    if not workspace.is_dir():
        raise ConfigError(f"The folder {workspace} does not exist.")
    if "/" not in name.strip("/"):
        raise ConfigError(f"'{name}': a price is called vendor/name, like openai/gpt-4.1-mini or ours/gpu-box.")
    found = yaml.safe_load(path.read_text(encoding="utf-8-sig")) if path.is_file() and read_book(workspace) else None
    lists = (found.get("lists", [found]) if isinstance(found, dict) else []) or []
    for one in lists:
        one["prices"].pop(name, None)
    mine = next((one for one in lists if one["kind"] == kind and one["unit"] == UNITS[kind]), None)
    day = valid_from.isoformat()
    entry = {**rates, "valid_from": day, "source": source}
    if mine is None:
        mine = {
            "format_version": FORMAT_VERSION,
            "kind": kind,
            "currency": "USD",
            "unit": UNITS[kind],
            "valid_from": day,
            "source": source,
            "licence": "own",
            "prices": {},
        }
        lists.append(mine)
    mine["prices"][name] = entry
    text = HEADER + yaml.safe_dump({"lists": [one for one in lists if one["prices"]]}, sort_keys=False, width=110)
    _read(text, str(path), own=True)
    write_text(path, text)
    return path
