"""A model tuned by somebody else's fine-tuning API, as an arm: files and jobs in OpenAI's shape."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tailor.errors import ConfigError, DataError
from tailor.files import locked, read_json, sha256_of, write_json
from tailor.methods.base import FitContext
from tailor.models import on_premises, resolve_base
from tailor.models.fine_tuning_api import ENDED, FineTuningApi, ProviderError, TuningJob
from tailor.records import Adaptation, Base, Example, Fitted

FIRST_LOOK, LONGEST_LOOK = 1.0, 30.0  # seconds between two looks at a job
AWAY = 600.0
"""Seconds a provider may be unreachable while a job runs, before it is given up for now."""


@dataclass(frozen=True)
class ApiTunedOptions:
    """`url` of a server with OpenAI's fine-tuning API; `model` the base to tune there; `key_env` names the environment
    variable that holds the key; `upload` says that the training split may be sent there; `epochs` (1-100), or None for
    the provider's choice; `hours` to wait for the job at most (above 0-720); `usd_per_million` what a million trained
    tokens cost, as no reply says it; `system` an instruction before every conversation, in training too."""

    url: str = ""
    model: str = ""
    key_env: str | None = None
    upload: bool = False
    epochs: int | None = None
    hours: float = 24.0
    usd_per_million: float | None = None
    system: str | None = None

    def __post_init__(self) -> None:
        if self.epochs is not None and not 1 <= self.epochs <= 100:
            raise ConfigError(f"api-tuned: epochs must be from 1 to 100, found {self.epochs}.")
        if not 0 < self.hours <= 720:
            raise ConfigError(f"api-tuned: hours must be from above 0 to 720, found {self.hours}.")
        if self.usd_per_million is not None and not 0 <= self.usd_per_million < math.inf:
            raise ConfigError(f"api-tuned: usd_per_million must be 0 or more, found {self.usd_per_million}.")


@dataclass(frozen=True)
class _Begun:
    """What was done so far, on disk after every step: what was paid for is never asked for again."""

    training_file: str = ""
    validation_file: str = ""
    job: str = ""
    model: str = ""
    trained_tokens: int | None = None
    seconds: float = 0.0


class ApiTuned:
    """The provider trains and keeps the weights; what is stored here is the tuned model's name."""

    options = ApiTunedOptions
    complexity = 47
    uses_seed = True
    trains_weights = False
    needs_documents = False
    required = ("url", "model")
    own_base = True

    def fit(self, context: FitContext, options: ApiTunedOptions) -> Fitted:
        """Upload the training and dev split, start a job, wait for its model. A fit that was cut off goes on with the
        same job.

        Raises:
            ConfigError: the address is none, or it is elsewhere and sending rows was not allowed.
            DataError: the training split is empty.
            ProviderError: refused, vanished, base retired, job failed.
            StudyError: the job could cost more than is left of a budget, or nobody knows what it costs.
        """
        base = provider(context, options)
        train, dev = jsonl(context.train, options.system), jsonl(context.dev, options.system)
        if not train:
            raise DataError("api-tuned: the training split is empty.", hint="Add questions with answers.")
        if not on_premises(base) and not options.upload:
            raise ConfigError(
                f"api-tuned: {len(train.splitlines())} questions with their answers would be sent to {base.location} "
                "and kept there.",
                hint="If they may leave this machine, set upload: true for this arm.",
            )
        asked = [base, train, dev, options.epochs, context.seed]
        name = f"api-tuned-{sha256_of([str(a) for a in asked])[:16]}"
        path = context.store / f"{name}.json"
        with locked(context.store / "locks" / name):
            begun = _Begun(**read_json(path)) if path.is_file() else _Begun()
            if not begun.model:
                api = FineTuningApi(base)
                try:
                    begun = _tune(api, path, begun, (train, dev), options, context)
                finally:
                    api.close()
        tuned = replace(base, name=begun.model, revision=begun.model)
        chosen = {"model": begun.model, "trained_tokens": begun.trained_tokens}
        return Fitted(Adaptation(tuned, system=options.system), chosen, seconds=begun.seconds)


def provider(context: FitContext, options: ApiTunedOptions) -> Base:
    """The base to tune, at the provider."""
    spec = {"endpoint": options.url, "model": options.model}
    return resolve_base({**spec, **({"key_env": options.key_env} if options.key_env else {})}, context.workspace)


def jsonl(examples: Sequence[Example], system: str | None) -> bytes:
    """Answered examples as chats, one a line, in the order of their ids."""
    lines = []
    for example in sorted((e for e in examples if e.answer is not None), key=lambda e: e.id):
        turns = [{"role": m.role, "content": m.content} for m in example.messages]
        head = [{"role": "system", "content": system}] if system and turns[0]["role"] != "system" else []
        said = {"role": "assistant", "content": example.answer}
        lines.append(json.dumps({"messages": [*head, *turns, said]}, ensure_ascii=False))
    return "".join(f"{line}\n" for line in lines).encode()


def _tune(
    api: FineTuningApi,
    path: Path,
    begun: _Begun,
    rows: tuple[bytes, bytes],
    options: ApiTunedOptions,
    context: FitContext,
) -> _Begun:
    """From rows to the name of a model; every step is on disk before the next."""
    started = time.monotonic()

    def keep(**changes: Any) -> _Begun:
        kept = replace(begun, seconds=begun.seconds + time.monotonic() - started, **changes)
        write_json(path, asdict(kept))
        return kept

    train, dev = rows
    if context.runtime.meter and not begun.job:
        context.runtime.meter.admit_tuning(api.base, _most_usd(train, options))
    if not begun.training_file:
        context.progress(0.0, "uploading")
        begun, started = keep(training_file=api.upload("train.jsonl", train)), time.monotonic()
    if dev and not begun.validation_file:
        begun, started = keep(validation_file=api.upload("dev.jsonl", dev)), time.monotonic()
    if not begun.job:
        job = api.begin(
            begun.training_file,
            begun.validation_file or None,
            seed=context.seed,
            epochs=options.epochs,
            suffix="tailor",
        )
        begun, started = keep(job=job.id), time.monotonic()
    job = _waited(api, begun.job, options, context)
    if job.status != "succeeded" or not job.model:
        path.unlink()  # the next fit begins anew
        raise ProviderError(
            f"The job {job.id} at {api.base.location} ended as {job.status}: {job.error or 'no reason was given'}",
            "failed",
            hint="Correct what the provider complains about and run tailor compare again; it starts a new job.",
        )
    if context.runtime.meter:
        known = options.usd_per_million is not None and job.trained_tokens is not None
        usd = (options.usd_per_million or 0.0) * (job.trained_tokens or 0) / 1e6 if known else None
        context.runtime.meter.paid(api.base, usd)
    return keep(model=job.model, trained_tokens=job.trained_tokens)


def _most_usd(train: bytes, options: ApiTunedOptions) -> float | None:
    """More than a job costs in practice: a token for every two characters. None where the price is unknown or the
    provider chooses the epochs."""
    if options.usd_per_million is None or options.epochs is None:
        return None
    return options.usd_per_million * options.epochs * (len(train.decode()) // 2) / 1e6


def _waited(api: FineTuningApi, job_id: str, options: ApiTunedOptions, context: FitContext) -> TuningJob:
    """The job when it has ended. A provider that is away for a while is waited for."""
    began = seen = time.monotonic()
    pause = FIRST_LOOK
    while True:
        try:
            job = api.job(job_id)
        except ProviderError as error:
            if error.reason != "gone" or time.monotonic() - seen > AWAY:
                raise
        else:
            seen = time.monotonic()
            if job.status in ENDED:
                return job
            context.progress(min(0.9, (seen - began) / 3600 / options.hours), f"job {job_id} {job.status}")
        if time.monotonic() - began > 3600 * options.hours:
            raise ProviderError(
                f"The job {job_id} at {api.base.location} has not ended within {options.hours:g} hours.",
                "gone",
                hint="It goes on over there. Run tailor compare again to wait for it, or raise hours.",
            )
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_LOOK)
