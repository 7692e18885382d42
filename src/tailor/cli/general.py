"""`tailor general`: what became of general ability, on tasks of lm-evaluation-harness."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tailor.cli.common import JsonOption, StudyOption, WorkspaceOption, console, print_json


def general(
    arm: Annotated[str, typer.Argument(help="An arm of the study.")],
    task: Annotated[list[str], typer.Option("--task", "-t", help="A task by name; may be given several times.")],
    include: Annotated[Path | None, typer.Option("--include", help="Folder with task files of your own.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Documents of each task at most.")] = None,
    workspace: WorkspaceOption = Path(),
    study: StudyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run tasks of lm-evaluation-harness with the control and with an arm, and say whether ability was kept.

    Decides nothing. Tasks that are not on this machine are fetched from the Hugging Face hub by lm-eval.
    """
    from tailor.errors import ConfigError
    from tailor.study.harness import general_tasks
    from tailor.study.items import StudyItems

    if include is not None and not include.is_dir():
        raise ConfigError(f"--include: {include} is not a folder.")
    items = StudyItems(workspace, study)
    items.seeds(arm)  # names an arm that is not there
    found = general_tasks(items, arm, task, include=include, limit=limit)
    if as_json:
        print_json({"study": items.folder.name, **found})
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from tailor.decision import words

    out = console()
    out.print(Text.assemble((found["arm"], "bold"), f"   beside {found['control']}"))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for n, head in enumerate(("task", "items", "before %", "after %", "points", "90 % interval", "verdict", "sees")):
        table.add_column(Text(head, style="dim"), justify="left" if n in (0, 5, 6) else "right")
    for row in [*found["tasks"], *([found["pooled"]] if found["pooled"] else [])]:
        span, sees = words.span(row["low"], row["high"]), words.points(row["detectable"])
        shares = (words.percent(row["before"]), words.percent(row["after"]), words.signed(row["difference"]))
        table.add_row(Text(row["task"]), str(row["n"]), *shares, span, row["verdict"], sees)
    out.print(table)
    out.print(
        f"Kept: a loss above {words.points(found['margin'])} is excluded. Sees: the loss found four times in five."
    )
