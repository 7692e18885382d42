"""What models behind an HTTP address have in common: keys, requests at once, patience where a refusal passes."""

from __future__ import annotations

import json
import math
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

import httpx

from tailor.errors import ModelError
from tailor.models.engine import OnAnswers, OnAsk, Request
from tailor.records import Base, Completion, Constraint, Failure

PARALLEL = 8
TRIES = 4
FIRST_WAIT = 0.5  # seconds, doubled after each try
LONGEST_WAIT = 60.0
TIMEOUT = httpx.Timeout(120.0, connect=10.0)
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=256)
"""As many connections as callers: they bound themselves. Those of a busy door are kept, or each would be made anew."""
IDEMPOTENCY = "Idempotency-Key"
RETRIED = {408, 409, 429, 500, 502, 503, 504, 529}  # 529: Anthropic is overloaded


class HttpEndpoint(ABC):
    """Answers by POST to `{location}/{PATH}`.

    Refusals that pass (429, 5xx, a lost connection) are tried up to four times with growing waits, honouring
    `Retry-After`; what stays wrong is a `Failure` that says so.

    Raises:
        ModelError: the address is not a URL, or the key's variable is empty or holds no key.
    """

    PATH: ClassVar[str]
    WHAT: ClassVar[str]  # what a reply should be, for messages

    def __init__(self, base: Base) -> None:
        self.base = base
        self._key = key_of(base)
        try:
            self._client = httpx.Client(base_url=base.location, headers=self._headers(), timeout=TIMEOUT, limits=LIMITS)
        except (httpx.InvalidURL, ValueError) as error:
            raise ModelError(f"The endpoint {base.location} is not a URL: {error}.") from None

    @abstractmethod
    def _headers(self) -> dict[str, str]:
        """Sent with every request, the key among them."""

    @abstractmethod
    def _body(self, request: Request) -> dict[str, Any]:
        """A request in the words of this API.

        Raises:
            ModelError: it cannot be said in them.
        """

    @abstractmethod
    def _read(self, value: Any, constraint: Constraint | None) -> Completion | Failure:
        """A reply as a completion without its seconds. KeyError, TypeError and the like where it is none."""

    @abstractmethod
    def stream(self, request: Request) -> Iterator[str | Completion]:
        """Stream by server-sent events; the pieces joined are the text of the final Completion.

        Raises:
            ModelError: the server refuses, or ends before the answer does.
        """

    def answer(
        self,
        requests: Sequence[Request],
        *,
        on_progress: Callable[[int], None] | None = None,
        on_answers: OnAnswers | None = None,
        on_ask: OnAsk | None = None,
    ) -> list[Completion | Failure]:
        """Ask all requests, eight at a time.

        Raises:
            ModelError: a request asks for trained weights.
        """

        def ask(place: int) -> Completion | Failure:
            body = self._body(requests[place])  # what cannot be said is never sent
            if on_ask:
                on_ask(place)
            answer = self._ask(requests[place], body)
            # Before the thread takes the next request: what is asked and not yet kept is never more than eight.
            if on_answers:
                on_answers({place: answer})
            return answer

        if len(requests) == 1:  # a door asks so, in a thread of its own: another pool costs it 0.25 ms
            alone = [ask(0)]
            if on_progress:
                on_progress(1)
            return alone
        answers: list[Completion | Failure] = []
        with ThreadPoolExecutor(PARALLEL) as pool:
            for answer in pool.map(ask, range(len(requests))):
                answers.append(answer)
                if on_progress:
                    on_progress(len(answers))
        return answers

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _plain_only(self, request: Request) -> None:
        if request.weights is not None:
            raise ModelError(
                f"{self.base.name} is behind an endpoint and takes no local weights.",
                hint="Training arms need a local base model.",
            )

    def _ask(self, request: Request, body: dict[str, Any]) -> Completion | Failure:
        failure, wait = Failure("endpoint", "never asked"), 0.0
        # The same for every try, and after a kill: who knows the header answers again without doing the work again.
        headers = {IDEMPOTENCY: request.key} if request.key else {}
        for attempt in range(TRIES):
            if wait:  # even a sleep of 0 gives the processor away
                time.sleep(wait)
            wait = FIRST_WAIT * 2**attempt
            started = time.perf_counter()
            try:
                reply = self._client.post(self.PATH, json=body, headers=headers)
            except httpx.TimeoutException:
                failure = Failure("timeout", f"{self.base.location} did not answer in time", retryable=True)
                continue
            except httpx.HTTPError as error:
                cause = self._hidden(f"{self.base.location}: {words(error)}")
                failure = Failure("endpoint", cause, retryable=True, hint="Is the server running?")
                continue
            if reply.status_code == 200:
                return self._completion(reply, request.constraint, time.perf_counter() - started)
            failure = Failure("endpoint", self._hidden(refusal(reply)), retryable=reply.status_code in RETRIED)
            if not failure.retryable:
                return failure
            asked = retry_after(reply)
            wait = wait if asked is None else asked
        return failure

    def _completion(self, reply: httpx.Response, constraint: Constraint | None, seconds: float) -> Completion | Failure:
        try:
            found = self._read(reply.json(), constraint)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            shown = self._hidden(repr(reply.text[:200]))
            return Failure("endpoint", f"the reply of {self.base.location} is not a {self.WHAT}: {shown}")
        if isinstance(found, Failure):
            return found
        return replace(found, usage=replace(found.usage, seconds=seconds))

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
                raise self._error(f"{self.base.location} sent no {self.WHAT}: {data[:200]!r}")
            yield event

    def _error(self, message: str, hint: str = "") -> ModelError:
        return ModelError(self._hidden(message), hint=hint)

    def _hidden(self, words: str) -> str:
        """Words of a server or a library, without the key: some repeat it."""
        return words.replace(self._key, "***") if self._key else words


def key_of(base: Base) -> str:
    """The key in the base's variable, empty without one; ModelError where the variable holds none."""
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


def refusal(reply: httpx.Response) -> str:
    """What a server that refused says."""
    try:
        message = reply.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = reply.text[:200]
    return f"{reply.request.url.host} answered {reply.status_code}: {message}"


def words(error: Exception) -> str:
    """What a library says."""
    return str(error) or type(error).__name__


def retry_after(reply: httpx.Response) -> float | None:
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
