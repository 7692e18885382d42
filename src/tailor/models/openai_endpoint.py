"""Models behind an OpenAI-compatible address: Ollama, vLLM, llama.cpp, TGI, hosted ones."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import httpx

from tailor.errors import ModelError
from tailor.models.engine import OnAnswers, Request
from tailor.models.response_format import response_format, taken_out
from tailor.models.tool_calls import ToolCalls, wire
from tailor.records import Base, Completion, Constraint, Failure, Usage

PARALLEL = 8
TRIES = 4
FIRST_WAIT = 0.5  # seconds, doubled after each try
LONGEST_WAIT = 60.0
TIMEOUT = httpx.Timeout(120.0, connect=10.0)
RETRIED = {408, 409, 429, 500, 502, 503, 504}


class OpenAIEndpoint:
    """Answers by `POST {location}/chat/completions`.

    Refusals that pass (429, 5xx, a lost connection) are tried up to four times with growing waits, honouring
    `Retry-After`; what stays wrong is a `Failure` that says so.

    Raises:
        ModelError: the address is not a URL, or the key's variable is empty or holds no key.
    """

    def __init__(self, base: Base) -> None:
        self.base = base
        self._key = _key(base)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            self._client = httpx.Client(base_url=base.location, headers=headers, timeout=TIMEOUT)
        except (httpx.InvalidURL, ValueError) as error:
            raise ModelError(f"The endpoint {base.location} is not a URL: {error}.") from None

    def answer(
        self,
        requests: Sequence[Request],
        *,
        on_progress: Callable[[int], None] | None = None,
        on_answers: OnAnswers | None = None,
    ) -> list[Completion | Failure]:
        """Ask all requests, eight at a time.

        Raises:
            ModelError: a request asks for trained weights.
        """

        def ask(place: int) -> Completion | Failure:
            answer = self._ask(requests[place])
            # Before the thread takes the next request: what is asked and not yet kept is never more than eight.
            if on_answers:
                on_answers({place: answer})
            return answer

        answers: list[Completion | Failure] = []
        with ThreadPoolExecutor(PARALLEL) as pool:
            for answer in pool.map(ask, range(len(requests))):
                answers.append(answer)
                if on_progress:
                    on_progress(len(answers))
        return answers

    def stream(self, request: Request) -> Iterator[str | Completion]:
        """Stream by server-sent events; the pieces joined are the text of the final Completion.

        Raises:
            ModelError: the server refuses, or ends before the answer does.
        """
        body = {**self._body(request), "stream": True, "stream_options": {"include_usage": True}}
        started, text, sent, usage, finish = time.perf_counter(), "", "", Usage(), None
        calls = ToolCalls()
        # What comes as a field of an object cannot be passed on before it is whole.
        wrapped = request.constraint is not None and request.constraint.kind != "json-schema"
        try:
            with self._client.stream("POST", "chat/completions", json=body) as reply:
                if reply.status_code != 200:
                    reply.read()
                    raise self._error(_refusal(reply), "Check the endpoint, the model name and the key.")
                for event in self._events(reply):
                    usage = _usage(event, 0.0) if event.get("usage") else usage
                    piece, ended = _delta(event, calls)
                    text, finish = text + piece, ended or finish
                    # Space at either end is no part of an answer; inside it comes with the next word.
                    if len(text.strip()) > len(sent) and not wrapped:
                        yield text.strip()[len(sent) :]
                        sent = text.strip()
        except httpx.HTTPError as error:
            raise self._error(f"{self.base.location} did not answer: {_words(error)}") from None
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

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _body(self, request: Request) -> dict[str, Any]:
        if request.weights is not None:
            raise ModelError(
                f"{self.base.name} is behind an endpoint and takes no local weights.",
                hint="Training arms need a local base model.",
            )
        body: dict[str, Any] = {
            "model": self.base.name,
            "messages": [wire(m) for m in request.messages],
            "max_tokens": request.generation.max_new_tokens,
            "temperature": request.generation.temperature,
            "seed": request.generation.seed,
        }
        if request.generation.stop:
            body["stop"] = list(request.generation.stop)
        if request.constraint is not None:
            body["response_format"] = response_format(request.constraint)
        return {**body, **json.loads(request.tools)} if request.tools else body

    def _ask(self, request: Request) -> Completion | Failure:
        body, failure, wait = self._body(request), Failure("endpoint", "never asked"), 0.0
        for attempt in range(TRIES):
            time.sleep(wait)
            wait = FIRST_WAIT * 2**attempt
            started = time.perf_counter()
            try:
                reply = self._client.post("chat/completions", json=body)
            except httpx.TimeoutException:
                failure = Failure("timeout", f"{self.base.location} did not answer in time", retryable=True)
                continue
            except httpx.HTTPError as error:
                cause = self._hidden(f"{self.base.location}: {_words(error)}")
                failure = Failure("endpoint", cause, retryable=True, hint="Is the server running?")
                continue
            if reply.status_code == 200:
                return self._completion(reply, request.constraint, time.perf_counter() - started)
            failure = Failure("endpoint", self._hidden(_refusal(reply)), retryable=reply.status_code in RETRIED)
            if not failure.retryable:
                return failure
            asked = _retry_after(reply)
            wait = wait if asked is None else asked
        return failure

    def _completion(self, reply: httpx.Response, constraint: Constraint | None, seconds: float) -> Completion | Failure:
        try:
            value = reply.json()
            choice = value["choices"][0]
            text = _text(choice["message"].get("content"))
            calls = ToolCalls()
            calls.add(choice["message"])
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            found = self._hidden(repr(reply.text[:200]))
            return Failure("endpoint", f"the reply of {self.base.location} is not a chat completion: {found}")
        answer = text if calls.text else taken_out(constraint, text)
        if answer is None:
            return Failure("endpoint", self._hidden(_other_form(self.base, text)))
        finish = _finish(choice.get("finish_reason"), calls.text)
        return Completion(answer.strip(), _usage(value, seconds), finish=finish, tool_calls=calls.text)

    def _events(self, reply: httpx.Response) -> Iterator[dict[str, Any]]:
        for line in reply.iter_lines():
            data = line.removeprefix("data:").strip()
            if not line.startswith("data:") or not data or data == "[DONE]":
                continue
            try:
                event = json.loads(data)
            except ValueError:
                event = None
            if not isinstance(event, dict) or event.get("error"):
                raise self._error(f"{self.base.location} sent no chat completion: {data[:200]!r}")
            yield event

    def _error(self, message: str, hint: str = "") -> ModelError:
        return ModelError(self._hidden(message), hint=hint)

    def _hidden(self, words: str) -> str:
        """Words of a server or a library, without the key: some repeat it."""
        return words.replace(self._key, "***") if self._key else words


def _key(base: Base) -> str:
    if not base.key_env:
        return ""
    key = os.environ.get(base.key_env, "").strip()
    if not key:
        raise ModelError(
            f"The environment variable {base.key_env} is empty.", hint=f"Set it to the key of {base.location}."
        )
    if not (key.isascii() and key.isprintable()):
        raise ModelError(
            f"The environment variable {base.key_env} holds characters that no key has.", hint="Copy the key again."
        )
    return key


def _other_form(base: Base, text: str) -> str:
    return f"{base.location} does not keep to response_format: it wrote {text[:200]!r}"


def _text(content: Any) -> str:
    """The words of a message: a string, or a list of parts of which some are text (Mistral's reasoning models)."""
    if isinstance(content, list):
        return "".join(str(p.get("text") or "") for p in content if p.get("type") == "text")
    if content is None or isinstance(content, str):
        return content or ""
    raise TypeError


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


def _refusal(reply: httpx.Response) -> str:
    try:
        message = reply.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = reply.text[:200]
    return f"{reply.request.url.host} answered {reply.status_code}: {message}"


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _retry_after(reply: httpx.Response) -> float | None:
    """Seconds from 0 to 60: the header holds a number or a date (RFC 9110, 10.2.3)."""
    value = reply.headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_WAIT)
