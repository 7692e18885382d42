"""The body of POST /v1/chat/completions: what is honoured, what is ignored, what is refused.

Nothing is dropped in silence: a field is in one of these tables, or the request is refused with its name.

    honoured   model, messages, stream, stream_options.include_usage, max_tokens, max_completion_tokens, temperature,
               seed, stop
    ignored    IGNORED: they change no answer here
    neutral    NEUTRAL: accepted with the value that means "off", refused with any other, because the answer would not
               be what was asked for
    refused    everything else

A `system` (or `developer`) message of the client replaces the release's own system prompt; its demonstrations and its
retrieval stay. Client `stop` strings come in addition to the release's. With `temperature` above 0 and no `seed`, every
request draws a seed of its own.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tailor.plugins import did_you_mean
from tailor.records import Adaptation, Message, Role
from tailor.serving.problem import Problem

HONOURED = ("model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens")
SAMPLING = ("temperature", "seed", "stop")
IGNORED = (
    "metadata",
    "parallel_tool_calls",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning_effort",
    "safety_identifier",
    "service_tier",
    "store",
    "user",
    "verbosity",
)
NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "audio": (),
    "frequency_penalty": (0,),
    "function_call": ("none",),
    "functions": ([],),
    "logit_bias": ({},),
    "logprobs": (False,),
    "modalities": (["text"],),
    "n": (1,),
    "prediction": (),
    "presence_penalty": (0,),
    "response_format": ({"type": "text"},),
    "tool_choice": ("none", "auto"),
    "tools": ([],),
    "top_logprobs": (0,),
    "top_p": (1,),
    "web_search_options": (),
}
"""Field -> the values (besides null) that ask for nothing we cannot do."""

MOST_MESSAGES = 200
MOST_NEW_TOKENS = 4096
MOST_STOPS = 4
DEEPEST_JSON = 64


@dataclass(frozen=True)
class Options:
    """What a client sets differently from the release; None leaves the release's own value."""

    max_new_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()

    def applied_to(self, adaptation: Adaptation) -> Adaptation:
        """The adaptation with these generation options."""
        generation = adaptation.generation
        if self.max_new_tokens is not None:
            generation = replace(generation, max_new_tokens=self.max_new_tokens)
        if self.temperature is not None:
            generation = replace(generation, temperature=self.temperature)
        if self.seed is not None:
            generation = replace(generation, seed=self.seed)
        stops = dict.fromkeys((*generation.stop, *self.stop))
        return replace(adaptation, generation=replace(generation, stop=tuple(stops)))


@dataclass(frozen=True)
class ChatRequest:
    """A validated request. `model` is None where the client leaves the choice to the server."""

    model: str | None
    messages: tuple[Message, ...]
    options: Options
    stream: bool = False
    include_usage: bool = False


def parse_body(raw: bytes) -> ChatRequest:
    """Bytes from the network to a request.

    Raises:
        Problem: 400, naming the field.
    """
    body = _json(raw)
    if not isinstance(body, dict):
        raise Problem(400, "The body must be a JSON object.")
    body = {key: value for key, value in body.items() if value is not None}
    _refuse_unsupported(body)
    model = body.get("model")
    if model is not None and not isinstance(model, str):
        raise Problem(400, "'model' must be a string.", param="model")
    stream = _boolean(body, "stream")
    return ChatRequest(model, _messages(body.get("messages")), _options(body), stream, _include_usage(body, stream))


def _json(raw: bytes) -> Any:
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise Problem(400, "The body is not valid JSON in UTF-8.", code="invalid_json") from None
    _bound_depth(value)
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Problem(400, "The body names a field twice.", code="invalid_json")
    return value


def _bound_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST_JSON):
        children = [v.values() if isinstance(v, dict) else v for v in level if isinstance(v, (dict, list))]
        level = [item for group in children for item in group]
        if not level:
            return
    raise Problem(400, f"The body is nested more than {DEEPEST_JSON} deep.", code="invalid_json")


def _refuse_unsupported(body: Mapping[str, Any]) -> None:
    for name, value in body.items():
        if name in NEUTRAL:
            # `True == 1` in Python; the type is compared too, integers standing for whole floats.
            if not any(value == v and isinstance(value, bool) == isinstance(v, bool) for v in NEUTRAL[name]):
                raise Problem(400, f"This server does not support '{name}'.", param=name, code="unsupported_parameter")
        elif name not in (*HONOURED, *SAMPLING, *IGNORED):
            known = [*HONOURED, *SAMPLING, *IGNORED, *NEUTRAL]
            guess = did_you_mean(name, known).split("\n")[0]
            message = f"Unrecognized request argument supplied: {name[:64]!r}.{guess}"
            raise Problem(400, message, param=name[:64], code="unknown_parameter")


def _options(body: Mapping[str, Any]) -> Options:
    limits = {_integer(body, name, 1, MOST_NEW_TOKENS) for name in ("max_tokens", "max_completion_tokens")} - {None}
    if len(limits) > 1:
        message = "'max_tokens' and 'max_completion_tokens' differ; send one of them."
        raise Problem(400, message, param="max_completion_tokens")
    temperature = body.get("temperature")
    if temperature is not None and (not _is_number(temperature) or not 0 <= temperature <= 2):
        raise Problem(400, "'temperature' must be a number from 0 to 2.", param="temperature")
    seed = _integer(body, "seed", -(2**63), 2**63 - 1)
    if seed is None and temperature:
        seed = secrets.randbits(31)
    return Options(
        limits.pop() if limits else None, None if temperature is None else float(temperature), seed, _stop(body)
    )


def _stop(body: Mapping[str, Any]) -> tuple[str, ...]:
    value = body.get("stop", [])
    stops = [value] if isinstance(value, str) else value
    right = isinstance(stops, list) and len(stops) <= MOST_STOPS and all(isinstance(s, str) and s for s in stops)
    if not right:
        raise Problem(400, f"'stop' must be a string or up to {MOST_STOPS} strings, none empty.", param="stop")
    return tuple(_encodable(s, "stop") for s in stops)


def _include_usage(body: Mapping[str, Any], stream: bool) -> bool:
    options = body.get("stream_options")
    if options is None:
        return False
    if not stream:
        raise Problem(400, "'stream_options' needs 'stream': true.", param="stream_options")
    known = {"include_usage", "include_obfuscation"}
    if not isinstance(options, dict) or not options.keys() <= known:
        raise Problem(400, "'stream_options' may hold 'include_usage' only.", param="stream_options")
    return _boolean(options, "include_usage")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _integer(body: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Problem(400, f"'{name}' must be a whole number from {low} to {high}.", param=name)
    return value


def _boolean(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise Problem(400, f"'{name}' must be true or false.", param=name)
    return value


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
        raise Problem(400, "The last message must be of role 'user'.", param="messages")
    if any(m.role == "system" for m in turns):
        raise Problem(400, "A 'system' message may only stand at the beginning.", param="messages")
    joined = [Message("system", "\n\n".join(m.content for m in system))] if system else []
    return (*joined, *turns)


ROLES: Mapping[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
IGNORED_IN_MESSAGE = ("name", "refusal", "annotations")
"""What the official client sends back with an assistant's message and what nobody here reads."""


def _message(value: object, where: str) -> Message:
    if not isinstance(value, dict):
        raise Problem(400, f"{where} must be an object.", param=where)
    role = ROLES.get(value["role"]) if isinstance(value.get("role"), str) else None
    if role is None:
        raise Problem(400, f"{where}.role must be system, developer, user or assistant.", param=f"{where}.role")
    for name, other in value.items():
        if name not in ("role", "content", *IGNORED_IN_MESSAGE) and other is not None:
            message = f"{where}: this server does not support '{name[:64]}'."
            raise Problem(400, message, param=f"{where}.{name[:64]}", code="unsupported_parameter")
    return Message(role, _text(value.get("content"), f"{where}.content"))


def _text(content: object, where: str) -> str:
    if isinstance(content, str):
        return _encodable(content, where)
    if not isinstance(content, list) or not content:
        raise Problem(400, f"{where} must be text, or parts of type text.", param=where)
    texts = []
    for part in content:
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise Problem(400, f"{where} may hold parts of type 'text' only.", param=where)
        texts.append(_encodable(part["text"], where))
    return "\n".join(texts)


def _encodable(text: str, where: str) -> str:
    """Half of a surrogate pair and NUL pass JSON but no tokenizer."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Problem(400, f"{where} is not valid Unicode text.", param=where) from None
    if "\0" in text:
        raise Problem(400, f"{where} holds a NUL character.", param=where)
    return text
