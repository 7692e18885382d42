"""How sure the money is: every uncertain input drawn at once, a few thousand times.

Quality is drawn from its 95 % interval (a normal on each side of the point, so that the interval may be lopsided), arms
together: two arms that were asked the same questions are wrong on the same ones, and the interval of their difference
says how much. Volume, prices and the speed of a machine are drawn as log-normals around what was assumed.

    P(best)                  share of the draws in which an arm has the highest net benefit
    value of perfect         E[max net] − max E[net]: what knowing everything exactly could be worth at most
    value of n more facts    the same, had n more facts been tested: draws of quality shrunk to the part that n facts of
                             n + n0 can still move, √(n / (n + n0)) (normal preposterior; Raiffa and Schlaifer, 1961)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tailor.cost.ownership import Ownership
from tailor.cost.value import Shares, Worth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

DRAWS = 4000
Z95 = 1.959963984540054
# What is assumed of inputs that nobody measured: 95 % of the draws lie within this factor of their middle, up or down.
VOLUME_FACTOR = 2.0
PRICE_FACTOR = 1.25
SPEED_FACTOR = 1.5


@dataclass(frozen=True)
class Candidate:
    """One arm: how its answers fall, the 95 % intervals of `right` and `invented`, and what it costs."""

    own: Ownership
    shares: Shares
    right: tuple[float, float]
    invented: tuple[float, float] | None = None


@dataclass(frozen=True)
class Outcome:
    """Net benefit of one arm, dollars a month: mean, 95 % interval, and how often it was the best."""

    arm: str
    mean: float
    low: float
    high: float
    p_best: float


@dataclass(frozen=True)
class Simulation:
    """Of all arms. `perfect_usd` is the value of perfect information, `more_usd` that of `more_facts` more facts, both
    in dollars over the months looked at. `differences` are (mean, low, high) of arm minus against, dollars a month."""

    outcomes: Mapping[str, Outcome]
    differences: Mapping[tuple[str, str], tuple[float, float, float]]
    perfect_usd: float
    more_usd: float
    more_facts: int


def simulate(
    candidates: Sequence[Candidate],
    worth: Worth,
    volume: float,
    *,
    facts: int,
    more_facts: int,
    correlation: Mapping[tuple[str, str], float] | None = None,
    seed: int = 0,
    draws: int = DRAWS,
) -> Simulation:
    """Draw the net benefit of every arm.

    Args:
        candidates: arms with a known right and wrong share and a known cost an answer.
        volume: questions a month.
        facts: facts tested; more_facts: how many more are thought of.
        correlation: of the errors of two arms' quality, by pair; absent pairs are independent.
    """
    generator = np.random.default_rng(seed)
    names = [c.own.arm for c in candidates]
    quality = _quality(candidates, correlation or {}, generator, draws)
    factors = [_factor(f, generator, draws) for f in (VOLUME_FACTOR, PRICE_FACTOR, SPEED_FACTOR)]
    volumes = volume * factors[0]
    nets = np.stack(
        [
            _net(c, worth, q, _invented(c, generator, draws), volumes, factors[1], factors[2])
            for c, q in zip(candidates, quality, strict=True)
        ]
    )
    best = np.bincount(nets.argmax(axis=0), minlength=len(names)) / draws
    outcomes = {
        name: Outcome(name, float(net.mean()), *_bounds(net), float(p))
        for name, net, p in zip(names, nets, best, strict=True)
    }
    pairs = {
        (names[i], names[j]): (float((nets[i] - nets[j]).mean()), *_bounds(nets[i] - nets[j]))
        for i in range(len(names))
        for j in range(len(names))
        if i != j
    }
    months = candidates[0].own.months
    perfect = float(nets.max(axis=0).mean() - nets.mean(axis=1).max())
    more = _more(candidates, worth, quality, nets, float(volumes.mean()), facts, more_facts)
    # Both are estimates from the same draws; without noise the second could never be the larger one.
    known = max(0.0, months * perfect)
    return Simulation(outcomes, pairs, known, min(known, max(0.0, months * more)), more_facts)


def _bounds(values: Array) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _factor(limit: float, generator: np.random.Generator, draws: int) -> Array:
    """Log-normal with mean 1: what was assumed is the average, so that the mean of a sum is the sum as calculated."""
    spread = math.log(limit) / Z95
    return np.exp(spread * generator.standard_normal(draws) - spread**2 / 2)


def _quality(
    candidates: Sequence[Candidate],
    correlation: Mapping[tuple[str, str], float],
    generator: np.random.Generator,
    draws: int,
) -> list[Array]:
    """Draws of the share of right answers of every arm, correlated."""
    names = [c.own.arm for c in candidates]
    matrix = np.array([[1.0 if a == b else _pair(correlation, a, b) for b in names] for a in names])
    normals = generator.standard_normal((draws, len(names))) @ _root(matrix).T
    return [np.clip(_around(c.shares.right or 0.0, c.right, normals[:, i]), 0.0, 1.0) for i, c in enumerate(candidates)]


def _pair(correlation: Mapping[tuple[str, str], float], a: str, b: str) -> float:
    value = correlation.get((a, b), correlation.get((b, a), 0.0))
    return min(0.999, max(-0.999, value))


def _root(matrix: Array) -> Array:
    """A matrix R with R Rᵀ the nearest thing to `matrix` that is a correlation: negative eigenvalues, which pairs
    measured one by one can leave, are cut off, and the diagonal is made one again."""
    values, vectors = np.linalg.eigh(matrix)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    norms = np.sqrt((root**2).sum(axis=1, keepdims=True))
    return np.asarray(root / np.where(norms > 0, norms, 1.0))


def _around(point: float, bounds: tuple[float, float], normal: Array) -> Array:
    below, above = max(0.0, point - bounds[0]) / Z95, max(0.0, bounds[1] - point) / Z95
    return point + np.where(normal < 0, below, above) * normal


def _invented(candidate: Candidate, generator: np.random.Generator, draws: int) -> Array:
    normal = generator.standard_normal(draws)
    share = candidate.shares.invented
    if share is None or candidate.invented is None:
        return np.full(draws, share or 0.0)
    return np.clip(_around(share, candidate.invented, normal), 0.0, 1.0)


def _value(worth: Worth, wrong_of_rest: float, right: Array, invented: Array | float) -> Array:
    """Dollars an answer is worth where `right` is drawn; what is not right is wrong in the measured proportion."""
    u = worth.unanswerable
    good = (1 - u) * right
    bad = (1 - u) * (1 - right) * wrong_of_rest + u * invented
    return np.asarray(good * worth.right - bad * worth.wrong - (1 - good - bad) * worth.unanswered)


def _wrong_of_rest(shares: Shares) -> float:
    rest = 1.0 - (shares.right or 0.0)
    return min(1.0, (shares.wrong or 0.0) / rest) if rest > 1e-12 else 1.0


def _net(
    candidate: Candidate, worth: Worth, right: Array, invented: Array, volumes: Array, price: Array, speed: Array
) -> Array:
    own = candidate.own
    value = _value(worth, _wrong_of_rest(candidate.shares), right, invented)
    apart = ("answers", "machine")
    fixed = {True: 0.0, False: 0.0}
    for line in own.lines:
        if line.usd is not None and line.name not in apart:
            fixed[line.priced] += line.usd if line.when == "month" else line.usd / own.months
    count = np.ceil(volumes / (own.capacity * speed) - 1e-9) if math.isfinite(own.capacity) else np.zeros_like(volumes)
    machines = own.machine_month_usd * np.maximum(1.0, count)
    return np.asarray(
        volumes * (value - (own.per_answer or 0.0) * price) - price * (machines + fixed[True]) - fixed[False]
    )


def _more(
    candidates: Sequence[Candidate],
    worth: Worth,
    quality: Sequence[Array],
    nets: Array,
    volume: float,
    facts: int,
    more_facts: int,
) -> float:
    """Expected gain a month of choosing after `more_facts` more facts; net benefit is linear in quality."""
    if facts <= 0 or more_facts <= 0:
        return 0.0
    shrink = math.sqrt(more_facts / (more_facts + facts))
    moved = []
    for candidate, right, net in zip(candidates, quality, nets, strict=True):
        rest = _wrong_of_rest(candidate.shares)
        ends = _value(worth, rest, np.array([0.0, 1.0]), 0.0)
        slope = volume * float(ends[1] - ends[0])
        moved.append(net.mean() + slope * shrink * (right - right.mean()))
    stacked = np.stack(moved)
    return float(stacked.max(axis=0).mean() - stacked.mean(axis=1).max())
