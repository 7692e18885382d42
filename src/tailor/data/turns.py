"""Turns of a conversation, as OpenAI, ShareGPT and their relatives write them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tailor.data.rows import shown
from tailor.records import Role

ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    # A call of a tool is what the model says; what the tool gives back is said to it.
    "function_call": "assistant",
    "tool_call": "assistant",
    "tool": "user",
    "function": "user",
    "observation": "user",
}
OF_TOOLS = frozenset(("function_call", "tool_call", "tool", "function", "observation"))
# ASCII's control characters but white space; those of Latin-1 that begin a command to a terminal (the others are what
# Windows-1252 becomes when it is read as Latin-1: ugly and harmless); halves of surrogate pairs, which no file holds.
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\x90\x98\x9b\x9d-\x9f\ud800-\udfff]")


@dataclass(eq=False)
class Bad(Exception):
    """What is wrong with one field of the row at hand."""

    field: str
    found: str
    expected: str
    hint: str = ""


@dataclass(frozen=True)
class Turn:
    """One turn. `content` None is a turn that must not be answered; `of_tool`: a call, or what came back."""

    role: Role
    content: str | None
    of_tool: bool = False


def clean(value: object, field: str) -> str:
    """A text without control characters and without spaces at its ends.

    Raises:
        Bad: no text, or not printable text.
    """
    if not isinstance(value, str):
        kind = {type(None): "null", bool: "true or false", list: "a list", dict: "an object"}.get(type(value), "")
        raise Bad(field, f"{kind} {shown(value)}".strip() if value is not None else "null", "text or a number")
    if not value.isprintable() and (found := _UNPRINTABLE.search(value)):
        code, place = ord(found[0]), found.start() + 1
        if 0xDC80 <= code <= 0xDCFF:  # how an undecodable byte stands in the text
            raise Bad(field, f"byte 0x{code - 0xDC00:02x} at place {place}, which the file's encoding has not", "text")
        raise Bad(field, f"control character U+{code:04X} at place {place}", "printable text")
    return value.strip()


def read_turns(value: object, column: str) -> list[Turn]:
    """A list of {role, content} or {from, value}, or its JSON (in tables).

    Raises:
        Bad: for the first turn that is none.
    """
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise Bad(column, shown(value), "a list of turns, in tables as JSON") from None
    if not isinstance(value, list):
        raise Bad(column, shown(value), "a list of turns")
    return _merged([read_turn(turn, f"{column} turn {n}") for n, turn in enumerate(value, 1)])


def read_turn(turn: object, place: str) -> Turn:
    """One {role, content} or {from, value}.

    Raises:
        Bad: something else.
    """
    if not isinstance(turn, dict):
        raise Bad(place, shown(turn), 'an object such as {"role": "user", "content": "..."}')
    role, content = ("from", "value") if "from" in turn else ("role", "content")
    name = str(turn.get(role))
    calls = turn.get("tool_calls")
    if name not in ROLES or (content not in turn and not calls):
        found = f"{role} {shown(name)}" if content in turn else f"keys {', '.join(map(shown, turn))}"
        raise Bad(place, found, f"'{role}' (system, user or assistant) and '{content}'")
    text = _content(turn.get(content), place)
    if calls:
        text = "\n".join(filter(None, [text, *(_call(c) for c in calls)]))
    return Turn(ROLES[name], text, name in OF_TOOLS)


def _call(call: Any) -> str:
    """A call of a tool as JSON: {"name", "arguments"}."""
    inner = call.get("function", call) if isinstance(call, dict) else call
    return json.dumps(inner, ensure_ascii=False)


def _content(value: object, place: str) -> str | None:
    """Text, or a list of parts: text, reasoning (between <think> and </think>) and calls of tools."""
    if value is None:
        return None
    if not isinstance(value, list):
        return clean(value, place)
    parts = []
    for part in value:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in ("text", "reasoning", "thinking", "tool_call"):
            raise Bad(place, f"a part of type {shown(kind)}", "parts of type text", "only text can be used")
        text = next((part[k] for k in ("text", "value", "content", kind) if k in part), None)
        if kind == "tool_call" and isinstance(text, dict):
            text = json.dumps(text, ensure_ascii=False)
        words = clean(text, place)
        parts.append(f"<think>\n{words}\n</think>" if kind in ("reasoning", "thinking") else words)
    return "\n\n".join(p for p in parts if p)


def _merged(turns: list[Turn]) -> list[Turn]:
    """Turns of one role that follow each other because of tools are one: chat templates want roles in turn."""
    merged: list[Turn] = []
    for turn in turns:
        last = merged[-1] if merged else None
        if last and last.role == turn.role and (last.of_tool or turn.of_tool) and last.content and turn.content:
            merged[-1] = Turn(turn.role, f"{last.content}\n\n{turn.content}", True)
        else:
            merged.append(turn)
    return merged
