"""Records of the corpus: turns, documents and held-out probes."""

from __future__ import annotations

from dataclasses import dataclass

ABSTENTION = "I don't know."


@dataclass(frozen=True)
class Turn:
    """One turn; `role` is "system", "user", "assistant" or "text" (a plain document)."""

    role: str
    text: str


@dataclass(frozen=True)
class Document:
    """One training document of a named stream."""

    stream: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Probe:
    """A held-out question: `turns` end with a user turn, `answers[0]` is the canonical answer."""

    skill: str
    turns: tuple[Turn, ...]
    answers: tuple[str, ...]


def system(text: str) -> Turn:
    return Turn("system", text)


def user(text: str) -> Turn:
    return Turn("user", text)


def assistant(text: str) -> Turn:
    return Turn("assistant", text)
