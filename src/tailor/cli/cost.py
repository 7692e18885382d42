"""`tailor cost`: a what-if calculator, without a study."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import JsonOption, WorkspaceOption, console, print_json

if TYPE_CHECKING:
    from tailor.cost.prices import Price
    from tailor.cost.what_if import WhatIf

SIZES = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}


def cost(
    model: Annotated[str, typer.Argument(help="Weights of the model: 8B, 350M.")],
    machine: Annotated[str | None, typer.Option("--machine", help="A machine by name: lambda/h100.")] = None,
    machine_hour: Annotated[float | None, typer.Option("--machine-hour", min=0, help="Or its hour in dollars.")] = None,
    tflops: Annotated[float | None, typer.Option("--tflops", min=0.001, help="Peak of the machine.")] = None,
    train_tokens: Annotated[
        str | None, typer.Option("--train-tokens", help="Tokens seen in training, epochs included: 2.5M.")
    ] = None,
    questions: Annotated[float | None, typer.Option("--questions", min=0, help="Questions a month.")] = None,
    input_tokens: Annotated[int, typer.Option("--input", min=1, help="Tokens of a question.")] = 1000,
    output_tokens: Annotated[int, typer.Option("--output", min=1, help="Tokens of an answer.")] = 200,
    cached: Annotated[float, typer.Option("--cached", min=0, max=1, help="Share of the input found in a cache.")] = 0.0,
    throughput: Annotated[
        float | None, typer.Option("--throughput", min=0.001, help="Output tokens a second of the machine under load.")
    ] = None,
    tokens: Annotated[str | None, typer.Option("--tokens", help="A hosted model to compare with.")] = None,
    bits: Annotated[int, typer.Option("--bits", min=2, max=32, help="Bits of a weight when serving.")] = 16,
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """What training and serving a model would cost: estimates from sizes and prices, with what they leave out."""
    from tailor.cost.hardware import PEAK_TFLOPS
    from tailor.cost.prices import read_book
    from tailor.cost.what_if import Question, what_if
    from tailor.errors import ConfigError

    if machine and machine_hour is not None:
        raise ConfigError("--machine and --machine-hour are two prices for one thing; give one of them.")
    book = read_book(workspace)
    rented = book.get(machine, "machine") if machine else None
    hosted = book.get(tokens, "tokens") if tokens else None
    gpus = rented.about.get("gpus") if rented else None
    peak = PEAK_TFLOPS.get(str(rented.about.get("gpu"))) if rented else None
    found = what_if(
        size(model),
        tokens=size(train_tokens) if train_tokens else None,
        peak_tflops=tflops or (peak * (gpus if isinstance(gpus, int) else 1) if peak else None),
        hourly=rented.rates["on_demand"] if rented else machine_hour,
        throughput=throughput,
        question=Question(input_tokens, output_tokens, cached),
        price=hosted,
        volume=questions,
        bits=bits,
    )
    if as_json:
        from dataclasses import asdict

        print_json({**asdict(found), "provider_month_usd": found.provider_month_usd, "prices": _used(rented, hosted)})
        return
    _show(found, rented, hosted)


def size(text: str) -> float:
    """`8B`, `350M`, `4e6` as a number.

    Raises:
        ConfigError: it is none, or not above 0.
    """
    from tailor.errors import ConfigError

    match = re.fullmatch(r"\s*([0-9.]+(?:e[0-9]+)?)\s*([kmbt]?)\s*", text.lower())
    try:
        value = float(match[1]) * SIZES.get(match[2], 1.0) if match else 0.0
    except ValueError:
        value = 0.0
    if value <= 0:
        raise ConfigError(f"{text}: expected a number above 0 like 8B, 350M or 120k.")
    return value


def _used(*prices: Price | None) -> list[dict[str, Any]]:
    return [
        {
            "name": p.name,
            "rates": dict(p.rates),
            "unit": p.unit,
            "valid_from": p.valid_from.isoformat(),
            "source": p.source,
        }
        for p in prices
        if p is not None
    ]


def _show(found: WhatIf, rented: Price | None, hosted: Price | None) -> None:
    from rich.table import Table
    from rich.text import Text

    out = console()
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, words in _rows(found, hosted):
        table.add_row(name, words)
    out.print(table)
    out.print()
    for line in _traps(found):
        out.print(Text(f"· {line}"))
    today = datetime.datetime.now(datetime.UTC).date()
    for price in (rented, hosted):
        if price is not None:
            old = ", old: look it up again" if price.stale(today) else ""
            day = f"from {price.valid_from}{old}"
            out.print(Text(f"Price of {price.name}: {price.figures} USD per {price.unit}, {day}."))


def _rows(found: WhatIf, hosted: Price | None) -> list[tuple[str, str]]:
    from tailor.decision.words import duration, money

    rows = []
    for run in found.trainings:
        price = "price of the machine unknown" if run.usd is None else money(run.usd)
        rows.append(
            (f"train {run.tuning}", f"{duration(3600 * run.hours)}, {price}, at least {run.gb:,.0f} GB of memory")
        )
    if not found.trainings:
        rows.append(("train", "unknown: give --train-tokens, and --machine or --tflops"))
    own = found.hosting
    if own:
        rows.append(("own machine", f"{money(own.month_usd)} a month, asked or not; weights take {own.gb:,.1f} GB"))
        rows += _capacity(found)
    if found.provider and hosted:
        month = found.provider_month_usd
        whole = "" if month is None else f", {money(month)} a month"
        rows.append((hosted.name, f"{money(found.provider.per_1000_usd)} for 1,000 questions{whole}"))
    if found.break_even is not None:
        never = own is not None and own.capacity is not None and found.break_even > own.capacity
        reach = ", more than one machine can answer: it never pays" if never else ""
        rows.append(("break-even", f"{found.break_even:,.0f} questions a month{reach}"))
    return rows


def _capacity(found: WhatIf) -> list[tuple[str, str]]:
    from tailor.decision.words import count, money

    own = found.hosting
    if own is None or not own.capacity:
        return [("", "how much it can answer is unknown: give --throughput")]
    most = f"{own.capacity:,.0f} questions a month at full use"
    if found.machines is not None and found.volume is not None:
        most += f"; {count(found.machines, 'machine')} for {found.volume:,.0f}"
    each = ", ".join(f"{money(usd)} at {100 * used:.0f} %" for used, usd in own.per_million_output)
    return [("", most), ("", f"a million output tokens by use: {each}")]


def _traps(found: WhatIf) -> list[str]:
    """What calculators get wrong, with this calculation's own numbers."""
    from tailor.decision.words import money

    lines = []
    hours = {t.tuning: t.hours for t in found.trainings}
    if "lora" in hours and "full" in hours:
        saved = 100 * (1 - hours["lora"] / hours["full"])
        lines += [
            f"LoRA saves {saved:.0f} % of the operations, not the share of the weights it trains: frozen weights are "
            "still run forward and passed through backward (4 operations a weight and token against 6).",
            "Times assume 35 % of the peak; a few steps on your own data tell better. Activations need memory too.",
        ]
    if found.hosting:
        less = found.hosting.month_usd - found.hosting.month_720_usd
        lines += [
            f"A machine that is always on costs {money(found.hosting.month_usd)} at zero questions too; to multiply by "
            "the use is right only where it is given back.",
            f"A month has 730 hours; with 720 the bill is {money(less)} too low.",
        ]
    if found.provider:
        saved_usd = found.provider.per_1000_uncached_usd - found.provider.per_1000_usd
        cached = f"Cached input saves {money(saved_usd)} for 1,000 questions; only a common beginning is cached."
        none = "No input was taken as cached (--cached): a common beginning of all prompts costs less."
        lines.append(cached if saved_usd > 0 else none)
    return lines
