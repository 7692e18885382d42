"""Lines of a training file in the shapes of OpenAI's fine-tuning, each line checked: chats, or preference pairs.

    {"messages": [{"role": "system", "content": "..."}, {"role": "user", ...}, {"role": "assistant", ...}]}
    {"input": {"messages": [...]}, "preferred_output": [{"role": "assistant", ...}], "non_preferred_output": [...]}

Every assistant's turn is learned given all turns before it, unless it has `"weight": 0`; so a line of three such turns
gives three examples. The lines of a file are all of one kind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tailor.records import Example, Message, Role

SHOWN = 10
ROLES: Mapping[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
MOST_TURNS = 200


@dataclass(frozen=True)
class TrainingFile:
    """What a file holds. `problems` are sentences with 1-based line numbers; with one, the file is refused. `pairs`:
    every example has an answer that was liked less."""

    examples: tuple[Example, ...]
    lines: int
    problems: tuple[str, ...]
    pairs: bool = False

    @property
    def refusal(self) -> str:
        """All that is wrong, the first ten one by one."""
        more = len(self.problems) - SHOWN
        tail = [f"and {more} more"] if more > 0 else []
        return "; ".join([*self.problems[:SHOWN], *tail])


def read_training_file(raw: bytes) -> TrainingFile:
    """Read and check every line; blank lines are skipped."""
    problems: list[str] = []
    examples: list[Example] = []
    count = 0
    for number, line in enumerate(raw.split(b"\n"), 1):
        if not line.strip():
            continue
        count += 1
        try:
            examples += _examples(line, number)
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    if not count:
        problems.append("the file is empty")
    kinds = {bool(e.rejected) for e in examples}
    if len(kinds) > 1:
        problems.append("some lines are chats and some are preference pairs; a file holds one kind")
    return TrainingFile(tuple(examples), count, tuple(problems), kinds == {True})


def _examples(line: bytes, number: int) -> list[Example]:
    try:
        value = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"expected a JSON object in UTF-8, found {_first(error)}") from None
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, found {type(value).__name__}")
    if "preferred_output" in value:
        return [_pair(value, number)]
    if value.get("tools") or value.get("functions"):
        raise ValueError("'tools' cannot be trained on here")
    turns, messages = _turns(value)
    learned = []
    for i, (message, turn) in enumerate(zip(messages, turns, strict=True)):
        if message.role != "assistant" or turn.get("weight", 1) == 0:
            continue
        before = messages[:i]
        if not before or before[-1].role != "user":
            raise ValueError(f"messages[{i}]: an assistant's turn must answer a user's")
        if not message.content.strip():
            raise ValueError(f"messages[{i}]: the answer is empty")
        learned.append(Example(f"{number:08}-{i:03}", tuple(before), message.content))
    if not learned:
        raise ValueError("no assistant's turn to learn")
    return learned


def _turns(value: Mapping[str, Any]) -> tuple[list[Any], list[Message]]:
    turns = value.get("messages")
    if not isinstance(turns, list) or not turns:
        raise ValueError("expected 'messages', a list of turns" + _instead(value))
    if len(turns) > MOST_TURNS:
        raise ValueError(f"{len(turns)} messages; at most {MOST_TURNS} are taken")
    return turns, [_turn(turn, f"messages[{i}]") for i, turn in enumerate(turns)]


def _pair(value: Mapping[str, Any], number: int) -> Example:
    given = value.get("input")
    if not isinstance(given, dict):
        raise ValueError("expected 'input', an object with 'messages'")
    if given.get("tools"):
        raise ValueError("'tools' cannot be trained on here")
    _, messages = _turns(given)
    if messages[-1].role != "user":
        raise ValueError("'input' must end with a user's turn")
    answers = []
    for name in ("preferred_output", "non_preferred_output"):
        turns = value.get(name)
        if not isinstance(turns, list) or len(turns) != 1:
            raise ValueError(f"expected '{name}', a list with one assistant's turn")
        turn = _turn(turns[0], f"{name}[0]")
        if turn.role != "assistant" or not turn.content.strip():
            raise ValueError(f"{name}[0]: expected an assistant's turn with an answer")
        answers.append(turn.content)
    if answers[0] == answers[1]:
        raise ValueError("both outputs are the same: nothing is preferred")
    return Example(f"{number:08}-000", tuple(messages), answers[0], rejected=(answers[1],))


def _turn(turn: Any, where: str) -> Message:
    if not isinstance(turn, dict):
        raise ValueError(f"{where}: expected an object, found {type(turn).__name__}")
    role = ROLES.get(turn["role"]) if isinstance(turn.get("role"), str) else None
    if role is None:
        raise ValueError(f"{where}: 'role' must be system, user or assistant, found {str(turn.get('role'))[:40]!r}")
    for name in ("tool_calls", "function_call", "audio"):
        if turn.get(name):
            raise ValueError(f"{where}: '{name}' cannot be trained on here")
    if turn.get("weight", 1) not in (0, 1):
        raise ValueError(f"{where}: 'weight' must be 0 or 1, found {str(turn['weight'])[:20]}")
    content = turn.get("content")
    if isinstance(content, list):
        parts = [p.get("text") if isinstance(p, dict) and p.get("type") == "text" else None for p in content]
        content = "\n".join(str(p) for p in parts) if parts and all(isinstance(p, str) for p in parts) else None
    if not isinstance(content, str):
        raise ValueError(f"{where}: 'content' must be text")
    try:
        content.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"{where}: 'content' is not valid Unicode") from None
    if "\0" in content:
        raise ValueError(f"{where}: 'content' holds a NUL character")
    return Message(role, content)


def _instead(value: Mapping[str, Any]) -> str:
    return f", found only {', '.join(sorted(str(k)[:20] for k in value)[:5])}" if value else ""


def _first(error: Exception) -> str:
    return str(error).splitlines()[0][:100] if str(error) else type(error).__name__
