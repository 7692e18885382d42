"""How right an answer is, as one number. Each metric is one file; `METRICS` names them."""

from tailor.plugins import Registry

METRICS = Registry(
    "metric",
    {
        "exact-match": "tailor.evaluation.metrics.exact_match:exact_match",
        "token-f1": "tailor.evaluation.metrics.token_f1:token_f1",
        "contains": "tailor.evaluation.metrics.contains:contains",
    },
)
