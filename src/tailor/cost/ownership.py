"""What owning an arm costs: once, every month, and when its base model is retired. Every line says how it came about.

    once      labels + review + generated data + fits + evaluation + engineering
    a month   answers (or the machine that is always on) + refreshes + monitoring + storage + end of life / its months
    total     once + months × a month

A line whose price or quantity nobody knows has no amount; sums hold what is known and name what they leave out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tailor.cost.answers import by_token, cost_per_1000, known, seconds_per_answer, training_cost
from tailor.cost.assumptions import HOURS_PER_MONTH, Assumptions

When = Literal["once", "month"]
Basis = Literal["measured", "given", "assumed"]
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600.0


@dataclass(frozen=True)
class Line:
    """One term. `usd` is None where unknown; `priced` lines grow with the price of tokens or machines, the others are
    people's time; `how` is the calculation in words."""

    name: str
    when: When
    usd: float | None
    basis: Basis
    priced: bool
    how: str


@dataclass(frozen=True)
class Ownership:
    """All lines of one arm. `per_answer` are dollars that grow with every answer (0 on a machine that is always on),
    `machine_month_usd` what one such machine costs a month and `capacity` how many answers a month it can give."""

    arm: str
    lines: tuple[Line, ...]
    per_answer: float | None
    machine_month_usd: float
    capacity: float
    months: int

    def _sum(self, when: When) -> float:
        return math.fsum(line.usd for line in self.lines if line.when == when and line.usd is not None)

    @property
    def once(self) -> float:
        return self._sum("once")

    @property
    def monthly(self) -> float:
        """What is known of the monthly lines, at the volume assumed."""
        return self._sum("month")

    @property
    def total(self) -> float:
        """Over all the months looked at."""
        return self.once + self.months * self.monthly

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the lines that no sum holds."""
        return tuple(line.name for line in self.lines if line.usd is None)

    @property
    def fixed_month(self) -> float:
        """Monthly dollars that no volume changes, the first month's share of what is paid once included."""
        apart = ("answers", "machine")
        steady = [x.usd for x in self.lines if x.when == "month" and x.name not in apart and x.usd is not None]
        return math.fsum(steady) + self.once / self.months

    def at(self, volume: float) -> float | None:
        """All-in dollars a month at a volume: what is paid once is spread over the months."""
        if self.per_answer is None:
            return None
        return self.fixed_month + volume * self.per_answer + self.machine_month_usd * machines(volume, self.capacity)


def machines(volume: float, capacity: float) -> int:
    """Machines that must be on: at least one, also where nobody asks anything."""
    return 1 if not math.isfinite(capacity) or capacity <= 0 else max(1, math.ceil(volume / capacity - 1e-9))


def own(
    arm: str,
    usage: Mapping[str, Any],
    data: Mapping[str, Any],
    assume: Assumptions,
    *,
    control: bool = False,
    uses_rows: bool = True,
) -> Ownership:
    """The cost of owning an arm.

    Args:
        usage: the arm's `usage` in results.json.
        data: the study's `dataset` (`n_train`, `n_dev`, `n_test`).
        control: the arm that is there already: no engineering unless given for it.
        uses_rows: whether it needs the team's labelled rows (training, demonstrations).
    """
    hourly = assume.machine_hour_usd
    thousand = cost_per_1000(usage, hourly)
    per_answer = None if thousand is None else thousand / 1000.0
    hosted = assume.always_on and not by_token(usage)
    once = _once(arm, usage, data, assume, per_answer, control=control, uses_rows=uses_rows)
    seconds = seconds_per_answer(usage)
    capacity = assume.utilisation * SECONDS_PER_MONTH / seconds if hosted and seconds else math.inf
    machine_month = HOURS_PER_MONTH * hourly if hosted and hourly is not None else 0.0
    running = _hosting(assume, capacity, machine_month) if hosted else _answers(assume, per_answer, by_token(usage))
    month = (running, *_upkeep(usage, data, assume, per_answer, once))
    marginal = (0.0 if hourly is not None else None) if hosted else per_answer
    lines = tuple(x for x in (*once, *month) if x.usd is None or x.usd > 0)
    return Ownership(arm, lines, marginal, machine_month, capacity, assume.months)


def _times(*factors: float | None) -> float | None:
    return None if any(f is None for f in factors) else math.prod(f for f in factors if f is not None)


def _once(
    arm: str,
    usage: Mapping[str, Any],
    data: Mapping[str, Any],
    assume: Assumptions,
    per_answer: float | None,
    *,
    control: bool,
    uses_rows: bool,
) -> tuple[Line, ...]:
    train, test = known(data.get("n_train")), known(data.get("n_test"))
    labels, review = (_rows_usd(train, m, assume) for m in (assume.label_minutes, assume.review_minutes))
    fits = known(usage.get("fits")) or 1.0
    fit = training_cost(usage, assume.machine_hour_usd)
    hours = assume.engineering(arm, control=control)
    built = 0.0 if hours == 0 else _times(hours, assume.engineer_hour_usd)
    rows = (labels, review, assume.generation_usd) if uses_rows else (0.0, 0.0, 0.0)
    return (
        Line("labels", "once", rows[0], "given", False, _rows_words(train, assume)),
        Line("review", "once", rows[1], "given", False, "reading the labels again"),
        Line("generated data", "once", rows[2], "given", False, "as given"),
        Line("fits", "once", _times(fits, fit), "measured", True, f"{fits:,.0f} × one fit, its choices included"),
        Line(
            "evaluation", "once", _times(test, per_answer, fits), "measured", True, f"{_n(test)} questions × {fits:.0f}"
        ),
        Line("engineering", "once", built, "given", False, f"{_n(hours)} hours"),
    )


def _rows_usd(rows: float | None, minutes: float | None, assume: Assumptions) -> float | None:
    per_row = _times(minutes, assume.labeller_hour_usd)
    return None if per_row is None else _times(rows, per_row / 60.0)


def _rows_words(rows: float | None, assume: Assumptions) -> str:
    return f"{_n(rows)} training rows × {_n(assume.label_minutes)} minutes at ${_n(assume.labeller_hour_usd)} an hour"


def _answers(assume: Assumptions, per_answer: float | None, tokens: bool) -> Line:
    what = "tokens of the replies" if tokens else "machine seconds, none paid while idle"
    how = f"{_n(assume.volume)} answers × ${per_answer:.6f}, {what}" if per_answer is not None else what
    return Line("answers", "month", _times(assume.volume, per_answer), "measured", True, how)


def _hosting(assume: Assumptions, capacity: float, machine_month: float) -> Line:
    volume = assume.volume
    if assume.machine_hour_usd is None or volume is None:
        return Line("machine", "month", None, "given", True, "a machine that is always on")
    count = machines(volume, capacity)
    busy = volume / capacity * assume.utilisation / count if math.isfinite(capacity) else 0.0
    how = (
        f"{count} always on × {HOURS_PER_MONTH:.0f} hours, {100 * busy:.1f} % busy{_pace(assume, capacity)}, "
        f"planned for at most {100 * assume.utilisation:.0f} % ({'given' if assume.utilisation_given else 'assumed'})"
    )
    return Line(
        "machine", "month", count * machine_month, "given" if assume.utilisation_given else "assumed", True, how
    )


def _pace(assume: Assumptions, capacity: float) -> str:
    """The throughput of the study's own answers, where they were timed."""
    if not math.isfinite(capacity) or assume.utilisation <= 0:
        return ""
    return f" at {capacity / assume.utilisation / SECONDS_PER_MONTH:.3g} answers a second (measured)"


def _upkeep(
    usage: Mapping[str, Any],
    data: Mapping[str, Any],
    assume: Assumptions,
    per_answer: float | None,
    once: tuple[Line, ...],
) -> tuple[Line, ...]:
    amounts = {line.name: line.usd for line in once}
    fit = training_cost(usage, assume.machine_hour_usd)
    test = _times(known(data.get("n_test")), per_answer)
    often = None if assume.refreshes_per_year is None else assume.refreshes_per_year / 12.0
    times = f"{_n(assume.refreshes_per_year)} a year"
    size, life = known(usage.get("artifact_mb")), assume.base_life_months
    rebuild = _times(assume.rebase_hours, assume.engineer_hour_usd)
    parts = (amounts["fits"], amounts["evaluation"], rebuild)
    replaced = math.fsum(p or 0.0 for p in parts) / life if life and None not in parts else None
    relabelled = _times(amounts["labels"], assume.relabel_share, often) if amounts["labels"] else 0.0
    # What is fitted in no time is not fitted again, so there is nothing to test again either.
    refitted, retested = (0.0, 0.0) if fit == 0.0 else (_times(often, fit), _times(often, test))
    watched, kept = _times(assume.monitoring_hours, assume.engineer_hour_usd), _times(size, assume.storage_gb_month_usd)
    retired = f"the base is retired after {_n(life)} months: fits, evaluation, {_n(assume.rebase_hours)} hours"
    return (
        Line("refreshes", "month", refitted, "measured", True, f"{times} × one fit"),
        Line(
            "evaluation again",
            "month",
            retested,
            "measured",
            True,
            f"{times} × {_n(known(data.get('n_test')))} questions",
        ),
        Line("new labels", "month", relabelled, "given", False, f"{times} × a share of the labels"),
        Line("monitoring", "month", watched, "given", False, f"{_n(assume.monitoring_hours)} hours"),
        Line("storage", "month", kept and kept / 1000.0 if size else 0.0, "measured", False, f"{_n(size)} MB"),
        Line("end of life", "month", replaced, "given", False, retired),
    )


def _n(value: float | None) -> str:
    return "?" if value is None else f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"
