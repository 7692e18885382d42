"""All model work of the server, fed by a bounded queue.

One thread looks after the models: it loads releases, lets answers begin and brings those on local bases forward, a
token at a time (PyTorch models are not re-entrant, and two generations at once on one CPU are slower than one after the
other). Answers whose model is behind an endpoint only wait, so each of them gets a thread of a pool.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from tailor.models.live import LiveAnswer
from tailor.records import Completion, Failure, Message, Passage
from tailor.serving.problem import Problem
from tailor.serving.warm import Answering, Target, WarmReleases

log = logging.getLogger("tailor.serving")

CAPACITY = 64
"""Requests that may wait; the next one is told to come back."""

ACTIVE = 64
"""Requests that are answered at once while a local base answers: rows of its batch, and those about to join."""

THREADS = 256
"""Requests that wait for endpoints at once: a stream holds a thread until it ends."""

Piece = str | Completion | Failure | Exception


@dataclass(eq=False)
class Job:
    """One answer to make. `emit` is told of it from the worker's threads: text as it comes where `stream` is set, and
    last a Completion, a Failure or an exception, exactly once.

    Attributes:
        deadline: in seconds of `time.monotonic`; later the answer is a timeout.
        cancelled: set by whoever does not want the answer any more.
        threaded: whether a thread waits for an endpoint; known once it does.
    """

    target: Target
    messages: tuple[Message, ...]
    emit: Callable[[Piece], None]
    stream: bool = False
    deadline: float = math.inf
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: bool = False
    threaded: bool = False


@dataclass(eq=False)
class _Live:
    """A job among the answers under way on a local base."""

    job: Job
    answer: LiveAnswer
    passages: tuple[Passage, ...]


def _stopping() -> Problem:
    return Problem(503, "The server is shutting down.", code="shutting_down", retry_after=5)


class Worker:
    """The thread, its queue and its pool."""

    def __init__(self, models: WarmReleases) -> None:
        self._models = models
        self._waiting: deque[Job] = deque()
        self._live: list[_Live] = []
        self._active = 0
        self._per_job = 0.1  # seconds between two answers when busy, smoothed
        self._last_end = time.monotonic()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="tailor-models", daemon=True)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="tailor-endpoint")

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether answers can be made."""
        return self._thread.is_alive() and not self._closing

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._waiting)

    @property
    def active(self) -> int:
        """Requests being answered."""
        return self._active

    @property
    def _most(self) -> int:
        """Requests that may be answered at once now."""
        return ACTIVE if self._live else THREADS

    def submit(self, jobs: Sequence[Job]) -> None:
        """Queue jobs: all of them or none.

        Raises:
            Problem: 429 when the queue is full, 503 when the server is stopping.
        """
        with self._changed:
            if self._closing:
                raise _stopping()
            # What can start at once does not wait.
            if len(self._waiting) + len(jobs) > CAPACITY + max(0, self._most - self._active):
                message = f"{len(self._waiting)} requests are waiting already; try again in a moment."
                wait = min(30, max(1, math.ceil(len(self._waiting) * self._per_job)))
                raise Problem(429, message, code="queue_full", kind="rate_limit_error", retry_after=wait)
            self._waiting.extend(jobs)
            self._changed.notify()

    def close(self) -> None:
        """Refuse what waits or is under way, free the models."""
        with self._changed:
            self._closing = True
            left = list(self._waiting)
            self._waiting.clear()
            self._changed.notify()
        for job in left:
            job.emit(_stopping())
        self._thread.join()
        self._pool.shutdown()
        self._models.close()

    def _run(self) -> None:
        while True:
            jobs = self._take()
            if self._closing:
                break
            self._begin(jobs)
            if self._live:
                self._step()
        for live in self._live:
            self._end(live.job, _stopping())

    def _take(self) -> list[Job]:
        """Who starts now. Waits where nothing is under way."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._live or (self._waiting and self._active < self._most))
            taken = []
            while self._waiting and self._active < self._most:
                taken.append(self._waiting.popleft())
                self._active += 1
            return taken

    def _begin(self, jobs: Sequence[Job]) -> None:
        together: dict[Target, list[Job]] = defaultdict(list)
        for job in jobs:
            if job.cancelled.is_set():
                self._end(job, Failure("interrupted", "the client has gone"), leased=False)
            elif time.monotonic() > job.deadline:
                self._end(job, _late(), leased=False)
            else:
                together[job.target].append(job)
        for target, group in together.items():
            self._begin_group(target, group)

    def _begin_group(self, target: Target, jobs: Sequence[Job]) -> None:
        leased = 0
        try:
            for _ in jobs:
                adaptation, runtime = self._models.lease(target)
                leased += 1
            if runtime.takes_threads(adaptation):
                if target.options.top_logprobs is not None:
                    raise Problem(
                        400,
                        "'logprobs' are known for local models only; this one is behind an endpoint.",
                        code="unsupported_parameter",
                        param="logprobs",
                    )
                for job in jobs:
                    job.threaded = True
                    self._pool.submit(self._in_thread, job, runtime)
                return
            if target.options.tools:
                raise Problem(
                    400,
                    f"{target.id} answers from weights on this server and was measured without tools; 'tools' are "
                    "passed on to models behind an endpoint only.",
                    code="unsupported_parameter",
                    param="tools",
                )
            begun = runtime.begin(adaptation, [j.messages for j in jobs], top_logprobs=target.options.top_logprobs)
        except Exception as error:  # whatever a model raises belongs to its requests, not to the server
            for n, job in enumerate(jobs):
                self._end(job, error, leased=n < leased)
            return
        for job, (answer, passages) in zip(jobs, begun, strict=True):
            if isinstance(answer, Failure):
                self._end(job, answer)
            else:
                self._live.append(_Live(job, answer, passages))

    def _step(self) -> None:
        now = time.monotonic()
        for live in self._live:
            if live.job.cancelled.is_set() or now > live.job.deadline:
                live.answer.cancel()
        try:
            self._models.step()
        except Exception as error:  # likewise
            for live in self._live:
                live.answer.outcome = live.answer.outcome or error
        for live in self._live:
            self._report(live, late=now > live.job.deadline)
        self._live = [live for live in self._live if not live.job.ended]

    def _report(self, live: _Live, *, late: bool) -> None:
        outcome = live.answer.outcome
        if live.job.stream and not late and not isinstance(outcome, (Failure, Exception)):
            piece = live.answer.piece()
            if piece:
                live.job.emit(piece)
        if outcome is None:
            return
        if isinstance(outcome, Completion):
            outcome = replace(outcome, passages=live.passages)
        self._end(live.job, _late() if late else outcome)

    def _in_thread(self, job: Job, runtime: Answering) -> None:
        """An answer of an endpoint, whole or in pieces."""
        last: Piece = Failure("interrupted", "the client has gone")
        adaptation = self._models.adapted(job.target)
        # Only where they were asked for: what answers need not know of tools.
        more = {"tools": job.target.options.tools} if job.target.options.tools else {}
        try:
            if not job.stream:
                last = runtime.answer(adaptation, [job.messages], **more)[0]
            else:
                for piece in runtime.stream(adaptation, job.messages, **more):
                    if job.cancelled.is_set():
                        break
                    if time.monotonic() > job.deadline:
                        last = _late()
                        break
                    if isinstance(piece, str):
                        job.emit(piece)
                    else:
                        last = piece
        except Exception as error:  # it belongs to this request, and ends no thread
            last = error
        self._end(job, last)

    def _end(self, job: Job, last: Piece, *, leased: bool = True) -> None:
        job.ended = True
        if leased:
            self._models.release(job.target)
        with self._changed:
            now = time.monotonic()
            self._per_job += 0.1 * (min(10.0, now - self._last_end) - self._per_job)
            self._last_end = now
            self._active -= 1
            self._changed.notify()
        job.emit(last)


def _late() -> Failure:
    return Failure("timeout", "the answer took too long")
