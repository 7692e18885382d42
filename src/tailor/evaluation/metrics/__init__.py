"""How right an answer is, as one number. Each metric is one file; `METRICS` names them, `load_metric` gives one."""

from tailor.evaluation.metrics.loading import METRICS, load_metric, metric_entry, metric_of_plan

__all__ = ["METRICS", "load_metric", "metric_entry", "metric_of_plan"]
