"""`tailor report`: the results of a study again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tailor.cli.common import JsonOption, StudyOption, WorkspaceArgument, console, print_json


def report(
    workspace: WorkspaceArgument = Path(),
    study: StudyOption = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the memo as Markdown.")] = False,
    open_: Annotated[bool, typer.Option("--open", help="Open report.html in the browser.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the results of the last study: table, verdict and where the memo lies."""
    from tailor.cli.compare import show
    from tailor.decision.memo import render_markdown, write_report
    from tailor.study.plan import find_study
    from tailor.study.results import read_results

    folder = find_study(workspace, study)
    results = read_results(folder)
    memo = folder / "report.html"
    write_report(results, memo)
    if as_json:
        print_json(results)
    elif markdown:
        typer.echo(render_markdown(results))
    else:
        console().print(f"[bold]{results['name']}[/]   study {results['study']}   plan {results['plan_sha256'][:6]}")
        show(results, folder)
    if open_:
        typer.launch(memo.resolve().as_uri())
