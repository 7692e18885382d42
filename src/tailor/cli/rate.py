"""`tailor rate`: people judge answers blindly, in the terminal or in a table."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import JsonOption, StudyOption, WorkspaceOption, console, print_json, printable, user

if TYPE_CHECKING:
    from rich.console import Console

    from tailor.study.human import Round, Task

KEYS = {
    "pair": {"1": "left", "2": "right", "t": "tie", "s": "skip"},
    "rating": {"r": "right", "w": "wrong", "s": "skip"},
}


def rate(
    arms: Annotated[
        list[str] | None, typer.Argument(help="One arm (right or wrong?) or two (which is better?).")
    ] = None,
    rater: Annotated[str | None, typer.Option("--rater", help="Who judges.", show_default="your user name")] = None,
    items: Annotated[int, typer.Option("--items", "-n", min=1, help="Items of the round.")] = 100,
    reference: Annotated[bool, typer.Option("--reference/--no-reference", help="Show the expected answer.")] = True,
    sheet: Annotated[Path | None, typer.Option("--sheet", help="Write the tasks to this CSV table instead.")] = None,
    read: Annotated[Path | None, typer.Option("--read", help="Take the choices of a filled-in table.")] = None,
    results: Annotated[bool, typer.Option("--results", help="Show what the judgements say.")] = False,
    workspace: WorkspaceOption = Path(),
    study: StudyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge answers of a study without knowing whose they are; the same command continues.

    Sides are drawn by chance, every tenth task comes again, every twentieth has a known answer.
    """
    from tailor.errors import ConfigError
    from tailor.study.human import open_round
    from tailor.study.items import StudyItems

    found = StudyItems(workspace, study)
    if results or as_json:
        _results(found, as_json)
        return
    if not arms or len(arms) > 2 or len(set(arms)) < len(arms):
        raise ConfigError("Which arms? Name one to rate, or two to compare.", hint=f"known: {', '.join(found.arms)}")
    opened = open_round(found, arms, items)
    name = rater or user()
    if sheet:
        if sheet.exists():
            raise ConfigError(f"{sheet} is there already.", hint="Name another file, or delete it.")
        sheet.write_text(opened.sheet(reference=reference), encoding="utf-8")
        choices = " or ".join(c for c in dict.fromkeys(KEYS[opened.kind].values()))
        console().print(f"{len(opened.tasks)} tasks in {sheet}. Fill in the column choice: {choices}.", soft_wrap=True)
        console().print(f"Then: tailor rate {' '.join(arms)} --read {sheet} --rater NAME", soft_wrap=True, markup=False)
    elif read:
        count = opened.read_sheet(read, name)
        console().print(f"{count} judgements of {name} kept; {len(opened.open_tasks(name))} tasks are open.")
    else:
        _ask(opened, name, reference)


def _ask(opened: Round, rater: str, reference: bool) -> None:
    out, keys = console(), KEYS[opened.kind]
    todo = opened.open_tasks(rater)
    help_ = " · ".join(f"{k} {'left' if c == 'left' else c}" for k, c in keys.items())
    for n, task in enumerate(todo, 1):
        _show(out, task, f"{n} of {len(todo)}", reference, pair=opened.kind == "pair")
        started, choice = time.monotonic(), ""
        while choice not in keys:
            try:
                choice = input(f"{help_} · q leave > ").strip().lower()
            except EOFError:
                choice = "q"
            if choice == "q":
                out.print(f"\n{len(opened.open_tasks(rater))} tasks are open; the same command continues.")
                return
        opened.judge(task.id, rater, keys[choice], round(time.monotonic() - started, 1))
    out.print("Every task is judged. tailor rate --results shows what was said.")


def _show(out: Console, task: Task, place: str, reference: bool, *, pair: bool) -> None:
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    out.print()
    out.print(Text.assemble((place, "dim"), "  ", (printable(task.question), "bold")))
    if reference:
        out.print(
            Text(f"expected: {printable(task.expected or '') or '(should say that it does not know)'}", style="dim")
        )
    sides = [("1 left", task.left), ("2 right", task.right)] if pair else [("answer", task.left)]
    table = Table.grid(expand=True)
    for _ in sides:
        table.add_column(ratio=1)
    table.add_row(*(Panel(Text(printable(text) or "(empty)"), title=name, title_align="left") for name, text in sides))
    out.print(table)


def _results(found: Any, as_json: bool) -> None:
    from tailor.study.human import rounds
    from tailor.study.human_results import round_results, strengths

    known = rounds(found.folder)
    rows = [round_results(r, found) for r in known]
    order = strengths(known)
    if as_json:
        print_json({"study": found.folder.name, "rounds": rows, "strengths": order})
        return
    out = console()
    if not rows:
        out.print("Nobody has judged anything yet. Begin with: tailor rate ARM ARM", markup=False)
    for row in rows:
        _round(out, row)
    if order:
        _strengths(out, order)


def _round(out: Console, row: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    from tailor.decision import words

    what = " against ".join(row["arms"]) if row["kind"] == "pair" else f"{row['arms'][0]}, right or wrong"
    out.print(Text.assemble((what, "bold"), f"   {row['n_judged']} of {row['n_tasks']} items, round {row['round']}"))
    result = row["result"]
    if result:
        said = f"prefer {row['arms'][1]}" if row["kind"] == "pair" else "are right"
        span = words.interval(result["low"], result["high"])
        out.print(f"  {words.percent(result['value'])} % {said} {span}, {words.count(result['n_facts'], 'fact')}")
    agreement = f"  agreement: alpha {_number(row['alpha'])}"
    kappa = "" if row["metric_kappa"] is None else f", kappa with the metric {_number(row['metric_kappa'])}"
    out.print(f"{agreement}{kappa}")
    table = Table.grid(padding=(0, 3, 0, 0))
    heads = ("  rater", "judged", "gold right", "agrees with self", "chose left", "seconds")
    table.add_row(*(Text(h, style="dim") for h in heads))
    for name, r in row["raters"].items():
        shares = (_of(r["gold_right"], r["n_gold"]), _of(r["agrees_with_self"], r["n_repeats"]))
        seconds = words.decimal(r["median_seconds"], 1)
        table.add_row(Text(f"  {name}"), str(r["n"]), *shares, _percent(r["left_share"]), seconds)
    out.print(table)


def _strengths(out: Console, order: list[dict[str, Any]]) -> None:
    from rich.text import Text

    out.print(Text("Strengths over all pairs (Bradley-Terry, logits)", style="bold"))
    width = max(len(s["arm"]) for s in order)
    for s in order:
        span = f"[{_number(s['low'])} to {_number(s['high'])}]"
        out.print(Text(f"  {s['arm']:<{width}}  {_number(s['value']):>6}  {span}  {s['comparisons']} comparisons"))
    if order[0]["padded"]:
        out.print(Text("  One arm won or lost everything: half a win and half a loss were added.", style="dim"))


def _number(value: object) -> str:
    from tailor.decision import words

    known = words.number(value)
    return words.UNKNOWN if known is None else f"{known:.2f}".replace("-", words.MINUS)


def _percent(share: object) -> str:
    from tailor.decision import words

    text = words.percent(share)
    return text if text == words.UNKNOWN else f"{text} %"


def _of(share: object, n: int) -> str:
    return f"{_percent(share)} of {n}" if n else "–"
