"""Answers given elsewhere: tables of predictions, and the logs of Inspect, lm-evaluation-harness and promptfoo."""

from tailor.evaluation.imports.match import match
from tailor.evaluation.imports.read import Prediction, read_predictions

__all__ = ["Prediction", "match", "read_predictions"]
