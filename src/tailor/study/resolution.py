"""What a study will be able to see, said before it starts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tailor.evaluation.statistics import Design, facts_for, smallest_difference

# What is not known beforehand is assumed: the arms disagree on 10 to 30 % of the questions, and half of what makes two
# wordings of a fact differ between arms is the fact.
DISAGREEMENT = (0.1, 0.3)
ICC = 0.5
POWER = 0.8
ALPHA = 0.05


@dataclass(frozen=True)
class Resolution:
    """What the primary cell can show of one arm against the control, after Holm's correction at its strictest.

    `smallest`: the smallest true difference found four times in five, in [0, 1], where arms disagree on 10 and on 30 %
    of the questions; None where no difference of that size or less is. `facts_for_margin`: facts that would find a
    difference of the margin. The luck of seeds comes on top of both. `comparisons` is the size of the family.
    """

    facts: int
    framings: float
    comparisons: int
    margin: float
    smallest: tuple[float | None, float | None]
    facts_for_margin: tuple[int | None, int | None]


def resolution(plan: Mapping[str, Any]) -> Resolution:
    """Computed from a plan's counts and its number of arms."""
    cell, margin = plan["dataset"]["cells"][plan["primary_cell"]], float(plan["margin"])
    facts, comparisons = int(cell["n_facts"]), max(1, len(plan["arms"]) - 1)
    framings = max(1.0, cell["n_items"] / facts) if facts else 1.0
    designs = [Design(facts, framings, p, ICC, alpha=ALPHA / comparisons) for p in DISAGREEMENT]
    smallest = [smallest_difference(d, POWER) for d in designs]
    needed = [facts_for(replace(d, facts=0), margin, POWER) for d in designs]
    known = [None if math.isnan(s) else round(s, 4) for s in smallest]
    return Resolution(facts, framings, comparisons, margin, (known[0], known[1]), (needed[0], needed[1]))


def sees(found: Resolution) -> str:
    """`finds differences of 8 to 14 points or more`, in whole points; `too few facts ...` where it finds none."""
    known = [math.ceil(100 * s - 1e-9) for s in found.smallest if s is not None]
    if not known:
        return f"too few facts to find differences of up to {100 * DISAGREEMENT[1]:.0f} points"
    span = str(known[0]) if known[0] == known[-1] else f"{known[0]} to {known[-1]}"
    return f"finds differences of {span} points or more"


def needs(found: Resolution) -> str:
    """`310 to 940 facts find one of 5 points`."""
    known = [n for n in found.facts_for_margin if n is not None]
    span = f"{known[0]:,}" if known[0] == known[-1] else f"{known[0]:,} to {known[-1]:,}"
    return f"{span} facts find one of {100 * found.margin:g} point{'' if found.margin == 0.01 else 's'}, the margin"
