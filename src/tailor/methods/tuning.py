"""What all weight-tuning arms share: rows from the training split, one training per content, weights as an artifact."""

from __future__ import annotations

import dataclasses
import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from tailor.errors import ConfigError, DataError, ModelError
from tailor.files import locked, read_json, sha256_of, sha256_of_tree, write_json
from tailor.methods.base import FitContext
from tailor.methods.with_passages import passage_rows
from tailor.models.hub import local_folder
from tailor.records import Adaptation, Artifact, Example, Fitted, Message, TrainingRecord, Weights

if TYPE_CHECKING:
    from tailor.training import Preferences, Progress, TrainingOptions, TrainingRow
    from tailor.training.ladder import Ladder
    from tailor.training.search import Search


TrainWith = Literal["question", "passages"]
SEARCH_SHARE = 0.9  # of the time of a fit, roughly: some trials and then one training
LADDER_SHARE = 0.6  # of the time of a fit: three trainings of half the length, then a whole one
PASSAGES_LENGTH = 4096  # tokens of a row that shows passages; a question alone has some tens


def fit_weights(
    context: FitContext,
    options: TrainingOptions,
    kind: Literal["adapter", "full"],
    train_with: TrainWith = "question",
    teacher: Sequence[tuple[Message, ...]] = (),
    beta: float | None = None,
    trials: int = 0,
) -> Fitted:
    """Train, or take the weights that the same data, options and seed made before.

    All rows of a training are of one kind: with the question alone, or with passages above it. A model that reads the
    answer in its prompt does not store it, so the two are never mixed.

    `teacher` holds a longer prompt for each answered example of the train split, in the order of their ids: what the
    base says after it is learnt instead of the words alone. With `beta`, it is learnt which of two answers is preferred
    (`training.preferences`): every example has one that was liked less. With `trials` that many settings are tried on
    dev first.
    """
    from tailor.training import train

    check_trainable(context, options.kind)
    if train_with == "passages":
        rows = passage_rows(context.train, context, context.beside, hide=True)
        dev = passage_rows(context.dev, context, context.beside, hide=False)
        options = dataclasses.replace(options, max_length=PASSAGES_LENGTH, batch_tokens=PASSAGES_LENGTH)
    else:
        rows, dev = training_rows(context.train), training_rows(context.dev)
    if teacher:
        rows = tuple(dataclasses.replace(r, teacher=t) for r, t in zip(rows, teacher, strict=True))
    if not rows:
        raise DataError(f"{options.kind}: the training split is empty.", hint="Add questions with answers.")
    general: tuple[TrainingRow, ...] = ()
    if options.replay:
        context.progress(0.0, "general rows")
        general = training_rows(tuple(context.general()))
    started = time.perf_counter()
    material = Material(rows, dev, general)
    spent = [0.0]  # share of the fit's time that the ladder took, for the progress bar
    found: Ladder | Search | None = None
    if trials:
        found = _search(context, options, material, trials, spent)
        options = found.chosen(options)
    elif options.learning_rate is None:
        found = _ladder(context, options, material, spent)
        options = dataclasses.replace(options, learning_rate=found.rate)
    preferences = None if beta is None else preference_rows(context, beta)
    made_of = [context.base.revision, material, options, context.seed, *([preferences] if preferences else [])]
    name = f"{options.kind}-{sha256_of(made_of)[:16]}"
    folder, notes, work = context.store / name, context.store / f"{name}.json", context.store / "work" / name
    # `lora` and `rag+lora` share one training; whichever comes second waits for it.
    with locked(context.store / "locks" / name):
        if not (folder.is_dir() and notes.is_file()):
            record = train(
                local_folder(context.base),
                rows,
                dev,
                options,
                seed=context.seed,
                folder=folder,
                work=work,
                general=general,
                on_progress=lambda p: context.progress(
                    spent[0] + (1 - spent[0]) * p.step / max(p.steps, 1), progress_words(p)
                ),
                preferences=preferences,
            )
            write_json(notes, record)
            shutil.rmtree(work, ignore_errors=True)
    record = read_record(read_json(notes))
    if found:
        record = dataclasses.replace(record, notes=(found.words, *record.notes))
    weights = Weights(kind, Artifact(name, sha256_of_tree(folder)))
    return Fitted(
        Adaptation(context.base, weights=weights),
        chosen={"steps": record.best_step, "learning_rate": options.learning_rate, **_searched(found, options)},
        training=record,
        seconds=max(record.seconds + (found.seconds if found else 0.0), time.perf_counter() - started),
    )


def _searched(found: Ladder | Search | None, options: TrainingOptions) -> dict[str, object]:
    """What a wider search chose besides the rate, and all its trials."""
    trials = getattr(found, "trials", ())
    if not trials:
        return {}
    names = ("rank", "batch_tokens", "epochs") if options.kind == "lora" else ("batch_tokens", "epochs")
    setting = {name: getattr(options, name) for name in names}
    return {**setting, "trials": [dataclasses.asdict(t) for t in trials]}


def check_trainable(context: FitContext, arm: str) -> None:
    """Raise ModelError where the base's weights are not here."""
    if context.base.kind == "endpoint":
        raise ModelError(
            f"{arm}: {context.base.name} cannot be trained here.",
            hint="Training arms need the weights: a folder or a Hugging Face name as base. Leave them out.",
        )


@dataclass(frozen=True)
class Material:
    """The rows of a training."""

    rows: tuple[TrainingRow, ...]
    dev: tuple[TrainingRow, ...]
    general: tuple[TrainingRow, ...]


def _ladder(context: FitContext, options: TrainingOptions, material: Material, spent: list[float]) -> Ladder:
    """Choose the rate, or take the one that was chosen before for the same data and options, whatever the seed."""
    from tailor.training.ladder import Ladder, Rung, climb

    name = f"rate-{options.kind}-{sha256_of([context.base.revision, material, options])[:16]}"
    path, work = context.store / f"{name}.json", context.store / "work" / name

    def report(done: float, progress: Progress) -> None:
        spent[0] = LADDER_SHARE * done
        context.progress(spent[0], f"choosing the rate  {progress_words(progress)}")

    with locked(context.store / "locks" / name):
        if not path.is_file():
            ladder = climb(
                local_folder(context.base),
                material.rows,
                material.dev,
                options,
                work=work,
                general=material.general,
                on_progress=report,
            )
            write_json(path, ladder)
            shutil.rmtree(work, ignore_errors=True)
    stored = read_json(path)
    rungs = tuple(Rung(r["rate"], r["accuracy"], math.inf if r["loss"] is None else r["loss"]) for r in stored["rungs"])
    return Ladder(stored["rate"], rungs, stored["seconds"], stored["why"])


def _search(
    context: FitContext, options: TrainingOptions, material: Material, trials: int, spent: list[float]
) -> Search:
    """Spend the declared trials, or take those that were spent before for the same data and options."""
    from tailor.training.search import Search, Trial, search

    name = f"search-{options.kind}-{sha256_of([context.base.revision, material, options, trials])[:16]}"
    path, work = context.store / f"{name}.json", context.store / "work" / name

    def report(done: float, progress: Progress) -> None:
        spent[0] = SEARCH_SHARE * done
        context.progress(spent[0], f"searching  {progress_words(progress)}")

    with locked(context.store / "locks" / name):
        if not path.is_file():
            made = search(
                local_folder(context.base),
                material.rows,
                material.dev,
                options,
                trials,
                work=work,
                general=material.general,
                on_progress=report,
            )
            write_json(path, made)
            shutil.rmtree(work, ignore_errors=True)
    return Search(tuple(Trial(**t) for t in read_json(path)["trials"]))


class TuningOptions(Protocol):
    """The options that all weight-tuning arms have."""

    @property
    def learning_rate(self) -> float | None: ...
    @property
    def epochs(self) -> float: ...
    @property
    def replay(self) -> float: ...
    @property
    def kl(self) -> float: ...


MOST_TRIALS = 1000


class SearchOptions(TuningOptions, Protocol):
    """The options of an arm whose settings can be searched."""

    @property
    def stages(self) -> int: ...
    @property
    def trials(self) -> int: ...


def check_trials(options: SearchOptions, arm: str) -> None:
    """Raise ConfigError for a budget that cannot be meant, or one beside a given rate or a curriculum."""
    if not 0 <= options.trials <= MOST_TRIALS:
        raise ConfigError(f"{arm}: trials must be from 0 to {MOST_TRIALS}, found {options.trials}.")
    if options.trials and options.learning_rate is not None:
        raise ConfigError(
            f"{arm}: trials look for the learning rate, and one is given: {options.learning_rate}.",
            hint="Leave one of the two out.",
        )
    if options.trials and options.stages > 1:
        raise ConfigError(f"{arm}: trials and stages cannot be joined.", hint="Leave one of the two out.")


def check_training(options: TuningOptions, arm: str) -> None:
    """What every tuning arm refuses.

    Raises:
        ConfigError: a rate, a duration, a share or a weight that cannot be meant.
    """
    rate = options.learning_rate
    if rate is not None and not 0 < rate < 1:
        raise ConfigError(f"{arm}: learning_rate must be between 0 and 1, found {rate}.")
    if not 0 < options.epochs <= 1000:
        raise ConfigError(f"{arm}: epochs must be from above 0 to 1000, found {options.epochs}.")
    if not 0 <= options.replay <= 0.9:
        raise ConfigError(
            f"{arm}: replay must be from 0 to 0.9, found {options.replay}.",
            hint="It is the share of general rows, 0.1 by default; 0 turns the protection against forgetting off.",
        )
    if not 0 <= options.kl <= 100:
        raise ConfigError(f"{arm}: kl must be from 0 to 100, found {options.kl}.", hint="1 is the default.")


def training_rows(examples: tuple[Example, ...]) -> tuple[TrainingRow, ...]:
    """Rows with answers, in a fixed order. The prompt is what a question looks like with no adaptation at all: the
    tuned model must answer without help."""
    from tailor.training import TrainingRow

    kept = sorted((e for e in examples if e.answer is not None), key=lambda e: e.id)
    return tuple(TrainingRow(e.messages, e.answer or "") for e in kept)


def preference_rows(context: FitContext, beta: float) -> Preferences:
    """The answers liked less, in the order of `training_rows`; the first where an example has several."""
    from tailor.training import Preferences

    train, dev = (
        tuple(e.rejected[0] for e in sorted(examples, key=lambda e: e.id) if e.answer is not None)
        for examples in (context.train, context.dev)
    )
    return Preferences(train, dev, beta)


def progress_words(progress: Progress) -> str:
    """`loss 0.31  dev 0.78  9.8k tok/s  0:52 left`."""
    dev = f"  dev loss {progress.dev:.2f}" if progress.dev is not None else ""
    minutes, seconds = divmod(int(progress.eta_seconds), 60)
    return (
        f"loss {progress.loss:.2f}{dev}  {progress.tokens_per_second / 1000:.1f}k tok/s  {minutes}:{seconds:02d} left"
    )


def read_record(value: dict[str, Any]) -> TrainingRecord:
    """A training record from its JSON."""
    value = dict(value)
    value["curve"] = tuple((int(s), t, float("nan") if d is None else d) for s, t, d in value["curve"])
    value["notes"] = tuple(value["notes"])
    known = {f.name for f in dataclasses.fields(TrainingRecord)}
    return TrainingRecord(**{k: v for k, v in value.items() if k in known})
