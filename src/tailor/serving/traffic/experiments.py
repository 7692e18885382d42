"""What experiment is on, and everything that was done to it.

    .tailor/serving/traffic/history.jsonl    start, ramp, stop and rollback: who, when, why. The truth
    .tailor/serving/traffic/current.json     the state after them, for readers

One experiment at a time, on the name `champion`: whoever asks for a release by its id gets it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from tailor.errors import ConfigError
from tailor.evaluation.statistics.adaptive import FLOOR
from tailor.files import append_lines, locked, read_json, read_lines, write_json
from tailor.plugins import did_you_mean
from tailor.serving.catalogue import Catalogue
from tailor.serving.keys import serving_folder
from tailor.serving.traffic.split import check_share

Kind = Literal["split", "shadow", "canary", "thompson"]
KINDS: tuple[Kind, ...] = get_args(Kind)
STEPS = (0.01, 0.05, 0.25, 0.5, 1.0)
"""Shares of a canary."""


@dataclass(frozen=True)
class Experiment:
    """Two releases behind the name `champion`.

    Attributes:
        kind: `split` sends a share of the users to the treatment; `canary` does so in growing steps, and back at the
            first sign of harm; `shadow` asks the treatment too and shows its answer to nobody; `thompson` sends new
            users to the treatment with the probability that it is the better one by the feedback so far.
        control, treatment: ids of releases.
        share: of the users (of the requests for a shadow) in the treatment now.
        phase: counts the shares it had; numbers of one phase are never mixed with another's.
        difference: the smallest difference in feedback that matters, in (0, 1); sets what the intervals are tuned for.
        state: running, stopped or rolled-back; `reason` of the last move.
    """

    id: str
    kind: Kind
    control: str
    treatment: str
    share: float
    salt: str
    started: str
    difference: float = 0.05
    phase: int = 1
    phase_started: str = ""
    state: Literal["running", "stopped", "rolled-back"] = "running"
    reason: str = ""
    weighed: str = ""
    """When `thompson` last set its share."""

    @property
    def running(self) -> bool:
        return self.state == "running"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Experiments:
    """The experiments of a workspace."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._folder = serving_folder(workspace) / "traffic"
        self._history = self._folder / "history.jsonl"
        self._pointer = self._folder / "current.json"
        self._seen: tuple[int, int] | None = None
        self._current: Experiment | None = None

    def current(self) -> Experiment | None:
        """The experiment that is on or was on last; looked at again when the file was replaced."""
        try:
            status = self._pointer.stat()
        except FileNotFoundError:
            return None
        seen = (status.st_ino, status.st_mtime_ns)
        if seen != self._seen:
            self._current = _experiment(read_json(self._pointer))
            self._seen = seen
        return self._current

    def history(self) -> list[dict[str, Any]]:
        """Every move, oldest first."""
        return read_lines(self._history)

    def start(
        self, treatment: str, *, kind: str, share: float | None, difference: float, by: str, why: str
    ) -> Experiment:
        """Start one against the champion as of now.

        Args:
            treatment: a release, like `lora@2`.
            share: None is 0.5 for a split, the first step for a canary, everything for a shadow; `thompson` begins at
                0.5.

        Raises:
            ConfigError: one is running, the releases are unknown or the same, an impossible share or difference.
        """
        if kind not in KINDS:
            raise ConfigError(f"there is no kind of experiment called '{kind}'.{did_you_mean(kind, list(KINDS))}")
        if not 0 < difference < 1:
            raise ConfigError(f"the difference that matters must lie between 0 and 1, found {difference}.")
        known: dict[str, float] = {"split": 0.5, "canary": STEPS[0], "shadow": 1.0, "thompson": 0.5}
        chosen = known[kind] if share is None else share
        check_share(chosen)
        if kind == "thompson" and not FLOOR <= chosen <= 1 - FLOOR:
            raise ConfigError(f"a share of 'thompson' lies between {FLOOR} and {1 - FLOOR:g}, found {chosen:g}.")
        catalogue = Catalogue(self._workspace)
        control, other = catalogue.resolve("champion").id, catalogue.resolve(treatment).id
        if control == other:
            raise ConfigError(f"{control} is the champion; there is nothing to compare it with.")
        with locked(self._folder / ".lock"):
            state = self._state()
            if state is not None and state.running:
                raise ConfigError(f"the experiment {state.id} is running.", hint="tailor experiment stop")
            move = {
                "action": "start",
                "id": f"x-{secrets.token_hex(4)}",
                "kind": kind,
                "control": control,
                "treatment": other,
                "share": chosen,
                "difference": difference,
                "salt": secrets.token_hex(8),
            }
            return self._commit(move, by, why)

    def ramp(self, share: float, *, by: str, why: str) -> Experiment:
        """Send a larger share to the treatment: a new phase.

        Raises:
            ConfigError: none is running, or the share does not grow.
        """
        with locked(self._folder / ".lock"):
            state = self._running()
            if state.kind == "thompson":
                raise ConfigError("the share of 'thompson' is set by the feedback.", hint="tailor experiment status")
            check_share(share, state.share)
            return self._commit({"action": "ramp", "id": state.id, "share": share}, by, why)

    def weigh(self, share: float, *, by: str, why: str) -> Experiment:
        """Set the share of a `thompson` experiment for users who come from now on. The phase stays: every exposure has
        its own probability.

        Raises:
            ConfigError: none is running.
        """
        with locked(self._folder / ".lock"):
            state = self._running()
            return self._commit({"action": "weigh", "id": state.id, "share": share}, by, why)

    def stop(self, *, by: str, why: str, rollback: bool = False) -> Experiment:
        """End it: everybody is answered by the champion again.

        Raises:
            ConfigError: none is running.
        """
        with locked(self._folder / ".lock"):
            state = self._running()
            return self._commit({"action": "rollback" if rollback else "stop", "id": state.id}, by, why)

    def _running(self) -> Experiment:
        state = self._state()
        if state is None or not state.running:
            raise ConfigError("no experiment is running.", hint="tailor experiment start RELEASE")
        return state

    def _state(self) -> Experiment | None:
        return replayed(read_lines(self._history))

    def _commit(self, move: dict[str, Any], by: str, why: str) -> Experiment:
        """The move has happened once its line is on disk; then readers are told."""
        append_lines(self._history, [{**move, "when": _now(), "by": by, "why": why}])
        state = self._state()
        assert state is not None
        write_json(self._pointer, state)
        return state


def replayed(history: Iterable[Mapping[str, Any]]) -> Experiment | None:
    """The state that a history leads to."""
    state: Experiment | None = None
    names = {f.name for f in fields(Experiment)}
    for move in history:
        if move["action"] == "start":
            given = {k: v for k, v in move.items() if k in names}
            state = Experiment(**given, started=move["when"], phase_started=move["when"], reason=move["why"])
        elif state is not None and move["action"] == "ramp":
            state = replace(
                state, share=move["share"], phase=state.phase + 1, phase_started=move["when"], reason=move["why"]
            )
        elif state is not None and move["action"] == "weigh":
            state = replace(state, share=move["share"], weighed=move["when"], reason=move["why"])
        elif state is not None:
            ended: Literal["stopped", "rolled-back"] = "stopped" if move["action"] == "stop" else "rolled-back"
            state = replace(state, state=ended, reason=move["why"])
    return state


def _experiment(value: dict[str, Any]) -> Experiment:
    return Experiment(**value)
