"""`tailor augment`: more ways of asking for the facts that are trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.ask import BudgetOption, By, ByOption, EstimateOption, YesOption
from tailor.cli.common import JsonOption, WorkspaceArgument, console, print_json

if TYPE_CHECKING:
    from tailor.data.augment.grow import Growth
    from tailor.study.config import Workspace
    from tailor.study.writing import Written

SHOWN = 8


def augment(
    workspace: WorkspaceArgument = Path(),
    framings: Annotated[
        int, typer.Option("--framings", min=1, max=200, help="Per fact, those there are included.")
    ] = 20,
    by: ByOption = By.RULES,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The .jsonl file to write.",
            show_default="augmented.jsonl, of a writer written.jsonl",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the rules: another seed, other choices.")] = 0,
    reversed_too: Annotated[bool, typer.Option("--reversed", help="Rules also ask back from the answer.")] = False,
    budget: BudgetOption = None,
    estimate: EstimateOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make more framings of the trained facts, by rules or by a model, and write them to a file of their own.

    Only train rows are sources, and nothing near a test or dev question is made. Rules know English only. Look through
    the file with tailor review before you add it to data.questions.
    """
    from tailor.study.config import load_workspace
    from tailor.study.growth import augment_workspace

    loaded = load_workspace(workspace)
    path = output or workspace / ("augmented.jsonl" if by == By.RULES else "written.jsonl")
    if by == By.WRITER:
        _by_writer(loaded, path, framings, budget, estimate=estimate, yes=yes, as_json=as_json)
        return
    if estimate:
        console().print("Rules ask no model and cost nothing.")
        return
    growth, version = augment_workspace(loaded, path, framings=framings, seed=seed, reversed_too=reversed_too)
    if as_json:
        print_json({**_numbers(growth), "output": str(path), "version": version})
    else:
        _show(growth, path, framings)


def _by_writer(
    loaded: Workspace,
    path: Path,
    framings: int,
    budget: float | None,
    *,
    estimate: bool,
    yes: bool,
    as_json: bool,
) -> None:
    from tailor.cli.leave import ask_leave, words
    from tailor.study.growth import framing_writer, write_framings

    maker = framing_writer(loaded, path, framings, budget)
    quote = maker.quote()
    if estimate:
        print_json(quote) if as_json else console().print(words(quote), soft_wrap=True, markup=False)
        return
    ask_leave(quote, "your training questions with their answers", yes=yes, quiet=as_json)
    done, version = write_framings(loaded, path, maker)
    if as_json:
        more = {"wordings": done.wordings, "spare": done.spare, "failed": dict(done.failed)}
        ends = {"writer": maker.writer.base.name, "spent_usd": done.spent_usd, "output": str(path), "version": version}
        print_json({**_numbers(done.growth), **more, **ends})
        return
    _show(done.growth, path, framings)
    _paid(done)


def _paid(done: Written) -> None:
    from tailor.decision.words import count, money

    out = console()
    refused = done.growth.refused.total()
    kept = len(done.growth.made)
    out.print(
        f"  {done.wordings:,} written = {kept:,} kept + {done.spare:,} spare + {refused:,} refused", soft_wrap=True
    )
    for why, n in done.failed.items():
        out.print(f"  {why} in {count(n, 'reply', 'replies')}", soft_wrap=True)
    spent = "unknown" if done.spent_usd is None else money(done.spent_usd)
    each = f", {money(done.spent_usd / kept)} a row kept" if done.spent_usd and kept else ""
    out.print(f"  spent {spent}{each}", soft_wrap=True)


def _numbers(growth: Growth) -> dict[str, Any]:
    return {
        "made": len(growth.made),
        "facts": growth.facts,
        "facts_with_all_framings": growth.full,
        "framings_per_fact": {"before": growth.framings_before, "after": growth.framings_after},
        "distinct_per_fact": {"before": growth.before, "after": growth.after},
        "rules": dict(growth.rules),
        "refused": dict(growth.refused),
    }


def _show(growth: Growth, path: Path, framings: int) -> None:
    from rich.markup import escape
    from rich.table import Table

    out = console()
    made = f"{len(growth.made):,} row{'' if len(growth.made) == 1 else 's'}"
    out.print(f"{escape(str(path))}: {made} for {growth.facts:,} trained facts", soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    for label, before, after in (
        ("framings per fact", growth.framings_before, growth.framings_after),
        ("distinct wordings", growth.before, growth.after),
    ):
        table.add_row(f"  {label}", f"{before:.1f} before", f"{after:.1f} after")
    out.print(table)
    if growth.full < growth.facts:
        short = growth.facts - growth.full
        out.print(
            f"  {short:,} facts stay below {framings}: no more wordings of their questions passed", soft_wrap=True
        )
    rules = ", ".join(f"{name} {n:,}" for name, n in sorted(growth.rules.items(), key=lambda r: -r[1]))
    out.print(f"  rules: {rules or 'none'}", soft_wrap=True)
    refused = ", ".join(f"{reason} {n:,}" for reason, n in growth.refused.most_common())
    out.print(f"  refused: {refused or 'none'}", soft_wrap=True)
    for made_row in growth.made[:: max(1, len(growth.made) // SHOWN)][:SHOWN]:
        question = " ".join(made_row.example.question.split())
        out.print(f"  [dim]{made_row.rule:13}[/] {escape(question)}", soft_wrap=True)
    out.print(f"Next: tailor review {escape(str(path))}, then add what you approve to data.questions", soft_wrap=True)
