"""Bytes from the network to checked values. Nothing is dropped in silence: a field is honoured, known to change
nothing, or refused with its name."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tailor.plugins import did_you_mean
from tailor.serving.options import Options
from tailor.serving.problem import Problem

MOST_NEW_TOKENS = 4096
MOST_STOPS = 4
MOST_ANSWERS = 8
DEEPEST_JSON = 64


@dataclass(frozen=True)
class Fields:
    """Which fields a body may have.

    Attributes:
        honoured: they do what OpenAI's description says.
        ignored: they change no answer here.
        neutral: field -> the values (besides null) that ask for nothing; any other value is refused, because the answer
            would not be what was asked for.
    """

    honoured: Sequence[str]
    ignored: Sequence[str]
    neutral: Mapping[str, tuple[object, ...]]

    def read(self, raw: bytes) -> dict[str, Any]:
        """The body without its nulls.

        Raises:
            Problem: 400, naming the field.
        """
        value = read_json(raw)
        if not isinstance(value, dict):
            raise Problem(400, "The body must be a JSON object.")
        body = {key: v for key, v in value.items() if v is not None}
        for name, v in body.items():
            self._check(name, v)
        return body

    def _check(self, name: str, value: Any) -> None:
        if name in self.neutral:
            # `True == 1` in Python; the type is compared too, integers standing for whole floats.
            allowed = self.neutral[name]
            if not any(value == v and isinstance(value, bool) == isinstance(v, bool) for v in allowed):
                raise Problem(400, f"This server does not support '{name}'.", param=name, code="unsupported_parameter")
        elif name not in (*self.honoured, *self.ignored):
            guess = did_you_mean(name, [*self.honoured, *self.ignored, *self.neutral]).split("\n")[0]
            message = f"Unrecognized request argument supplied: {name[:64]!r}.{guess}"
            raise Problem(400, message, param=name[:64], code="unknown_parameter")


def read_json(raw: bytes) -> Any:
    """JSON in UTF-8 without NaN, without a field named twice, at most 64 deep.

    Raises:
        Problem: 400.
    """
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


def sampling(body: Mapping[str, Any], *, top_logprobs: int | None = None) -> Options:
    """`max_tokens`, `max_completion_tokens`, `temperature`, `seed`, `stop`.

    Raises:
        Problem: 400, naming the field.
    """
    limits = {integer(body, name, 1, MOST_NEW_TOKENS) for name in ("max_tokens", "max_completion_tokens")} - {None}
    if len(limits) > 1:
        message = "'max_tokens' and 'max_completion_tokens' differ; send one of them."
        raise Problem(400, message, param="max_completion_tokens")
    temperature = number(body, "temperature", 0, 2)
    seed = integer(body, "seed", -(2**63), 2**63 - 1)
    if seed is None and temperature:
        seed = secrets.randbits(31)
    return Options(limits.pop() if limits else None, temperature, seed, _stop(body), top_logprobs)


def _stop(body: Mapping[str, Any]) -> tuple[str, ...]:
    value = body.get("stop", [])
    stops = [value] if isinstance(value, str) else value
    right = isinstance(stops, list) and len(stops) <= MOST_STOPS and all(isinstance(s, str) and s for s in stops)
    if not right:
        raise Problem(400, f"'stop' must be a string or up to {MOST_STOPS} strings, none empty.", param="stop")
    return tuple(encodable(s, "stop") for s in stops)


def include_usage(body: Mapping[str, Any], stream: bool) -> bool:
    """`stream_options.include_usage`."""
    options = body.get("stream_options")
    if options is None:
        return False
    if not stream:
        raise Problem(400, "'stream_options' needs 'stream': true.", param="stream_options")
    known = {"include_usage", "include_obfuscation"}
    if not isinstance(options, dict) or not options.keys() <= known:
        raise Problem(400, "'stream_options' may hold 'include_usage' only.", param="stream_options")
    return boolean(options, "include_usage")


def number(body: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    """A number in a range, None where it is left out."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise Problem(400, f"'{name}' must be a number from {low} to {high}.", param=name)
    return float(value)


def integer(body: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    """A whole number in a range, None where it is left out."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Problem(400, f"'{name}' must be a whole number from {low} to {high}.", param=name)
    return value


def boolean(body: Mapping[str, Any], name: str) -> bool:
    """True or false; false where it is left out."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise Problem(400, f"'{name}' must be true or false.", param=name)
    return value


def string(body: Mapping[str, Any], name: str, *, longest: int = 256) -> str | None:
    """A text of bounded length, None where it is left out."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > longest:
        raise Problem(400, f"'{name}' must be a string of at most {longest} characters.", param=name)
    return encodable(value, name)


def encodable(text: str, where: str) -> str:
    """Half of a surrogate pair and NUL pass JSON but no tokenizer."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Problem(400, f"{where} is not valid Unicode text.", param=where) from None
    if "\0" in text:
        raise Problem(400, f"{where} holds a NUL character.", param=where)
    return text
