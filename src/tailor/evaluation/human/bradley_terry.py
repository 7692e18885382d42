"""Strengths from paired preferences (Bradley & Terry 1952): P(i is preferred to j) = 1 / (1 + exp(s_j - s_i))."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tailor.evaluation.statistics.clusters import normal_quantile

Floats = NDArray[np.float64]
STEPS = 100
TOLERANCE = 1e-12


@dataclass(frozen=True)
class Preference:
    """One judgement. `share` is 1 where `first` was preferred, 0 where `second` was, 0.5 for a tie. `fact` is the unit
    of statistics: judgements about one fact, by whomever, are one observation."""

    first: str
    second: str
    share: float
    fact: str


@dataclass(frozen=True)
class Strength:
    """An arm's strength on the logit scale with its 95 % interval; the strengths of all add up to 0. A tie is half a
    win. `padded`: an arm won or lost every comparison, so half a win and half a loss were added to each pair that
    met: without, the strength has no bound."""

    arm: str
    value: float
    low: float
    high: float
    wins: float
    comparisons: int
    padded: bool


def bradley_terry(preferences: Sequence[Preference], level: float = 0.95) -> list[Strength]:
    """The maximum-likelihood strengths, best first, with intervals from the sandwich covariance over facts (the robust
    covariance of a logistic regression, times G / (G - 1) for G facts).

    Raises:
        ValueError: no preferences, a share outside [0, 1], or arms that no chain of comparisons connects.
    """
    if not preferences or any(not 0 <= p.share <= 1 for p in preferences):
        raise ValueError("preferences have shares from 0 to 1, and there is at least one")
    arms = sorted({a for p in preferences for a in (p.first, p.second)})
    place = {a: i for i, a in enumerate(arms)}
    wins = np.zeros((len(arms), len(arms)))
    for p in preferences:
        wins[place[p.first], place[p.second]] += p.share
        wins[place[p.second], place[p.first]] += 1 - p.share
    met = wins + wins.T
    if not _connected(met):
        raise ValueError(f"no chain of comparisons connects all of {', '.join(arms)}")
    won = wins.sum(axis=1)
    padded = bool(np.any((won == 0) | (won == met.sum(axis=1))))
    used = wins + 0.5 * (met > 0) if padded else wins
    strengths = _fit(used)
    deviations = _deviations(strengths, used, preferences, place)
    reach = normal_quantile((1 + level) / 2) * deviations
    found = [
        Strength(a, float(s), float(s - r), float(s + r), float(won[i]), round(float(met[i].sum())), padded)
        for i, (a, s, r) in enumerate(zip(arms, strengths, reach, strict=True))
    ]
    return sorted(found, key=lambda s: (-s.value, s.arm))


def _fit(wins: Floats) -> Floats:
    """Newton's steps on the log-likelihood, which is concave; strengths are centred."""
    strengths, met = np.zeros(len(wins)), wins + wins.T
    for _ in range(STEPS):
        chance = _chances(strengths)
        gradient = (wins - met * chance).sum(axis=1)
        step = np.linalg.pinv(_information(met, chance)) @ gradient
        # A full step may overshoot far from the optimum; two units of logit are a wide stride.
        strengths = strengths + step * min(1.0, 2.0 / max(1e-300, float(np.abs(step).max())))
        strengths = strengths - strengths.mean()
        if float(np.abs(step).max()) < TOLERANCE:
            break
    return strengths


def _chances(strengths: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(strengths[None, :] - strengths[:, None])), dtype=np.float64)


def _information(met: Floats, chance: Floats) -> Floats:
    weight = met * chance * (1 - chance)
    return np.asarray(np.diag(weight.sum(axis=1)) - weight, dtype=np.float64)


def _deviations(strengths: Floats, wins: Floats, preferences: Sequence[Preference], place: dict[str, int]) -> Floats:
    """Standard deviations of the centred strengths; NaN with a single fact, over which nothing can vary."""
    chance = _chances(strengths)
    scores: dict[str, Any] = {}
    for p in preferences:
        i, j = place[p.first], place[p.second]
        surprise = p.share - chance[i, j]
        of_fact = scores.setdefault(p.fact, np.zeros(len(strengths)))
        of_fact[i] += surprise
        of_fact[j] -= surprise
    groups = len(scores)
    if groups < 2:
        return np.full(len(strengths), math.nan)
    bread = np.linalg.pinv(_information(wins + wins.T, chance))
    meat = sum(np.outer(s, s) for s in scores.values()) * groups / (groups - 1)
    return np.asarray(np.sqrt(np.maximum(np.diag(bread @ meat @ bread), 0)), dtype=np.float64)


def _connected(met: Floats) -> bool:
    reached, border = {0}, [0]
    while border:
        more = {int(j) for j in np.flatnonzero(met[border.pop()])} - reached
        reached |= more
        border += list(more)
    return len(reached) == len(met)
