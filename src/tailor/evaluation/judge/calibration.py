"""How far a judge may be believed, measured on human labels, and shares corrected for its errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tailor.evaluation.statistics.clusters import normal_quantile
from tailor.evaluation.statistics.intervals import wilson
from tailor.records import Interval

LABELS_NEEDED = 100
RATE_NEEDED = 0.9


@dataclass(frozen=True)
class Calibration:
    """A judge beside human labels. `tpr`: share of the right answers that it passes; `tnr`: share of the wrong ones
    that it fails; both with Wilson intervals, NaN without such labels. `passed`: at least 100 labels, and both rates at
    least 0.9 (Husain's rule for validating evaluators); below, the judge is shown and may decide nothing."""

    tpr: Interval
    tnr: Interval
    n: int
    passed: bool


def calibrate(judged: Sequence[bool], human: Sequence[bool]) -> Calibration:
    """Compare a judge's grades with human labels of the same answers.

    Raises:
        ValueError: the lengths differ.
    """
    pairs = list(zip(judged, human, strict=True))
    right, wrong = [j for j, h in pairs if h], [not j for j, h in pairs if not h]
    tpr, tnr = _rate(right), _rate(wrong)
    # An unknown rate is NaN, and NaN is not at least anything.
    passed = len(pairs) >= LABELS_NEEDED and tpr.value >= RATE_NEEDED and tnr.value >= RATE_NEEDED
    return Calibration(tpr, tnr, len(pairs), passed)


def _rate(hits: Sequence[bool]) -> Interval:
    return wilson(sum(hits), len(hits)) if hits else Interval(math.nan, math.nan, math.nan)


def rogan_gladen(passed: int, n: int, calibration: Calibration, level: float = 0.95) -> Interval:
    """The true share of right answers behind a judged one (Rogan & Gladen 1978): (q + tnr - 1) / (tpr + tnr - 1), with
    the interval of Lang & Reiczigel (2014), which counts the uncertainty of both rates in. In [0, 1].

    With z^2 answers added to the n, half of them passed, and one pass and one fail to the labels of each rate:
    share + 2 z^2 (share v_tpr - (1 - share) v_tnr) +- z se, with v = rate (1 - rate) / its number and the standard
    error of Rogan & Gladen, se = sqrt(v_q + share^2 v_tpr + (1 - share)^2 v_tnr) / (tpr + tnr - 1).

    NaN where the judge is no better than chance (tpr + tnr <= 1) or a rate is unknown: nothing can be learnt from it.

    Args:
        passed, n: answers that the judge passed, of how many. It takes them as independent: one a fact.

    Raises:
        ValueError: n < 1, or passed is not in 0..n.
    """
    if n < 1 or not 0 <= passed <= n:
        raise ValueError(f"of {n} answers {passed} passed: that cannot be")
    tpr, tnr = calibration.tpr, calibration.tnr
    youden = tpr.value + tnr.value - 1
    if not youden > 0:
        return Interval(math.nan, math.nan, math.nan, n)
    value = (passed / n + tnr.value - 1) / youden
    z = normal_quantile((1 + level) / 2)
    positives, negatives = tpr.n_items + 2, tnr.n_items + 2
    n_adjusted = n + z**2
    q = (passed + z**2 / 2) / n_adjusted
    sensitivity = (tpr.n_items * tpr.value + 1) / positives
    specificity = (tnr.n_items * tnr.value + 1) / negatives
    width = sensitivity + specificity - 1
    if width <= 0:
        return Interval(math.nan, math.nan, math.nan, n)
    share = (q + specificity - 1) / width  # may lie outside [0, 1]; only the ends of the interval are cut
    of_tpr = sensitivity * (1 - sensitivity) / positives
    of_tnr = specificity * (1 - specificity) / negatives
    shift = 2 * z**2 * (share * of_tpr - (1 - share) * of_tnr)
    reach = z * math.sqrt(q * (1 - q) / n_adjusted + share**2 * of_tpr + (1 - share) ** 2 * of_tnr) / width
    low, high = share + shift - reach, share + shift + reach
    value, low, high = (min(1.0, max(0.0, v)) for v in (value, low, high))
    return Interval(value, low, high, n)


def prediction_powered(human: ArrayLike, judged: ArrayLike, judged_only: ArrayLike, level: float = 0.95) -> Interval:
    """Prediction-powered mean, PPI++ (Angelopoulos, Duchi & Zrnic 2023): the human labels' mean, with the judge's
    grades on everything taking out what it explains. Right on average however bad the judge is; never much wider than
    the human labels alone.

        mean(h) + w (mean(u) - mean(j)),   w = cov(h, j) / ((1 + n / N) var(j, u))

    Args:
        human, judged: label and grade of the n labelled answers, in [0, 1], one a fact (average within a fact first).
        judged_only: grades u of N other answers.

    Raises:
        ValueError: fewer than two labels or grades, or different lengths.
    """
    h, j, u = (np.asarray(v, dtype=np.float64) for v in (human, judged, judged_only))
    n, others = len(h), len(u)
    if n < 2 or others < 2 or len(j) != n:
        raise ValueError("prediction-powered inference needs two labels with their grades, and two further grades")
    spread = float(np.var(np.concatenate([j, u]), ddof=1))
    # Outside [0, 1] a weight follows the noise of few labels.
    weight = float(np.clip(np.cov(h, j)[0, 1] / ((1 + n / others) * spread), 0, 1)) if spread else 0.0
    value = float(h.mean() + weight * (u.mean() - j.mean()))
    variance = float(np.var(h - weight * j, ddof=1)) / n + weight**2 * float(np.var(u, ddof=1)) / others
    reach = normal_quantile((1 + level) / 2) * math.sqrt(variance)
    return Interval(value, value - reach, value + reach, n + others)
