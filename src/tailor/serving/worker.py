"""One thread that does all model work, fed by a bounded queue.

PyTorch models are not re-entrant and two generations at once on one CPU are slower than one after the other, so there
is one worker. Requests that wait together and ask the same release answer in one batch.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from tailor.records import Completion, Failure, Message
from tailor.serving.problem import Problem
from tailor.serving.warm import Target

CAPACITY = 64
"""Requests that may wait; the next one is told to come back."""

BATCH = 16
WINDOW = 0.005
"""Seconds, counted from its arrival, that the first request of a batch waits for others."""


class Models(Protocol):
    """What the worker calls, from its thread only."""

    def answer(self, target: Target, conversations: Sequence[tuple[Message, ...]]) -> list[Completion | Failure]: ...

    def stream(self, target: Target, messages: tuple[Message, ...]) -> Iterator[str | Completion]: ...

    def close(self) -> None: ...


@dataclass(eq=False)
class AnswerJob:
    """A whole answer; cancelling the future before its turn drops the job."""

    target: Target
    messages: tuple[Message, ...]
    future: Future[Completion | Failure] = field(default_factory=Future)
    arrived: float = field(default_factory=time.monotonic)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


@dataclass(eq=False)
class StreamJob:
    """An answer in pieces, handed to `emit` from the worker's thread: text, and last a Completion or an exception."""

    target: Target
    messages: tuple[Message, ...]
    emit: Callable[[str | Completion | Exception], None]
    cancelled: threading.Event = field(default_factory=threading.Event)
    arrived: float = field(default_factory=time.monotonic)

    def fail(self, error: Exception) -> None:
        self.emit(error)


Job = AnswerJob | StreamJob


def _stopping() -> Problem:
    return Problem(503, "The server is shutting down.", code="shutting_down", retry_after=5)


class Worker:
    """The thread and its queue."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="tailor-models", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._waiting)

    def submit(self, job: Job) -> None:
        """Queue a job.

        Raises:
            Problem: 429 when the queue is full, 503 when the server is stopping.
        """
        with self._changed:
            if self._closing:
                raise _stopping()
            if len(self._waiting) >= CAPACITY:
                message = f"{CAPACITY} requests are waiting already; try again in a moment."
                raise Problem(429, message, code="queue_full", kind="rate_limit_error", retry_after=1)
            self._waiting.append(job)
            self._changed.notify()

    def close(self) -> None:
        """Finish the batch under way, refuse what waits, free the models."""
        with self._changed:
            self._closing = True
            left = list(self._waiting)
            self._waiting.clear()
            self._changed.notify()
        for job in left:
            job.fail(_stopping())
        self._thread.join()

    def _run(self) -> None:
        while batch := self._take():
            try:
                if isinstance(batch[0], StreamJob):
                    self._stream(batch[0])
                else:
                    self._answer([job for job in batch if isinstance(job, AnswerJob)])
            except Exception as error:  # whatever a model raises belongs to its requests, not to the server
                for job in batch:
                    job.fail(error)
        self._models.close()

    def _take(self) -> list[Job]:
        """The next batch: a stream alone, or whole answers with equal targets. Empty when the server stops."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            if self._closing:
                return []
            first = self._waiting.popleft()
            if isinstance(first, StreamJob):
                return [first]
            self._changed.wait_for(
                lambda: len(self._matching(first)) >= BATCH - 1, timeout=first.arrived + WINDOW - time.monotonic()
            )
            others = self._matching(first)[: BATCH - 1]
            for job in others:
                self._waiting.remove(job)
            return [first, *others]

    def _matching(self, first: AnswerJob) -> list[Job]:
        return [job for job in self._waiting if isinstance(job, AnswerJob) and job.target == first.target]

    def _answer(self, jobs: list[AnswerJob]) -> None:
        live = [job for job in jobs if job.future.set_running_or_notify_cancel()]
        if not live:
            return
        answers = self._models.answer(live[0].target, [job.messages for job in live])
        for job, answer in zip(live, answers, strict=True):
            job.future.set_result(answer)

    def _stream(self, job: StreamJob) -> None:
        if job.cancelled.is_set():
            return
        for piece in self._models.stream(job.target, job.messages):
            if job.cancelled.is_set():
                return
            job.emit(piece)
