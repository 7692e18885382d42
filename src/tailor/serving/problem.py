"""What goes wrong with a request, in the shape that OpenAI clients turn into typed exceptions."""

from __future__ import annotations

from typing import Any, Literal

from tailor.records import Failure

Kind = Literal[
    "invalid_request_error",
    "authentication_error",
    "permission_error",
    "rate_limit_error",
    "insufficient_quota",
    "server_error",
]


class Problem(Exception):
    """A request that gets an error reply. The text is ours: never a traceback, a path or an upstream's words. `retry`
    False tells OpenAI's clients, which try a 429 again by themselves, that it is no use."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: Kind | None = None,
        retry_after: int | None = None,
        retry: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.kind: Kind = kind or ("server_error" if status >= 500 else "invalid_request_error")
        self.retry_after = retry_after
        self.retry = retry

    def body(self) -> dict[str, Any]:
        """`{"error": {message, type, param, code}}`"""
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return {"error": error}

    def headers(self) -> dict[str, str]:
        wait = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
        return wait if self.retry else {**wait, "x-should-retry": "false"}


def of_failure(failure: Failure) -> Problem:
    """Why the model gave no answer, as an HTTP status. Causes are told only where the client can act on them: others
    may quote an engine's or an upstream's internals."""
    if failure.kind == "too-long":
        message = f"{failure.cause}. Send a shorter conversation or a smaller max_completion_tokens."
        return Problem(400, message, code="context_length_exceeded", param="messages")
    if failure.kind == "timeout":
        return Problem(504, "The model did not answer in time.", code="timeout")
    if failure.kind == "endpoint":
        return Problem(502, "The base model's endpoint did not answer.", code="upstream_error")
    if failure.kind == "interrupted":
        return Problem(499, "The client has gone.", code="client_gone")
    return Problem(500, "The model could not answer this request.", code="model_error")
