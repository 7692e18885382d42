"""Models behind an OpenAI-compatible address: Ollama, vLLM, llama.cpp, TGI, hosted ones."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, Literal

import httpx

from tailor.models.engine import Request
from tailor.models.http_endpoint import HttpEndpoint, refusal, words
from tailor.models.response_format import response_format, taken_out
from tailor.models.tool_calls import ToolCalls, wire
from tailor.records import Base, Completion, Constraint, Failure, TokenLogprob, Usage


class OpenAIEndpoint(HttpEndpoint):
    """Answers by `POST {location}/chat/completions`."""

    PATH = "chat/completions"
    WHAT = "chat completion"

    def stream(self, request: Request) -> Iterator[str | Completion]:
        """See `HttpEndpoint.stream`."""
        body = {**self._body(request), "stream": True, "stream_options": {"include_usage": True}}
        started, text, sent, usage, finish = time.perf_counter(), "", "", Usage(), None
        calls = ToolCalls()
        # What comes as a field of an object cannot be passed on before it is whole.
        wrapped = request.constraint is not None and request.constraint.kind != "json-schema"
        try:
            with self._client.stream("POST", self.PATH, json=body) as reply:
                if reply.status_code != 200:
                    reply.read()
                    raise self._error(refusal(reply), "Check the endpoint, the model name and the key.")
                for event in self._events(reply):
                    usage = _usage(event, 0.0) if event.get("usage") else usage
                    piece, ended = _delta(event, calls)
                    text, finish = text + piece, ended or finish
                    # Space at either end is no part of an answer; inside it comes with the next word.
                    if len(text.strip()) > len(sent) and not wrapped:
                        yield text.strip()[len(sent) :]
                        sent = text.strip()
        except httpx.HTTPError as error:
            raise self._error(f"{self.base.location} did not answer: {words(error)}") from None
        if finish is None:
            raise self._error(f"{self.base.location} ended the stream before the answer was complete.", "Ask again.")
        seconds = time.perf_counter() - started
        if wrapped and not calls.text:
            whole = taken_out(request.constraint, text)
            if whole is None:
                raise self._error(_other_form(self.base, text))
            sent = whole.strip()
            yield sent
        yield Completion(
            sent,
            Usage(usage.prompt_tokens, usage.completion_tokens, seconds, usage.cached_tokens),
            finish=_finish(finish, calls.text),
            tool_calls=calls.text,
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"} if self._key else {}

    def _body(self, request: Request) -> dict[str, Any]:
        self._plain_only(request)
        body: dict[str, Any] = {
            "model": self.base.name,
            "messages": [wire(m) for m in request.messages],
            "max_tokens": request.generation.max_new_tokens,
            "temperature": request.generation.temperature,
            "seed": request.generation.seed,
        }
        if request.generation.stop:
            body["stop"] = list(request.generation.stop)
        if request.top_logprobs is not None:
            body |= {"logprobs": True, "top_logprobs": request.top_logprobs}
        if request.constraint is not None:
            body["response_format"] = response_format(request.constraint)
        return {**body, **json.loads(request.tools)} if request.tools else body

    def _read(self, value: Any, constraint: Constraint | None) -> Completion | Failure:
        choice = value["choices"][0]
        text = _text(choice["message"].get("content"))
        calls = ToolCalls()
        calls.add(choice["message"])
        answer = text if calls.text else taken_out(constraint, text)
        if answer is None:
            return Failure("endpoint", self._hidden(_other_form(self.base, text)))
        finish = _finish(choice.get("finish_reason"), calls.text)
        return Completion(
            answer.strip(), _usage(value, 0.0), finish=finish, logprobs=_logprobs(choice), tool_calls=calls.text
        )


def _other_form(base: Base, text: str) -> str:
    return f"{base.location} does not keep to response_format: it wrote {text[:200]!r}"


def _text(content: Any) -> str:
    """The words of a message: a string, or a list of parts of which some are text (Mistral's reasoning models)."""
    if isinstance(content, list):
        return "".join(str(p.get("text") or "") for p in content if p.get("type") == "text")
    if content is None or isinstance(content, str):
        return content or ""
    raise TypeError


def _logprobs(choice: dict[str, Any]) -> tuple[TokenLogprob, ...]:
    """Of each token and its alternatives; nothing where the server gives none or another form."""
    try:
        content = (choice.get("logprobs") or {}).get("content") or []
        return tuple(
            TokenLogprob(
                str(t["token"]),
                float(t["logprob"]),
                tuple((str(o["token"]), float(o["logprob"])) for o in t.get("top_logprobs") or []),
            )
            for t in content
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return ()


def _finish(reason: object, calls: str) -> Literal["stop", "length", "tool_calls"]:
    if reason == "length":
        return "length"
    return "tool_calls" if calls else "stop"


def _delta(event: dict[str, Any], calls: ToolCalls) -> tuple[str, str | None]:
    """The new words of an event and why the answer ended, if it did; calls of tools are added to `calls`."""
    try:
        choice = (event.get("choices") or [{}])[0]
        delta = choice.get("delta") or {}
        calls.add(delta)
        return _text(delta.get("content")), choice.get("finish_reason")
    except (KeyError, TypeError, AttributeError):
        return "", None


def _usage(value: dict[str, Any], seconds: float) -> Usage:
    usage = value.get("usage")
    known = usage if isinstance(usage, dict) else {}
    details = known.get("prompt_tokens_details")
    # OpenAI, Groq and Mistral nest the count, DeepSeek has a field of its own.
    cached = details.get("cached_tokens") if isinstance(details, dict) else known.get("prompt_cache_hit_tokens")
    counts = (known.get("prompt_tokens"), known.get("completion_tokens"), cached)
    prompt, completion, hit = (c if isinstance(c, int) and c > 0 else 0 for c in counts)
    return Usage(prompt, completion, seconds, min(hit, prompt))
