"""Models behind Anthropic's messages API, or a server of the same shape."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx

from tailor.errors import ModelError
from tailor.models.engine import Request
from tailor.models.http_endpoint import HttpEndpoint, refusal, words
from tailor.records import Completion, Constraint, Failure, ToolTurn, Usage

VERSION = "2023-06-01"


class AnthropicEndpoint(HttpEndpoint):
    """Answers by `POST {location}/messages`.

    Source: the API reference of Anthropic's Messages, version 2023-06-01. It knows no seed, so two answers at a
    temperature above 0 cannot be made equal, and no `response_format`.
    """

    PATH = "messages"
    WHAT = "message"

    def stream(self, request: Request) -> Iterator[str | Completion]:
        """See `HttpEndpoint.stream`."""
        started, text, sent, counts, reason = time.perf_counter(), "", "", dict[str, Any](), None
        try:
            with self._client.stream("POST", self.PATH, json={**self._body(request), "stream": True}) as reply:
                if reply.status_code != 200:
                    reply.read()
                    raise self._error(refusal(reply), "Check the endpoint, the model name and the key.")
                for event in self._events(reply):
                    piece, usage, ended = _step(event)
                    text, reason = text + piece, ended or reason
                    counts.update({k: v for k, v in usage.items() if v is not None})
                    if len(text.strip()) > len(sent):
                        yield text.strip()[len(sent) :]
                        sent = text.strip()
        except httpx.HTTPError as error:
            raise self._error(f"{self.base.location} did not answer: {words(error)}") from None
        if reason is None:
            raise self._error(f"{self.base.location} ended the stream before the answer was complete.", "Ask again.")
        yield Completion(sent, _usage(counts, time.perf_counter() - started), finish=_finish(reason))

    def _headers(self) -> dict[str, str]:
        return {"anthropic-version": VERSION, **({"x-api-key": self._key} if self._key else {})}

    def _body(self, request: Request) -> dict[str, Any]:
        self._plain_only(request)
        if request.constraint is not None:
            raise ModelError(
                f"{self.base.name} is behind Anthropic's messages API, which takes no form of an answer.",
                hint="Leave out constrained, or use an OpenAI-compatible endpoint.",
            )
        if request.tools or any(isinstance(m, ToolTurn) for m in request.messages):
            raise ModelError(
                f"{self.base.name} is behind Anthropic's messages API, to which no tools are passed on.",
                hint="Leave out tools, or use an OpenAI-compatible endpoint.",
            )
        system = "\n\n".join(m.content for m in request.messages if m.role == "system")
        body: dict[str, Any] = {
            "model": self.base.name,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages if m.role != "system"],
            "max_tokens": request.generation.max_new_tokens,
            "temperature": min(request.generation.temperature, 1.0),  # its highest
        }
        if system:
            body["system"] = system
        if request.generation.stop:
            body["stop_sequences"] = list(request.generation.stop)
        return body

    def _read(self, value: Any, constraint: Constraint | None) -> Completion | Failure:  # noqa: ARG002 - none is sent
        text = "".join(str(part["text"]) for part in value["content"] if part["type"] == "text")
        return Completion(text.strip(), _usage(value.get("usage"), 0.0), finish=_finish(value.get("stop_reason")))


def _finish(reason: Any) -> Any:
    return "length" if reason == "max_tokens" else "stop"


def _step(event: dict[str, Any]) -> tuple[str, dict[str, Any], str | None]:
    """The new words of an event, the counts it brings, and why the answer ended, if it did."""
    kind = event.get("type")
    try:
        if kind == "content_block_delta" and event["delta"].get("type") == "text_delta":
            return str(event["delta"]["text"]), {}, None
        if kind == "message_start":
            return "", event["message"].get("usage") or {}, None
        if kind == "message_delta":
            return "", event.get("usage") or {}, event["delta"].get("stop_reason")
    except (KeyError, TypeError, AttributeError):
        pass
    return "", {}, None


def _usage(value: Any, seconds: float) -> Usage:
    """`input_tokens` are those that the cache had nothing to do with: the prompt is these, those that were read from
    the cache and those that were written to it."""
    known = value if isinstance(value, dict) else {}
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    fresh, read, written, answer = (c if isinstance(c, int) and c > 0 else 0 for c in (known.get(n) for n in names))
    return Usage(fresh + read + written, answer, seconds, read)
