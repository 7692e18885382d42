"""The end of a study: verdict, `results.json`, memo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tailor.decision.account import economics
from tailor.decision.memo import write_report
from tailor.decision.rules import decide
from tailor.files import to_plain, write_json


def conclude(results: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Add money and verdict to a study's results and write `results.json` and `report.html` beside its plan."""
    concluded: dict[str, Any] = {
        **results,
        "economics": to_plain(economics(results)),
        "verdict": to_plain(decide(results)),
    }
    write_json(folder / "results.json", concluded)
    write_report(concluded, folder / "report.html")
    return concluded
