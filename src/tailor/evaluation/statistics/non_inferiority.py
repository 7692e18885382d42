"""Has something got worse by more than is allowed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from tailor.evaluation.statistics.paired import detectable, paired_difference
from tailor.records import Interval

Verdict = Literal["kept", "harmed", "inconclusive"]


@dataclass(frozen=True)
class NonInferiority:
    """After minus before against an allowed loss.

    `difference` carries the two one-sided 95 % bounds (together a 90 % interval). `detectable` is the smallest true
    loss that a one-sided test at alpha 0.05 finds with 80 % power on these items (NaN with fewer than 2 facts):
    where it is larger than `margin`, "inconclusive" was to be expected.
    """

    verdict: Verdict
    difference: Interval
    margin: float
    detectable: float


def non_inferiority(after: ArrayLike, before: ArrayLike, facts: Sequence[str], margin: float) -> NonInferiority:
    """Compare the same items after and before an adaptation (values as for `paired_difference`).

    kept: the lower one-sided 95 % bound of the difference is above -margin. harmed: not kept, and the upper bound is
    below 0. inconclusive: neither. A loss that is certain but smaller than the margin is therefore kept.

    Raises:
        ValueError: the margin is not in (0, 1); otherwise as `paired_difference`.
    """
    if not 0 < margin < 1:
        raise ValueError(f"expected a margin between 0 and 1 (0.03 is three points), found {margin}")
    found = paired_difference(after, before, facts, level=0.90)
    verdict: Verdict = "inconclusive"
    if found.low > -margin:
        verdict = "kept"
    elif found.high < 0:
        verdict = "harmed"
    interval = Interval(found.difference, found.low, found.high, found.n_items, found.n_facts)
    error = found.mde / detectable(1.0, alpha=0.05, sides=2)
    return NonInferiority(verdict, interval, margin, detectable(error, alpha=0.05, sides=1))
