"""`tools`, `tool_choice` and the turns that come of them, checked and passed on as they are.

Only a model behind an endpoint can be given tools: a release on local weights was measured without any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tailor.records import ToolTurn
from tailor.serving.fields import boolean, encodable
from tailor.serving.problem import Problem

MOST_TOOLS = 128
LARGEST_TOOLS = 64_000
"""Characters of `tools` as JSON, and of the calls of one turn."""

NAME = re.compile(r"[\w-]{1,64}", re.ASCII)
PASSED_ON = ("tools", "tool_choice", "parallel_tool_calls")


def tool_fields(body: Mapping[str, Any], *, turns: bool) -> str:
    """What is passed on of a body, as JSON; "" where tools play no part.

    Args:
        turns: whether the conversation holds turns of tools, which need an endpoint too.

    Raises:
        Problem: 400, naming the field.
    """
    tools, choice = body.get("tools", []), body.get("tool_choice")
    _check_tools(tools)
    _check_choice(choice, [t["function"]["name"] for t in tools])
    boolean(body, "parallel_tool_calls")
    if not tools:
        return "{}" if turns else ""
    if choice == "none" and not turns:
        # No tool may be called: any model answers as it would without.
        return ""
    return json.dumps({name: body[name] for name in PASSED_ON if name in body}, ensure_ascii=False)


def _check_tools(tools: object) -> None:
    if not isinstance(tools, list) or len(tools) > MOST_TOOLS:
        raise Problem(400, f"'tools' must be a list of at most {MOST_TOOLS} tools.", param="tools")
    for i, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(name, str) or not NAME.fullmatch(name):
            message = (
                f"tools[{i}] must be of type 'function' with a 'function.name' of 1 to 64 letters, digits, _ or -."
            )
            raise Problem(400, message, param=f"tools[{i}]")
    if len(json.dumps(tools)) > LARGEST_TOOLS:
        raise Problem(400, f"'tools' may have {LARGEST_TOOLS} characters at most.", param="tools")


def _check_choice(choice: object, names: list[str]) -> None:
    if choice in (None, "none", "auto"):
        return
    if choice == "required" and names:
        return
    function = choice.get("function") if isinstance(choice, dict) and choice.get("type") == "function" else None
    if isinstance(function, dict) and function.get("name") in names:
        return
    message = "'tool_choice' must be none, auto, required, or a function that is among 'tools'."
    raise Problem(400, message, param="tool_choice")


def tool_turn(value: Mapping[str, Any], text: str, where: str) -> ToolTurn | None:
    """A turn of a tool, or an assistant's turn that calls some; None for any other.

    Args:
        text: of its content.

    Raises:
        Problem: 400, naming the field.
    """
    if value.get("role") == "tool":
        call = value.get("tool_call_id")
        if not isinstance(call, str) or not 1 <= len(call) <= 256:
            raise Problem(400, f"{where}.tool_call_id must name the call.", param=f"{where}.tool_call_id")
        raw = {"role": "tool", "tool_call_id": encodable(call, f"{where}.tool_call_id"), "content": text}
        return ToolTurn("user", text, json.dumps(raw, ensure_ascii=False))
    calls = value.get("tool_calls")
    if value.get("role") != "assistant" or not calls:
        return None
    _check_calls(calls, where)
    plain: list[dict[str, Any]] = [{"id": c["id"], "type": "function", "function": c["function"]} for c in calls]
    turn = {"role": "assistant", "content": text or None, "tool_calls": plain}
    return ToolTurn("assistant", text, json.dumps(turn, ensure_ascii=False))


def _check_calls(calls: object, where: str) -> None:
    wrong = Problem(
        400,
        f"{where}.tool_calls must be a list of calls with 'id', 'type': 'function', and the function's 'name' and "
        "'arguments' as texts.",
        param=f"{where}.tool_calls",
    )
    if not isinstance(calls, list) or len(calls) > MOST_TOOLS or len(json.dumps(calls)) > LARGEST_TOOLS:
        raise wrong
    for call in calls:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or set(function) != {"name", "arguments"}:
            raise wrong
        texts = [call.get("id"), *function.values()]
        if not all(isinstance(t, str) for t in texts) or call.get("type", "function") != "function":
            raise wrong
        for text in texts:
            encodable(text, f"{where}.tool_calls")
