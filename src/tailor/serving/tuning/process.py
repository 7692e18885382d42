"""The process of one job: `python -m tailor.serving.tuning.process WORKSPACE JOB SERVER`, with the server's process id.

A process of its own, so that training takes no turn from serving and can be stopped at any moment: the training engine
goes on from its last checkpoint when the same job is started again.
"""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import tailor
from tailor.errors import TailorError
from tailor.evaluation.metrics import METRICS
from tailor.evaluation.score import score
from tailor.evaluation.statistics.intervals import wilson
from tailor.files import sha256_of, write_json
from tailor.methods.base import FitContext
from tailor.methods.tuning import fit_weights
from tailor.models import resolve_base
from tailor.models.hub import local_folder
from tailor.quiet import silence_libraries
from tailor.records import Adaptation, Base, Completion, Example, Interval, TrainingRecord
from tailor.registry.release import Evidence, Lineage, ReleaseRecord, base_identity, write_release
from tailor.runtime import Runtime, adaptation_to_json
from tailor.serving.tuning.files import FileStore
from tailor.serving.tuning.jobs import Job, JobStore
from tailor.serving.tuning.training_file import read_training_file
from tailor.training import TrainingOptions, default_learning_rate

EPOCHS = 15
"""Of "auto": what the arm `lora` takes."""

DPO_EPOCHS = 3
DPO_RATE = 0.1
"""Of "auto" for preferences: passes, and the share of the recipe's rate. The loss has no floor: more of either goes on
pushing both answers away."""

BETA = 0.1
"""As in the paper."""


def main(workspace: Path, job_id: str, server: int) -> None:
    """Train, measure on the validation file, write the model, say so."""
    silence_libraries()
    os.nice(5)  # serving goes first where both want the processor
    threading.Thread(target=_leave_with, args=(server,), daemon=True).start()
    jobs, files = JobStore(workspace), FileStore(workspace)
    job = jobs.get(job_id)
    try:
        result = _run(workspace, job, jobs, files)
    except TailorError as error:
        result = {"error": {"code": "training_failed", "message": str(error), "param": None}}
    write_json(jobs.folder(job_id) / "result.json", result)


def _leave_with(server: int) -> None:
    """A server that is gone leaves no training behind; the next one goes on with it. Its id is told and not asked for:
    it may have been killed while this process was still importing."""
    while os.getppid() == server:
        time.sleep(0.5)
    os._exit(1)


def _run(workspace: Path, job: Job, jobs: JobStore, files: FileStore) -> dict[str, Any]:
    train = read_training_file(files.content(job.training_file)).examples
    dev = read_training_file(files.content(job.validation_file)).examples if job.validation_file else ()
    base = resolve_base(job.base, workspace)
    store = workspace / ".tailor" / "models"
    runtime = Runtime(store)
    context = FitContext(
        base=base,
        train=train,
        dev=dev,
        passages=(),
        store=store,
        runtime=runtime,
        seed=job.seed,
        dev_score=lambda _adaptation: math.nan,
        progress=_Teller(jobs, job.id).tell,
    )
    beta = float(job.hyperparameters.get("beta", BETA)) if job.method == "dpo" else None
    fitted = fit_weights(context, training_options(job, base, train), "adapter", beta=beta)
    assert fitted.training is not None
    quality = _quality(runtime, fitted.adaptation, dev)
    runtime.close()
    evidence = Evidence(quality, "tuned through the API", False, {"train_tokens": float(fitted.training.tokens)})
    lineage = Lineage(
        dataset_sha256=files.get(job.training_file).sha256,
        plan_sha256=sha256_of(
            [job.base, job.training_file, job.validation_file, job.hyperparameters, job.seed, job.method]
        ),
        config={"name": "dpo" if job.method == "dpo" else "lora", "hyperparameters": dict(job.hyperparameters)},
        code_version=tailor.__version__,
        evidence=evidence,
    )
    record = ReleaseRecord(
        "tuned", 1, _iso(job.created), "api-tuned", job.seed, job.id, lineage, base_identity(fitted.adaptation)
    )
    release = write_release(workspace / ".tailor" / "tuned" / job.id, fitted.adaptation, store, record)
    written = files.add("step_metrics.csv", "fine-tune-results", _csv(fitted.training), len(fitted.training.curve))
    return {
        "manifest_sha256": release.manifest_sha256,
        "adaptation": adaptation_to_json(fitted.adaptation),
        "trained_tokens": fitted.training.tokens,
        "best_step": fitted.training.best_step,
        "curve": [list(point) for point in fitted.training.curve],
        "quality": quality,
        "results_file": written.id,
    }


class _Teller:
    """Progress as events, a few dozen of them."""

    def __init__(self, jobs: JobStore, job_id: str) -> None:
        self._jobs, self._id = jobs, job_id

    def tell(self, fraction: float, words: str) -> None:
        data = {"progress": round(fraction, 4), "detail": words}
        self._jobs.tell(self._id, f"{100 * fraction:.0f} %: {words}", data=data)


def training_options(job: Job, base: Base, train: Sequence[Example]) -> TrainingOptions:
    """The engine's options. A batch of so many examples is so many times the mean example's tokens; the multiplier is
    of the recipe's learning rate."""
    asked = {k: v for k, v in job.hyperparameters.items() if v != "auto"}
    pairs = job.method == "dpo"
    epochs = float(asked.get("n_epochs", DPO_EPOCHS if pairs else EPOCHS))
    mean, width = _mean_tokens(base, train)
    plain = TrainingOptions(kind="lora", epochs=epochs, replay=0.0)
    batch_tokens = max(1, round(asked["batch_size"] * mean)) if "batch_size" in asked else plain.batch_tokens
    steps = max(1, math.ceil(epochs * len(train) * mean / batch_tokens))
    # Named rather than left open: a rate that is left open is searched for, in three further trainings.
    recipe = default_learning_rate("lora", width, steps) * (DPO_RATE if pairs else 1.0)
    rate = min(0.5, asked.get("learning_rate_multiplier", 1.0) * recipe)
    return replace(plain, batch_tokens=batch_tokens, learning_rate=rate)


def _mean_tokens(base: Base, train: Sequence[Example]) -> tuple[float, int]:
    """Tokens of the mean example, both answers of a pair (of the first 1,000), and the model's width."""
    from tailor.training.loading import load_config, load_tokenizer

    folder = local_folder(base)
    tokenizer = load_tokenizer(folder)
    said = [(e.messages, a) for e in train[:1000] for a in (e.answer or "", *e.rejected)]
    texts = ["\n".join([*(m.content for m in messages), answer]) for messages, answer in said]
    mean = sum(len(tokenizer(t)["input_ids"]) for t in texts) / min(len(train), 1000)
    return mean, int(load_config(folder).hidden_size)


def _quality(runtime: Runtime, adaptation: Adaptation, dev: Sequence[Example]) -> Interval:
    """Share of the validation answers that match exactly; NaN without a validation file."""
    if not dev:
        return Interval(math.nan, math.nan, math.nan)
    metric = METRICS.load("exact-match")
    answers = runtime.answer(adaptation, [e.messages for e in dev])
    right = 0
    for example, answer in zip(dev, answers, strict=True):
        value = score(example, answer.text, metric) if isinstance(answer, Completion) else None
        right += value is not None and getattr(value, "grade", "") == "correct"
    return wilson(right, len(dev))


def _csv(record: TrainingRecord) -> bytes:
    lines = ["step,train_loss,valid_loss"]
    lines += [f"{s},{t:.6f},{'' if math.isnan(d) else f'{d:.6f}'}" for s, t, d in record.curve]
    return ("\n".join(lines) + "\n").encode()


def _iso(seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
