"""From a row to an example: the shapes people write question-answer data in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from tailor.data.columns import NAMES, Columns, find_columns
from tailor.data.rows import Row, shown
from tailor.data.turns import Bad, Turn, clean, read_turn, read_turns
from tailor.errors import Problem
from tailor.records import Example, Message, Split

SPLITS: dict[str, Split] = {"train": "train", "dev": "dev", "validation": "dev", "valid": "dev", "test": "test"}
JUDGED_BAD = "the answer is labelled as a bad one"
UNANSWERABLE = "unanswerable"

_SIMPLE = frozenset(("question", "answer", "id", "fact", "framing", "group", "source", "aliases"))
_BLANK = {f.name: f.default for f in fields(Example) if f.default is not MISSING} | {"id": ""}
_PLAIN = ("id", "fact", "framing", "group", "source", "kind")


@dataclass(frozen=True)
class LeftOut:
    """A row that can be read and is no example, and why (feedback data: an answer labelled as bad)."""

    line: int
    reason: str


@dataclass(frozen=True)
class BadRow:
    """A row with everything that is wrong with it."""

    row: Row
    problems: tuple[Problem, ...]


class ShapeReader:
    """Turns rows of one file into examples. Columns are looked for once per set of keys.

    Args:
        given: field -> column name, where the usual names do not fit.
        name: the file, for the problems.
    """

    def __init__(self, given: Mapping[str, str], name: str) -> None:
        self.given = given
        self.name = name
        self.columns: dict[tuple[str, ...], Columns] = {}

    def columns_of(self, row: Row) -> Columns:
        """Where this row's fields are."""
        keys = tuple(row.values)
        known = self.columns.get(keys)
        if known is None:
            known = find_columns(keys, self.given)
            if len(self.columns) < 10_000:  # rows with ever new keys would fill the memory
                self.columns[keys] = known
        return known

    def read(self, row: Row) -> Example | LeftOut | BadRow:
        """One row as an example (its id empty where the row has none), or everything wrong with it."""
        of = self.columns_of(row).of
        if of.keys() <= _SIMPLE and (simple := _simple(row.values, of)):
            return simple
        reader = _Fields(row.values, of, self.given)
        example = reader.example()
        if reader.bad:
            problems = (Problem(self.name, row.line, b.field, b.found, b.expected, b.hint) for b in reader.bad)
            return BadRow(row, tuple(problems))
        if "label" in of and row.values[of["label"]] is False:
            return LeftOut(row.line, JUDGED_BAD)
        return example


def _simple(values: Mapping[str, Any], of: Mapping[str, str]) -> Example | None:
    """A row of plain printable texts, as nearly all are; None where a closer look is needed. Reads short rows twice as
    fast."""
    texts = {}
    for field, column in of.items():
        value = values[column]
        if not value:  # null, "" or an empty list
            continue
        if type(value) is not str or not value.isprintable():
            return None
        if inner := value.strip():
            texts[field] = inner
    if "aliases" in texts or not texts.get("question") or not texts.get("answer"):
        return None
    asked = object.__new__(Message)
    asked.__dict__.update(role="user", content=texts.pop("question"))
    example = object.__new__(Example)
    # As `Example(...)` would: a frozen dataclass sets every field by a call of its own, a fifth of a short row's time.
    example.__dict__.update(_BLANK)
    example.__dict__.update(texts)
    example.__dict__["messages"] = (asked,)
    return example


class _Fields:
    """Reads the fields of one row and notes what is wrong instead of stopping at the first."""

    def __init__(self, values: Mapping[str, Any], of: Mapping[str, str], given: Mapping[str, str]) -> None:
        self.values = values
        self.of = of
        self.given = given
        self.bad: list[Bad] = []

    def example(self) -> Example:
        plain = {f: self._optional(f) for f in _PLAIN if f in self.of}
        messages, answer, more = self._conversation() if "messages" in self.of else self._pair(plain.get("kind", ""))
        kind = plain.pop("kind", "")
        rejected = self._rejected() if "rejected" in self.of else ()
        get = plain.get
        return Example(
            id=get("id", ""),
            messages=messages,
            answer=answer,
            aliases=(*more, *self._texts("aliases")) if more or "aliases" in self.of else (),
            fact=get("fact", ""),
            framing=get("framing", ""),
            group=get("group", ""),
            source=get("source") or None,
            split=self._split() if "split" in self.of else None,
            cell="general" if "general" in kind.casefold().split() else None,
            rejected=rejected,
        )

    def _text(self, value: object, field: str) -> str:
        if type(value) is str and value.isprintable():  # nearly all texts; a third of the reading time
            return value.strip()
        try:
            return clean(value, field)
        except Bad as bad:
            self.bad.append(bad)
            return ""

    def _optional(self, field: str) -> str:
        column = self.of.get(field)
        value = None if column is None else self.values[column]
        return "" if value is None else self._text(value, column or field)

    def _missing(self, field: str) -> None:
        named = self.given.get(field) or " or ".join(f"'{n}'" for n in NAMES[field][:5])
        there = ", ".join(shown(k) for k in list(self.values)[:12]) or "nothing"
        self.bad.append(Bad(field, f"columns {there}", f"a column {named}", "or map your own column names"))

    def _pair(self, kind: str) -> tuple[tuple[Message, ...], str | None, tuple[str, ...]]:
        column, turns = self.of.get("question"), None
        value = None if column is None else self.values[column]
        if column is None and (whole := self._chosen_conversation()):
            return whole
        if column is None:
            self._missing("question")
        elif isinstance(value, list):
            turns = self._turns(value, column)
        messages = self._history(turns, column) if turns is not None else self._question(value, column)
        where = self.of.get("answer")
        if where is None:
            self._missing("answer")
            return messages, None, ()
        found = self.values[where]
        if found == "" and UNANSWERABLE in kind.casefold().split():
            return messages, None, ()
        return (messages, *self._answer(found, where))

    def _question(self, value: object, column: str | None) -> tuple[Message, ...]:
        if column is None:
            return ()
        before = len(self.bad)
        question = self._text(value, column)
        if not question and len(self.bad) == before:
            self.bad.append(Bad(column, "an empty question", "a question"))
        if "input" in self.of and (given := self._optional("input")):
            question = f"{question}\n\n{given}"
        system = self._system()
        asked = Message("user", question)
        return (Message("system", system), asked) if system else (asked,)

    def _system(self) -> str:
        """The system prompt, and the tools that may be called."""
        system = self._optional("system") if "system" in self.of else ""
        tools = self.values[self.of["tools"]] if "tools" in self.of else None
        if not tools:
            return system
        text = self._text(tools if isinstance(tools, str) else json.dumps(tools, ensure_ascii=False), "tools")
        return "\n\n".join(filter(None, [system, f"You can call these tools:\n{text}" if text else ""]))

    def _answer(self, value: Any, column: str) -> tuple[str | None, tuple[str, ...]]:
        """The answer, and other right ones where the column holds a list."""
        if value is None:
            return None, ()
        if isinstance(value, dict) and isinstance(value.get("text"), list):  # SQuAD in tables
            value, column = value["text"], "answers"
            if not value:
                return None, ()
        elif isinstance(value, dict) and ("content" in value or "value" in value):
            return self._turn_text(value, column), ()
        if isinstance(value, list) and value and isinstance(value[0], dict):
            turns = self._turns(value, column)
            return (turns[-1].content if turns else None), ()
        if isinstance(value, list) and value and column.strip().casefold() == "answers":
            texts = [self._not_empty(v, column) for v in value]
            return texts[0], tuple(t for t in dict.fromkeys(texts) if t != texts[0])
        return self._not_empty(value, column), ()

    def _not_empty(self, value: object, column: str) -> str:
        before = len(self.bad)
        answer = self._text(value, column)
        if not answer and len(self.bad) == before:
            hint = "a question that must not be answered has the answer null (JSON), in tables the kind 'unanswerable'"
            self.bad.append(Bad(column, "an empty answer", "an answer", hint))
        return answer

    def _turn_text(self, turn: object, column: str) -> str:
        try:
            text = read_turn(turn, column).content
        except Bad as bad:
            self.bad.append(bad)
            return ""
        return self._not_empty("" if text is None else text, column)

    def _turns(self, value: object, column: str) -> list[Turn] | None:
        try:
            return read_turns(value, column)
        except Bad as bad:
            self.bad.append(bad)
            return None

    def _history(self, turns: list[Turn], column: str | None) -> tuple[Message, ...]:
        """Turns that stand before the answer."""
        messages = []
        if system := self._system():
            if turns and turns[0].role == "system":
                turns = [Turn("system", f"{turns[0].content}\n\n{system}"), *turns[1:]]
            else:
                turns = [Turn("system", system), *turns]
        for n, turn in enumerate(turns, 1):
            if not turn.content:
                self.bad.append(Bad(f"{column} turn {n}", "an empty turn", "text"))
            messages.append(Message(turn.role, turn.content or ""))
        return tuple(messages)

    def _conversation(self) -> tuple[tuple[Message, ...], str | None, tuple[str, ...]]:
        """The turns before the last assistant turn, and that turn; in preference pairs the chosen one."""
        column = self.of["messages"]
        turns = self._turns(self.values[column], column)
        if turns is None:
            return (), None, ()
        if "answer" in self.of:
            return (self._history(turns, column), *self._answer(self.values[self.of["answer"]], self.of["answer"]))
        return self._ended(turns, column)

    def _ended(self, turns: list[Turn], column: str) -> tuple[tuple[Message, ...], str | None, tuple[str, ...]]:
        if len(turns) < 2 or turns[-1].role != "assistant" or turns[-2].role != "user":
            order = ", ".join(t.role for t in turns[-4:]) or "no turns"
            expected = "a conversation that ends with a user turn and its assistant turn"
            self.bad.append(Bad(column, f"turns ending in: {order}", expected))
            return (), None, ()
        answer = turns[-1].content
        if answer is not None:
            answer = self._not_empty(answer, f"{column} turn {len(turns)}")
        return self._history(turns[:-1], column), answer, ()

    def _chosen_conversation(self) -> tuple[tuple[Message, ...], str | None, tuple[str, ...]] | None:
        """A preference pair without a column for the question: `chosen` holds it too."""
        column = self.of.get("answer", "")
        value = self.values.get(column)
        if not isinstance(value, list) or len(value) < 2 or not isinstance(value[0], dict):
            return None
        turns = self._turns(value, column)
        return self._ended(turns, column) if turns else ((), None, ())

    def _texts(self, field: str) -> tuple[str, ...]:
        """A list of texts, its JSON, or one text with `|` between them (tables)."""
        column = self.of.get(field)
        value = None if column is None else self.values[column]
        if not value:
            return ()
        value = _listed(value)
        parts = value if isinstance(value, list) else self._text(value, column or field).split("|")
        return tuple(text for part in parts if (text := self._text(part, column or field)))

    def _rejected(self) -> tuple[str, ...]:
        """Answers that a person liked less than the one given."""
        column = self.of["rejected"]
        value = _listed(self.values[column])
        if isinstance(value, list) and value and isinstance(value[0], dict):
            turns = self._turns(value, column)
            return (self._not_empty(turns[-1].content or "", column),) if turns else ()
        if isinstance(value, dict):
            return (self._turn_text(value, column),)
        parts = value if isinstance(value, list) else [value] if value is not None else []
        return tuple(text for part in parts if (text := self._text(part, column)))

    def _split(self) -> Split | None:
        value = self._optional("split")
        if value and value.casefold() not in SPLITS:
            self.bad.append(Bad("split", shown(value), "train, dev or test"))
        return SPLITS.get(value.casefold())


def _listed(value: Any) -> Any:
    """A list, where a table's field holds one as JSON; else the value itself."""
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found if isinstance(found, list) else value
