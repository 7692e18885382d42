"""`tailor parity`: does another form of an arm (exported, quantised, served) still answer as it was measured?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import JsonOption, StudyOption, WorkspaceOption, console, print_json

if TYPE_CHECKING:
    from tailor.study.parity import ParityReport

EXAMPLES = 3


def parity(
    arm: Annotated[str, typer.Argument(help="An arm of the study, like lora.")],
    workspace: WorkspaceOption = Path(),
    study: StudyOption = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Which training; the first seed if left out.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="A merged, quantised or exported model in Hugging Face format.")
    ] = None,
    endpoint: Annotated[str | None, typer.Option("--endpoint", help="A server with the OpenAI API, up to /v1.")] = None,
    model: Annotated[str, typer.Option("--model", help="The model's name on that server.")] = "champion",
    key_env: Annotated[str, typer.Option("--key-env", help="Environment variable that holds the server's key.")] = "",
    items: Annotated[int, typer.Option("--items", min=8, max=2000, help="Test items to ask.")] = 64,
    as_json: JsonOption = False,
) -> None:
    """Ask test items again in another form and hold answers and their log-probabilities against the measured form; name
    the cause of a gap.

    Without --folder or --endpoint the arm itself is loaded anew. The exit code is 6 where more than 5 % of the answers
    differ, or a token's log-probability by more than 0.1 nats on average.
    """
    from tailor.errors import ConfigError
    from tailor.study.parity import MARGIN, Recorded, again, behind, in_folder

    if folder and endpoint:
        raise ConfigError("Give --folder or --endpoint, not both.")
    recorded = Recorded(workspace, study, arm, seed, items)
    itself = again(recorded) if recorded.adaptation().base.kind != "endpoint" else None
    if folder:
        report = recorded.hold_against(str(folder), in_folder(recorded, folder), itself)
    elif endpoint:
        report = recorded.hold_against(f"{model} at {endpoint}", behind(recorded, endpoint, model, key_env), itself)
    else:
        report = recorded.hold_against("the arm, loaded anew", again(recorded))
    good = report.result.within(MARGIN)
    print_json(_plain(report, good)) if as_json else _show(report, arm, good)
    if not good:
        raise typer.Exit(6)


def _plain(report: ParityReport, good: bool) -> dict[str, Any]:
    return {
        "form": report.form,
        "parity": good,
        "same": report.result.same,
        "logprob_gap": report.result.gap,
        "cause": report.result.cause,
        "different": [
            {"item": report.items[i].id, "expected": report.expected[i], "found": report.found[i]}
            for i in report.result.different
        ],
    }


def _show(report: ParityReport, arm: str, good: bool) -> None:
    from rich.markup import escape

    from tailor.evaluation.parity import EXPLAINED, REMEDY

    out, same = console(), report.result.same
    mark = "[green]✓[/]" if good else "[red]✗[/]"
    equal = len(report.items) - len(report.result.different)
    out.print(
        f"{mark} {escape(report.form)}: {equal} of {len(report.items)} answers as recorded for {escape(arm)}"
        f" [dim](95 % interval {100 * same.low:.0f}–{100 * same.high:.0f} %)[/]"
    )
    if report.result.gap is not None:
        out.print(f"  A token's log-probability differs by {report.result.gap:.2g} nats on average.")
    if report.result.cause:
        out.print(f"  Cause: {EXPLAINED[report.result.cause]}.\n  {REMEDY[report.result.cause]}")
    for i in report.result.different[:EXAMPLES]:
        out.print(f"  [dim]{escape(report.items[i].id)}[/]  {escape(report.items[i].question[:200])}")
        out.print(f"    recorded  {escape(report.expected[i][:200])}\n    now       {escape(report.found[i][:200])}")
