"""Tools, passed through to a model behind an endpoint: what it wants to call comes back as it said it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tailor.records import Message, ToolTurn


def wire(message: Message) -> dict[str, Any]:
    """A turn as the endpoint takes it."""
    if isinstance(message, ToolTurn):
        value: dict[str, Any] = json.loads(message.raw)
        return value
    return {"role": message.role, "content": message.content}


class ToolCalls:
    """The calls of an answer, put together from a whole message or from the pieces of a stream: a piece names the
    place of its call (`index`) and brings its id and name once, its arguments bit by bit."""

    def __init__(self) -> None:
        self._calls: dict[int, dict[str, Any]] = {}

    def add(self, message: Mapping[str, Any]) -> None:
        """Take in a message, or the `delta` of an event. What is no tool call is passed over."""
        pieces = message.get("tool_calls")
        for n, piece in enumerate(pieces if isinstance(pieces, Sequence) and not isinstance(pieces, str) else ()):
            if not isinstance(piece, Mapping):
                continue
            place = piece.get("index")
            self._add(place if isinstance(place, int) else n, piece)

    def _add(self, place: int, piece: Mapping[str, Any]) -> None:
        call = self._calls.setdefault(place, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
        call["id"] = call["id"] or str(piece.get("id") or "")
        function = piece.get("function")
        if isinstance(function, Mapping):
            call["function"]["name"] += str(function.get("name") or "")
            call["function"]["arguments"] += str(function.get("arguments") or "")

    @property
    def text(self) -> str:
        """A JSON list, "" where nothing is to be called."""
        named = [self._calls[place] for place in sorted(self._calls) if self._calls[place]["function"]["name"]]
        return json.dumps(named, ensure_ascii=False) if named else ""
