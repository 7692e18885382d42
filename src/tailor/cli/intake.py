"""The questions of `tailor init`: ten at most, each can be skipped, each is a setting of tailor.yaml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import typer

Place = tuple[str, str]
Reader = Callable[[str], Mapping[Place, Any]]
REFRESHES = {"never": 0, "yearly": 1, "monthly": 12, "weekly": 52, "daily": 365}


@dataclass(frozen=True)
class Asked:
    """One question. `read` makes the settings of an answer; a ValueError says what was expected."""

    text: str
    expects: str
    read: Reader


def _choice(section: str, name: str, options: tuple[str, ...]) -> Reader:
    def read(answer: str) -> Mapping[Place, Any]:
        found = [o for o in options if o.startswith(answer.lower())]
        if len(found) != 1:
            raise ValueError(", ".join(options))
        return {(section, name): found[0]}

    return read


def _changes(answer: str) -> Mapping[Place, Any]:
    found = _choice("situation", "changes", tuple(REFRESHES))(answer)
    return {**found, ("usage", "refreshes_per_year"): REFRESHES[found["situation", "changes"]]}


def _yes(section: str, name: str) -> Reader:
    def read(answer: str) -> Mapping[Place, Any]:
        if answer.lower() not in ("y", "yes", "n", "no"):
            raise ValueError("yes or no")
        return {(section, name): True} if answer.lower().startswith("y") else {}

    return read


def _number(section: str, name: str, *, whole: bool = False, above: bool = False) -> Reader:
    def read(answer: str) -> Mapping[Place, Any]:
        value = float(answer.replace(",", "").replace("_", "").removeprefix("$"))
        if not 0 <= value < 1e15 or (above and value == 0):
            raise ValueError("a number above 0" if above else "a number from 0")
        return {(section, name): int(value) if whole or value == int(value) else value}

    return read


def _percent(answer: str) -> Mapping[Place, Any]:
    value = float(answer.rstrip("% "))
    if not -100 < value <= 10_000:
        raise ValueError("per cent, like 20")
    return {("usage", "growth_per_year"): value / 100}


QUESTIONS = (
    Asked("How often do the facts change?", "never, yearly, monthly, weekly or daily", _changes),
    Asked(
        "What must be right above all?",
        "facts, style, format or labels",
        _choice("situation", "answers", ("facts", "style", "format", "labels")),
    ),
    Asked("Must questions stay on your own machines?", "yes or no", _yes("gates", "private")),
    Asked("Must answers name their source?", "yes or no", _yes("gates", "citations")),
    Asked("How many questions a month?", "a number", _number("usage", "questions_per_month", whole=True)),
    Asked("By how much will that grow in a year?", "per cent", _percent),
    Asked("How long may an answer take?", "milliseconds", _number("gates", "p95_ms", above=True)),
    Asked("What may it cost a month?", "dollars", _number("gates", "budget_month_usd")),
    Asked("What does a wrong answer cost you?", "dollars", _number("usage", "wrong_answer_usd")),
    Asked(
        "Who can look after a trained model?",
        "none, some or team",
        _choice("situation", "skills", ("none", "some", "team")),
    ),
)


def ask() -> dict[str, dict[str, Any]]:
    """Ask every question; Enter skips one, the end of the input the rest. Settings by section."""
    sections: dict[str, dict[str, Any]] = {}
    typer.echo("Ten questions, each can be skipped with Enter. Every answer can be changed in tailor.yaml.")
    for n, question in enumerate(QUESTIONS, 1):
        try:
            found = _answer(n, question)
        except EOFError:
            break
        for (section, name), value in found.items():
            sections.setdefault(section, {})[name] = value
    return sections


def _answer(number: int, question: Asked) -> Mapping[Place, Any]:
    while True:
        answer = input(f"{number:2}. {question.text} ({question.expects}) ").strip()
        if not answer:
            return {}
        try:
            return question.read(answer)
        except (ValueError, OverflowError):
            typer.echo(f"    expected {question.expects}, found {answer!r}; Enter skips the question")
