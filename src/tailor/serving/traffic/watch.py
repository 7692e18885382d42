"""Looks after a canary while the server runs: forward when nothing is wrong, back when something is."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from tailor.serving.audit import audit
from tailor.serving.catalogue import Catalogue
from tailor.serving.traffic.experiments import STEPS, Experiment, Experiments
from tailor.serving.traffic.split import TREATMENT
from tailor.serving.traffic.status import MANY, Status, status

log = logging.getLogger("tailor.serving")

BY = "tailor serve"


class Watch:
    """A thread that looks every few seconds.

    Args:
        seconds: between two looks.
    """

    def __init__(self, workspace: Path, seconds: float = 5.0) -> None:
        self._workspace, self._seconds = workspace, seconds
        self._experiments = Experiments(workspace)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tailor-canary", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                self.look()
            except Exception:  # a look that fails is not a reason to stop looking
                log.exception("The canary could not be looked at")

    def look(self) -> Experiment | None:
        """Judge the running experiment once; returns its state after that."""
        experiment = self._experiments.current()
        if experiment is None or not experiment.running:
            return experiment
        champion = Catalogue(self._workspace).resolve("champion").id
        if champion != experiment.control:
            return self._experiments.stop(by=BY, why=f"{champion} is the champion now")
        found = status(self._workspace, experiment)
        if found.breached and experiment.kind != "shadow":
            return self._back(experiment, found)
        if experiment.kind == "canary" and found.answers[TREATMENT] >= MANY and not found.srm:
            return self._forward(experiment)
        return experiment

    def _back(self, experiment: Experiment, found: Status) -> Experiment:
        why = "; ".join(f"{g.name} {g.control:.3g} -> {g.treatment:.3g}" for g in found.breached)
        log.error("The experiment %s is rolled back: %s", experiment.id, why)
        audit(self._workspace, "experiment rolled back", BY, experiment=experiment.id, why=why)
        return self._experiments.stop(by=BY, why=why, rollback=True)

    def _forward(self, experiment: Experiment) -> Experiment:
        following = [s for s in STEPS if s > experiment.share]
        if not following:
            return experiment
        audit(self._workspace, "canary step", BY, experiment=experiment.id, share=following[0])
        return self._experiments.ramp(following[0], by=BY, why=f"{MANY} answers without harm")
