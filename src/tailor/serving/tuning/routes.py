"""/v1/files and /v1/fine_tuning in OpenAI's shapes: code written for the hosted API runs here by its base_url."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message

from tailor.errors import TailorError
from tailor.models import resolve_base
from tailor.serving.audit import audit
from tailor.serving.fields import Fields, integer, string
from tailor.serving.http import read_body
from tailor.serving.problem import Problem
from tailor.serving.tuning.files import FileStore
from tailor.serving.tuning.jobs import JobStore
from tailor.serving.tuning.runner import Runner
from tailor.serving.tuning.training_file import read_training_file

LARGEST_FILE = 64_000_000
"""Bytes."""

UPLOAD_SECONDS = 300.0
MOST_LISTED = 100
MOST_EPOCHS = 50

FIELDS = Fields(
    honoured=("model", "training_file", "validation_file", "hyperparameters", "method", "seed", "suffix", "metadata"),
    ignored=("integrations",),
    neutral={},
)

Handler = Callable[[Request], Awaitable[Response]]


class TuningRoutes:
    """The handlers."""

    def __init__(self, workspace: Path, runner: Runner) -> None:
        self._workspace, self._runner = workspace, runner
        self._files, self._jobs = FileStore(workspace), JobStore(workspace)

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """What answers which rule."""
        job = "/v1/fine_tuning/jobs/{id}"
        return {
            ("POST", "/v1/files"): self.upload,
            ("GET", "/v1/files"): self.files,
            ("GET", "/v1/files/{id}"): self.file,
            ("GET", "/v1/files/{id}/content"): self.content,
            ("DELETE", "/v1/files/{id}"): self.delete,
            ("POST", "/v1/fine_tuning/jobs"): self.create,
            ("GET", "/v1/fine_tuning/jobs"): self.jobs,
            ("GET", job): self.job,
            ("POST", f"{job}/cancel"): self._mover("cancel"),
            ("POST", f"{job}/pause"): self._mover("pause"),
            ("POST", f"{job}/resume"): self._mover("resume"),
            ("GET", f"{job}/events"): self.events,
            ("GET", f"{job}/checkpoints"): self.checkpoints,
        }

    async def upload(self, request: Request) -> Response:
        """POST /v1/files: every line is checked before the file is kept."""
        filename, purpose, content = await _form(request)
        if purpose != "fine-tune":
            message = f"'purpose' must be fine-tune, found {purpose[:40]!r}."
            raise Problem(400, message, param="purpose", code="unsupported_purpose")
        found = await asyncio.to_thread(read_training_file, content)
        if found.problems:
            raise Problem(400, f"The file cannot be trained on: {found.refusal}.", param="file", code="invalid_file")
        stored = await asyncio.to_thread(self._files.add, filename, purpose, content, found.lines)
        self._audit(request, "file uploaded", file=stored.id, bytes=stored.bytes, sha256=stored.sha256)
        return JSONResponse(stored.shown())

    async def files(self, request: Request) -> Response:
        purpose = request.query_params.get("purpose")
        found = [f.shown() for f in self._files.all() if purpose in (None, f.purpose)]
        return JSONResponse(_page(found, request))

    async def file(self, request: Request) -> Response:
        return JSONResponse(self._files.get(request.path_params["id"]).shown())

    async def content(self, request: Request) -> Response:
        raw = await asyncio.to_thread(self._files.content, request.path_params["id"])
        return Response(raw, media_type="application/octet-stream")

    async def delete(self, request: Request) -> Response:
        file_id = request.path_params["id"]
        self._files.delete(file_id)
        self._audit(request, "file deleted", file=file_id)
        return JSONResponse({"id": file_id, "object": "file", "deleted": True})

    async def create(self, request: Request) -> Response:
        """POST /v1/fine_tuning/jobs."""
        body = FIELDS.read(await read_body(request))
        base = string(body, "model") or ""
        if base not in self._bases():
            names = ", ".join(self._bases())
            message = f"The model {base[:64]!r} cannot be tuned here; these can: {names}."
            raise Problem(404, message, param="model", code="model_not_found")
        method, hyper = _method(body)
        train = self._training_file(body, "training_file")
        if train is None:
            raise Problem(400, "'training_file' is missing.", param="training_file")
        validation = self._training_file(body, "validation_file")
        await asyncio.to_thread(self._check_kind, method, {"training_file": train, "validation_file": validation})
        seed = integer(body, "seed", 0, 2**31 - 1)
        job = await asyncio.to_thread(
            lambda: self._jobs.create(
                base=base,
                training_file=train,
                validation_file=validation,
                hyperparameters=hyper,
                method=method,
                seed=secrets.randbits(31) if seed is None else seed,
                suffix=_suffix(body),
                metadata=_metadata(body),
            )
        )
        if body.get("integrations"):
            self._jobs.tell(job.id, "Integrations are not supported and were ignored.", level="warn")
        self._audit(request, "job created", job=job.id, model=base, training_file=train)
        self._runner.wake()
        return JSONResponse(job.shown())

    async def jobs(self, request: Request) -> Response:
        return JSONResponse(_page([j.shown() for j in reversed(self._jobs.all())], request))

    async def job(self, request: Request) -> Response:
        return JSONResponse(self._jobs.get(request.path_params["id"]).shown())

    def _mover(self, action: str) -> Handler:
        async def move(request: Request) -> Response:
            job = await asyncio.to_thread(self._runner.move, request.path_params["id"], action)
            self._audit(request, f"job {action}", job=job.id)
            return JSONResponse(job.shown())

        return move

    async def events(self, request: Request) -> Response:
        """Newest first, as the hosted API lists them."""
        found = await asyncio.to_thread(self._jobs.events, request.path_params["id"])
        return JSONResponse(_page(list(reversed(found)), request))

    async def checkpoints(self, request: Request) -> Response:
        """The weights that were kept: those of the best step on the validation file, or of the last."""
        job = self._jobs.get(request.path_params["id"])
        result = self._jobs.result(job.id) if job.status == "succeeded" else None
        found = []
        if result is not None and job.model:
            step = int(result["best_step"])
            losses = next((c for c in reversed(result["curve"]) if c[0] <= step), [step, None, None])
            metrics = {"step": step, "train_loss": losses[1], "full_valid_loss": losses[2]}
            found.append(
                {
                    "id": f"ftckpt-{job.id.removeprefix('ftjob-')}",
                    "object": "fine_tuning.job.checkpoint",
                    "created_at": job.finished,
                    "fine_tuned_model_checkpoint": job.model,
                    "fine_tuning_job_id": job.id,
                    "metrics": {k: v for k, v in metrics.items() if v is not None},
                    "step_number": step,
                }
            )
        return JSONResponse(_page(found, request))

    def _training_file(self, body: dict[str, Any], name: str) -> str | None:
        file_id = string(body, name)
        if not file_id:
            return None
        try:
            stored = self._files.get(file_id)
        except Problem:
            raise Problem(
                400, f"'{name}' names no file: {file_id[:64]!r}.", param=name, code="file_not_found"
            ) from None
        if stored.purpose != "fine-tune":
            raise Problem(400, f"'{name}' must have the purpose fine-tune.", param=name)
        return stored.id

    def _check_kind(self, method: str, files: dict[str, str | None]) -> None:
        """Files and method must fit: pairs for dpo, chats for supervised."""
        for name, file_id in files.items():
            pairs = file_id is not None and read_training_file(self._files.content(file_id)).pairs
            if file_id is not None and pairs != (method == "dpo"):
                found, wanted = ("preference pairs", "chats") if pairs else ("chats", "preference pairs")
                message = f"'{name}' holds {found}; the method {method} takes {wanted}."
                raise Problem(400, message, param=name, code="invalid_file_format")

    def _bases(self) -> list[str]:
        """Models that may be tuned: the workspace's base and the built-in one. A client cannot name a folder."""
        from tailor.study.config import load_workspace

        names = ["builtin/small"]
        try:
            base = load_workspace(self._workspace).config.base
            if isinstance(base, str) and resolve_base(base, self._workspace).kind != "endpoint":
                names.insert(0, base)
        except TailorError:
            pass  # a workspace whose settings are broken can still tune the built-in model
        return list(dict.fromkeys(names))

    def _audit(self, request: Request, action: str, **details: object) -> None:
        audit(self._workspace, action, request.scope["trace"].key or "no key", **details)


async def _form(request: Request) -> tuple[str, str, bytes]:
    """File name, purpose and bytes of a multipart body of bounded size."""
    raw = await read_body(request, largest=LARGEST_FILE, seconds=UPLOAD_SECONDS)

    async def receive() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    try:
        form = await Request(request.scope, receive).form(max_files=1, max_fields=8)
    except (MultiPartException, HTTPException, ValueError, KeyError, AssertionError):
        raise Problem(400, "The body is not a valid multipart form.", code="invalid_form") from None
    file, purpose = form.get("file"), form.get("purpose")
    if not isinstance(file, UploadFile):
        raise Problem(400, "'file' is missing.", param="file")
    return file.filename or "file", str(purpose or ""), await file.read()


BOUNDS: dict[str, tuple[float, float]] = {
    "n_epochs": (1, MOST_EPOCHS),
    "batch_size": (1, 256),
    "learning_rate_multiplier": (1e-4, 100),
}
WHOLE = ("n_epochs", "batch_size")


def _method(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The method, and its hyperparameters or those at the older place; "auto" stays out."""
    method = body.get("method")
    given = body.get("hyperparameters")
    if method is None:
        return "supervised", _hyperparameters(given, BOUNDS)
    if not isinstance(method, dict) or not isinstance(method.get("type"), str):
        raise Problem(400, "'method' must be an object with a 'type'.", param="method")
    kind = method["type"]
    if kind not in ("supervised", "dpo"):
        message = f"The method {kind[:40]!r} is not supported; supervised and dpo are."
        raise Problem(400, message, param="method", code="unsupported_method")
    if given is not None:
        message = f"Give the hyperparameters once: in 'method.{kind}', not beside it."
        raise Problem(400, message, param="hyperparameters")
    inner = {} if method.get(kind) is None else method[kind]
    if not isinstance(inner, dict):
        raise Problem(400, f"'method.{kind}' must be an object.", param=f"method.{kind}")
    bounds = {**BOUNDS, "beta": (1e-3, 10)} if kind == "dpo" else BOUNDS
    return kind, _hyperparameters(inner.get("hyperparameters"), bounds)


def _hyperparameters(given: Any, bounds: dict[str, tuple[float, float]]) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Problem(400, "'hyperparameters' must be an object.", param="hyperparameters")
    chosen: dict[str, Any] = {}
    for name, value in given.items():
        if name not in bounds:
            raise Problem(400, f"There is no hyperparameter {str(name)[:40]!r}.", param="hyperparameters")
        if value is None or value == "auto":
            continue
        low, high = bounds[name]
        whole = name in WHOLE
        right = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not right or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            message = f"'{name}' must be \"auto\" or {kind} from {low} to {high}."
            raise Problem(400, message, param="hyperparameters")
        chosen[name] = value
    return chosen


def _suffix(body: dict[str, Any]) -> str | None:
    suffix = string(body, "suffix", longest=64)
    if suffix is not None and not all(c.isascii() and (c.isalnum() or c in "-_.") for c in suffix):
        raise Problem(400, "'suffix' may hold letters, digits, '-', '_' and '.'.", param="suffix")
    return suffix or None


def _metadata(body: dict[str, Any]) -> dict[str, str]:
    value = body.get("metadata") or {}
    right = isinstance(value, dict) and len(value) <= 16
    if not right or not all(isinstance(v, str) and len(k) <= 64 and len(v) <= 512 for k, v in value.items()):
        raise Problem(400, "'metadata' must hold up to 16 texts of 512 characters.", param="metadata")
    return value


def _page(items: Sequence[dict[str, Any]], request: Request) -> dict[str, Any]:
    """A page of a list: `limit` items after the one with the id `after`."""
    query = request.query_params
    limit = query.get("limit", "20")
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:9]) <= 10_000:
        raise Problem(400, "'limit' must be a whole number from 1 to 10000.", param="limit")
    start = 0
    after = query.get("after")
    if after:
        places = [i for i, item in enumerate(items) if item["id"] == after]
        if not places:
            raise Problem(400, f"'after' names nothing in the list: {after[:64]!r}.", param="after")
        start = places[0] + 1
    shown = list(items[start : start + min(int(limit), MOST_LISTED)])
    return {
        "object": "list",
        "data": shown,
        "has_more": start + len(shown) < len(items),
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
    }
