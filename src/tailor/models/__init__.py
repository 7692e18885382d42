"""Base models and the engines that run them."""

from tailor.models.base import describe_base, on_premises, resolve_base
from tailor.models.engine import Engine, LoadedWeights, OnAnswers, Request, open_engine

__all__ = [
    "Engine",
    "LoadedWeights",
    "OnAnswers",
    "Request",
    "describe_base",
    "on_premises",
    "open_engine",
    "resolve_base",
]
