"""`tailor experiment`: try a release on live traffic."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import JsonOption, WorkspaceOption, console, print_json, user

if TYPE_CHECKING:
    from tailor.serving.traffic.status import Status

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Try a release on live traffic.")
WhyOption = Annotated[str, typer.Option("--why", help="Kept in the history.")]


@app.command("start")
def start(
    treatment: Annotated[str, typer.Argument(help="challenger, or a release like lora@2.")],
    workspace: WorkspaceOption = Path(),
    kind: Annotated[str, typer.Option("--kind", help="split, canary, shadow or thompson.")] = "canary",
    share: Annotated[
        float | None,
        typer.Option("--share", help="Of the users, 0 to 1; left out: 0.01 canary, 0.5 split or thompson, 1 shadow."),
    ] = None,
    difference: Annotated[
        float, typer.Option("--difference", help="The smallest difference in feedback that matters.")
    ] = 0.05,
    why: WhyOption = "to find out",
    as_json: JsonOption = False,
) -> None:
    """Send a share of the champion's users to another release, or show its answers to nobody (shadow)."""
    from tailor.evaluation.statistics.always_valid import units_needed
    from tailor.serving.traffic.experiments import Experiments

    experiment = Experiments(workspace).start(
        treatment, kind=kind, share=share, difference=difference, by=user(), why=why
    )
    final = 0.5 if experiment.kind != "split" else experiment.share  # thompson moves away from it, and takes longer
    needed = units_needed(difference, 0.5, final) if final < 1 else 0
    if as_json:
        print_json({"experiment": experiment, "users_needed": needed})
        return
    out = console()
    out.print(
        f"{experiment.id}: {experiment.kind}, {experiment.treatment} against {experiment.control}", soft_wrap=True
    )
    out.print(f"{100 * experiment.share:g} % of the users.", soft_wrap=True)
    if needed:
        words = f"To see a difference of {difference:g} in thumbs takes about {needed:,} users with feedback"
        out.print(f"[dim]{words} at {100 * final:g} %; looking at any time, about twice as many.[/]", soft_wrap=True)


@app.command("status")
def show(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Say what the experiment shows; may be asked as often as you like."""
    from tailor.serving.traffic.experiments import Experiments
    from tailor.serving.traffic.status import status

    experiment = Experiments(workspace).current()
    if experiment is None:
        if as_json:
            print_json(None)
        else:
            console().print("No experiment yet. Start one: tailor experiment start RELEASE")
        return
    found = status(workspace, experiment)
    if as_json:
        print_json({**_plain(found), "history": Experiments(workspace).history()})
    else:
        _print(found)


def _plain(found: Status) -> dict[str, Any]:
    return {
        "experiment": found.experiment,
        "verdict": found.verdict,
        "answers": found.answers,
        "units": found.units,
        "srm_p": found.srm_p,
        "lost": found.lost,
        "lost_p": found.lost_p,
        "feedback": found.feedback,
        "p95_ms": found.p95_ms,
        "guardrails": found.guardrails,
    }


def _print(found: Status) -> None:
    from rich.table import Table

    out, x = console(), found.experiment
    out.print(f"[bold]{x.id}[/]  {x.kind}, {x.treatment} against {x.control}  [bold]{x.state}[/]", soft_wrap=True)
    out.print(f"{100 * x.share:g} % of the users, phase {x.phase}: {x.reason}", soft_wrap=True)
    table = Table("", "control", "treatment", "difference", "", box=None, pad_edge=False)
    for name, values in (("users", found.units), ("answers", found.answers)):
        table.add_row(name, *(f"{values[a]:,}" for a in ("control", "treatment")), "", "")
    table.add_row("p95 ms", *(_number(found.p95_ms[a]) for a in ("control", "treatment")), "", "")
    for g in found.guardrails:
        bounds = "" if math.isnan(g.difference.low) else f" [{g.difference.low:+.3f} to {g.difference.high:+.3f}]"
        state = "[bold red]breached[/]" if g.breached else ""
        moved = "" if math.isnan(g.difference.value) else f"{g.difference.value:+.3g}{bounds}"
        table.add_row(g.name, _number(g.control), _number(g.treatment), moved, state)
    out.print(table)
    if found.srm:
        numbers = f"ratio p = {found.srm_p:.2g}, losses p = {found.lost_p:.2g}"
        out.print(f"[bold red]Users are missing from an arm ({numbers}). Trust nothing above.[/]", soft_wrap=True)
    low, high = found.feedback.low, found.feedback.high
    bounds = "too few users with feedback" if math.isnan(low) else f"{low:+.3f} to {high:+.3f}, always valid"
    out.print(f"Feedback  {found.verdict} ({bounds})", soft_wrap=True)


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"


@app.command("ramp")
def ramp(
    share: Annotated[float, typer.Argument(help="Of the users; it only grows.")],
    workspace: WorkspaceOption = Path(),
    why: WhyOption = "by hand",
) -> None:
    """Send more users to the treatment: a new phase, counted anew."""
    from tailor.serving.traffic.experiments import Experiments

    x = Experiments(workspace).ramp(share, by=user(), why=why)
    console().print(f"{x.id}: {100 * x.share:g} % of the users, phase {x.phase}")


@app.command("stop")
def stop(workspace: WorkspaceOption = Path(), why: WhyOption = "by hand") -> None:
    """End the experiment; the champion answers everybody from the next request."""
    from tailor.serving.traffic.experiments import Experiments

    x = Experiments(workspace).stop(by=user(), why=why)
    console().print(f"{x.id} is over. To make {x.treatment} the champion: tailor promote {x.treatment}", soft_wrap=True)
