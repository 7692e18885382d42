"""What is known of one request while it is served, and who is told of it at the end."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from tailor.serving.pricing import Rate


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass
class Trace:
    """One request. Times are seconds of a monotonic clock, so that a clock that is set gives no negative latency.

    Attributes:
        id: sent back as `x-request-id`; a reply's own id ends with it.
        method, traceparent: of the request; the latter as the caller sent it (W3C Trace Context), "" if it sent none.
        route: the path of the rule that took it ("/v1/chat/completions"), never what the client wrote.
        key: id of the API key, "" where none is needed; `usd_per_month` is its money limit.
        model, release: what was asked for, and what it meant.
        unit: salted hash of the user or session; "" where the client named none.
        experiment, phase, arm: the traffic split it fell into.
        shadow_of: id of the request whose copy this is; its answer is never shown.
        complete: whether the client got the whole answer.
        refused: whether the answer is that there is none ("I don't know").
        n, max_new_tokens: how many answers of which length were asked for.
        rate, usd: what answers cost, and what these did; None where it is not known.
        input, output: the conversation as JSON and the answer; kept only where contents are logged.
    """

    id: str = field(default_factory=lambda: secrets.token_hex(12))
    at: str = field(default_factory=_now)
    started: float = field(default_factory=time.perf_counter)
    method: str = ""
    traceparent: str = ""
    route: str = ""
    key: str = ""
    usd_per_month: float | None = None
    model: str = ""
    release: str = ""
    unit: str = ""
    experiment: str = ""
    phase: int = 0
    arm: str = ""
    shadow_of: str = ""
    status: int = 0
    code: str = ""
    first_byte: float | None = None
    first_text: float | None = None
    ended: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    finish: str = ""
    complete: bool = False
    refused: bool = False
    stream: bool = False
    n: int = 1
    max_new_tokens: int | None = None
    rate: Rate | None = None
    usd: float | None = None
    input: str = ""
    output: str = ""

    @property
    def seconds(self) -> float:
        """From the request's arrival to the last byte."""
        return (self.ended or time.perf_counter()) - self.started

    def text_came(self) -> None:
        """The first text of the answer is there."""
        if self.first_text is None:
            self.first_text = time.perf_counter()


Observer = Callable[[Trace], None]


class Observed:
    """ASGI middleware, outermost: gives every request its trace and tells the observers when it has ended."""

    def __init__(self, app: ASGIApp, *, began: Observer, ended: Sequence[Observer]) -> None:
        self._app, self._began, self._observers = app, began, ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        parents = [value for name, value in scope["headers"] if name == b"traceparent"]
        trace = Trace(method=scope["method"], traceparent=parents[0].decode("latin-1") if len(parents) == 1 else "")
        scope["trace"] = trace

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                trace.status = message["status"]
                message = {
                    **message,
                    "headers": [*message.get("headers", []), (b"x-request-id", trace.id.encode())],
                }
            await send(message)

        self._began(trace)
        try:
            await self._app(scope, receive, watched)
        finally:
            trace.ended = time.perf_counter()
            for observer in self._observers:
                observer(trace)
