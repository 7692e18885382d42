"""`tailor prices`: what tokens, machines, storage and labelling cost, from when, according to whom."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import JsonOption, WorkspaceOption, console, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from tailor.cost.prices import Price, PriceBook

KINDS = ("tokens", "machine", "storage", "labelling")


def prices(
    words: Annotated[list[str] | None, typer.Argument(help="Show only prices that hold these words.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="tokens, machine, storage or labelling.")] = None,
    add: Annotated[
        str | None, typer.Option("--add", metavar="NAME", help="Enter a price of your own, like ours/gpu-box.")
    ] = None,
    rates: Annotated[
        list[str] | None, typer.Option("--rate", metavar="RATE=USD", help="With --add: input=0.4, on_demand=1.20, ...")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="With --add: where the price is from.")] = None,
    valid_from: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="With --add: the day from which it holds; today.")
    ] = None,
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """List and search prices; add your own. They go before Tailor's and are kept in prices.yaml of the workspace."""
    from tailor.cost.prices import read_book
    from tailor.errors import ConfigError

    if kind is not None and kind not in KINDS:
        raise ConfigError(f"No kind of price called '{kind}'.", hint=f"Known: {', '.join(KINDS)}.")
    if add is not None:
        _add(workspace, add, kind, rates or [], source, valid_from)
    book = read_book(workspace)
    found = book.search(" ".join(words or []), kind) if add is None else [book.get(add)]
    if as_json:
        print_json([_plain(p, book.today) for p in found])
        return
    _show(found, book)


def _add(
    workspace: Path, name: str, kind: str | None, rates: list[str], source: str | None, valid_from: str | None
) -> None:
    from tailor.cost.prices import add_price
    from tailor.cost.prices.book import RATES
    from tailor.errors import ConfigError

    given: dict[str, float] = {}
    for rate in rates:
        key, _, value = rate.partition("=")
        try:
            given[key.strip()] = float(value)
        except ValueError:
            raise ConfigError(f"--rate {rate}: expected RATE=USD, like input=0.4.") from None
    guessed: Any = kind or next((k for k, names in RATES.items() if given and set(given) <= set(names)), None)
    if not given or guessed is None or not source:
        missing = "--rate" if not given else "--source" if not source else "--kind"
        raise ConfigError(
            f"--add {name} needs {missing}.",
            hint=f"tailor prices --add {name} --rate input=0.4 --rate output=1.6 --source 'our contract of May'",
        )
    try:
        day = datetime.date.fromisoformat(valid_from) if valid_from else datetime.datetime.now(datetime.UTC).date()
    except ValueError:
        raise ConfigError(f"--from {valid_from}: expected a day like 2026-11-25.") from None
    add_price(workspace, name, guessed, given, source, day)


def _plain(price: Price, today: datetime.date) -> dict[str, Any]:
    return {
        "name": price.name,
        "kind": price.kind,
        "rates": dict(price.rates),
        "above": {"over_tokens": price.above_tokens, **price.above} if price.above else None,
        "unit": price.unit,
        "currency": price.currency,
        "valid_from": price.valid_from.isoformat(),
        "age_days": price.age_days(today),
        "stale": price.stale(today),
        "source": price.source,
        "licence": price.licence,
        "about": dict(price.about),
        "own": price.own,
    }


def _show(found: list[Price], book: PriceBook) -> None:
    from rich.text import Text

    from tailor.cost.prices import STALE_DAYS

    out = console()
    if not found:
        out.print("No price is known for that. An unknown price stays unknown; it is never taken as 0.")
        out.print("Enter it: tailor prices --add vendor/name --rate input=0.4 --rate output=1.6 --source '...'")
        return
    for kind in KINDS:
        if rows := [p for p in found if p.kind == kind]:
            out.print(_table(rows, book))
            out.print()
    stale = [p for p in found if p.stale(book.today)]
    if stale:
        out.print(f"{len(stale)} of these are older than {STALE_DAYS} days: look them up again before relying on them.")
    for source, day in dict.fromkeys((p.source, p.valid_from) for p in found):
        out.print(Text(f"From {day}: {source}."))


def _table(rows: list[Price], book: PriceBook) -> Table:
    """Prices of one kind; days are given where they differ, a mark where a price is yours or old."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    names = list(dict.fromkeys(k for p in rows for k in p.rates))
    days = len({p.valid_from for p in rows}) > 1
    marks = [" ".join(m for m, on in (("yours", p.own), ("old", p.stale(book.today))) if on) for p in rows]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(f"{rows[0].kind}\n$ per {rows[0].unit}", overflow="fold", vertical="bottom")
    for name in names:
        table.add_column(name.replace("_", "\n"), justify="right", vertical="bottom")
    if days:
        table.add_column("from", no_wrap=True, vertical="bottom")
    if any(marks):
        table.add_column("", no_wrap=True)
    for price, mark in zip(rows, marks, strict=True):
        figures = [f"{price.rates[n]:g}" if n in price.rates else "–" for n in names]
        end = [*([str(price.valid_from)] if days else []), *([mark] if any(marks) else [])]
        table.add_row(Text(price.name), *figures, *end)
    return table
