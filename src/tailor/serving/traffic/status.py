"""What an experiment shows so far: sample ratio, feedback, guardrails. Reads the logs and asks no model."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from tailor.evaluation.statistics.adaptive import propensity_p, weighted_difference
from tailor.evaluation.statistics.always_valid import Sample, difference, lost_p, sample_ratio_p, tuned_rho
from tailor.records import Interval
from tailor.serving.feedback import FeedbackStore
from tailor.serving.keys import serving_folder
from tailor.serving.request_log import open_log
from tailor.serving.traffic.experiments import Experiment
from tailor.serving.traffic.split import CONTROL, TREATMENT

Verdict = Literal["superior", "equivalent", "inferior", "inconclusive", "not to be trusted"]

SRM_ALPHA = 0.001
SETTLED = 150.0
"""Seconds after which a unit that came has an answer or is lost; answers take 120 at most."""

MARGINS: Mapping[str, float] = {"errors": 0.02, "slow answers": 0.02, "refusals": 0.1, "thumbs down": 0.1}
"""Guardrail -> how much more of it the treatment may have, as a share of a user's answers."""

SLOWER = 1.5
SLOWER_MS = 50.0
"""An answer is slow that takes both 1.5 times and 50 ms more than 19 of 20 of the control's."""

MANY = 50
"""Answers of the treatment, without harm, after which a canary grows."""


@dataclass(frozen=True)
class Guardrail:
    """One thing that must not get worse. `breached` where even the lower bound lies beyond the margin."""

    name: str
    control: float
    treatment: float
    difference: Interval
    margin: float
    breached: bool


@dataclass(frozen=True)
class Status:
    """Numbers of the current phase. `answers`, `units`, `lost` (units that came and left no row) and `p95_ms` (NaN
    without an answer) by arm; `feedback` is treatment minus control, a value per user in [0, 1] (thumbs up is 1, down
    0; or the mean score)."""

    experiment: Experiment
    answers: Mapping[str, int]
    units: Mapping[str, int]
    srm_p: float
    lost: Mapping[str, int]
    lost_p: float
    feedback: Interval
    p95_ms: Mapping[str, float]
    guardrails: Sequence[Guardrail] = field(default_factory=list)

    @property
    def breached(self) -> list[Guardrail]:
        return [g for g in self.guardrails if g.breached]

    @property
    def srm(self) -> bool:
        """Whether units are missing from an arm: they never came, or came and were lost."""
        return self.srm_p < SRM_ALPHA or self.lost_p < SRM_ALPHA

    @property
    def verdict(self) -> Verdict:
        """Always valid: it may be read, and acted on, at any time."""
        low, high, margin = self.feedback.low, self.feedback.high, self.experiment.difference
        if self.srm:
            return "not to be trusted"
        if low > 0:
            return "superior"
        if high < 0:
            return "inferior"
        if low > -margin and high < margin:
            return "equivalent"
        return "inconclusive"


def status(workspace: Path, experiment: Experiment) -> Status:
    """Compute it from the request log and the feedback of the current phase."""
    rows, exposed, settled, lost = _rows(workspace, experiment)
    arms = (CONTROL, TREATMENT)
    units = {a: len(exposed[a]) for a in arms}
    said = _feedback(workspace, experiment)
    return Status(
        experiment,
        {a: sum(r["arm"] == a for r in rows) for a in arms},
        units,
        _ratio_p(experiment, exposed),
        {a: lost[a] for a in arms},
        math.nan if experiment.kind == "shadow" else lost_p([lost[a] for a in arms], [settled[a] for a in arms]),
        _difference(experiment, exposed, said),
        {a: _p95(rows, a) for a in arms},
        _guardrails(rows, said),
    )


def feedback_by_unit(workspace: Path, experiment: Experiment) -> tuple[list[float], list[float]]:
    """Mean feedback of every user in the treatment and in the control, in [0, 1]."""
    said = _feedback(workspace, experiment)
    treatment, control = ([sum(v) / len(v) for v in _by_unit(said, a).values()] for a in (TREATMENT, CONTROL))
    return treatment, control


Exposed = Mapping[str, Mapping[str, float]]
"""Arm -> unit -> the probability with which it fell into the arm."""


def _ratio_p(experiment: Experiment, exposed: Exposed) -> float:
    share = experiment.share
    if experiment.kind == "shadow" or share >= 1:
        return math.nan
    if experiment.kind != "thompson":
        return sample_ratio_p([len(exposed[CONTROL]), len(exposed[TREATMENT])], [1 - share, share])
    of_treatment = [*exposed[TREATMENT].values(), *(1 - p for p in exposed[CONTROL].values())]
    return propensity_p(of_treatment, len(exposed[TREATMENT]))


def _difference(experiment: Experiment, exposed: Exposed, said: Sequence[tuple[str, str, float]]) -> Interval:
    """Of the users' mean feedback; weighted where the shares followed the feedback."""
    rho = tuned_rho(experiment.difference)
    means = {a: {u: sum(v) / len(v) for u, v in _by_unit(said, a).items()} for a in (TREATMENT, CONTROL)}
    if experiment.kind != "thompson":
        treatment, control = (Sample.of([*means[a].values()]) for a in (TREATMENT, CONTROL))
        return difference(treatment, control, rho=rho)
    # Whose exposure was lost has no known probability, and tells nothing.
    weighted = [[(y, exposed[a][u]) for u, y in means[a].items() if u in exposed[a]] for a in (TREATMENT, CONTROL)]
    return weighted_difference(weighted[0], weighted[1], rho=rho)


Row = Mapping[str, object]


Counts = Mapping[str, int]


def _rows(workspace: Path, experiment: Experiment) -> tuple[list[Row], Exposed, Counts, Counts]:
    """Answers; units that came, by arm; of those that had time to be answered how many there are and were lost."""
    path = serving_folder(workspace) / "requests.db"
    none: Counts = defaultdict(int)
    if not path.exists():
        return [], {CONTROL: {}, TREATMENT: {}}, none, none
    before = (datetime.now(UTC) - timedelta(seconds=SETTLED)).isoformat(timespec="milliseconds")
    here = (experiment.id, experiment.phase)
    with contextlib.closing(open_log(path)) as database:
        database.row_factory = sqlite3.Row
        found = database.execute(
            "SELECT unit, CASE WHEN shadow_of != '' THEN 'treatment' ELSE arm END AS arm, status, code, refused, ms, "
            "complete FROM requests WHERE experiment = ? AND phase = ?",
            here,
        ).fetchall()
        exposed = database.execute(
            "SELECT arm, unit, at, propensity FROM exposures WHERE experiment = ? AND phase = ?", here
        ).fetchall()
    answered = {(r["arm"], r["unit"]) for r in found}
    units: dict[str, dict[str, float]] = {CONTROL: {}, TREATMENT: {}}
    for r in exposed:
        units[str(r["arm"])][str(r["unit"])] = float(r["propensity"] or 1.0)
    old = [r for r in exposed if r["at"] < before]
    lost = Counter(str(r["arm"]) for r in old if (r["arm"], r["unit"]) not in answered)
    # A client that went away is nobody's error.
    rows: list[Row] = [dict(r) for r in found if r["code"] != "client_gone"]
    return rows, units, Counter(str(r["arm"]) for r in old), lost


def _feedback(workspace: Path, experiment: Experiment) -> list[tuple[str, str, float]]:
    """(arm, unit, value) of every feedback with thumbs or a score on an answer of this phase."""
    folder = serving_folder(workspace)
    found = []
    for row in FeedbackStore(folder / "feedback.db").joined(folder / "requests.db"):
        if row["experiment"] == experiment.id and row.get("phase") == experiment.phase:
            value = {"up": 1.0, "down": 0.0}.get(row["thumbs"] or "", row["score"])
            if value is not None:
                found.append((row["arm"], row["unit"], float(value)))
    return found


def _by_unit(values: Sequence[tuple[str, str, float]], arm: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for where, unit, value in values:
        if where == arm:
            found[unit].append(value)
    return found


def _guardrails(rows: Sequence[Row], said: Sequence[tuple[str, str, float]]) -> list[Guardrail]:
    shares = {
        "errors": [(*_place(r), float(_failed(r))) for r in rows],
        "slow answers": _slow(rows),
        "refusals": [(*_place(r), float(bool(r["refused"]))) for r in rows if not _failed(r)],
        "thumbs down": [(arm, unit, float(value < 0.5)) for arm, unit, value in said],
    }
    found = []
    for name, values in shares.items():
        by_arm = [Sample.of([sum(v) / len(v) for v in _by_unit(values, a).values()]) for a in (CONTROL, TREATMENT)]
        margin = MARGINS[name]
        bounds = difference(by_arm[1], by_arm[0], rho=tuned_rho(margin))
        found.append(Guardrail(name, by_arm[0].mean, by_arm[1].mean, bounds, margin, bounds.low > margin))
    return found


def _place(row: Row) -> tuple[str, str]:
    return str(row["arm"]), str(row["unit"])


def _failed(row: Row) -> bool:
    """The server's fault: not the client's request, not a full queue that hits both arms alike."""
    return int(str(row["status"])) >= 500 or (int(str(row["status"])) == 200 and not row["complete"])


def _slow(rows: Sequence[Row]) -> list[tuple[str, str, float]]:
    """(arm, unit, 1 where it was slow) of every answer. Two p95 side by side would do harm: of 58 answers three make
    it, and three users who waited for the treatment to load would send a good canary back."""
    usual = _p95(rows, CONTROL)
    limit = max(SLOWER * usual, usual + SLOWER_MS)
    return [] if math.isnan(limit) else [(*_place(r), float(_ms(r) > limit)) for r in rows]


def _ms(row: Row) -> float:
    return float(str(row["ms"]))


def _p95(rows: Sequence[Row], arm: str) -> float:
    times = sorted(_ms(r) for r in rows if r["arm"] == arm)
    return times[math.ceil(0.95 * len(times)) - 1] if times else math.nan
