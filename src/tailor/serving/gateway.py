"""The OpenAI-compatible HTTP API over the releases of a workspace.

POST /v1/chat/completions    chat_request.py says what is honoured, ignored and refused
POST /v1/completions         text_request.py
POST /v1/embeddings          text_request.py
GET  /v1/models[/{id}]       champion, previous and every release as `arm@version`
GET  /healthz, /readyz       is the process up; can it answer
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tailor.serving.answers import Answers
from tailor.serving.catalogue import Catalogue
from tailor.serving.chat_request import parse_chat
from tailor.serving.embeddings import embed, embedding_models
from tailor.serving.guard import Guard
from tailor.serving.http import on_bug, on_http, on_problem, read_body
from tailor.serving.problem import Problem
from tailor.serving.reply import model_card, model_list
from tailor.serving.text_request import parse_completion
from tailor.serving.trace import Observed
from tailor.serving.warm import Answering, RuntimeFactory, WarmReleases
from tailor.serving.worker import Worker

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
) -> Starlette:
    """The ASGI application.

    Args:
        workspace: the folder with `.tailor/releases`.
        model: the release that answers where a request names none.
        runtime_factory: makes what answers; the real runtime where None.
        hosts, any_address, api_key: see `guard.Guard`.
        answer_seconds: an answer that takes longer is a timeout (504).

    Raises:
        ConfigError: `model` names no release.
        ArtifactError: the list of releases is damaged.
    """
    catalogue = Catalogue(workspace)
    catalogue.resolve(model)
    worker = Worker(WarmReleases(workspace / ".tailor", runtime_factory or _runtime))
    gateway = Gateway(catalogue, worker, model, answer_seconds)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        worker.start()
        yield
        await asyncio.to_thread(worker.close)

    return Starlette(
        routes=[
            Route("/v1/chat/completions", gateway.chat, methods=["POST"]),
            Route("/v1/completions", gateway.complete, methods=["POST"]),
            Route("/v1/embeddings", gateway.embed, methods=["POST"]),
            Route("/v1/models", gateway.models, methods=["GET"]),
            Route("/v1/models/{name:path}", gateway.model, methods=["GET"]),
            Route("/healthz", gateway.health, methods=["GET"]),
            Route("/readyz", gateway.ready, methods=["GET"]),
        ],
        middleware=[
            Middleware(Observed, began=lambda _trace: None, ended=()),
            Middleware(Guard, hosts=hosts, any_address=any_address, api_key=api_key),
        ],
        exception_handlers={Problem: on_problem, HTTPException: on_http, Exception: on_bug},
        lifespan=lifespan,
    )


def _runtime(root: Path) -> Answering:
    from tailor.runtime import Runtime

    return Runtime(root)


class Gateway:
    """The routes."""

    def __init__(self, catalogue: Catalogue, worker: Worker, default: str, seconds: float) -> None:
        self._catalogue, self._worker, self._default = catalogue, worker, default
        self._answers = Answers(catalogue, worker, default, seconds)

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
        if not self._worker.alive:
            raise Problem(503, "The server is not ready.", code="not_ready", retry_after=1)
        return JSONResponse({"status": "ready", "waiting": self._worker.waiting, "active": self._worker.active})
