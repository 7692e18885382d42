"""From a validated request to answers: whole ones and streams."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tailor.errors import ArtifactError, ConfigError, MissingDependency, TailorError
from tailor.evaluation.abstain import is_abstention
from tailor.models.constraining import grammar
from tailor.records import Completion, Constraint, Failure
from tailor.serving.asked import Asked
from tailor.serving.catalogue import Catalogue, Served
from tailor.serving.http import EventStream
from tailor.serving.problem import Problem, of_failure
from tailor.serving.reply import DONE, PREFIX, Reply, Shape, sse
from tailor.serving.spending import Spending
from tailor.serving.trace import Observer, Trace
from tailor.serving.traffic.router import Router
from tailor.serving.traffic.split import TREATMENT
from tailor.serving.warm import Target
from tailor.serving.worker import Job, Piece, Worker

log = logging.getLogger("tailor.serving")

Pieces = asyncio.Queue[tuple[int, Piece]]
"""What the jobs of a request emit, with the index of the answer."""

STALLED = 20.0
"""Seconds without a word after which a stream of an endpoint that has begun is given up."""


class Answers:
    """Puts requests to the worker.

    Args:
        router: knows which release answers under a name that an experiment splits.
        spending: what keys may spend.
        seconds: an answer that takes longer is a timeout.
        observers: told of shadow answers.
        stalled: seconds without a word after which a stream of an endpoint is given up.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        worker: Worker,
        router: Router,
        spending: Spending,
        default: str,
        seconds: float,
        observers: Sequence[Observer],
        stalled: float = STALLED,
    ) -> None:
        self._catalogue, self._worker, self._router = catalogue, worker, router
        self._spending = spending
        self._default, self._seconds = default, seconds
        self._observers, self._stalled = observers, stalled
        self._tasks: set[asyncio.Future[None]] = set()

    def resolve(self, name: str) -> Served:
        """What a model name means now.

        Raises:
            Problem: 404 where there is none, 503 where the list of releases is damaged.
        """
        with _known(name):
            return self._catalogue.resolve(name)

    async def answer(self, request: Request, asked: Asked, shape: Shape) -> Response:
        """The reply to a request for answers."""
        trace: Trace = request.scope["trace"]
        trace.model, trace.stream = asked.model or self._default, asked.stream
        self._spending.check(trace)
        with _known(trace.model):
            user = asked.user or request.headers.get("x-session-id", "")[:256]
            routed = self._router.route(trace.model, user, trace)
        served = routed.served
        trace.rate = await self._spending.rate(trace, served)
        trace.release = served.id
        trace.n, trace.max_new_tokens = len(asked.conversations) * asked.n, asked.options.max_new_tokens
        trace.input = _as_json(asked)
        reply = Reply(served.id, shape, f"{PREFIX[shape]}-{trace.id}")
        if asked.options.constraint is not None:
            await asyncio.to_thread(_check, asked.options.constraint)
        pieces: Pieces = asyncio.Queue()
        jobs = self._jobs(asked, served, pieces)
        self._worker.submit(jobs)
        if routed.shadow is not None:
            await self._shadow(asked, routed.shadow, trace)
        if asked.stream:
            return await self._stream(asked, jobs, pieces, reply, trace)
        return await self._whole(request, asked, jobs, pieces, reply, trace)

    async def _shadow(self, asked: Asked, served: Served, trace: Trace) -> None:
        """Ask another release the same; its answer is kept and shown to nobody. It gives way where the queue is
        full."""
        copy = Trace(
            route=trace.route, key=trace.key, model=trace.model, release=served.id, unit=trace.unit,
            experiment=trace.experiment, phase=trace.phase, arm=TREATMENT, shadow_of=trace.id, input=trace.input,
            rate=await self._spending.rate(Trace(), served),
        )  # fmt: skip
        pieces: Pieces = asyncio.Queue()
        jobs = self._jobs(replace(asked, stream=False, n=1), served, pieces)
        reply = Reply(served.id, "chat", copy.id)

        async def follow() -> None:
            try:
                self._worker.submit(jobs)
                _note(copy, await _collect(pieces, jobs, reply), 1)
                copy.status = 200
            except Problem as problem:
                copy.status, copy.code = problem.status, problem.code or ""
            copy.ended = time.perf_counter()
            if copy.status != 429:
                for observer in self._observers:
                    observer(copy)

        task = asyncio.ensure_future(follow())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _jobs(self, asked: Asked, served: Served, pieces: Pieces) -> list[Job]:
        loop = asyncio.get_running_loop()
        deadline = time.monotonic() + self._seconds
        jobs: list[Job] = []
        for conversation in asked.conversations:
            for n in range(asked.n):
                target = Target(served.id, served.folder, served.manifest_sha256, asked.options.numbered(n))

                def emit(piece: Piece, index: int = len(jobs)) -> None:
                    with suppress(RuntimeError):  # the loop has ended: nobody is listening any more
                        loop.call_soon_threadsafe(pieces.put_nowait, (index, piece))

                jobs.append(Job(target, conversation, emit, asked.stream, deadline))
        return jobs

    async def _whole(
        self, request: Request, asked: Asked, jobs: list[Job], pieces: Pieces, reply: Reply, trace: Trace
    ) -> Response:
        collecting = asyncio.ensure_future(_collect(pieces, jobs, reply))
        # A client that has gone is not answered: its jobs leave the batch.
        gone = asyncio.ensure_future(request.receive())
        try:
            await asyncio.wait([collecting, gone], return_when=asyncio.FIRST_COMPLETED)
            if not collecting.done():
                trace.code = "client_gone"
                return Response(status_code=499)
            completions = collecting.result()
        finally:
            for job in jobs:
                job.cancelled.set()
            gone.cancel()
            collecting.cancel()
        _note(trace, completions, asked.n)
        return JSONResponse(reply.whole(completions, asked.n))

    async def _stream(self, asked: Asked, jobs: list[Job], pieces: Pieces, reply: Reply, trace: Trace) -> Response:
        try:
            # The status is decided by the first piece: an error before it is an error reply, not a broken stream.
            first = await _next(pieces, jobs)
            if isinstance(first[1], (Failure, Exception)):
                raise problem_of(first[1], reply)
        except BaseException:
            for job in jobs:
                job.cancelled.set()
            raise
        return EventStream(_events(first, pieces, asked, jobs, reply, trace, self._stalled))


async def _next(pieces: Pieces, jobs: list[Job], stalled: float = math.inf) -> tuple[int, Piece]:
    """The next piece, or that none came in time: a thread that waits for an engine cannot say so itself."""
    left = max(0.0, jobs[0].deadline + 1 - time.monotonic())
    # An answer of a local base may wait for another model to load, and its worker knows the time.
    seconds = min(left, stalled) if jobs[0].threaded else left
    try:
        return await asyncio.wait_for(pieces.get(), seconds)
    except TimeoutError:
        return 0, Failure("timeout", f"no word came for {seconds:.0f} s")


async def _collect(pieces: Pieces, jobs: list[Job], reply: Reply) -> list[Completion]:
    found: dict[int, Completion] = {}
    while len(found) < len(jobs):
        index, piece = await _next(pieces, jobs)
        if isinstance(piece, Completion):
            found[index] = piece
        elif not isinstance(piece, str):
            raise problem_of(piece, reply)
    return [found[i] for i in range(len(jobs))]


async def _events(
    piece: tuple[int, Piece], pieces: Pieces, asked: Asked, jobs: list[Job], reply: Reply, trace: Trace, stalled: float
) -> AsyncGenerator[bytes]:
    """The events of a stream; several answers take turns as their text comes."""
    usage = asked.include_usage
    begun: set[int] = set()
    done: dict[int, Completion] = {}
    texts: dict[int, list[str]] = {i: [] for i in range(len(jobs))}
    try:
        while True:
            index, content = piece
            if isinstance(content, str) or (isinstance(content, Completion) and index not in begun):
                text = content if isinstance(content, str) else ""
                trace.text_came()
                texts[index].append(text)
                yield sse(reply.piece(index, text, first=index not in begun, usage=usage))
                begun.add(index)
            if isinstance(content, Completion):
                done[index] = content
                yield sse(reply.end(index, content, usage=usage))
            elif not isinstance(content, str):
                problem = problem_of(content, reply)
                trace.code = problem.code or "model_error"
                yield sse(problem.body())
                return
            if len(done) == len(jobs):
                break
            piece = await _next(pieces, jobs, stalled)
        completions = [done[i] for i in range(len(jobs))]
        _note(trace, completions, asked.n)
        if usage:
            yield sse(reply.count(completions, asked.n))
        yield DONE
    finally:
        # Also where the client has gone: the worker stops at the next piece.
        if len(done) < len(jobs):
            trace.code = trace.code or "client_gone"
            trace.complete = False
            trace.output = "\n".join("".join(t) for t in texts.values())
        for job in jobs:
            job.cancelled.set()


def _note(trace: Trace, completions: list[Completion], n: int) -> None:
    trace.text_came()
    trace.prompt_tokens = sum(c.usage.prompt_tokens for c in completions[::n])
    trace.completion_tokens = sum(c.usage.completion_tokens for c in completions)
    trace.finish = completions[0].finish
    trace.output = "\n".join(c.text for c in completions)
    trace.refused = all(is_abstention(c.text) for c in completions)
    trace.usd = None if trace.rate is None else trace.rate.of(completions)
    trace.complete = True


@contextmanager
def _known(name: str) -> Iterator[None]:
    """What a client is told where a name means nothing.

    Raises:
        Problem: 404 or 503.
    """
    try:
        yield
    except ConfigError:
        message = f"The model {name[:64]!r} does not exist; GET /v1/models lists those that do."
        raise Problem(404, message, code="model_not_found", param="model") from None
    except ArtifactError as error:
        log.error("%s", error)
        raise Problem(503, "The list of releases cannot be read.", code="releases_damaged") from None


def _check(constraint: Constraint) -> None:
    """Refuse a schema that cannot be held.

    Raises:
        Problem: 400.
    """
    try:
        grammar(constraint)
    except MissingDependency:
        message = "Answers cannot be held to a schema here: pip install 'tailor[constrain]'."
        raise Problem(400, message, code="unsupported_parameter", param="response_format") from None
    except ConfigError as error:
        cause = error.message.removeprefix("constrained: ")
        raise Problem(400, f"'response_format': {cause}", code="invalid_schema", param="response_format") from None


def _as_json(asked: Asked) -> str:
    conversations = [[{"role": m.role, "content": m.content} for m in c] for c in asked.conversations]
    return json.dumps(conversations[0] if len(conversations) == 1 else conversations, ensure_ascii=False)


def problem_of(error: Failure | Exception, reply: Reply) -> Problem:
    """What a client is told of what went wrong in the worker; the server's log gets the rest."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Failure):
        log.warning("%s: no answer (%s)", reply.id, error.kind)
        return of_failure(error)
    if isinstance(error, TailorError):
        log.error("%s: %s cannot answer: %s", reply.id, reply.release, error)
        damaged = isinstance(error, ArtifactError)
        reason = "failed its integrity check and is not served" if damaged else "cannot be loaded or run"
        code = "release_damaged" if damaged else "model_error"
        return Problem(503, f"The release {reply.release} {reason}; the server's log says why.", code=code)
    log.error("%s: %s failed", reply.id, reply.release, exc_info=error)
    return Problem(500, "The model could not answer this request.", code="model_error")
