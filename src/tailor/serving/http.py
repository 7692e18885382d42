"""Bodies, event streams and error replies."""

from __future__ import annotations

import asyncio
import errno
import logging
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tailor.serving.problem import Problem

log = logging.getLogger("tailor.serving")

LARGEST_BODY = 1_000_000
"""Bytes."""

BODY_SECONDS = 15.0
"""How long a client may take to send its body."""


async def read_body(request: Request, *, largest: int = LARGEST_BODY, seconds: float = BODY_SECONDS) -> bytes:
    """The whole body.

    Raises:
        Problem: 413 too large, 408 too slow.
    """
    too_large = Problem(413, f"The body may have {largest} bytes at most.", code="body_too_large")
    length = request.headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length[:20]) > largest:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    raise too_large
    except TimeoutError:
        raise Problem(408, f"The body did not arrive within {seconds:.0f} s.", code="timeout") from None
    except ClientDisconnect:
        raise Problem(400, "The connection ended within the body.") from None
    return bytes(body)


class EventStream(Response):
    """Server-sent events straight to ASGI's `send`, an event per message: one task more or one buffer more per stream
    costs tens of milliseconds at 200 streams. Where the client goes, the generator is closed."""

    def __init__(self, events: AsyncGenerator[bytes]) -> None:
        super().__init__(media_type="text/event-stream")
        # Without a length; `x-accel-buffering` keeps nginx from collecting events.
        self.raw_headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"x-accel-buffering", b"no"),
        ]
        self._events = events

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        streaming = asyncio.ensure_future(self._send_all(send))
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait([streaming, leaving], return_when=asyncio.FIRST_COMPLETED)
            if streaming.done():
                streaming.result()
        finally:
            for task in (streaming, leaving):
                task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await streaming
            await self._events.aclose()

    async def _send_all(self, send: Send) -> None:
        async for event in self._events:
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    request.scope["trace"].code = error.code or ""
    return JSONResponse(error.body(), status_code=error.status, headers=error.headers())


async def on_http(_request: Request, error: Exception) -> Response:
    """Unknown paths and methods."""
    assert isinstance(error, HTTPException)
    message = {404: "There is no such path.", 405: "This path does not take this method."}
    problem = Problem(error.status_code, message.get(error.status_code, "The request cannot be served."))
    return JSONResponse(problem.body(), status_code=error.status_code, headers=error.headers)


STORAGE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}


async def on_storage(request: Request, error: Exception) -> Response:
    """What must not be lost could not be written: nothing is confirmed, and trying again may help."""
    if isinstance(error, OSError) and error.errno not in STORAGE:
        return await on_bug(request, error)
    log.error("The workspace cannot be written: %s", error)
    request.scope["trace"].code = "storage_failed"
    problem = Problem(503, "This cannot be kept now.", code="storage_failed", retry_after=10)
    return JSONResponse(problem.body(), status_code=503, headers=problem.headers())


async def on_bug(_request: Request, error: Exception) -> Response:
    log.error("A defect in the server", exc_info=error)
    body: dict[str, Any] = Problem(500, "Something went wrong in the server.", code="internal_error").body()
    return JSONResponse(body, status_code=500)


ON_ERROR: Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    Problem: on_problem,
    HTTPException: on_http,
    OSError: on_storage,
    sqlite3.Error: on_storage,
    Exception: on_bug,
}
"""What becomes of an exception that a route lets through."""
