"""The body of POST /v1/chat/completions: what is honoured, what is ignored, what is refused (`FIELDS`).

A `system` (or `developer`) message of the client replaces the release's own system prompt; its demonstrations and its
retrieval stay. Client `stop` strings come in addition to the release's. With `temperature` above 0 and no `seed`, every
request draws a seed of its own. `user` (or `safety_identifier`) changes no answer, but is what a traffic split goes by.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tailor.records import Constraint, Message, Role, ToolTurn
from tailor.serving.asked import Asked
from tailor.serving.fields import (
    MOST_ANSWERS,
    Fields,
    boolean,
    encodable,
    include_usage,
    integer,
    sampling,
    string,
)
from tailor.serving.problem import Problem
from tailor.serving.tools import tool_fields, tool_turn

MOST_MESSAGES = 200
MOST_ALTERNATIVES = 20
LARGEST_SCHEMA = 64_000
"""Characters."""

FIELDS = Fields(
    honoured=(
        "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "seed",
        "stop", "n", "logprobs", "top_logprobs", "user", "safety_identifier", "response_format", "tools", "tool_choice",
        "parallel_tool_calls",
    ),
    ignored=(
        "metadata", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning_effort",
        "service_tier", "store", "verbosity",
    ),
    neutral={
        "audio": (),
        "frequency_penalty": (0,),
        "function_call": ("none",),
        "functions": ([],),
        "logit_bias": ({},),
        "modalities": (["text"],),
        "moderation": (),
        "prediction": (),
        "presence_penalty": (0,),
        "top_p": (1,),
        "web_search_options": (),
    },
)  # fmt: skip


def parse_chat(raw: bytes) -> Asked:
    """Bytes from the network to a request.

    Raises:
        Problem: 400, naming the field.
    """
    body = FIELDS.read(raw)
    stream = boolean(body, "stream")
    messages = _messages(body.get("messages"))
    return Asked(
        model=string(body, "model"),
        conversations=(messages,),
        options=replace(
            sampling(body, top_logprobs=_logprobs(body, stream)),
            constraint=_format(body.get("response_format")),
            tools=tool_fields(body, turns=any(isinstance(m, ToolTurn) for m in messages)),
        ),
        n=integer(body, "n", 1, MOST_ANSWERS) or 1,
        stream=stream,
        include_usage=include_usage(body, stream),
        user=string(body, "user") or string(body, "safety_identifier"),
    )


def _format(value: object) -> Constraint | None:
    """The form that `response_format` asks for. `json_object` is any JSON object."""
    if value is None or value == {"type": "text"}:
        return None
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or kind not in ("json_schema", "json_object"):
        message = "'response_format' must be an object with 'type' text, json_object or json_schema."
        raise Problem(400, message, param="response_format")
    wrapper = value.get("json_schema") if kind == "json_schema" else {"schema": {"type": "object"}}
    schema = wrapper.get("schema") if isinstance(wrapper, dict) else None
    if not isinstance(schema, dict):
        message = "'response_format.json_schema.schema' must be a JSON schema."
        raise Problem(400, message, param="response_format")
    text = json.dumps(schema, ensure_ascii=False)
    if len(text) > LARGEST_SCHEMA:
        message = f"The schema of 'response_format' may have {LARGEST_SCHEMA} characters at most."
        raise Problem(400, message, param="response_format")
    return Constraint("json-schema", text)


def _logprobs(body: Mapping[str, Any], stream: bool) -> int | None:
    wanted = boolean(body, "logprobs")
    top = integer(body, "top_logprobs", 0, MOST_ALTERNATIVES)
    if top and not wanted:
        raise Problem(400, "'top_logprobs' needs 'logprobs': true.", param="top_logprobs")
    if wanted and stream:
        message = "'logprobs' are given with whole answers only; leave out 'stream'."
        raise Problem(400, message, param="logprobs", code="unsupported_parameter")
    return (top or 0) if wanted else None


def _messages(value: object) -> tuple[Message, ...]:
    if not isinstance(value, list) or not value:
        raise Problem(400, "'messages' must be a list of at least one message.", param="messages")
    if len(value) > MOST_MESSAGES:
        message = f"'messages' holds {len(value)} messages; at most {MOST_MESSAGES} are taken."
        raise Problem(400, message, param="messages")
    messages = [_message(m, f"messages[{i}]") for i, m in enumerate(value)]
    first = next((i for i, m in enumerate(messages) if m.role != "system"), len(messages))
    system, turns = messages[:first], messages[first:]
    if not turns or turns[-1].role != "user":
        raise Problem(400, "The last message must be of role 'user' (or 'tool').", param="messages")
    if all(isinstance(m, ToolTurn) or m.role != "user" for m in turns):
        raise Problem(400, "The messages hold no question: none is of role 'user'.", param="messages")
    if any(m.role == "system" for m in turns):
        raise Problem(400, "A 'system' message may only stand at the beginning.", param="messages")
    joined = [Message("system", "\n\n".join(m.content for m in system))] if system else []
    return (*joined, *turns)


ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "user",
}
OF_ROLE: Mapping[str, tuple[str, ...]] = {"assistant": ("tool_calls",), "tool": ("tool_call_id",)}
IGNORED_IN_MESSAGE = ("name", "refusal", "annotations")
"""What the official client sends back with an assistant's message and what nobody here reads."""


def _message(value: object, where: str) -> Message:
    if not isinstance(value, dict):
        raise Problem(400, f"{where} must be an object.", param=where)
    role = ROLES.get(value["role"]) if isinstance(value.get("role"), str) else None
    if role is None:
        raise Problem(400, f"{where}.role must be system, developer, user, assistant or tool.", param=f"{where}.role")
    of_role = OF_ROLE.get(value["role"], ())
    for name, other in value.items():
        if name not in ("role", "content", *of_role, *IGNORED_IN_MESSAGE) and other is not None:
            message = f"{where}: this server does not support '{name[:64]}'."
            raise Problem(400, message, param=f"{where}.{name[:64]}", code="unsupported_parameter")
    calls = value["role"] == "assistant" and bool(value.get("tool_calls"))
    silent = calls and value.get("content") in (None, "", [])
    text = "" if silent else _text(value.get("content"), f"{where}.content")
    return tool_turn(value, text, where) or Message(role, text)


def _text(content: object, where: str) -> str:
    if isinstance(content, str):
        return encodable(content, where)
    if not isinstance(content, list) or not content:
        raise Problem(400, f"{where} must be text, or parts of type text.", param=where)
    texts = []
    for part in content:
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise Problem(400, f"{where} may hold parts of type 'text' only.", param=where)
        texts.append(encodable(part["text"], where))
    return "\n".join(texts)
