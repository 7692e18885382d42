"""`tailor compare`: run every arm on the frozen test set and say which is worth it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import JsonOption, WorkspaceArgument, clock, console, print_json
from tailor.cli.quarantine import QuarantineOption, keep_aside, setting_aside

if TYPE_CHECKING:
    from tailor.study.config import Workspace
    from tailor.study.plan import Study

PROMOTABLE = ("adopt", "keep-simple")  # verdicts that name an arm to use, not one to wait with


def compare(
    workspace: WorkspaceArgument = Path(),
    quick: Annotated[
        bool, typer.Option("--quick", help="First seed only: a first look in a third of the time.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes side by side.", show_default="by cores and memory")
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option("--budget", min=0, help="Dollars the study may cost in all.", show_default="budget_usd"),
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Say what it would take in time, memory and money, then stop.")
    ] = False,
    quarantine: QuarantineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare every arm of tailor.yaml on one frozen test set; end with a verdict and a memo.

    Interrupted or killed, the same command continues where it was; a finished study is shown again at no cost.
    """
    from tailor.cli.progress import Progress
    from tailor.decision.conclude import conclude
    from tailor.study.analyse import analyse
    from tailor.study.config import load_workspace
    from tailor.study.inputs import read_inputs
    from tailor.study.plan import plan_study
    from tailor.study.run import finished, run_study

    started = time.perf_counter()
    out = console()
    loaded = setting_aside(load_workspace(workspace), quarantine)
    if estimate:
        _estimate(loaded, quick, budget, as_json)
        return
    inputs = read_inputs(loaded)
    keep_aside(inputs, quarantine, quiet=as_json)
    study = plan_study(loaded, inputs, quick=quick)
    read_seconds = time.perf_counter() - started
    if not as_json:
        _header(study)
    missing = [c for c in study.cells if not finished(study, c)]
    if missing:
        with Progress(out, study, missing, quiet=as_json) as progress:
            run_study(study, progress, workers=workers, budget=loaded.config.budget_usd if budget is None else budget)
    results = conclude(analyse(study, read_seconds=read_seconds), study.folder)
    if as_json:
        print_json(results)
        return
    show(results, study.folder)
    where = time.perf_counter() - started
    out.print(f"[dim]this command took {clock(where)}, the study in all {clock(results['timing']['total'])} of work[/]")


def _estimate(workspace: Workspace, quick: bool, budget: float | None, as_json: bool) -> None:
    from tailor.cli.estimate import show
    from tailor.study.estimate import estimate
    from tailor.study.inputs import read_inputs

    found = estimate(workspace, read_inputs(workspace), quick=quick, budget=budget)
    if as_json:
        print_json(found)
    else:
        show(found)


def show(results: dict[str, Any], folder: Path) -> None:
    """The table, the verdict, and what to do next."""
    from tailor.decision.table import results_table, verdict_panel

    out = console()
    out.print()
    out.print(results_table(results, out.width))
    out.print()
    out.print(verdict_panel(results))
    out.print(f"  Memo      {_short(folder / 'report.html')}", soft_wrap=True)
    arm = results["verdict"]["arm"]
    if arm:
        place = _short(folder.parent.parent.parent)
        where = "" if place == Path() else f" -w {place}"
        promote = f" · tailor promote {arm}{where}" if results["verdict"]["kind"] in PROMOTABLE else ""
        out.print(f"  Next      tailor chat {arm}{where}{promote}", soft_wrap=True, markup=False)


def _header(study: Study) -> None:
    from rich.markup import escape

    from tailor.cli.plan import mixing
    from tailor.models import describe_base
    from tailor.study.resolution import resolution, sees

    out = console()
    data = study.plan["dataset"]
    parameters = describe_base(study.inputs.base)["parameters"]
    size = f" {_size(parameters)}" if parameters else ""
    seeds = len(study.plan["seeds"])
    base = escape(_end(study.inputs.base.name))
    out.print(f"[bold]{study.plan['name']}[/]   base {base}{size}   {data['n_facts']} facts", soft_wrap=True)
    out.print(
        f"{data['n_train']} train · {data['n_dev']} dev · {data['n_test']} test items   "
        f"{seeds} seed{'s' if seeds != 1 else ''}",
        soft_wrap=True,
    )
    out.print(f"study {study.id}   plan {study.plan_sha256[:6]} (frozen)", soft_wrap=True)
    if mixed := mixing(study.plan):
        out.print(f"mixed in: {mixed}", soft_wrap=True, markup=False)
    out.print(f"{sees(resolution(study.plan))}   (tailor plan says how that is known)", soft_wrap=True)


def _end(name: str) -> str:
    """The end of a long path, which is what tells it from others."""
    return name if len(name) <= 40 else f"…{name[-39:]}"


def _size(parameters: int) -> str:
    return f"{parameters / 1e6:.1f} M" if parameters >= 100_000 else f"{parameters / 1e3:.0f} k"


def _short(path: Path) -> Path:
    """Relative to where the person stands, when that is shorter."""
    try:
        return path.resolve().relative_to(Path.cwd())
    except ValueError:
        return path
