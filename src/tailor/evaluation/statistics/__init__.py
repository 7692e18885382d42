"""Intervals and tests whose unit is the fact, never the framing. Every value is in [0, 1]; NaN is refused."""

from tailor.evaluation.statistics.clusters import clustered_standard_error
from tailor.evaluation.statistics.families import holm
from tailor.evaluation.statistics.intervals import arm_interval, clustered_mean, seed_spread, wilson
from tailor.evaluation.statistics.non_inferiority import NonInferiority, Verdict, non_inferiority
from tailor.evaluation.statistics.paired import (
    Comparison,
    bonett_price,
    facts_needed,
    mcnemar_exact,
    paired_difference,
    sign_flip_p,
)

__all__ = [
    "Comparison",
    "NonInferiority",
    "Verdict",
    "arm_interval",
    "bonett_price",
    "clustered_mean",
    "clustered_standard_error",
    "facts_needed",
    "holm",
    "mcnemar_exact",
    "non_inferiority",
    "paired_difference",
    "seed_spread",
    "sign_flip_p",
    "wilson",
]
