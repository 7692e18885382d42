"""What a training will take, found out before it: the same code run for about twenty of its steps, in a process of its
own, and carried over to the whole by counted operations.

    seconds = loading and rendering + operations of all steps x (seconds / operations of the steps tried)
              + looks at dev + checkpoints + writing the result

Memory is the largest the trial needed. It takes the largest step of the plan, the largest pass over dev, a copy of the
weights, a checkpoint and the written result, so nothing of the whole training is left out.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tailor.errors import ModelError
from tailor.training.options import TrainingOptions, TrainingRow

if TYPE_CHECKING:
    from tailor.training.engine import Loop
    from tailor.training.rendering import Encoded
    from tailor.training.setup import Setup

STEPS = 20
WARM_UP = 3
"""Steps tried before the clock counts: the first ones fetch memory and choose kernels."""
CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True)
class Spent:
    """Wall-clock seconds, and processor seconds of the process, which other work on the machine hardly lengthens."""

    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.wall + other.wall, self.cpu + other.cpu)

    def __mul__(self, factor: float) -> Spent:
        return Spent(self.wall * factor, self.cpu * factor)


@dataclass(frozen=True)
class Forecast:
    """A training that has not been run.

    Attributes:
        steps, tokens: optimiser steps, and the team's tokens in them.
        trainable_parameters: weights that change.
        operations: of all steps, general rows included.
        preparation: loading, rendering, what the base says of general rows.
        per_operation: of a step.
        dev: one look at dev.
        looks: how many there are at most.
        saving: one checkpoint.
        result: writing the result.
        memory_mb: largest memory in MB of 10^6 bytes: of the process, or on a GPU of its device.
        available_mb: what was free there before.
        tried: steps that were timed.
    """

    steps: int
    tokens: int
    trainable_parameters: int
    operations: float
    preparation: Spent
    per_operation: Spent
    dev: Spent
    looks: int
    saving: Spent
    result: Spent
    memory_mb: float
    available_mb: float
    tried: int

    @property
    def whole(self) -> Spent:
        """The training to its last step. One that stops early takes less."""
        return self.part(1.0)

    def part(self, share: float, *, writes: bool = True) -> Spent:
        """A training of that share of the steps."""
        running = self.per_operation * (self.operations * share) + self.dev * self.looks
        checkpoints = self.saving * (1 + math.floor(running.wall / CHECKPOINT_SECONDS))
        return self.preparation + running + checkpoints + (self.result if writes else Spent())

    @property
    def fits(self) -> bool:
        """Whether the memory was there."""
        return self.memory_mb <= self.available_mb


def forecast(
    base_folder: Path,
    rows: Sequence[TrainingRow],
    dev: Sequence[TrainingRow],
    options: TrainingOptions,
    *,
    seed: int = 0,
    general: Sequence[TrainingRow] = (),
    steps: int = STEPS,
    threads: int | None = None,
) -> Forecast:
    """Try a training and say what all of it would take. Nothing is kept.

    Args:
        base_folder, rows, dev, options, seed, general: as for `tailor.training.train`.
        steps: how many to try, at least 1.
        threads: of the trial on a CPU; None leaves the library's choice.

    Raises:
        ConfigError, DataError: as `tailor.training.train`.
        ModelError: so does the trial, or it was killed, as a rule for memory.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(
                attempt, base_folder, tuple(rows), tuple(dev), options, seed, tuple(general), steps, threads
            ).result()
        except BrokenProcessPool:
            raise ModelError(
                "the trial of the training was killed, as a rule because memory ran out.",
                hint="Try a smaller rank, fewer tokens in a pass, lora instead of full, or qlora.",
            ) from None


def attempt(
    base_folder: Path,
    rows: Sequence[TrainingRow],
    dev: Sequence[TrainingRow],
    options: TrainingOptions,
    seed: int,
    general: Sequence[TrainingRow],
    steps: int,
    threads: int | None,
) -> Forecast:
    """The trial, in the process that calls it; see `forecast`."""
    began = _now()
    import torch

    from tailor.training.checkpoints import Checkpoints, identity
    from tailor.training.engine import Loop
    from tailor.training.footprint import available_bytes, peak_bytes
    from tailor.training.loading import save, trainable
    from tailor.training.operations import Operations
    from tailor.training.setup import assemble, tokens_of

    if threads:
        torch.set_num_threads(threads)
    free = available_bytes()
    torch.manual_seed(seed)
    setup = assemble(base_folder, rows, dev, options, seed=seed, general=general)
    count = Operations.of(setup.network)
    operations = [count.of_step(setup, step) for step in range(setup.steps)]
    lengths = [len(e.tokens) for e in setup.examples]
    with tempfile.TemporaryDirectory() as folder:
        largest, share = _largest_pass(setup)
        name = identity(base_folder, rows, dev, general, options, seed, setup.network.bf16)
        tried = replace(setup, dev=largest, rate=0.0)  # nothing is learnt, so nothing can diverge
        loop = Loop(tried, Checkpoints(Path(folder) / "work", name), math.inf)
        preparation = _since(began)
        timed, spent = _try_steps(loop, operations, steps, seed)
        look = Spent()
        for step in (0, 1) if largest else ():
            look = _timed(loop, lambda step=step: loop.look_at_dev(step))  # type: ignore[misc]
        saving = _timed(loop, loop.save)
        result = _timed(loop, lambda: save(setup.network, base_folder, setup.tokenizer, options, Path(folder) / "made"))
    worked = math.fsum(operations[step] for step in timed)
    return Forecast(
        setup.steps,
        sum(tokens_of(batch, lengths) for batch in setup.batches),
        sum(p.numel() for p in trainable(setup.network).values()),
        math.fsum(operations),
        preparation,
        spent * (1 / worked),
        look * share,
        len(loop.evaluations),
        saving,
        result,
        peak_bytes(setup.network.device) / 1e6,
        free / 1e6,
        len(timed),
    )


def _try_steps(loop: Loop, operations: Sequence[float], steps: int, seed: int) -> tuple[list[int], Spent]:
    """The largest step first, for its memory; then steps drawn at random, which are timed."""
    order = np.random.default_rng([seed, 2]).permutation(len(operations)).tolist()
    warm = [int(np.argmax(operations)), *order[: WARM_UP - 1]]
    chosen = order[WARM_UP - 1 :][:steps] or order[:steps]
    for step in warm:
        loop.take_step(loop.setup.batches[step], step)
    return chosen, _timed(loop, lambda: [loop.take_step(loop.setup.batches[step], step) for step in chosen])


def _largest_pass(setup: Setup) -> tuple[list[Encoded], float]:
    """The longest dev rows, as many as one pass takes, and how many times as many tokens all of them have."""
    chosen: list[Encoded] = []
    tokens = 0
    for example in sorted(setup.dev, key=lambda e: -len(e.tokens)):
        if chosen and tokens + len(example.tokens) > setup.options.micro_tokens:
            break
        chosen.append(example)
        tokens += len(example.tokens)
    return chosen, sum(len(e.tokens) for e in setup.dev) / max(1, tokens)


def _now() -> Spent:
    return Spent(time.perf_counter(), time.process_time())


def _since(began: Spent) -> Spent:
    return _now() + began * -1


def _timed(loop: Loop, work: Callable[[], object]) -> Spent:
    """What a piece of work takes, on a GPU until it is done there."""
    loop.clock()
    began = _now()
    work()
    loop.clock()
    return _since(began)
