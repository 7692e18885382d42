"""Which release answers a request for `champion` while an experiment is on."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from tailor.errors import TailorError
from tailor.serving.catalogue import Catalogue, Served
from tailor.serving.keys import workspace_secret
from tailor.serving.request_log import Exposure, RequestLog
from tailor.serving.trace import Trace
from tailor.serving.traffic.experiments import Experiment, Experiments
from tailor.serving.traffic.split import CONTROL, TREATMENT, assign, hashed_unit

log = logging.getLogger("tailor.serving")


@dataclass(frozen=True)
class Routed:
    """Who answers, and whose answer is kept but not shown."""

    served: Served
    shadow: Served | None = None


class Router:
    """Assigns requests and notes their exposure before they are answered."""

    def __init__(self, workspace: Path, catalogue: Catalogue, requests: RequestLog) -> None:
        self._catalogue, self._requests = catalogue, requests
        self._experiments = Experiments(workspace)
        self._workspace = workspace
        self._secret: bytes | None = None
        self._kept_for = ""
        self._kept: dict[str, str] = {}

    def route(self, name: str, user: str, trace: Trace) -> Routed:
        """Resolve a model name; fills the trace's experiment, phase, arm and unit.

        Args:
            user: what the client calls its user or session; "" makes every request a unit of its own.

        Raises:
            ConfigError: there is no model of that name.
        """
        served = self._catalogue.resolve(name)
        if user:
            trace.unit = hashed_unit(self._key(), f"{trace.key}:{user}")
        experiment = self._running() if name == "champion" else None
        # A champion that was promoted or rolled back meanwhile answers at once: the experiment was about another one.
        if experiment is None or served.id != experiment.control:
            return Routed(served)
        unit = trace.unit or trace.id
        trace.unit, trace.experiment, trace.phase = unit, experiment.id, experiment.phase
        try:
            return self._assigned(experiment, unit, trace)
        except TailorError as error:
            # A release of the experiment is gone: the champion answers, and nobody is left waiting.
            log.error("The experiment %s cannot go on: %s", experiment.id, error)
            trace.experiment, trace.phase, trace.arm = "", 0, ""
            return Routed(served)

    def _assigned(self, experiment: Experiment, unit: str, trace: Trace) -> Routed:
        control = self._catalogue.resolve(experiment.control)
        treatment = self._catalogue.resolve(experiment.treatment)
        if experiment.kind == "thompson":
            return self._sticky(experiment, unit, trace, control, treatment)
        arm = assign(experiment.salt, unit, experiment.share)
        if experiment.kind == "shadow":
            trace.arm = CONTROL
            self._requests.exposed(Exposure(experiment.id, experiment.phase, unit, CONTROL, 1.0))
            return Routed(control, treatment if arm == TREATMENT else None)
        trace.arm = arm
        propensity = experiment.share if arm == TREATMENT else 1 - experiment.share
        self._requests.exposed(Exposure(experiment.id, experiment.phase, unit, arm, propensity))
        return Routed(treatment if arm == TREATMENT else control)

    def _sticky(self, experiment: Experiment, unit: str, trace: Trace, control: Served, treatment: Served) -> Routed:
        """The arm that a unit fell into when it first came, whatever the share is now."""
        if self._kept_for != experiment.id:
            self._kept_for, self._kept = experiment.id, self._requests.assignments(experiment.id)
        arm = self._kept.get(unit)
        if arm is None:
            arm = assign(experiment.salt, unit, experiment.share)
            propensity = experiment.share if arm == TREATMENT else 1 - experiment.share
            self._requests.exposed(Exposure(experiment.id, experiment.phase, unit, arm, propensity))
            if unit != trace.id:  # a request without a user never comes again
                self._kept[unit] = arm
        trace.arm = arm
        return Routed(treatment if arm == TREATMENT else control)

    def _running(self) -> Experiment | None:
        try:
            experiment = self._experiments.current()
        except (TailorError, TypeError) as error:
            log.error("The experiment cannot be read: %s", error)
            return None
        return experiment if experiment is not None and experiment.running else None

    def _key(self) -> bytes:
        if self._secret is None:
            self._secret = workspace_secret(self._workspace)
        return self._secret
