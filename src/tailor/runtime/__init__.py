"""Adaptation + messages -> request -> completion. What measures is what serves."""

from tailor.runtime.adaptation import adaptation_from_json, adaptation_sha256, adaptation_to_json, join, without_help
from tailor.runtime.memory import AnswerMemory
from tailor.runtime.runtime import Runtime

__all__ = [
    "AnswerMemory",
    "Runtime",
    "adaptation_from_json",
    "adaptation_sha256",
    "adaptation_to_json",
    "join",
    "without_help",
]
