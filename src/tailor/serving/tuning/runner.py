"""Works off the jobs, one at a time, in a process each."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

from tailor.files import locked, read_json, write_json
from tailor.serving.catalogue import tuned_models
from tailor.serving.problem import Problem
from tailor.serving.tuning.jobs import Job, JobStore, State

log = logging.getLogger("tailor.serving")

PATIENCE = 5.0
"""Seconds between asking a training to leave and making it."""

WAIT = 5.0
"""Seconds after which jobs are looked for that nobody told of, and between two tries where something is broken."""


class Runner:
    """A thread that starts the oldest queued job and minds it.

    A job that was running when the server ended is queued again; its training goes on from its last checkpoint.
    """

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace.resolve()
        self._jobs = JobStore(workspace)
        self._changed = threading.Condition()
        self._closing = False
        self._process: subprocess.Popen[bytes] | None = None
        self._running: str | None = None
        self._thread = threading.Thread(target=self._run, name="tailor-tuning", daemon=True)

    def start(self) -> None:
        for job in self._jobs.all():
            if job.status in ("running", "validating_files"):
                self._jobs.move(job.id, "queued", "The server was restarted; the job goes on.")
        self._thread.start()

    def close(self) -> None:
        """Stop the training under way; the next server goes on with it."""
        with self._changed:
            self._closing = True
            self._stop_process()
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """There is a new job."""
        with self._changed:
            self._changed.notify()

    def move(self, job_id: str, action: str) -> Job:
        """Cancel, pause or resume a job.

        Raises:
            Problem: 404, or 400 where its state does not allow it.
        """
        allowed: dict[str, tuple[State, tuple[State, ...], str]] = {
            "cancel": ("cancelled", ("validating_files", "queued", "running", "paused"), "cancelled"),
            "pause": ("paused", ("queued", "running"), "paused"),
            "resume": ("queued", ("paused",), "resumed"),
        }
        to, states, word = allowed[action]
        with self._changed:
            job = self._jobs.get(job_id)
            if job.status not in states:
                message = f"A job that is {job.status} cannot be {word}."
                raise Problem(400, message, code="invalid_state", param="fine_tuning_job_id")
            job = self._jobs.move(job_id, to, f"The job was {word}.")
            if self._running == job_id:
                self._stop_process()
            self._changed.notify()
        return job

    def _run(self) -> None:
        while not self._closing:
            try:
                self._turn()
            except Exception:  # a full disk stops this turn, not those after it
                log.exception("The fine-tuning jobs cannot go on; the next try is in %d s", WAIT)
                with self._changed:
                    self._changed.wait_for(lambda: self._closing, timeout=WAIT)

    def _turn(self) -> None:
        """Wait for a job or run one."""
        with self._changed:
            job = None if self._closing else self._next()
            if job is None:
                if not self._closing:
                    self._changed.wait(WAIT)
                return
            self._jobs.move(job.id, "running", "Fine-tuning job started.")
            self._process = self._begin(job.id)
            self._running = job.id
        _, words = self._process.communicate()
        with self._changed:
            code, self._process, self._running = self._process.returncode, None, None
            self._finish(job.id, code, words.decode("utf-8", "replace"))

    def _next(self) -> Job | None:
        """Called while nothing runs: a job that is said to run has ended, and that could not be written."""
        return next((j for j in self._jobs.all() if j.status in ("queued", "running")), None)

    def _begin(self, job_id: str) -> subprocess.Popen[bytes]:
        (self._jobs.folder(job_id) / "result.json").unlink(missing_ok=True)
        module = "tailor.serving.tuning.process"
        command = [sys.executable, "-m", module, str(self._workspace), job_id, str(os.getpid())]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def _stop_process(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        timer = threading.Timer(PATIENCE, process.kill)
        timer.daemon = True
        timer.start()

    def _finish(self, job_id: str, code: int, words: str) -> None:
        """What became of a process; of a job that was paused or cancelled meanwhile nothing."""
        job = self._jobs.get(job_id)
        if job.status != "running":
            return
        result = self._jobs.result(job_id)
        if result is None:
            if self._closing:
                self._jobs.move(job_id, "queued", "The server ended; the job goes on with the next one.")
                return
            log.error("The training of %s ended with code %s: %s", job_id, code, words[-2000:])
            error = {"code": "training_failed", "message": "The training ended unexpectedly.", "param": None}
            self._jobs.move(job_id, "failed", "The training ended unexpectedly.", error=error)
        elif result.get("error"):
            self._jobs.move(job_id, "failed", result["error"]["message"], error=result["error"])
        else:
            self._register(job, result)

    def _register(self, job: Job, result: dict[str, object]) -> None:
        name = job.model_name
        path = tuned_models(self._workspace)
        with locked(path.with_name(".lock")):
            known = read_json(path) if path.exists() else {}
            known[name] = {
                "folder": f"tuned/{job.id}",
                "manifest_sha256": result["manifest_sha256"],
                "created": job.created,
            }
            write_json(path, known)
        self._jobs.move(
            job.id,
            "succeeded",
            f"New fine-tuned model created: {name}",
            model=name,
            trained_tokens=result["trained_tokens"],
            result_files=(str(result["results_file"]),),
        )
