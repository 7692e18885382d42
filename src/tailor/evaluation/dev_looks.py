"""Looking at two arms on dev while their answers come in, and stopping early without fooling oneself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tailor.errors import StudyError
from tailor.evaluation.comparison import CellScores
from tailor.evaluation.statistics import spending_bounds
from tailor.evaluation.statistics.clusters import normal_quantile
from tailor.evaluation.summary import ArmAnswers
from tailor.records import CellName

DEV_CELL: CellName = "held-out-framing"


@dataclass(frozen=True)
class Look:
    """One look. `z` is the difference (first arm minus second) in standard errors, from its p value; `bound` what |z|
    must reach at this look; `decided` whether it does, so that nothing more need be asked."""

    difference: float
    z: float
    bound: float
    n_facts: int
    decided: bool


def look(a: ArmAnswers, b: ArmAnswers, *, planned_facts: int, earlier: Sequence[int] = ()) -> Look:
    """Compare two arms on the dev items answered so far.

    Args:
        a, b: answers to the same dev items.
        planned_facts: how many facts there will be at the end; decided beforehand.
        earlier: the numbers of facts at the looks before this one.

    All looks together call equal arms different in at most 5 %: the bounds are those of `spending_bounds`. For dev
    only: the test split is asked to its end and looked at once.

    Raises:
        StudyError: an item is not of the dev split, or nothing is scored in both arms.
        ValueError: the numbers of facts do not rise, or exceed the plan.
    """
    foreign = next((item for item in a.items if item.split != "dev"), None)
    if foreign is not None:
        raise StudyError(
            f"item '{foreign.id}' is of the {foreign.split} split; only dev may be looked at while answers come in.",
            hint="Ask the test split to its end; tailor compare looks at it once.",
        )
    found = CellScores([a, b], DEV_CELL).compare(a.arm, b.arm)
    if found is None or found.n_facts < 2:
        raise StudyError("fewer than two dev facts are scored in both arms.", hint="Look again when more are answered.")
    bound = spending_bounds([n / planned_facts for n in (*earlier, found.n_facts)])[-1]
    size = -normal_quantile(max(found.p, 1e-300) / 2)
    z = size if found.difference >= 0 else -size
    return Look(found.difference, z, bound, found.n_facts, size >= bound)
