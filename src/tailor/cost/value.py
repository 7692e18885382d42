"""What answers are worth, and from which volume one arm is the better buy than another.

    value  = right × G − wrong × L − unanswered × E                    dollars an answer, before its cost
    net(V) = V × value − all-in cost a month at volume V

With a share u of questions that have no answer in the data: right = (1 − u) × correct, wrong = (1 − u) × incorrect +
u × invented, the rest says that it does not know and somebody else must answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tailor.cost.assumptions import Assumptions
from tailor.cost.ownership import Ownership

LARGEST_STEP = 400  # machines looked at for a volume where a step in the number of machines turns the order round


@dataclass(frozen=True)
class Shares:
    """How an arm's answers fall, shares in [0, 1]: of answerable questions `right` and `wrong` (the rest is left
    unanswered), of unanswerable ones `invented`. None where nobody measured it."""

    right: float | None
    wrong: float | None
    invented: float | None = None


@dataclass(frozen=True)
class Worth:
    """Dollars of a right, a wrong and an unanswered question, and the share of unanswerable ones."""

    right: float
    wrong: float
    unanswered: float
    unanswerable: float

    @classmethod
    def of(cls, assume: Assumptions) -> Worth | None:
        """None where a wrong answer has no price. A right one is then worth 0 unless said otherwise, and one left
        unanswered costs as much as a wrong one."""
        wrong = assume.wrong_answer_usd
        if wrong is None:
            return None
        unanswered = wrong if assume.unanswered_usd is None else assume.unanswered_usd
        return cls(assume.right_answer_usd or 0.0, wrong, unanswered, assume.unanswerable_share or 0.0)

    def value(self, shares: Shares) -> float | None:
        """Dollars an average answer is worth, before its cost."""
        if shares.right is None or shares.wrong is None or (self.unanswerable > 0 and shares.invented is None):
            return None
        u = self.unanswerable
        right = (1 - u) * shares.right
        wrong = (1 - u) * shares.wrong + u * (shares.invented or 0.0)
        return right * self.right - wrong * self.wrong - max(0.0, 1 - right - wrong) * self.unanswered


def net_at(own: Ownership, value: float | None, volume: float) -> float | None:
    """Net benefit a month at a volume; without a value (0 an answer) it is the cost with a minus."""
    cost = own.at(volume)
    return None if cost is None else volume * (value or 0.0) - cost


def break_even(a: Ownership, b: Ownership, values: tuple[float, float] = (0.0, 0.0)) -> float | None:
    """The smallest volume a month at which the order of two arms turns round.

    Args:
        values: dollars an answer of each is worth before its cost; zeros compare cost alone.

    Returns:
        Questions a month (> 0); infinity where one arm is ahead at every volume or both are equal throughout; None
        where a cost is unknown. Symmetric in the arms.
    """
    if a.per_answer is None or b.per_answer is None:
        return None
    slope = (values[0] - a.per_answer) - (values[1] - b.per_answer)
    start, first = 0.0, 0
    for end in _segments(a, b):
        # Between two ends the difference is a straight line; it is looked at just behind the step in machines.
        inside = start + 1e-6 * max(1e-3, start)
        there = _gap(a, b, inside) + slope * inside
        sign = _sign(there) or _sign(slope)
        if first and sign and sign != first:
            return start
        first = first or sign
        crossing = inside - there / slope if slope else math.inf
        if _sign(there) and _sign(slope) == -_sign(there) and inside < crossing < end:
            return crossing
        start = end
    return math.inf


def _gap(a: Ownership, b: Ownership, volume: float) -> float:
    """What is fixed at a volume: net of `a` minus net of `b` without what grows with every answer."""
    costs = [o.at(volume) or 0.0 for o in (a, b)]
    grown = [volume * (o.per_answer or 0.0) for o in (a, b)]
    return (costs[1] - grown[1]) - (costs[0] - grown[0])


def _segments(a: Ownership, b: Ownership) -> list[float]:
    """Ends of the volumes between which no machine is added: infinity alone where none is always on."""
    ends: set[float] = set()
    for own in (a, b):
        if own.machine_month_usd and math.isfinite(own.capacity):
            ends |= {k * own.capacity for k in range(1, LARGEST_STEP + 1)}
    return sorted(ends) or [math.inf]


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def payback_months(once_extra: float, monthly_gain: float) -> float:
    """Months until what an arm costs more once has come back; 0 where it costs no more, infinity where never."""
    if once_extra <= 0:
        return 0.0
    return once_extra / monthly_gain if monthly_gain > 0 else math.inf


def roi(once_extra: float, monthly_gain: float, months: int) -> float | None:
    """Return on what is paid once: `(months × gain − once) / once`; None where nothing is paid."""
    return None if once_extra <= 0 else (months * monthly_gain - once_extra) / once_extra
