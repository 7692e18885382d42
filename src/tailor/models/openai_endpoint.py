"""Models behind an OpenAI-compatible address: Ollama, vLLM, llama.cpp, TGI, hosted ones."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tailor.errors import ModelError
from tailor.models.engine import Request
from tailor.records import Base, Completion, Failure, Usage

PARALLEL = 8
TRIES = 4
TIMEOUT = httpx.Timeout(120.0, connect=10.0)
RETRIED = {408, 409, 429, 500, 502, 503, 504}


class OpenAIEndpoint:
    """Answers by `POST {location}/chat/completions`.

    Refusals that pass (429, 5xx, a lost connection) are tried up to four times with growing waits, honouring
    `Retry-After`; what stays wrong is a `Failure` that says so.
    """

    def __init__(self, base: Base) -> None:
        self.base = base
        key = os.environ.get(base.key_env, "") if base.key_env else ""
        if base.key_env and not key:
            raise ModelError(
                f"The environment variable {base.key_env} is empty.", hint=f"Set it to the key of {base.location}."
            )
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(base_url=base.location, headers=headers, timeout=TIMEOUT)

    def answer(
        self, requests: Sequence[Request], *, on_progress: Callable[[int], None] | None = None
    ) -> list[Completion | Failure]:
        """Ask all requests, eight at a time."""
        answers: list[Completion | Failure] = []
        with ThreadPoolExecutor(PARALLEL) as pool:
            for answer in pool.map(self._ask, requests):
                answers.append(answer)
                if on_progress:
                    on_progress(len(answers))
        return answers

    def stream(self, request: Request) -> Iterator[str | Completion]:
        """Stream by server-sent events."""
        body = {**self._body(request), "stream": True, "stream_options": {"include_usage": True}}
        started, text, usage, finish = time.perf_counter(), "", Usage(), "stop"
        try:
            with self._client.stream("POST", "chat/completions", json=body) as reply:
                if reply.status_code != 200:
                    reply.read()
                    raise ModelError(_refusal(reply), hint="Check the endpoint, the model name and the key.")
                for event in _events(reply):
                    if event.get("usage"):
                        usage = _usage(event, 0.0)
                    for choice in event.get("choices") or []:
                        piece = (choice.get("delta") or {}).get("content") or ""
                        finish = choice.get("finish_reason") or finish
                        text += piece
                        if piece:
                            yield piece
        except httpx.HTTPError as error:
            raise ModelError(f"{self.base.location} did not answer: {error}") from None
        seconds = time.perf_counter() - started
        yield Completion(
            text,
            Usage(usage.prompt_tokens, usage.completion_tokens, seconds),
            finish="length" if finish == "length" else "stop",
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
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "max_tokens": request.generation.max_new_tokens,
            "temperature": request.generation.temperature,
            "seed": request.generation.seed,
        }
        if request.generation.stop:
            body["stop"] = list(request.generation.stop)
        return body

    def _ask(self, request: Request) -> Completion | Failure:
        body, failure, wait = self._body(request), Failure("endpoint", "never asked"), 0.0
        for attempt in range(TRIES):
            if attempt:
                time.sleep(wait)
            wait = 0.5 * 2**attempt
            started = time.perf_counter()
            try:
                reply = self._client.post("chat/completions", json=body)
            except httpx.TimeoutException:
                failure = Failure("timeout", f"{self.base.location} did not answer in time", retryable=True)
                continue
            except httpx.HTTPError as error:
                failure = Failure(
                    "endpoint", f"{self.base.location}: {error}", retryable=True, hint="Is the server running?"
                )
                continue
            if reply.status_code == 200:
                return _completion(reply, time.perf_counter() - started)
            failure = Failure("endpoint", _refusal(reply), retryable=reply.status_code in RETRIED)
            if not failure.retryable:
                return failure
            wait = _retry_after(reply) or wait
        return failure


def _completion(reply: httpx.Response, seconds: float) -> Completion | Failure:
    try:
        value = reply.json()
        choice = value["choices"][0]
        text = choice["message"].get("content") or ""
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return Failure("endpoint", f"the reply is not a chat completion: {reply.text[:200]!r}")
    return Completion(
        text.strip(), _usage(value, seconds), finish="length" if choice.get("finish_reason") == "length" else "stop"
    )


def _usage(value: dict[str, Any], seconds: float) -> Usage:
    usage = value.get("usage") or {}
    return Usage(int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0), seconds)


def _refusal(reply: httpx.Response) -> str:
    try:
        message = reply.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = reply.text[:200]
    return f"{reply.request.url.host} answered {reply.status_code}: {message}"


def _retry_after(reply: httpx.Response) -> float | None:
    try:
        return min(float(reply.headers["retry-after"]), 60.0)
    except (KeyError, ValueError):
        return None


def _events(reply: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in reply.iter_lines():
        data = line.removeprefix("data:").strip()
        if line.startswith("data:") and data and data != "[DONE]":
            yield json.loads(data)
