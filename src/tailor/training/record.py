"""What is told of a training: numbers, the curve, and notes in words."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import TYPE_CHECKING

from tailor.records import TrainingRecord
from tailor.training.checkpoints import State
from tailor.training.development import MOST_ROWS, DevScore, in_words
from tailor.training.preferences import in_words as preferences_in_words
from tailor.training.rehearsal import in_words as rehearsal_in_words
from tailor.training.teaching import TEMPERATURE

if TYPE_CHECKING:
    from tailor.training.setup import Setup


def training_record(setup: Setup, state: State, seed: int, count: int, *, left_out: int) -> TrainingRecord:
    """The record of a training that has ended. `count` weights were trained, `left_out` dev rows not looked at."""
    preparation = setup.rehearsal.preparation_seconds if setup.rehearsal else 0.0
    return TrainingRecord(
        method=setup.options.kind,
        seed=seed,
        steps=state.step,
        tokens=state.tokens,
        seconds=state.seconds + preparation,
        trainable_parameters=count,
        peak_memory_mb=peak_memory_mb(),
        best_step=state.best.step if state.best else state.step,
        curve=tuple((step, loss, math.nan if dev is None else dev) for step, loss, dev in state.curve),
        notes=tuple(_notes(setup, state, left_out)),
        rehearsal_tokens=state.rehearsal_tokens,
        rehearsal_seconds=state.rehearsal_seconds + preparation,
        dev_accuracy=state.best.answer_accuracy if state.best else None,
        dev_loss=state.best.loss if state.best else None,
    )


def _notes(setup: Setup, state: State, left_out: int) -> list[str]:
    network = setup.network
    notes = [
        f"learning rate {setup.rate:.2e}, {setup.steps} steps planned, "
        f"{'bfloat16 products with float32 weights' if network.bf16 else 'float32'} on {network.device.type}"
    ]
    if not network.packed:
        notes.append("one example per row: this architecture does not keep packed examples apart (slower, same result)")
    if setup.steps < 100:
        notes.append(f"only {setup.steps} optimiser steps; 100 or more are advisable (more epochs or smaller batches)")
    if state.resumed:
        notes.append(f"continued from a checkpoint {state.resumed} time(s)")
    if setup.teacher:
        notes.append(f"learned what the teacher says of every token (KL at temperature {TEMPERATURE:g}), not its words")
    if setup.rehearsal:
        share = state.rehearsal_tokens / max(1, state.rehearsal_tokens + state.tokens)
        notes.append(rehearsal_in_words(setup.rehearsal, share, [loss for _, loss in state.rehearsal_curve]))
    else:
        why = "no general rows" if setup.options.replay else "replay is 0"
        notes.append(f"not protected against forgetting: {why}")
    if left_out:
        notes.append(f"dev: the first {MOST_ROWS} rows were looked at, {left_out} were not")
    best: DevScore | None = state.best
    if setup.pairs:
        notes.append(preferences_in_words(setup.pairs.beta, best))
    elif best is None:
        notes.append("no dev rows: the last weights were kept, overfitting was not looked for")
    else:
        notes += in_words(state.scores, best, setup.steps)
    return notes


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MB of 10^6 bytes. Linux keeps it for the process itself in
    /proc; what `getrusage` says there is at least what the process that started this one had."""
    import resource
    import sys

    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB on Linux, bytes on macOS
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def give_back_memory() -> None:
    """Return freed memory to the system, where the C library can (glibc)."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
