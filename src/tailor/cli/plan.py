"""`tailor plan`: what a study will decide by and what it can see, before it is run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import JsonOption, WorkspaceArgument, console, print_json

if TYPE_CHECKING:
    from tailor.study.plan import Preview
    from tailor.study.resolution import Resolution

SHOWN_ARMS = 8


def plan(
    workspace: WorkspaceArgument = Path(),
    quick: Annotated[bool, typer.Option("--quick", help="The plan of compare --quick.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the plan that compare would freeze: what decides, by which margin, and what so many facts can show.

    Writes nothing and asks no model.
    """
    from tailor.study.config import load_workspace
    from tailor.study.inputs import read_inputs
    from tailor.study.plan import preview_plan
    from tailor.study.resolution import resolution

    loaded = load_workspace(workspace)
    found = preview_plan(loaded, read_inputs(loaded), quick=quick)
    sees = resolution(found.plan)
    if as_json:
        print_json(
            {
                "plan_sha256": found.plan_sha256,
                "study": found.folder.name if found.folder else None,
                "test_touches": len(found.earlier),
                "resolution": sees,
                "plan": found.plan,
            }
        )
        return
    _show(found, sees)


def _show(found: Preview, sees: Resolution) -> None:
    from rich.table import Table
    from rich.text import Text

    out = console()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(ratio=1)
    for name, text in _rows(found, sees):
        grid.add_row(name, Text(text))
    out.print(f"[bold]{found.plan['name']}[/]", soft_wrap=True)
    out.print(grid)
    out.print("nothing was written" if found.folder is None else "this plan is frozen; tailor compare continues it")


def _rows(found: Preview, sees: Resolution) -> list[tuple[str, str]]:
    plan = found.plan
    data, family, usage = plan["dataset"], plan["family"], plan["usage"]
    cell = data["cells"][plan["primary_cell"]]
    arms = ", ".join(family["arms"][:SHOWN_ARMS])
    more = len(family["arms"]) - SHOWN_ARMS
    known = {k.replace("_", " "): v for k, v in usage.items() if isinstance(v, (int, float))}
    assumed = ", ".join(f"{k} {v:,g}" for k, v in known.items())
    return [
        ("decides", f"{plan['metric']['name']} on {cell['n_facts']:,} facts, {cell['n_items']:,} items newly worded"),
        ("compared", f"{arms}{f' and {more} more' if more > 0 else ''}, each with {family['against']}"),
        ("corrected", f"Holm over {len(family['arms'])} comparisons, alpha {family['alpha']}"),
        ("margin", f"{_points(plan['margin'])}; general ability may lose {_points(plan['general_margin'])}"),
        ("seeds", ", ".join(map(str, plan["seeds"]))),
        *([("mixed in", mixing(plan))] if mixing(plan) else []),
        ("assumed", assumed or "nothing about usage: no costs will be shown"),
        ("can see", _sees(sees)),
        ("test used", _used(found)),
        ("plan", f"{found.plan_sha256[:12]}, {f'frozen as {found.folder.name}' if found.folder else 'not frozen yet'}"),
    ]


def mixing(plan: Mapping[str, Any]) -> str:
    """`general rows (base's own data): 10 % of the tokens that lora and full train on`; nothing where no arm does."""
    arms: dict[float, list[str]] = {}
    for arm in plan["arms"]:
        for part in arm["parts"]:
            if share := part["options"].get("replay"):
                arms.setdefault(share, []).append(part["method"])
    if not arms:
        return ""
    shares = [f"{100 * share:g} % of the tokens of {', '.join(dict.fromkeys(names))}" for share, names in arms.items()]
    source = (plan["general_rows"] or {}).get("source", "none")
    return f"general rows ({source}): {'; '.join(shares)}"


def _sees(sees: Resolution) -> str:
    from tailor.study import resolution
    from tailor.study.comparisons import RANKED_FACTS

    low, high = (f"{100 * share:.0f}" for share in resolution.DISAGREEMENT)
    text = f"{resolution.sees(sees)} four times in five, if arms disagree on {low} to {high} % of the questions; "
    text += f"{resolution.needs(sees)}. Luck of seeds comes on top"
    if sees.facts < RANKED_FACTS:
        text += f". Below {RANKED_FACTS} facts no arm is ranked: add at least {RANKED_FACTS - sees.facts} to the test"
    return text


def _used(found: Preview) -> str:
    if not found.earlier:
        return "by no other study"
    count = len(found.earlier)
    return f"by {count} other stud{'ies' if count > 1 else 'y'} ({', '.join(e.id for e in found.earlier)})"


def _points(share: Any) -> str:
    return f"{100 * share:g} point{'' if share == 0.01 else 's'}"
