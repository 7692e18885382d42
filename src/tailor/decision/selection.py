"""How much of the named arm's score is the luck of having been picked, where several arms are close.

Whoever picks among arms that are measured with error picks errors along with merits: among five equally good arms on
200 facts the highest score is 2.3 points too high, and that of the arm Tailor names 0.55. The measured scores are taken
as if they were the truth, studies like this one are drawn around them with the errors and correlations that its
intervals tell, an arm is named in each by the rule of the plan, and the score of the arm in question is compared with
its truth in those draws in which it was named (the parametric bootstrap of a selected estimate; Efron & Tibshirani
1993, chapter 10).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tailor.decision.choice import Choice
from tailor.decision.evidence import Evidence
from tailor.decision.gates import Gates
from tailor.decision.words import number

DRAWS = 4_000
OPEN = -1  # not enough evidence
FEWEST = 200  # draws that named the arm, under which their mean says nothing
Z = 1.959964
Floats = NDArray[np.float64]


def optimism(choice: Choice, evidence: Evidence) -> float | None:
    """Expected excess of the arm's share of right answers over its truth, because it was picked; in [0, 1), 0 where
    nothing else could have been named.

    None where no arm is named for good, the plan decides by money, or an interval it needs is unknown.
    """
    arm = choice.arm
    if arm is None or choice.kind == "not-enough-evidence" or choice.unit == "usd":
        return None
    gates = Gates(evidence)
    names = [a for a in evidence.measured() if a == evidence.control or not gates.broken(a)]
    covariance = _covariance(evidence, names)
    if arm not in names or evidence.control not in names or covariance is None:
        return None
    means = np.array([evidence.quality(a) or 0.0 for a in names])
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))  # intervals of pairs need not fit together exactly
    drawn = means + np.random.default_rng(0).standard_normal((DRAWS, len(names))) @ root.T
    named = _named(drawn, _spreads(covariance), evidence, names)
    mine = named == names.index(arm)
    if mine.sum() < FEWEST:
        return None
    excess = float((drawn[mine, names.index(arm)] - means[names.index(arm)]).mean())
    return max(0.0, excess)


def _named(drawn: Floats, spreads: Floats, evidence: Evidence, names: list[str]) -> NDArray[np.int64]:
    """The index of the arm that the rules name in every draw: the simplest that beats the control and is not shown to
    be behind the best of them by more than the margin; `OPEN` where the two cannot be told apart. `names` are in order
    of simplicity."""
    control, margin = names.index(evidence.control), evidence.margin
    gains = drawn - drawn[:, [control]]
    beats = gains > Z * spreads[control]
    beats[:, control] = False
    scores = np.where(beats, drawn, -np.inf)
    best = scores.argmax(axis=1)
    behind = drawn[np.arange(len(drawn)), best][:, None] - drawn
    close = beats & (behind - Z * spreads[best] <= margin)
    simplest = close.argmax(axis=1)
    rows = np.arange(len(drawn))
    worth = gains[rows, best] > margin
    too_wide = (behind + Z * spreads[best])[rows, simplest] > 2 * margin
    named = np.where(too_wide & (simplest != best), OPEN, simplest)
    return np.where(beats.any(axis=1) & worth, named, control)


def _spreads(covariance: Floats) -> Floats:
    """Standard error of every difference of two arms."""
    own = np.diag(covariance)
    return np.sqrt(np.clip(own[:, None] + own[None, :] - 2 * covariance, 0.0, None))


def _covariance(evidence: Evidence, names: list[str]) -> Floats | None:
    """Of the arms' shares: variances from their intervals, covariances from those of their differences."""
    own = [_variance(evidence.part(a, "quality").get("low"), evidence.part(a, "quality").get("high")) for a in names]
    found = np.empty((len(names), len(names)))
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            difference = None if i == j else evidence.difference(one, other)
            between = 0.0 if i == j else _variance(difference.low, difference.high) if difference else None
            a, b = own[i], own[j]
            if a is None or b is None or between is None:
                return None
            found[i, j] = (a + b - between) / 2
    return found


def _variance(low: object, high: object) -> float | None:
    one, other = number(low), number(high)
    return None if one is None or other is None else ((other - one) / (2 * Z)) ** 2
