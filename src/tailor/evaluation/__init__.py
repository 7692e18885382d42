"""Scoring answers and saying what the scores show.

`score` turns one answer into a `Score` with a metric of `METRICS`; `summarise` turns an arm's scores into rates with
intervals per cell; `compare` and `general_change` set two arms side by side. The fact is the unit of all statistics.
"""

from tailor.evaluation.abstain import is_abstention
from tailor.evaluation.comparison import GeneralChange, compare, general_change
from tailor.evaluation.extract import extract_answer
from tailor.evaluation.metrics import METRICS, load_metric
from tailor.evaluation.metrics.contract import Metric
from tailor.evaluation.score import score
from tailor.evaluation.statistics import (
    Comparison,
    NonInferiority,
    Verdict,
    arm_interval,
    bonett_price,
    clustered_mean,
    facts_needed,
    holm,
    mcnemar_exact,
    non_inferiority,
    paired_difference,
    seed_spread,
    wilson,
)
from tailor.evaluation.summary import ArmAnswers, ArmSummary, CellSummary, FailedAnswer, summarise

__all__ = [
    "METRICS",
    "ArmAnswers",
    "ArmSummary",
    "CellSummary",
    "Comparison",
    "FailedAnswer",
    "GeneralChange",
    "Metric",
    "NonInferiority",
    "Verdict",
    "arm_interval",
    "bonett_price",
    "clustered_mean",
    "compare",
    "extract_answer",
    "facts_needed",
    "general_change",
    "holm",
    "is_abstention",
    "load_metric",
    "mcnemar_exact",
    "non_inferiority",
    "paired_difference",
    "score",
    "seed_spread",
    "summarise",
    "wilson",
]
