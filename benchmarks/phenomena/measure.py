"""Running the ordinary `tailor compare` on a workspace, and showing what came out as a table and a picture."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tailor.decision.svg import Picture, Scale, ticks

RESULTS = Path(__file__).parent / "results"
STYLE = (
    "<style>text{font-family:system-ui,sans-serif;fill:#222}.grid{stroke:#ddd}.axis{stroke:#555}"
    ".s0{stroke:#0072b2;fill:#0072b2}.s1{stroke:#d55e00;fill:#d55e00}.s2{stroke:#009e73;fill:#009e73}"
    ".s3{stroke:#cc79a7;fill:#cc79a7}polyline{fill:none!important;stroke-width:2}"
    "@media(prefers-color-scheme:dark){svg{background:#161616}text{fill:#ddd}.grid{stroke:#333}.axis{stroke:#999}}"
    "</style>"
)


@dataclass(frozen=True)
class Point:
    """One measured share with its 95 % interval: a `series` at place `x` (a number, or the name of a condition)."""

    series: str
    x: float | str
    value: float
    low: float
    high: float


def compare(folder: Path) -> dict[str, Any]:
    """The results of `tailor compare` in a workspace, run in a process of its own."""
    command = [sys.executable, "-m", "tailor.cli.main", "compare", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"NO_COLOR": "1"})
    found = sorted((folder / ".tailor" / "studies").glob("*/results.json"))
    if not found:
        raise SystemExit(f"{' '.join(command)} left no results:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    results: dict[str, Any] = json.loads(found[-1].read_text(encoding="utf-8"))
    failed = [name for name, arm in results["arms"].items() if arm["status"] != "ok"]
    if failed:
        raise SystemExit(f"{folder}: not complete: {', '.join(failed)}\n{done.stdout[-2000:]}")
    return results


def point(series: str, x: float | str, share: dict[str, Any]) -> Point:
    return Point(series, x, share["value"], share["low"], share["high"])


def table(points: Sequence[Point], heading: str) -> str:
    """Markdown: a row for each place, a column for each series."""
    names = list(dict.fromkeys(p.series for p in points))
    places = list(dict.fromkeys(p.x for p in points))
    rows = [f"| {heading} | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for x in places:
        cells = {p.series: f"{100 * p.value:.0f} % ({100 * p.low:.0f}–{100 * p.high:.0f})" for p in points if p.x == x}
        shown = f"{x:g}" if isinstance(x, float) else str(x)
        rows.append(f"| {shown} | {' | '.join(cells.get(n, '') for n in names)} |")
    return "\n".join(rows)


def picture(points: Sequence[Point], title: str, heading: str) -> str:
    """Shares with intervals, in the order of the places, one colour and one line for each series."""
    places = list(dict.fromkeys(p.x for p in points))
    names = list(dict.fromkeys(p.series for p in points))
    said = "; ".join(f"{p.series} at {p.x}: {100 * p.value:.0f} %" for p in points)
    drawn = Picture(680, 340, title, said, "phenomenon")
    y = Scale(0.0, 1.0, 290, 50)
    x = Scale(0.0, max(1.0, len(places) - 1.0), 120, 590)
    for value in ticks(0.0, 1.0):
        drawn.line(60, y(value), 660, y(value), "grid" if value else "axis")
        drawn.text(54, y(value) + 4, f"{100 * value:.0f} %", "end")
    for i, place in enumerate(places):
        drawn.text(x(i), 308, f"{place:g}" if isinstance(place, float) else str(place), "middle")
    drawn.text(340, 330, heading, "middle")
    for n, name in enumerate(names):
        own = [p for p in points if p.series == name]
        shift = 6.0 * (n - (len(names) - 1) / 2)
        spots = [(x(places.index(p.x)) + shift, p) for p in own]
        if not isinstance(places[0], str):
            drawn.path([(a, y(p.value)) for a, p in spots], f"s{n}")
        for a, p in spots:
            drawn.line(a, y(p.low), a, y(p.high), f"s{n}")
            drawn.circle(a, y(p.value), f"s{n}")
        drawn.circle(70 + 150 * n, 32, f"s{n}")
        drawn.text(80 + 150 * n, 36, name)
    drawn.text(60, 16, title, size=14)
    return str(drawn).replace("<title", STYLE + "<title", 1)


def publish(name: str, points: Sequence[Point], title: str, heading: str, base: str, seeds: Sequence[int]) -> None:
    """Print the table and keep it with picture and numbers under `results/`."""
    RESULTS.mkdir(exist_ok=True)
    text = table(points, heading)
    record = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "base": base,
        "seeds": list(seeds),
        "title": title,
        "points": [vars(p) for p in points],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (RESULTS / f"{name}.md").write_text(f"{title}\n\n{text}\n", encoding="utf-8")
    (RESULTS / f"{name}.svg").write_text(picture(points, title, heading) + "\n", encoding="utf-8")
    print(f"\n{title}\n\n{text}\n", flush=True)


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """`--base`, `--seeds`, `--folder` of every script here."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="builtin/small")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--folder", type=Path, default=Path("phenomena-run"), help="where the workspaces go")
    return parser


def script(run: Callable[[argparse.Namespace], None], description: str | None) -> None:
    run(parser_of(description).parse_args())
