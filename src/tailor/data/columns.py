"""Which column of a file holds which field of an example: guessed from common names, or as mapped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from tailor.data.rows import shown
from tailor.errors import Problem

LABELS = ("label", "category", "intent", "class")
TEXTS = ("text", "sentence", "utterance", "query", "input")
# Column names by field, the surest first. `input` is a question where nothing better is there, else what an
# instruction is about (Alpaca).
NAMES: dict[str, tuple[str, ...]] = {
    "messages": ("messages", "conversations", "conversation", "chosen_messages"),
    "question": (
        *("question", "q", "query", "prompt", "instruction", "user", "utterance", "input", "text", "sentence"),
    ),
    "answer": (
        *("answer", "a", "response", "completion", "output", "reply", "target", "expected", "answers", "chosen"),
        *LABELS,
    ),
    "input": ("input",),
    "system": ("system", "system_prompt"),
    "tools": ("tools",),
    "rejected": ("rejected", "rejected_messages"),
    "label": ("label",),
    "id": ("id",),
    "fact": ("fact",),
    "framing": ("framing",),
    "aliases": ("aliases",),
    "group": ("group",),
    "source": ("source",),
    "kind": ("kind",),
    "split": ("split",),
}


@dataclass(frozen=True)
class Columns:
    """The column of each field that the rows have, and the columns that are not read."""

    of: Mapping[str, str]
    unread: tuple[str, ...]


def find_columns(keys: Iterable[str], given: Mapping[str, str]) -> Columns:
    """The columns of rows with these keys.

    Args:
        given: field -> column, where the usual names do not fit; a field that is mapped is not guessed.
    """
    there = list(keys)
    spelling = {key.strip().casefold(): key for key in reversed(there)}
    of: dict[str, str] = {}
    for field, names in NAMES.items():
        if field in given:
            column = given[field] if given[field] in there else None
        else:
            column = next((spelling[n] for n in names if n in spelling), None)
        if column is not None:
            of[field] = column
    _settle(of, given)
    used = set(of.values())
    return Columns(of, tuple(key for key in there if key not in used))


def _settle(of: dict[str, str], given: Mapping[str, str]) -> None:
    """One column holds one field, but for messages, from which question and answer come."""
    if "messages" in of and "question" in given:
        del of["messages"]
    if "messages" in of:
        of.pop("question", None)
        # Beside a conversation, `chosen` is its last turn (preference pairs); any other such column is not read.
        if "answer" not in given and of.get("answer", "").strip().casefold() != "chosen":
            of.pop("answer", None)
    question = of.get("question", "").strip().casefold()
    # `category` is the answer of a text that is to be classified, and no answer beside a column `question`.
    if "answer" not in given and of.get("answer", "").strip().casefold() in LABELS and question not in TEXTS:
        of.pop("answer", None)
    if "input" not in given and ("messages" in of or question != "instruction"):
        of.pop("input", None)
    if "label" not in given and of.get("label") == of.get("answer"):
        of.pop("label", None)


def check_mapping(given: Mapping[str, str], keys: Iterable[str], name: str) -> list[Problem]:
    """What is wrong with a mapping: unknown fields, and columns that no row of the file has."""
    there = list(dict.fromkeys(keys))
    problems = []
    for field, column in given.items():
        if field not in NAMES:
            close = get_close_matches(field, NAMES, n=1)
            hint = f"did you mean '{close[0]}'?" if close else ""
            problems.append(Problem(name, None, field, "an unknown field", f"one of {', '.join(NAMES)}", hint))
        elif column not in there:
            expected = f"one of the columns {', '.join(map(shown, there[:30]))}"
            problems.append(Problem(name, None, field, f"column {shown(column)}", expected))
    return problems
