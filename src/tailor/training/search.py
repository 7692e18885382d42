"""A wider search than the ladder of rates: rate, rank, tokens of a batch and epochs together, by Optuna, on dev only.

The budget is a number of trials, declared before. Optuna's tree-structured Parzen estimator proposes (Bergstra et al.
2011), with a fixed seed and in one process, so that the same data give the same trials, also where the search was
killed on the way: trials that ended, and what they reported, are on disk. A trial is given up where its
dev loss is worse than the median of the trials before it, and not before half of its steps: facts come after a plateau
(Zucchet et al. 2025, arXiv 2503.21676). Trials of one arm are held against each other only, never against other arms.
"""

from __future__ import annotations

import contextlib
import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tailor.errors import ConfigError, DataError, MissingDependency, ModelError
from tailor.files import read_json, write_json
from tailor.training.ladder import FEWEST_DEV, SEED
from tailor.training.options import Progress, TrainingOptions, TrainingRow

RATE = 10.0
"""The rate is looked for from a tenth of the published one to ten times it."""
RANKS = (8, 16, 32, 64)
BATCHES = (512, 1024, 2048)
EPOCHS = (1 / 3, 2 / 3, 1.0)
"""Of the epochs that the arm has."""
BEFORE_PRUNING = 4
HALF = 50  # percent of a trial's steps


@dataclass(frozen=True)
class Trial:
    """One setting and how it did: share of dev answers right in [0, 1] and dev loss in nats, of the best step; both
    None where it was given up or diverged. `rank` is None where there are no adapters. `seconds` is what it took."""

    learning_rate: float
    rank: int | None
    batch_tokens: int
    epochs: float
    state: Literal["complete", "pruned", "diverged"]
    accuracy: float | None = None
    loss: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Search:
    """The trials in their order and which was best: most dev answers right, then the smaller dev loss."""

    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial:
        done = [t for t in self.trials if t.accuracy is not None and t.loss is not None]
        if not done:
            raise ModelError(
                f"none of the {len(self.trials)} trials came to its end.",
                hint="Leave trials out for the published rate, or declare more of them.",
            )
        return max(done, key=lambda t: (t.accuracy, -(t.loss or 0.0)))

    @property
    def seconds(self) -> float:
        return math.fsum(t.seconds for t in self.trials)

    @property
    def words(self) -> str:
        """For the training record."""
        best, given_up = self.best, sum(t.state != "complete" for t in self.trials)
        what, rank = ("rate, rank, batch", f"rank {best.rank}, ") if best.rank else ("rate, batch", "")
        return (
            f"{what} and epochs chosen on dev in {len(self.trials)} declared trials ({given_up} given up, "
            f"{self.seconds:.0f} s): {best.learning_rate:.1e}, {rank}{best.batch_tokens} tokens, "
            f"{best.epochs:g} epochs ({best.accuracy:.0%} right, loss {best.loss:.2f})"
        )

    def chosen(self, options: TrainingOptions) -> TrainingOptions:
        """The options with the best setting."""
        return _with(options, self.best)


def _with(options: TrainingOptions, trial: Trial) -> TrainingOptions:
    return replace(
        options,
        learning_rate=trial.learning_rate,
        rank=trial.rank or options.rank,
        batch_tokens=trial.batch_tokens,
        epochs=trial.epochs,
    )


def search(
    base_folder: Path,
    rows: Sequence[TrainingRow],
    dev: Sequence[TrainingRow],
    options: TrainingOptions,
    trials: int,
    *,
    work: Path,
    general: Sequence[TrainingRow] = (),
    on_progress: Callable[[float, Progress], None] | None = None,
) -> Search:
    """Spend the declared trials.

    Args:
        base_folder, rows, dev, options, general: of the training to come, as for `tailor.training.train`.
        trials: how many settings to try, at least 1.
        work: where ended trials and the checkpoint of the one under way are kept; may be deleted afterwards.
        on_progress: told the share of the search that is done and where the trial stands.

    Raises:
        MissingDependency: Optuna is not installed.
        DataError: too few dev rows to tell settings apart.
        ConfigError, ModelError: as `train`; a setting at which training diverges is only a bad one.
    """
    try:
        import optuna
    except ImportError:
        raise MissingDependency("A search with trials", "search") from None
    from tailor.training.checkpoints import identity
    from tailor.training.engine import planned
    from tailor.training.loading import choose_device

    if trials < 1:
        raise ConfigError(f"trials must be at least 1, found {trials}.")
    if len(dev) < FEWEST_DEV:
        raise DataError(
            f"a search needs {FEWEST_DEV} dev questions to tell settings apart, found {len(dev)}.",
            hint="Leave trials out, or give more questions.",
        )
    rate, _ = planned(base_folder, rows, options)
    work /= identity(base_folder, rows, dev, general, options, SEED, choose_device()[1])[:16]
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=SEED),
        pruner=optuna.pruners.MedianPruner(BEFORE_PRUNING, n_warmup_steps=HALF - 1),
    )
    found: list[Trial] = []
    for number in range(trials):
        asked = study.ask()
        setting = _proposed(asked, options, rate)
        course = _Course(asked, work / f"course-{number:04d}.json")
        ended, checkpoints = work / f"trial-{number:04d}.json", work / f"trial-{number:04d}"
        if ended.is_file():
            with contextlib.suppress(_GivenUp):
                course.replay()
            found.append(Trial(**read_json(ended)))
        else:
            report = _report(course, on_progress, number, trials)
            found.append(_try(base_folder, rows, dev, options, setting, checkpoints, general, course, report))
            write_json(ended, found[-1])
            shutil.rmtree(checkpoints, ignore_errors=True)
        state = optuna.trial.TrialState
        if found[-1].state == "complete":
            study.tell(asked, found[-1].accuracy)
        else:
            study.tell(asked, state=state.PRUNED if found[-1].state == "pruned" else state.FAIL)
    return Search(tuple(found))


class _GivenUp(Exception):
    pass


def _proposed(asked: Any, options: TrainingOptions, rate: float) -> Trial:
    rank = asked.suggest_categorical("rank", RANKS) if options.kind == "lora" else None
    return Trial(
        asked.suggest_float("learning_rate", rate / RATE, rate * RATE, log=True),
        rank,
        asked.suggest_categorical("batch_tokens", BATCHES),
        options.epochs * asked.suggest_categorical("epochs", EPOCHS),
        "complete",
    )


class _Course:
    """The dev losses that a trial reported, by percent of its steps; on disk as they come."""

    def __init__(self, asked: Any, path: Path) -> None:
        self._asked, self._path = asked, path
        self._losses: dict[int, float] = {}

    def replay(self) -> None:
        """Report what was reported before a kill.

        Raises:
            _GivenUp: it was given up there.
        """
        for done, loss in read_json(self._path) if self._path.is_file() else []:
            self._report(done, math.nan if loss is None else loss)

    def take(self, done: int, loss: float) -> None:
        """Report once; _GivenUp where the trial is not worth going on."""
        if done not in self._losses:
            write_json(self._path, [*self._losses.items(), (done, loss)])
            self._report(done, loss)

    def _report(self, done: int, loss: float) -> None:
        self._losses[done] = loss
        self._asked.report(-loss, done)
        if done < 100 and self._asked.should_prune():
            raise _GivenUp


def _report(
    course: _Course, on_progress: Callable[[float, Progress], None] | None, number: int, trials: int
) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        if on_progress:
            on_progress((number + progress.step / max(1, progress.steps)) / trials, progress)
        if progress.dev is not None:
            course.take(100 * progress.step // max(1, progress.steps), progress.dev)

    return report


def _try(
    base_folder: Path,
    rows: Sequence[TrainingRow],
    dev: Sequence[TrainingRow],
    options: TrainingOptions,
    setting: Trial,
    work: Path,
    general: Sequence[TrainingRow],
    course: _Course,
    report: Callable[[Progress], None],
) -> Trial:
    from tailor.training.engine import run

    began = time.perf_counter()
    try:
        course.replay()
        record = run(
            base_folder,
            rows,
            dev,
            _with(options, setting),
            seed=SEED,
            folder=None,
            work=work,
            general=general,
            on_progress=report,
            checkpoint_seconds=60.0,
        )
    except _GivenUp:
        return replace(setting, state="pruned", seconds=time.perf_counter() - began)
    except ModelError as error:
        if "diverged" not in error.message:
            raise
        return replace(setting, state="diverged", seconds=time.perf_counter() - began)
    return replace(setting, accuracy=record.dev_accuracy, loss=record.dev_loss, seconds=record.seconds)
