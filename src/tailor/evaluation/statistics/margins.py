"""Has something got worse by more than is allowed? Are two things as good as each other?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from tailor.evaluation.statistics.clusters import Facts, t_tail
from tailor.evaluation.statistics.paired import Contrast, contrast, detectable
from tailor.evaluation.statistics.shares import tango, tango_z
from tailor.records import Interval

Verdict = Literal["kept", "harmed", "inconclusive"]
_NAN = float("nan")


@dataclass(frozen=True)
class NonInferiority:
    """After minus before against an allowed loss.

    `difference` carries the two one-sided 95 % bounds (together a 90 % interval). `p` is one-sided against "the loss is
    the margin or more": below 0.05 exactly where the verdict is kept. `detectable` is the smallest true loss that a
    one-sided test at alpha 0.05 finds with 80 % power on these items (NaN with fewer than 2 facts): where it is larger
    than `margin`, "inconclusive" was to be expected.
    """

    verdict: Verdict
    difference: Interval
    margin: float
    detectable: float
    p: float


@dataclass(frozen=True)
class Equivalence:
    """Whether two arms differ by less than `margin` either way. `p` below 0.05 exactly where they are shown to."""

    equivalent: bool
    difference: Interval
    margin: float
    p: float


def non_inferiority(after: ArrayLike, before: ArrayLike, facts: Facts, margin: float) -> NonInferiority:
    """Compare the same items after and before an adaptation (values as for `paired_difference`).

    kept: the lower one-sided 95 % bound of the difference is above -margin. harmed: the upper bound is below 0 and the
    loss as measured above the margin. inconclusive: neither. A loss that is certain but shown to be smaller than the
    margin is therefore kept, and one that is certain but measured within the margin bars nobody. By the bound alone
    1,000 items (a margin of 3 points, 10 % disagreement) would call a loss of nothing harm in 5 % of the studies and
    one of a single point in 26 %; so it is 0.1 % and 2 % (exact calculation).

    Bounds: Tango's score interval (`tango`) where every fact is one right-or-wrong item and there is one seed, since it
    keeps the 5 % at the margin; else those of `paired_difference`.

    Raises:
        ValueError: the margin is not in (0, 1); otherwise as `paired_difference`.
    """
    found = _checked(after, before, facts, margin)
    interval = _interval(found)
    verdict: Verdict = "inconclusive"
    if interval.low > -margin:
        verdict = "kept"
    elif interval.high < 0 and interval.value < -margin:
        verdict = "harmed"
    error = detectable(found.error, alpha=0.05, sides=1)
    return NonInferiority(verdict, interval, margin, error, _p_above(found, -margin))


def equivalence(a: ArrayLike, b: ArrayLike, facts: Facts, margin: float) -> Equivalence:
    """Two one-sided tests (TOST, Schuirmann 1987): is |a - b| < margin, each side at alpha 0.05?

    p is the larger of the two one-sided p values; equivalent where both one-sided 95 % bounds lie within the margin.
    Bounds as in `non_inferiority`. Fewer than 2 facts: not equivalent, p 1.

    Raises:
        ValueError: the margin is not in (0, 1); otherwise as `paired_difference`.
    """
    found = _checked(a, b, facts, margin)
    interval = _interval(found)
    within = interval.low > -margin and interval.high < margin
    return Equivalence(within, interval, margin, max(_p_above(found, -margin), _p_below(found, margin)))


def _checked(a: ArrayLike, b: ArrayLike, facts: Facts, margin: float) -> Contrast:
    if not 0 < margin < 1:
        raise ValueError(f"expected a margin between 0 and 1 (0.03 is three points), found {margin}")
    return contrast(a, b, facts)


def _interval(found: Contrast) -> Interval:
    if found.n_facts < 2:
        return Interval(found.difference, _NAN, _NAN, found.n_items, found.n_facts)
    if found.counts is not None:
        return tango(found.n_facts, *found.counts, level=0.90)
    return Interval(found.difference, *found.bounds(0.90), found.n_items, found.n_facts)


def _p_above(found: Contrast, limit: float) -> float:
    if found.n_facts < 2:
        return 1.0
    if found.counts is not None:
        return t_tail(tango_z(found.n_facts, *found.counts, limit), math.inf)
    return t_tail((found.centre - limit) / found.error, found.degrees)


def _p_below(found: Contrast, limit: float) -> float:
    return 1 - _p_above(found, limit) if found.n_facts >= 2 else 1.0
