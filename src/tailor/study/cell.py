"""One cell (arm x seed): fit, answer the test items, measure latency; every step on disk as soon as it is done."""

from __future__ import annotations

import contextlib
import errno
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tailor.errors import ModelError, StudyError, TailorError
from tailor.evaluation.metrics import load_metric
from tailor.evaluation.score import score
from tailor.files import append_lines, read_json, read_lines, write_json
from tailor.methods.base import FitContext
from tailor.methods.compose import fit_arm
from tailor.methods.tuning import read_record
from tailor.models.loading import first_line
from tailor.records import Adaptation, Completion, Example, Failure, Fitted, Message, Score
from tailor.runtime import Runtime, adaptation_from_json, adaptation_sha256, adaptation_to_json, without_help
from tailor.study.general import rows_to_rehearse
from tailor.study.given import given_answers
from tailor.study.ladder import climb
from tailor.study.ledger import BudgetReached, Meter, Phase
from tailor.study.plan import Cell, Study

FULL_DISK = 1 << 20  # bytes: where less is free, whatever failed to write failed for that
FINAL = ("too-long", "data")  # failures that asking again cannot mend
CHUNK = 128  # answers per fsync: what a kill costs at most
LATENCY_QUESTIONS = 20
WARM_UP = 2  # questions before these
NOTHING_S = 0.05  # reading a finished step from disk takes less

# phase ("fit", "answer", "latency"), fraction done, a few words
CellProgress = Callable[[str, float, str], None]


@dataclass(frozen=True)
class CellFiles:
    """Where a cell's results lie."""

    fit: Path
    answers: Path

    @classmethod
    def of(cls, study_folder: Path, cell: Cell) -> CellFiles:
        return cls(study_folder / "fits" / f"{cell.file}.json", study_folder / "answers" / f"{cell.file}.jsonl")


def run_cell(
    study: Study, cell: Cell, runtime: Runtime, progress: CellProgress, budget: float | None = None
) -> Failure | None:
    """Do what is left of a cell. A failure is recorded and returned; it never stops the others.

    Args:
        budget: dollars the whole study may cost.

    Raises:
        BudgetReached: the next step could cost more than is left.
        StudyError: the disk is full: nothing further could be kept.
    """
    files = CellFiles.of(study.folder, cell)
    meter = Meter(study.folder, cell.file, study.workspace, study.inputs.base, budget)
    runtime.meter = meter
    try:
        with _timed(meter, "fit"):
            fitted = stored_fit(files.fit) or _fit(study, cell, runtime, files.fit, progress)
        meter.asked = fitted.adaptation.base
        if fitted.adaptation.base.kind == "predictions":
            _take_over(study, fitted.adaptation, files)
        else:
            _ask_all(study, cell, fitted.adaptation, runtime, meter, progress)
    except BudgetReached:
        raise
    except TailorError as error:
        _stop_if_full(error, study)
        failure = Failure("training", error.message, hint=error.hint)
    except Exception as error:
        # Whatever a method or library raises belongs to this cell alone; the cause is kept for the report.
        _stop_if_full(error, study)
        failure = Failure("training", f"{type(error).__name__}: {error}", hint="Details: .tailor/log.txt")
        log_traceback(study)
    else:
        files.fit.with_suffix(".failed.json").unlink(missing_ok=True)
        return None
    finally:
        runtime.meter = None
    write_json(files.fit.with_suffix(".failed.json"), failure)
    return failure


@contextlib.contextmanager
def _timed(meter: Meter, phase: Phase) -> Iterator[None]:
    """The machine time of a phase goes into the ledger, however it ends; a step that was on disk already adds none."""
    meter.phase = phase
    meter.look()
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds = time.perf_counter() - started
        if seconds > NOTHING_S:
            meter.time(seconds)


def _ask_all(
    study: Study, cell: Cell, adaptation: Adaptation, runtime: Runtime, meter: Meter, progress: CellProgress
) -> None:
    """The test, the ladder and single questions for latency."""
    files = CellFiles.of(study.folder, cell)
    with _timed(meter, "answer"):
        _answer(study, adaptation, runtime, files.answers, progress)
    with _timed(meter, "ladder"):
        climb(study, cell, adaptation, runtime)
    with _timed(meter, "latency"):
        _latency(study, adaptation, runtime, files.fit, progress)


def _stop_if_full(error: Exception, study: Study) -> None:
    """Libraries wrap a full disk in errors of their own, so the disk is asked too.

    Raises:
        StudyError: there is no space left: nothing further could be kept.
    """
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    if full or shutil.disk_usage(study.folder).free < FULL_DISK:
        raise StudyError(
            f"The disk is full: {first_line(error)}",
            hint="Free some space and run the same command; finished work is kept.",
        ) from None


def log_traceback(study: Study) -> None:
    """Keep the traceback for whoever mends the method; people see the sentence only."""
    import traceback

    with (study.workspace.state / "log.txt").open("a", encoding="utf-8") as log:
        log.write(f"{study.id}\n{traceback.format_exc()}\n")


def stored_fit(path: Path) -> Fitted | None:
    """A finished fit of an earlier run."""
    if not path.is_file():
        return None
    value = read_json(path)
    training = read_record(value["training"]) if value["training"] else None
    return Fitted(adaptation_from_json(value["adaptation"]), value["chosen"], training, value["seconds"])


def _fit(study: Study, cell: Cell, runtime: Runtime, path: Path, progress: CellProgress) -> Fitted:
    metric = load_metric(study.workspace.config.metric, study.workspace.folder)
    context = FitContext(
        base=study.inputs.base,
        train=study.inputs.of("train"),
        dev=tuple(e for e in study.inputs.of("dev") if e.answer is not None),
        passages=study.inputs.passages,
        store=study.workspace.store,
        runtime=runtime,
        seed=cell.seed,
        dev_score=lambda a: dev_score(study, a, runtime),
        progress=lambda fraction, words: progress("fit", fraction, words),
        judge=lambda example, text: _value(score(example, text, metric)),
        workspace=study.workspace.folder.resolve(),
        general=lambda: rows_to_rehearse(
            study.inputs.general, study.inputs.base, study.inputs.of("test"), study.workspace.store
        ),
    )
    fitted = fit_arm(cell.arm, context)
    write_json(path, {**_plain_fit(fitted), "peak_memory_mb": peak_memory_mb()})
    return fitted


def _plain_fit(fitted: Fitted) -> dict[str, Any]:
    return {
        "format_version": 1,
        "adaptation": adaptation_to_json(fitted.adaptation),
        "adaptation_sha256": adaptation_sha256(fitted.adaptation),
        "chosen": dict(fitted.chosen),
        "training": fitted.training,
        "seconds": fitted.seconds,
    }


def dev_score(study: Study, adaptation: Adaptation, runtime: Runtime) -> float:
    """Mean of the primary metric over the answerable dev items in [0, 1]; NaN without any. Kept by adaptation, so that
    two arms that try the same thing pay once. A failed answer scores 0 here: a choice that fails is a bad choice."""
    items = [e for e in study.inputs.of("dev") if e.answer is not None]
    if not items:
        return float("nan")
    path = study.folder / "dev" / f"{adaptation_sha256(adaptation)[:24]}.json"
    if path.is_file():
        return float(read_json(path)["score"])
    metric = load_metric(study.workspace.config.metric, study.workspace.folder)
    answers = runtime.answer(adaptation, [e.messages for e in items])
    scores = [score(e, a.text, metric) if isinstance(a, Completion) else a for e, a in zip(items, answers, strict=True)]
    values = [_value(s) for s in scores]
    value = sum(values) / len(values)
    write_json(path, {"score": value, "n": len(values)})
    return value


def _take_over(study: Study, adaptation: Adaptation, files: CellFiles) -> None:
    """The answers of a file. How long they took one by one is not known, so there is no latency."""
    given, done = given_answers(study, adaptation), answered(files.answers)
    lines = [_line(e, given[e.id]) for e in study.inputs.of("test") if e.id not in done]
    append_lines(files.answers, lines)
    write_json(files.fit, {**read_json(files.fit), "latency_ms": [], "peak_memory_mb": None})


def _value(scored: Score | Failure) -> float:
    return scored.value if isinstance(scored, Score) else 0.0


def _answer(study: Study, adaptation: Adaptation, runtime: Runtime, path: Path, progress: CellProgress) -> None:
    """General items are asked of the model alone, all others of the whole arm."""
    done = answered(path)
    items = [e for e in study.inputs.of("test") if e.id not in done]
    items.sort(key=lambda e: e.cell == "general")  # stable: two groups, each in the order of the test
    own = sum(e.cell != "general" for e in items)
    starts = [*range(0, own, CHUNK), *range(own, len(items), CHUNK), len(items)]
    for start, end in pairwise(starts):
        chunk = items[start:end]
        asked = adaptation if start < own else without_help(adaptation)
        answers = runtime.answer(asked, [e.messages for e in chunk])
        append_lines(path, [_line(e, a) for e, a in zip(chunk, answers, strict=True)])
        progress("answer", end / len(items), f"{end} of {len(items)}")


def answered(path: Path) -> set[str]:
    """The items of an answers file that need not be asked again: answered, or failed for good."""
    return {line["item"] for line in read_lines(path) if "completion" in line or line["failure"]["kind"] in FINAL}


def _line(example: Example, answer: Completion | Failure) -> dict[str, Any]:
    if isinstance(answer, Failure):
        return {"item": example.id, "failure": answer}
    return {
        "item": example.id,
        "completion": answer.text,
        "finish": answer.finish,
        "usage": answer.usage,
        "passages": [p.id for p in answer.passages],
    }


def _latency(study: Study, adaptation: Adaptation, runtime: Runtime, path: Path, progress: CellProgress) -> None:
    """Ask dev questions one at a time: what a single user would wait. Batched answers say nothing about that."""
    value = read_json(path)
    if "latency_ms" in value:
        return
    # Without a dev split (one or two framings per fact) training questions do: only their length matters here.
    questions: Sequence[Example] = study.inputs.of("dev") or study.inputs.of("train")
    asked: list[tuple[Message, ...]] = [e.messages for e in questions[: LATENCY_QUESTIONS + WARM_UP]]
    if len(asked) < 2 * WARM_UP:
        asked = [*asked[:WARM_UP], *asked]
    milliseconds = []
    runtime.forget_prompts()  # dev was asked before, and users' questions were not
    for n, messages in enumerate(asked):
        started = time.perf_counter()
        [answer] = runtime.answer(adaptation, [messages], fresh=True)
        if n >= WARM_UP and isinstance(answer, Completion):
            milliseconds.append(1000 * (time.perf_counter() - started))
        progress("latency", (n + 1) / len(asked), "latency")
    memory = max(peak_memory_mb(), value.get("peak_memory_mb") or 0.0)
    write_json(path, {**value, "latency_ms": milliseconds, "peak_memory_mb": memory})


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MB (kilobytes on Linux, bytes on macOS)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def check_base(runtime: Runtime, study: Study) -> None:
    """Ask the base one question before anything is spent.

    Raises:
        ModelError: it cannot be loaded or does not answer.
    """
    [answer] = runtime.answer(Adaptation(study.inputs.base), [(Message("user", "Hello"),)])
    if isinstance(answer, Failure):
        raise ModelError(f"The base {study.inputs.base.name} does not answer: {answer.cause}", hint=answer.hint)
