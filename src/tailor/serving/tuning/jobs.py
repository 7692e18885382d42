"""Fine-tuning jobs: what was asked, how far it is, and what came of it.

.tailor/serving/jobs/<id>/job.json        written by the server
.tailor/serving/jobs/<id>/events.jsonl    by the server and the training process, line by line
.tailor/serving/jobs/<id>/result.json     by the training process, last
.tailor/tuned/<id>/                       the model: a folder like a release's, under a manifest
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from tailor.errors import ArtifactError
from tailor.files import append_lines, read_json, read_lines, write_json
from tailor.serving.keys import serving_folder
from tailor.serving.problem import Problem

log = logging.getLogger("tailor.serving")

State = Literal["validating_files", "queued", "running", "paused", "succeeded", "failed", "cancelled"]
ENDED: tuple[State, ...] = ("succeeded", "failed", "cancelled")
STATES: tuple[State, ...] = get_args(State)
JOB_ID = re.compile(r"ftjob-[0-9a-f]{24}")


@dataclass(frozen=True)
class Job:
    """One job. Times are in seconds since 1970; `hyperparameters` as asked for, "auto" included; `base` the model's
    name."""

    id: str
    base: str
    training_file: str
    validation_file: str | None
    hyperparameters: Mapping[str, Any]
    seed: int
    suffix: str | None
    created: int
    status: State = "queued"
    finished: int | None = None
    model: str | None = None
    trained_tokens: int | None = None
    error: Mapping[str, Any] | None = None
    result_files: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    method: Literal["supervised", "dpo"] = "supervised"

    @property
    def model_name(self) -> str:
        """`ft:builtin/small:tailor:suffix:1a2b3c4d`."""
        return f"ft:{self.base}:tailor:{self.suffix or ''}:{self.id.removeprefix('ftjob-')[:8]}"

    def shown(self) -> dict[str, Any]:
        """OpenAI's `fine_tuning.job` object."""
        hyper = {"batch_size": "auto", "learning_rate_multiplier": "auto", "n_epochs": "auto", **self.hyperparameters}
        own = {"beta": "auto", **hyper} if self.method == "dpo" else hyper
        return {
            "id": self.id,
            "object": "fine_tuning.job",
            "created_at": self.created,
            "finished_at": self.finished,
            "model": self.base,
            "fine_tuned_model": self.model,
            "organization_id": "tailor",
            "status": self.status,
            "training_file": self.training_file,
            "validation_file": self.validation_file,
            "hyperparameters": {k: v for k, v in hyper.items() if k != "beta"},
            "method": {"type": self.method, self.method: {"hyperparameters": own}},
            "result_files": list(self.result_files),
            "trained_tokens": self.trained_tokens,
            "error": self.error,
            "seed": self.seed,
            "integrations": [],
            "estimated_finish": None,
            "metadata": dict(self.metadata),
        }


class JobStore:
    """The jobs of a workspace; one server writes them."""

    def __init__(self, workspace: Path) -> None:
        self._folder = serving_folder(workspace) / "jobs"

    def folder(self, job_id: str) -> Path:
        return self._folder / job_id

    def create(self, **asked: Any) -> Job:
        """Keep a new job; it is on disk when this returns."""
        job = Job(f"ftjob-{secrets.token_hex(12)}", created=int(time.time()), **asked)
        self.save(job)
        self.tell(job.id, f"Created fine-tuning job: {job.id}")
        return job

    def save(self, job: Job) -> None:
        write_json(self._folder / job.id / "job.json", job)

    def get(self, job_id: str) -> Job:
        """One job.

        Raises:
            Problem: 404.
        """
        # Only ids of ours become paths.
        if JOB_ID.fullmatch(job_id):
            try:
                value = read_json(self._folder / job_id / "job.json")
                return Job(**{**value, "result_files": tuple(value["result_files"])})
            except (ArtifactError, TypeError, KeyError):
                pass
        message = f"There is no fine-tuning job {job_id[:64]!r}."
        raise Problem(404, message, code="job_not_found", param="fine_tuning_job_id")

    def all(self) -> list[Job]:
        """All jobs, oldest first. One that cannot be read stops no other; a folder without a job is of a server that
        was killed before it confirmed one."""
        found = []
        for path in self._folder.glob("ftjob-*/job.json"):
            try:
                found.append(self.get(path.parent.name))
            except Problem:
                log.error("%s is damaged", path)
        return sorted(found, key=lambda j: (j.created, j.id))

    def move(self, job_id: str, status: State, message: str, **changes: Any) -> Job:
        """Give a job another state."""
        finished = int(time.time()) if status in ENDED else None
        job = replace(self.get(job_id), status=status, finished=finished, **changes)
        self.save(job)
        self.tell(job_id, message, level="error" if status == "failed" else "info")
        return job

    def tell(self, job_id: str, message: str, *, level: str = "info", data: Mapping[str, Any] | None = None) -> None:
        """Append an event."""
        event = {
            "id": f"ftevent-{secrets.token_hex(12)}",
            "object": "fine_tuning.job.event",
            "created_at": int(time.time()),
            "level": level,
            "message": message,
            "type": "metrics" if data else "message",
            "data": dict(data or {}),
        }
        append_lines(self._folder / job_id / "events.jsonl", [event])

    def events(self, job_id: str) -> list[dict[str, Any]]:
        """All events, oldest first."""
        return read_lines(self.folder(self.get(job_id).id) / "events.jsonl")

    def result(self, job_id: str) -> dict[str, Any] | None:
        """What the training process left, None before it is done."""
        path = self.folder(job_id) / "result.json"
        value: dict[str, Any] | None = read_json(path) if path.exists() else None
        return value
