"""The learning rate, chosen on dev from three around the published one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tailor.training.options import Callback, Progress, TrainingOptions, TrainingRow

STEPS = (1 / 3, 1.0, 3.0)
LENGTH = 0.5
"""Length of a rung. Facts come after a plateau (Zucchet et al. 2025, arXiv 2503.21676), so shorter ones would be judged
before they begin to learn."""
FEWEST_STEPS = 100
FEWEST_DEV = 20
FEWEST_RIGHT = 5
SEED = 0
"""Of every rung, whatever the seed of the training: all seeds of an arm then train at one rate."""


@dataclass(frozen=True)
class Rung:
    """One rate that was tried: share of dev answers right in [0, 1], and dev loss in nats (infinite where the training
    diverged), of the best weights on the way."""

    rate: float
    accuracy: float
    loss: float


@dataclass(frozen=True)
class Ladder:
    """The rate to train at, how it was found, and the seconds that took."""

    rate: float
    rungs: tuple[Rung, ...] = ()
    seconds: float = 0.0
    why: str = ""

    @property
    def words(self) -> str:
        """For the training record."""
        if not self.rungs:
            return f"learning rate by the formula for the model's width, not tried on dev: {self.why}"
        tried = ", ".join(f"{r.rate:.1e} ({r.accuracy:.0%} right, loss {r.loss:.2f})" for r in self.rungs)
        edge = " The highest was the best: a higher one may be better still." if self._at_top else ""
        return f"learning rate {self.rate:.1e} chosen on dev in trainings of half the length: {tried}.{edge}"

    @property
    def _at_top(self) -> bool:
        return self.rate == max(r.rate for r in self.rungs)


def choose(rungs: Sequence[Rung], dev: int) -> float:
    """The lowest rate whose share of right dev answers is within one standard error of the best (Breiman et al. 1984).

    Of two rates that dev cannot tell apart the lower one forgets less, and half the length flatters the higher one.
    Where not even five answers are right the smallest dev loss decides.

    Args:
        rungs: what was tried, at least one.
        dev: number of dev answers.
    """
    best = max(rungs, key=lambda r: (r.accuracy, -r.loss))
    if best.accuracy * dev < FEWEST_RIGHT:
        return min(rungs, key=lambda r: r.loss).rate
    error = math.sqrt(best.accuracy * (1 - best.accuracy) / dev)
    return min(r.rate for r in rungs if r.accuracy >= best.accuracy - error)


def climb(
    base_folder: Path,
    rows: Sequence[TrainingRow],
    dev: Sequence[TrainingRow],
    options: TrainingOptions,
    *,
    work: Path,
    general: Sequence[TrainingRow] = (),
    on_progress: Callable[[float, Progress], None] | None = None,
) -> Ladder:
    """Try a third, once and three times the rate of `default_learning_rate` in trainings of half the length.

    No ladder where it could not tell rates apart: under 100 optimiser steps, or under 20 dev rows. A rung that was
    killed continues from its checkpoint.

    Args:
        base_folder, rows, dev, options, general: of the training to come, as for `tailor.training.train`.
        work: where checkpoints are kept; may be deleted afterwards.
        on_progress: told the share of the ladder that is done and where the rung stands.

    Raises:
        ConfigError, DataError, ModelError: as `train`; a rate at which training diverges is only the worst.
    """
    from tailor.errors import ModelError
    from tailor.training.engine import planned, run

    rate, steps = planned(base_folder, rows, options)
    if steps < FEWEST_STEPS:
        return Ladder(rate, why=f"{steps} optimiser steps, {FEWEST_STEPS} are needed")
    if len(dev) < FEWEST_DEV:
        return Ladder(rate, why=f"{len(dev)} dev questions, {FEWEST_DEV} are needed")
    rungs, seconds = list[Rung](), 0.0
    for number, factor in enumerate(STEPS):
        tried = replace(options, learning_rate=rate * factor, epochs=LENGTH * options.epochs)
        try:
            record = run(
                base_folder,
                rows,
                dev,
                tried,
                seed=SEED,
                folder=None,
                work=work,
                general=general,
                on_progress=_share(on_progress, number),
                checkpoint_seconds=60.0,
            )
        except ModelError as error:
            if "diverged" not in error.message:
                raise
            rungs.append(Rung(rate * factor, 0.0, math.inf))
            continue
        seconds += record.seconds
        rungs.append(Rung(rate * factor, record.dev_accuracy or 0.0, record.dev_loss or 0.0))
    return Ladder(choose(rungs, len(dev)), tuple(rungs), seconds)


def _share(on_progress: Callable[[float, Progress], None] | None, number: int) -> Callback | None:
    if on_progress is None:
        return None
    return lambda p: on_progress((number + p.step / max(1, p.steps)) / len(STEPS), p)
