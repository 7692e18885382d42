"""A study's results in, a typed verdict in words out. Pure: no files, no clock, no composite score.

The rule is in `choice`, the words in `sentences`, `doubts` and `changes`; all of them only read numbers of the study.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tailor.decision.changes import changes
from tailor.decision.choice import Choice, Kind, choose
from tailor.decision.doubts import doubts
from tailor.decision.evidence import Evidence
from tailor.decision.gates import Gate
from tailor.decision.selection import optimism
from tailor.decision.sentences import reasons, sentence

KIND_NAMES: Mapping[Kind, str] = {
    "adopt": "Adopt",
    "keep-simple": "Keep the simple one",
    "not-enough-evidence": "Not enough evidence",
    "do-nothing": "Do nothing",
    "not-allowed": "Not allowed",
}


@dataclass(frozen=True)
class Verdict:
    """What to do and why. `arm` is the arm to use: the control where nothing should change, the one to use for the time
    being where there is not enough evidence, None where nothing can be named. `gate` is the one that decided.
    `optimism`: by how much the share of right answers of `arm` is expected to be too high because it was picked."""

    kind: Kind
    arm: str | None
    sentence: str
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    gate: Gate | None = None
    optimism: float | None = None


def decide(results: Mapping[str, Any]) -> Verdict:
    """The verdict of a study.

    Args:
        results: results.json (docs/reference/results.md); its `verdict` is not read.
    """
    evidence = Evidence(results)
    choice = choose(evidence)
    return verdict_of(choice, evidence)


def verdict_of(choice: Choice, evidence: Evidence) -> Verdict:
    """A choice put into words."""
    return Verdict(
        kind=choice.kind,
        arm=choice.arm,
        sentence=sentence(choice, evidence),
        reasons=reasons(choice, evidence),
        doubts=doubts(choice, evidence),
        changes=changes(choice, evidence),
        gate=choice.gate,
        optimism=optimism(choice, evidence),
    )
