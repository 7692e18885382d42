"""Looks after an experiment while the server runs: a canary goes forward when nothing is wrong, Thompson sampling sets
its share anew, and all go back when something is wrong."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tailor.evaluation.statistics.adaptive import thompson_share
from tailor.serving.audit import audit
from tailor.serving.catalogue import Catalogue
from tailor.serving.traffic.experiments import STEPS, Experiment, Experiments
from tailor.serving.traffic.split import TREATMENT
from tailor.serving.traffic.status import MANY, Status, feedback_by_unit, status

log = logging.getLogger("tailor.serving")

BY = "tailor serve"

BATCH = timedelta(minutes=5)
"""Between two shares of Thompson sampling: feedback comes late, and every share is a line of the history."""


class Watch:
    """A thread that looks every few seconds.

    Args:
        seconds: between two looks.
        batch: between two shares of Thompson sampling.
    """

    def __init__(self, workspace: Path, seconds: float = 5.0, batch: timedelta = BATCH) -> None:
        self._workspace, self._seconds, self._batch = workspace, seconds, batch
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
        if experiment.kind == "thompson":
            return self._weigh(experiment)
        return experiment

    def _weigh(self, experiment: Experiment) -> Experiment:
        last = datetime.fromisoformat(experiment.weighed or experiment.started)
        if datetime.now(UTC) - last < self._batch:
            return experiment
        treatment, control = feedback_by_unit(self._workspace, experiment)
        share = round(thompson_share(treatment, control), 4)
        if share == experiment.share:
            return experiment
        why = f"{len(treatment)} users said {_mean(treatment)} of the treatment, {len(control)} {_mean(control)}"
        return self._experiments.weigh(share, by=BY, why=f"{why} of the control")

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


def _mean(values: list[float]) -> str:
    return f"{sum(values) / len(values):.2f}" if values else "nothing"
