"""The OpenAI-compatible HTTP API over the releases of a workspace.

POST /v1/chat/completions    chat_request.py says what is honoured, ignored and refused
POST /v1/completions         text_request.py
POST /v1/embeddings          text_request.py
GET  /v1/models[/{id}]       champion, previous and every release as `arm@version`
GET  /healthz, /readyz       is the process up; can it answer
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tailor.records import Message
from tailor.serving.answers import STALLED, Answers
from tailor.serving.catalogue import Catalogue
from tailor.serving.chat_request import parse_chat
from tailor.serving.embeddings import embed, embedding_models
from tailor.serving.feedback import FeedbackStore, parse_feedback
from tailor.serving.guard import Guard
from tailor.serving.http import ON_ERROR, read_body
from tailor.serving.keys import KeyRing, KeyStore, serving_folder
from tailor.serving.limits import Limits
from tailor.serving.logs import access
from tailor.serving.metrics import Metrics
from tailor.serving.options import Options
from tailor.serving.pricing import Pricing
from tailor.serving.problem import Problem
from tailor.serving.reply import model_card, model_list
from tailor.serving.request_log import LogSettings, RequestLog
from tailor.serving.rules import RULES
from tailor.serving.spending import Spending
from tailor.serving.telemetry import Telemetry
from tailor.serving.text_request import parse_completion
from tailor.serving.trace import Observed
from tailor.serving.traffic.router import Router
from tailor.serving.traffic.watch import Watch
from tailor.serving.tuning.routes import TuningRoutes
from tailor.serving.tuning.runner import Runner
from tailor.serving.warm import Answering, RuntimeFactory, Target, WarmReleases
from tailor.serving.worker import Job, Worker

log = logging.getLogger("tailor.serving")

Handler = Callable[[Request], Awaitable[Response]]

ANSWER_SECONDS = 120.0
"""An answer that takes longer is a timeout."""


def create_app(
    workspace: Path,
    *,
    model: str = "champion",
    runtime_factory: RuntimeFactory | None = None,
    hosts: Collection[str] = (),
    any_address: bool = False,
    api_key: str | None = None,
    answer_seconds: float = ANSWER_SECONDS,
    stalled_seconds: float = STALLED,
    log_settings: LogSettings | None = None,
    watch_seconds: float = 5.0,
    warm_up: bool = False,
    telemetry: Telemetry | None = None,
) -> Starlette:
    """The ASGI application.

    Args:
        workspace: the folder with `.tailor/releases`.
        model: the release that answers where a request names none.
        runtime_factory: makes what answers; the real runtime where None.
        hosts, any_address: see `guard.Guard`.
        api_key: a key besides those of the workspace.
        answer_seconds: an answer that takes longer is a timeout (504).
        stalled_seconds: a stream of an endpoint that says nothing for longer ends with an error event.
        log_settings: what is kept of requests.
        watch_seconds: how often a canary is looked at.
        telemetry: makes traces of requests; None makes none.
        warm_up: load the default release before the first request; `/readyz` says no until then.

    Raises:
        ConfigError: `model` names no release.
        ArtifactError: the list of releases is damaged.
    """
    catalogue = Catalogue(workspace)
    catalogue.resolve(model)
    worker = Worker(WarmReleases(workspace / ".tailor", runtime_factory or _runtime))
    folder = serving_folder(workspace)
    requests = RequestLog(folder / "requests.db", log_settings or LogSettings())
    metrics = _metrics(worker, requests)
    router = Router(workspace, catalogue, requests)
    spending = Spending(folder / "requests.db", Pricing(workspace))
    traces = () if telemetry is None else (telemetry.ended,)
    observers = (metrics.counted, spending.ended, requests.ended, *traces)
    answers = Answers(catalogue, worker, router, spending, model, answer_seconds, observers, stalled_seconds)
    gateway = Gateway(catalogue, worker, model, answers)
    watch = Watch(workspace, watch_seconds)
    learning = Learning(requests, FeedbackStore(folder / "feedback.db"), metrics)
    runner = Runner(workspace)
    tuning = TuningRoutes(workspace, runner)
    handlers: dict[tuple[str, str], Handler] = {**gateway.handlers(), **learning.handlers(), **tuning.handlers()}

    ended = (metrics.ended, spending.ended, requests.ended, access, *traces)
    ring = KeyRing(KeyStore(workspace), api_key)
    guard = Middleware(Guard, hosts=hosts, any_address=any_address, ring=ring, limits=Limits())

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        worker.start()
        requests.start()
        watch.start()
        runner.start()
        if warm_up:
            gateway.warm_up()
        yield
        await asyncio.to_thread(runner.close)
        await asyncio.to_thread(watch.close)
        await asyncio.to_thread(worker.close)
        await asyncio.to_thread(requests.close)
        if telemetry is not None:
            await asyncio.to_thread(telemetry.close)

    return Starlette(
        routes=[Route(r.path, handlers[r.method, r.path], methods=[r.method]) for r in RULES],
        middleware=[Middleware(Observed, began=metrics.began, ended=ended), guard],
        exception_handlers=ON_ERROR,
        lifespan=lifespan,
    )


def _metrics(worker: Worker, requests: RequestLog) -> Metrics:
    return Metrics(
        {
            "tailor_waiting": ("Requests in the queue.", lambda: worker.waiting),
            "tailor_active": ("Requests being answered.", lambda: worker.active),
            "tailor_log_dropped": ("Rows that the request log lost.", lambda: requests.dropped),
        }
    )


def _runtime(root: Path) -> Answering:
    from tailor.runtime import Runtime

    return Runtime(root)


class Gateway:
    """The routes."""

    def __init__(self, catalogue: Catalogue, worker: Worker, default: str, answers: Answers) -> None:
        self._catalogue, self._worker, self._default = catalogue, worker, default
        self._answers = answers
        self._loading = threading.Event()
        self._loading.set()

    def warm_up(self) -> None:
        """Have the default release answer one token, so that no client waits for the model to load. A release that
        cannot answer says so to the first client."""
        self._loading.clear()
        served = self._catalogue.resolve(self._default)
        target = Target(served.id, served.folder, served.manifest_sha256, Options(max_new_tokens=1))
        self._worker.submit([Job(target, (Message("user", "Hello"),), lambda _piece: self._loading.set())])

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """What answers which rule."""
        return {
            ("POST", "/v1/chat/completions"): self.chat,
            ("POST", "/v1/completions"): self.complete,
            ("POST", "/v1/embeddings"): self.embed,
            ("GET", "/v1/models"): self.models,
            ("GET", "/v1/models/{name:path}"): self.model,
            ("GET", "/healthz"): self.health,
            ("GET", "/readyz"): self.ready,
        }

    async def chat(self, request: Request) -> Response:
        return await self._answers.answer(request, parse_chat(await read_body(request)), "chat")

    async def complete(self, request: Request) -> Response:
        return await self._answers.answer(request, parse_completion(await read_body(request)), "text")

    async def embed(self, request: Request) -> Response:
        return JSONResponse(await embed(await read_body(request)))

    async def models(self, _request: Request) -> Response:
        return JSONResponse(model_list(self._catalogue, embedding_models()))

    async def model(self, request: Request) -> Response:
        name = request.path_params["name"]
        for card in embedding_models():
            if card["id"] == name:
                return JSONResponse(card)
        return JSONResponse(model_card(name, self._answers.resolve(name)))

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok", "release": self._catalogue.resolve(self._default).id})

    async def ready(self, _request: Request) -> Response:
        """Whether a load balancer may send requests: models can be asked and the default one is known."""
        self._answers.resolve(self._default)
        if not self._worker.alive or not self._loading.is_set():
            raise Problem(503, "The server is not ready.", code="not_ready", retry_after=1)
        return JSONResponse({"status": "ready", "waiting": self._worker.waiting, "active": self._worker.active})


class Learning:
    """What is told about answers: feedback and metrics."""

    def __init__(self, requests: RequestLog, feedback: FeedbackStore, metrics: Metrics) -> None:
        self._requests, self._feedback, self._metrics = requests, feedback, metrics

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """What answers which rule."""
        return {("POST", "/v1/feedback"): self.give, ("GET", "/metrics"): self.show}

    async def give(self, request: Request) -> Response:
        """Keep feedback about a request that the same key made."""
        feedback = parse_feedback(await read_body(request))
        key = request.scope["trace"].key
        if await asyncio.to_thread(self._requests.key_of, feedback.request_id) != key:
            message = "No request of that id is known for this key."
            raise Problem(404, message, code="request_not_found", param="request_id")
        new = await asyncio.to_thread(self._feedback.add, feedback, key)
        body = {"id": feedback.id, "object": "feedback", "request_id": feedback.request_id, "duplicate": not new}
        return JSONResponse(body)

    async def show(self, _request: Request) -> Response:
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
