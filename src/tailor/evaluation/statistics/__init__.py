"""Intervals and tests whose unit is the fact, never the framing. Every value is in [0, 1]; NaN is refused."""

from tailor.evaluation.statistics.bootstrap import Standing, cluster_bootstrap, standings
from tailor.evaluation.statistics.clusters import clustered_standard_error
from tailor.evaluation.statistics.families import benjamini_hochberg, holm
from tailor.evaluation.statistics.flips import sign_flip_p
from tailor.evaluation.statistics.intervals import arm_interval, clustered_mean, rule_of_three, seed_spread, wilson
from tailor.evaluation.statistics.margins import Equivalence, NonInferiority, Verdict, equivalence, non_inferiority
from tailor.evaluation.statistics.paired import Comparison, facts_needed, paired_difference
from tailor.evaluation.statistics.power import Design, design_effect, facts_for, power, smallest_difference
from tailor.evaluation.statistics.sequential import spending_bounds, spent_alpha
from tailor.evaluation.statistics.shares import bonett_price, mcnemar_exact, tango, tango_z

__all__ = [
    "Comparison",
    "Design",
    "Equivalence",
    "NonInferiority",
    "Standing",
    "Verdict",
    "arm_interval",
    "benjamini_hochberg",
    "bonett_price",
    "cluster_bootstrap",
    "clustered_mean",
    "clustered_standard_error",
    "design_effect",
    "equivalence",
    "facts_for",
    "facts_needed",
    "holm",
    "mcnemar_exact",
    "non_inferiority",
    "paired_difference",
    "power",
    "rule_of_three",
    "seed_spread",
    "sign_flip_p",
    "smallest_difference",
    "spending_bounds",
    "spent_alpha",
    "standings",
    "tango",
    "tango_z",
    "wilson",
]
