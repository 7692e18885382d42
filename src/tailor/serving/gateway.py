"""The OpenAI-compatible HTTP API over the releases of a workspace.

    POST /v1/chat/completions    chat_request.py says what is honoured, ignored and refused
    GET  /v1/models[/{id}]       champion, previous and every release as `arm@version`
    GET  /healthz                is the process up, and what would answer

Nothing of a conversation is written down anywhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tailor.errors import ArtifactError, ConfigError, TailorError
from tailor.records import Completion, Failure
from tailor.registry.pointer import ReleaseInfo
from tailor.registry.store import pointer_file, releases_folder
from tailor.serving.chat_request import ChatRequest, parse_body
from tailor.serving.guard import Guard
from tailor.serving.problem import Problem, of_failure
from tailor.serving.reply import DONE, Reply, model_card, model_list, sse
from tailor.serving.warm import Answering, CurrentReleases, RuntimeFactory, Target, WarmReleases
from tailor.serving.worker import AnswerJob, StreamJob, Worker

log = logging.getLogger("tailor.serving")

LARGEST_BODY = 1_000_000
"""Bytes."""

BODY_SECONDS = 15.0
"""How long a client may take to send its body."""

Piece = str | Completion | Exception


def create_app(
    workspace: Path,
    *,
    model: str = "champion",
    runtime_factory: RuntimeFactory | None = None,
    hosts: Collection[str] = (),
    any_address: bool = False,
    api_key: str | None = None,
) -> Starlette:
    """The ASGI application.

    Args:
        workspace: the folder with `.tailor/releases`.
        model: the release that answers where a request names none.
        runtime_factory: makes what answers; the real runtime where None.
        hosts, any_address, api_key: see `guard.Guard`.

    Raises:
        ConfigError: `model` names no release.
        ArtifactError: the list of releases is damaged.
    """
    current = CurrentReleases(pointer_file(workspace))
    current.resolve(model)
    worker = Worker(WarmReleases(releases_folder(workspace), runtime_factory or _runtime))
    gateway = Gateway(current, worker, model)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        worker.start()
        yield
        await asyncio.to_thread(worker.close)

    return Starlette(
        routes=[
            Route("/v1/chat/completions", gateway.chat, methods=["POST"]),
            Route("/v1/models", gateway.models, methods=["GET"]),
            Route("/v1/models/{name:path}", gateway.model, methods=["GET"]),
            Route("/healthz", gateway.health, methods=["GET"]),
        ],
        middleware=[Middleware(Guard, hosts=hosts, any_address=any_address, api_key=api_key)],
        exception_handlers={Problem: _on_problem, HTTPException: _on_http, Exception: _on_bug},
        lifespan=lifespan,
    )


def _runtime(root: Path) -> Answering:
    from tailor.runtime import Runtime

    return Runtime(root)


class Gateway:
    """The routes."""

    def __init__(self, current: CurrentReleases, worker: Worker, default: str) -> None:
        self._current = current
        self._worker = worker
        self._default = default

    async def chat(self, request: Request) -> Response:
        asked = parse_body(await _read_body(request))
        info = self._resolve(asked.model or self._default)
        target = Target(info.version, info.manifest_sha256, asked.options)
        reply = Reply(info.id)
        if asked.stream:
            return await self._stream(asked, target, reply)
        return await self._whole(request, asked, target, reply)

    async def models(self, _request: Request) -> Response:
        return JSONResponse(model_list(self._current.pointer()))

    async def model(self, request: Request) -> Response:
        name = request.path_params["name"]
        return JSONResponse(model_card(name, self._resolve(name)))

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok", "release": self._current.resolve(self._default).id})

    def _resolve(self, name: str) -> ReleaseInfo:
        try:
            return self._current.resolve(name)
        except ConfigError:
            message = f"The model {name[:64]!r} does not exist; GET /v1/models lists those that do."
            raise Problem(404, message, code="model_not_found", param="model") from None
        except ArtifactError as error:
            log.error("%s", error)
            raise Problem(503, "The list of releases cannot be read.", code="releases_damaged") from None

    async def _whole(self, request: Request, asked: ChatRequest, target: Target, reply: Reply) -> Response:
        job = AnswerJob(target, asked.messages)
        self._worker.submit(job)
        answer = asyncio.wrap_future(job.future)
        # A client that has gone is not answered, if its turn has not come yet.
        gone = asyncio.ensure_future(request.receive())
        gone.add_done_callback(lambda _: answer.cancel())
        await asyncio.wait([answer])
        gone.cancel()
        if answer.cancelled():
            return Response(status_code=499)
        return JSONResponse(reply.whole(_answered(_result(answer), reply)))

    async def _stream(self, asked: ChatRequest, target: Target, reply: Reply) -> Response:
        pieces: asyncio.Queue[Piece] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def emit(piece: Piece) -> None:
            with suppress(RuntimeError):  # the loop has ended: nobody is listening any more
                loop.call_soon_threadsafe(pieces.put_nowait, piece)

        job = StreamJob(target, asked.messages, emit)
        self._worker.submit(job)
        try:
            # The status is decided by the first piece: an error before it is an error reply, not a broken stream.
            first = await pieces.get()
            if isinstance(first, Exception):
                raise _problem(first, reply)
        except BaseException:
            job.cancelled.set()
            raise
        events = _events(first, pieces, job, reply, usage=asked.include_usage)
        return StreamingResponse(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def _events(
    piece: Piece, pieces: asyncio.Queue[Piece], job: StreamJob, reply: Reply, *, usage: bool
) -> AsyncIterator[bytes]:
    first = True
    try:
        while isinstance(piece, str):
            yield sse(reply.piece(piece, first=first, usage=usage))
            first = False
            piece = await pieces.get()
        if isinstance(piece, Completion):
            if first:
                yield sse(reply.piece("", first=True, usage=usage))
            for chunk in reply.end(piece, usage=usage):
                yield sse(chunk)
            yield DONE
        else:
            yield sse(_problem(piece, reply).body())
    finally:
        # Also where the client has gone: the worker stops at the next piece.
        job.cancelled.set()


async def _read_body(request: Request) -> bytes:
    too_large = Problem(413, f"The body may have {LARGEST_BODY} bytes at most.", code="body_too_large")
    length = request.headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length[:20]) > LARGEST_BODY:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise too_large
    except TimeoutError:
        raise Problem(408, f"The body did not arrive within {BODY_SECONDS:.0f} s.", code="timeout") from None
    except ClientDisconnect:
        raise Problem(400, "The connection ended within the body.") from None
    return bytes(body)


def _result(answer: asyncio.Future[Completion | Failure]) -> Completion | Failure | Exception:
    try:
        return answer.result()
    except Exception as error:
        return error


def _answered(answer: Completion | Failure | Exception, reply: Reply) -> Completion:
    if isinstance(answer, Completion):
        return answer
    if isinstance(answer, Failure):
        log.warning("%s: no answer (%s)", reply.id, answer.kind)
        raise of_failure(answer)
    raise _problem(answer, reply)


def _problem(error: object, reply: Reply) -> Problem:
    """What a client is told of an exception in the worker; the server's log gets the rest."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, TailorError):
        log.error("%s: %s cannot answer: %s", reply.id, reply.release, error)
        damaged = isinstance(error, ArtifactError)
        reason = "failed its integrity check and is not served" if damaged else "cannot be loaded or run"
        code = "release_damaged" if damaged else "model_error"
        return Problem(503, f"The release {reply.release} {reason}; the server's log says why.", code=code)
    log.error("%s: %s failed", reply.id, reply.release, exc_info=error if isinstance(error, Exception) else None)
    return Problem(500, "The model could not answer this request.", code="model_error")


async def _on_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return JSONResponse(error.body(), status_code=error.status, headers=error.headers())


async def _on_http(_request: Request, error: Exception) -> Response:
    """Unknown paths and methods."""
    assert isinstance(error, HTTPException)
    message = {404: "There is no such path.", 405: "This path does not take this method."}
    problem = Problem(error.status_code, message.get(error.status_code, "The request cannot be served."))
    return JSONResponse(problem.body(), status_code=error.status_code, headers=error.headers)


async def _on_bug(_request: Request, _error: Exception) -> Response:
    body: dict[str, Any] = Problem(500, "Something went wrong in the server.", code="internal_error").body()
    return JSONResponse(body, status_code=500)
