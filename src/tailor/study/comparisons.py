"""Every comparison a study makes, and how often each arm comes out on top."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from tailor.evaluation.comparison import CellScores
from tailor.evaluation.statistics import Comparison, benjamini_hochberg, holm
from tailor.evaluation.summary import ArmAnswers
from tailor.files import to_plain
from tailor.records import CellName
from tailor.study.inputs import PRIMARY_CELL

DECISION_CELLS: tuple[CellName, ...] = ("held-out-framing", "held-out-fact", "unanswerable")
# Below this many facts no arm is ranked.
RANKED_FACTS = 30


def comparisons(answers: Mapping[str, ArmAnswers], control: str, margin: float) -> list[dict[str, Any]]:
    """Every arm against the control in each cell, then every two others against each other in the primary cell.

    `p_holm`: arms against the control in the primary cell, the family that the plan declares. `p_bh`: arms against the
    control in the other cells, slices to learn from and not to decide by (Benjamini-Hochberg). Others have neither:
    they serve the choice among good arms. `p_equivalent`: TOST with the margin, in the primary cell.

    Raises:
        StudyError: arms were asked different items.
    """
    others = [name for name in answers if name != control]
    rows: list[dict[str, Any]] = []
    between: list[dict[str, Any]] = []
    for cell in DECISION_CELLS:
        scores = CellScores(list(answers.values()), cell)
        pairs = [(name, control) for name in others] if control in answers else []
        for arm, against in pairs:
            rows += _row(scores, arm, against, cell, margin)
        if cell == PRIMARY_CELL:
            between = [row for a, b in combinations(others, 2) for row in _row(scores, a, b, cell, margin)]
    family = [row for row in rows if row["cell"] == PRIMARY_CELL]
    slices = [row for row in rows if row["cell"] != PRIMARY_CELL]
    for row, p in zip(family, holm([r["p"] for r in family]), strict=True):
        row["p_holm"] = p
    for row, p in zip(slices, benjamini_hochberg([r["p"] for r in slices]), strict=True):
        row["p_bh"] = p
    return rows + between


def _row(scores: CellScores, arm: str, against: str, cell: str, margin: float) -> list[dict[str, Any]]:
    found: Comparison | None = scores.compare(arm, against)
    if found is None:
        return []
    same = scores.equivalence(arm, against, margin) if cell == PRIMARY_CELL else None
    plain: dict[str, Any] = to_plain(found)
    adjusted = {"p_holm": None, "p_bh": None, "p_equivalent": same.p if same else None}
    return [{"arm": arm, "against": against, "cell": cell, **adjusted, **plain}]


def ranks(answers: Mapping[str, ArmAnswers], seconds: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, Any]]:
    """For each arm: the chance that it is best in the primary cell, and that no other is both as right and as quick.

    Args:
        seconds: arm -> item -> what an answer took.

    Empty below 30 facts: an order of so few would be believed and should not be.
    """
    scores = CellScores(list(answers.values()), PRIMARY_CELL)
    if len({item.fact or item.id for item in scores.items}) < RANKED_FACTS:
        return {}
    found = scores.standings(seconds)
    return {name: {"p_best": s.best, "p_frontier": s.frontier} for name, s in found.items()}
