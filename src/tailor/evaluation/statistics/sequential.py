"""Looking more than once while answers come in. For the dev split: the test split is looked at once, at its end."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tailor.evaluation.statistics.clusters import Floats, normal_quantile

_NODES = 120


def spent_alpha(share: float, alpha: float = 0.05) -> float:
    """How much of a two-sided alpha may be used up when a share of the planned facts is there.

    The O'Brien-Fleming-like spending function of Lan and DeMets (1983): 4 - 4*Phi(z_{1-alpha/4} / sqrt(share)). Almost
    nothing early (0.000001 at a fifth of the facts), all of it at the end.
    """
    from scipy import special

    return float(4 * special.ndtr(-normal_quantile(1 - alpha / 4) / math.sqrt(share)))


def spending_bounds(shares: Sequence[float], alpha: float = 0.05) -> list[float]:
    """For each look the |z| from which on a difference counts, so that all looks together err at most alpha.

    Args:
        shares: of the planned facts at each look, rising, in (0, 1]. Looks to come need not be known.

    The k-th bound solves P(first crossing at look k) = what `spent_alpha` adds there, for Brownian motion seen at the
    shares (Armitage, McPherson and Rowe 1969: the density of what has not crossed yet is carried from look to look, by
    Gauss-Legendre integration). Five equal looks: 4.877, 3.357, 2.680, 2.290, 2.031.

    Raises:
        ValueError: shares that do not rise, or lie outside (0, 1].
    """
    if not shares or any(b <= a for a, b in zip([0.0, *shares], shares, strict=False)) or shares[-1] > 1:
        raise ValueError(f"expected shares that rise within (0, 1], found {list(shares)}")
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    places, mass = np.zeros(1), np.ones(1)  # where the motion is, given that it has not crossed
    bounds, before, spent = [], 0.0, 0.0
    for share in shares:
        step, new = math.sqrt(share - before), spent_alpha(share, alpha) - spent
        limit = _limit(places, mass, step, new)
        bounds.append(limit / math.sqrt(share))
        points = limit * nodes
        density = np.exp(-0.5 * ((points[:, None] - places[None, :]) / step) ** 2) / (step * math.sqrt(2 * math.pi))
        places, mass = points, limit * weights * (density @ mass)
        before, spent = share, spent + new
    return bounds


def _limit(places: Floats, mass: Floats, step: float, new: float) -> float:
    """How far the motion may go in the next step so that it goes further, either way, with probability `new`."""
    from scipy import optimize, special

    def excess(limit: float) -> float:
        return float(2 * np.sum(mass * special.ndtr((places - limit) / step)) - new)

    return float(optimize.brentq(excess, 0.0, 40.0, xtol=1e-13))
