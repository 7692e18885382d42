"""Base models and the engines that run them."""

from tailor.models.base import describe_base, on_premises, resolve_base
from tailor.models.engine import Engine, LoadedWeights, OnAnswers, OnAsk, Request, open_engine

__all__ = [
    "Engine",
    "LoadedWeights",
    "OnAnswers",
    "OnAsk",
    "Request",
    "describe_base",
    "on_premises",
    "open_engine",
    "resolve_base",
]
