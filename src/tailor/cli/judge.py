"""`tailor judge`: a model grades answers of a study; shown with its errors, deciding nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tailor.cli.common import JsonOption, StudyOption, WorkspaceOption, console, print_json


def judge(
    arms: Annotated[list[str], typer.Argument(help="One arm (pass or fail?) or two (which is better?).")],
    items: Annotated[int, typer.Option("--items", "-n", min=1, help="Items that are asked about at most.")] = 200,
    workspace: WorkspaceOption = Path(),
    study: StudyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have the judge of tailor.yaml grade answers, and say how far it may be believed.

    Its errors are measured on what people said in tailor rate ARM. Below 100 labels, or where it misses one of ten, it
    is shown and may decide nothing; a study's verdict never asks it.
    """
    from tailor.errors import ConfigError
    from tailor.study.config import load_workspace
    from tailor.study.items import StudyItems
    from tailor.study.judging import compare_arms, grade_arm, open_judge

    if len(arms) > 2 or len(set(arms)) < len(arms):
        raise ConfigError("Name one arm to grade, or two to compare.")
    found = StudyItems(workspace, study)
    for name in arms:
        found.seeds(name)  # names an arm that is not there
    asked = open_judge(load_workspace(workspace), found.plan)
    pair = len(arms) == 2
    result = compare_arms(asked, found, arms, items) if pair else grade_arm(asked, found, arms[0], items)
    if as_json:
        print_json({"study": found.folder.name, **result})
    elif pair:
        _pair(result)
    else:
        _grades(result)


def _grades(result: dict[str, Any]) -> None:
    from tailor.evaluation.judge.calibration import LABELS_NEEDED, RATE_NEEDED

    out, calibration = console(), result["calibration"]
    out.print(f"[bold]{result['arm']}[/] by {result['judge']}   {_unreadable(result)}", soft_wrap=True)
    rows = [("judged", result["judged"]), ("corrected", result["corrected"])]
    rows += [("prediction-powered", result["prediction_powered"])]
    for name, interval in rows:
        out.print(f"  {name:<20}{_share(interval)}", highlight=False)
    rates = f"passes {_share(calibration['tpr'])} of the right, fails {_share(calibration['tnr'])} of the wrong answers"
    out.print(f"  {'the judge':<20}{rates}, {calibration['n']} labels", soft_wrap=True)
    if calibration["passed"]:
        out.print("  Gate passed: its corrected share may be quoted. The study's verdict does not ask it.")
    else:
        need = f"{LABELS_NEEDED} labels and both rates at least {100 * RATE_NEEDED:.0f} %"
        out.print(f"  Below the gate ({need}): shown, not to decide by. Labels: tailor rate {result['arm']}")


def _pair(result: dict[str, Any]) -> None:
    out = console()
    first, second = result["arms"]
    out.print(f"[bold]{second}[/] against {first} by {result['judge']}   {_unreadable(result)}", soft_wrap=True)
    out.print(f"  prefers {second}    {_share(result['prefers_second'])} (a tie is half)")
    out.print(f"  same verdict with sides changed    {_share({'value': result['swap_consistency']})}")
    out.print("  Shown, not to decide by.")


def _unreadable(result: dict[str, Any]) -> str:
    return f"{result['n_asked']} asked, {result['n_unreadable']} replies unreadable or failed"


def _share(interval: dict[str, Any] | None) -> str:
    from tailor.decision import words

    if not interval or interval["value"] is None:
        return "unknown"
    span = words.interval(interval.get("low"), interval.get("high"))
    return f"{words.percent(interval['value'])} % {span}".rstrip()
