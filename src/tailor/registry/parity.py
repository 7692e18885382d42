"""The parity gate: what is promoted still answers as it was measured."""

from __future__ import annotations

from pathlib import Path

from tailor.errors import GateError
from tailor.evaluation.parity import EXPLAINED, REMEDY
from tailor.study.parity import MARGIN, Recorded, again

ITEMS = 32


def check_parity(workspace: Path, study: str | None, arm: str, seed: int, *, force: bool = False) -> None:
    """Load the arm anew, ask 32 of the test items again, and refuse it where more than 5 % of the answers differ.

    An update of a library, another machine or a changed base can change answers after the study. A base behind an
    endpoint is not asked: its answers cost money and differ by themselves.

    Raises:
        GateError: too many answers differ (unless forced); the message names the cause.
    """
    if force:
        return
    recorded = Recorded(workspace, study, arm, seed, ITEMS)
    if recorded.adaptation().base.kind == "endpoint":
        return
    report = recorded.hold_against(arm, again(recorded))
    if report.result.cause and not report.result.within(MARGIN):
        count = f"{len(report.result.different)} of {len(report.items)}"
        raise GateError(
            f"{arm} no longer answers as it was measured: {count} answers differ; {EXPLAINED[report.result.cause]}.",
            hint=f"{REMEDY[report.result.cause]} tailor parity {arm} shows the answers; --force is recorded.",
        )
