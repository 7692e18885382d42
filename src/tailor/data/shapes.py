"""From a row to an example: the shapes people write question-answer data in."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from tailor.data.rows import Row, shown
from tailor.errors import Problem
from tailor.records import Example, Message, Role, Split

# Column names by field, the surest first. `input` is a question where nothing better is there, else what an
# instruction is about (Alpaca).
NAMES: dict[str, tuple[str, ...]] = {
    "messages": ("messages", "conversations", "conversation"),
    "question": ("question", "q", "query", "prompt", "instruction", "user", "utterance", "input"),
    "answer": ("answer", "a", "response", "completion", "output", "reply", "target", "expected"),
    "input": ("input",),
    "system": ("system", "system_prompt"),
    "id": ("id",),
    "fact": ("fact",),
    "framing": ("framing",),
    "aliases": ("aliases",),
    "group": ("group",),
    "source": ("source",),
    "kind": ("kind",),
    "split": ("split",),
}
ROLES: dict[str, Role] = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
}
SPLITS: dict[str, Split] = {"train": "train", "dev": "dev", "validation": "dev", "valid": "dev", "test": "test"}


@dataclass(eq=False)
class Bad(Exception):
    """What is wrong with one field of the row at hand."""

    field: str
    found: str
    expected: str
    hint: str = ""


def to_example(row: Row, columns: Mapping[str, str], name: str) -> tuple[Example | None, list[Problem]]:
    """One row as an example (its id empty where the row has none), or everything wrong with it.

    Args:
        columns: field -> column name, where the usual names do not fit.
        name: the file, for the problems.
    """
    reader = _Reader(row, columns)
    example = reader.example()
    return example, [Problem(name, row.line, b.field, b.found, b.expected, b.hint) for b in reader.bad]


def clean(value: object, field: str) -> str:
    """A text without control characters and without spaces at its ends.

    Raises:
        Bad: no text, or not printable text.
    """
    if not isinstance(value, str):
        kind = {type(None): "null", bool: "true or false", list: "a list", dict: "an object"}.get(type(value), "")
        raise Bad(field, f"{kind} {shown(value)}".strip() if value is not None else "null", "text or a number")
    for place, character in enumerate(value):
        # Cs: half of a surrogate pair, which no file can hold.
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\r\n":
            raise Bad(field, f"control character U+{ord(character):04X} at place {place + 1}", "printable text")
    return value.strip()


class _Reader:
    """Reads the fields of one row and notes what is wrong instead of stopping at the first."""

    def __init__(self, row: Row, columns: Mapping[str, str]) -> None:
        self.row = row
        self.columns = columns
        self.spelling = {key.strip().casefold(): key for key in row.values}
        self.bad: list[Bad] = []

    def column(self, field: str) -> str | None:
        """The row's column that holds a field: as mapped, else the first usual name that the row has."""
        if field in self.columns:
            return self.columns[field] if self.columns[field] in self.row.values else None
        return next((self.spelling[n] for n in NAMES[field] if n in self.spelling), None)

    def example(self) -> Example | None:
        conversation = self.column("messages")
        if conversation is not None and "question" not in self.columns:
            messages, answer = self._conversation(conversation)
        else:
            messages, answer = self._pair()
        fields = {f: self._optional(f) for f in ("id", "fact", "framing", "group", "source", "kind")}
        aliases, split = self._aliases(), self._split()
        if self.bad:
            return None
        return Example(
            id=fields["id"],
            messages=messages,
            answer=answer,
            aliases=aliases,
            fact=fields["fact"],
            framing=fields["framing"],
            group=fields["group"],
            source=fields["source"] or None,
            split=split,
            cell="general" if fields["kind"].casefold() == "general" else None,
        )

    def _text(self, value: object, field: str) -> str:
        try:
            return clean(value, field)
        except Bad as bad:
            self.bad.append(bad)
            return ""

    def _optional(self, field: str) -> str:
        column = self.column(field)
        value = None if column is None else self.row.values[column]
        return "" if value is None else self._text(value, column or field)

    def _required(self, field: Literal["question", "answer"]) -> tuple[bool, object, str]:
        """Whether the row has the field, its value, and its column."""
        column = self.column(field)
        if column is not None:
            return True, self.row.values[column], column
        named = self.columns.get(field) or " or ".join(f"'{n}'" for n in NAMES[field][:5])
        there = ", ".join(shown(k) for k in list(self.row.values)[:12]) or "nothing"
        self.bad.append(Bad(field, f"columns {there}", f"a column {named}", "or map your own column names"))
        return False, None, field

    def _pair(self) -> tuple[tuple[Message, ...], str | None]:
        there, value, column = self._required("question")
        question = self._text(value, column) if there else ""
        if there and not question and not self.bad:
            self.bad.append(Bad(column, "an empty question", "a question"))
        messages = [Message("user", self._with_input(question, column))]
        if system := self._optional("system"):
            messages.insert(0, Message("system", system))
        there, value, column = self._required("answer")
        return tuple(messages), self._answer(value, column) if there else None

    def _with_input(self, question: str, column: str) -> str:
        mapped = "input" in self.columns
        given = self._optional("input") if mapped or column.strip().casefold() == "instruction" else ""
        return f"{question}\n\n{given}" if given else question

    def _answer(self, value: object, field: str) -> str | None:
        if value is None:
            return None
        before = len(self.bad)
        answer = self._text(value, field)
        if not answer and len(self.bad) == before:
            hint = "a question that must not be answered has the answer null (JSON, JSONL)"
            self.bad.append(Bad(field, "an empty answer", "an answer", hint))
        return answer

    def _aliases(self) -> tuple[str, ...]:
        """A list of texts, or one text with `|` between them (tables)."""
        column = self.column("aliases")
        value = None if column is None else self.row.values[column]
        parts: list[object] = list(value) if isinstance(value, list) else []
        if value is not None and not isinstance(value, list):
            parts = list(self._text(value, column or "aliases").split("|"))
        return tuple(text for part in parts if (text := self._text(part, column or "aliases")))

    def _split(self) -> Split | None:
        value = self._optional("split")
        if value and value.casefold() not in SPLITS:
            self.bad.append(Bad("split", shown(value), "train, dev or test"))
        return SPLITS.get(value.casefold())

    def _conversation(self, column: str) -> tuple[tuple[Message, ...], str | None]:
        """The turns before the last assistant turn, and that turn."""
        turns = self.row.values[column]
        if not isinstance(turns, list):
            self.bad.append(Bad(column, shown(turns), "a list of turns"))
            return (), None
        read = [self._turn(turn, i, column) for i, turn in enumerate(turns, start=1)]
        known = [t for t in read if t is not None]
        if len(known) < len(read):
            return (), None
        if system := self._optional("system"):
            known.insert(0, ("system", system))
        if len(known) < 2 or known[-1][0] != "assistant" or known[-2][0] != "user":
            order = ", ".join(role for role, _ in known[-4:]) or "no turns"
            expected = "a conversation that ends with a user turn and its assistant turn"
            self.bad.append(Bad(column, f"turns ending in: {order}", expected))
            return (), None
        messages = []
        for i, (role, content) in enumerate(known[:-1], start=1):
            text = self._text(content, f"{column} turn {i}")
            if not text and not self.bad:
                self.bad.append(Bad(f"{column} turn {i}", "an empty turn", "text"))
            messages.append(Message(role, text))
        return tuple(messages), self._answer(known[-1][1], f"{column} turn {len(known)}")

    def _turn(self, turn: object, number: int, column: str) -> tuple[Role, object] | None:
        place = f"{column} turn {number}"
        if not isinstance(turn, dict):
            self.bad.append(Bad(place, shown(turn), 'an object such as {"role": "user", "content": "..."}'))
            return None
        values = cast(dict[str, object], turn)
        role, content = ("from", "value") if "from" in values else ("role", "content")
        name = str(values.get(role))
        if name not in ROLES or content not in values:
            found = f"{role} {shown(name)}" if content in values else f"keys {', '.join(map(shown, values))}"
            self.bad.append(Bad(place, found, f"'{role}' (system, user or assistant) and '{content}'"))
            return None
        return ROLES[name], values[content]
