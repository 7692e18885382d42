"""Training of local language models in Hugging Face format: LoRA adapters or every weight, one engine.

Importing this package imports no heavy library; `train` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tailor.records import TrainingRecord
from tailor.training.options import (
    Callback,
    Progress,
    TrainingOptions,
    TrainingRow,
    default_learning_rate,
)
from tailor.training.preferences import Preferences

__all__ = ["Callback", "Preferences", "Progress", "TrainingOptions", "TrainingRow", "default_learning_rate", "train"]


def train(
    base_folder: Path,
    rows: Sequence[TrainingRow],
    dev: Sequence[TrainingRow],
    options: TrainingOptions,
    *,
    seed: int,
    folder: Path,
    work: Path,
    general: Sequence[TrainingRow] = (),
    on_progress: Callback | None = None,
    checkpoint_seconds: float = 60.0,
    preferences: Preferences | None = None,
) -> TrainingRecord:
    """Train a base model on rows and write the result.

    Loss falls on answer and end token only, as the mean over the answer tokens of a batch. Several examples share a row
    without seeing each other. The weights kept are those of the evaluation (one of six) with the most dev answers
    right, the smaller dev loss where as many; three evaluations in a row without a better one end the training.

    General rows are trained on beside the team's so that little is forgotten (`tailor.training.rehearsal`).

    The same arguments give the same weights on the same kind of processor. A process that was killed continues from its
    last checkpoint when called again with the same arguments and ends with the weights of an undisturbed run.

    Args:
        base_folder: a language model in Hugging Face format with a chat template.
        rows: what to learn.
        dev: what to choose the weights by; may be empty (the last weights are kept). At most the first 1,000 are used.
        options: how to train.
        seed: of shuffling and of the adapters' initial weights, >= 0.
        folder: where the result appears, complete or not at all: a PEFT adapter or a whole model folder. Replaced if
            it exists.
        work: where checkpoints are kept; may be deleted once the result is stored.
        general: rows that have nothing to do with the team's, `options.replay` of all tokens; those that are too long
            are left out, and without any there is no protection.
        on_progress: told about fifty times.
        checkpoint_seconds: time between checkpoints; 0 writes one after every step.
        preferences: what makes pairs of the rows; then what is learnt is which answer is preferred
            (`tailor.training.preferences`), and dev chooses the weights that put most of its pairs in order.

    Raises:
        ConfigError: an impossible option.
        DataError: no rows, empty rows, or rows longer than the limit, all of them listed.
        ModelError: the model cannot be loaded, has no usable chat template, or the training diverged.
    """
    from tailor.training.engine import run

    return run(
        base_folder,
        rows,
        dev,
        options,
        seed=seed,
        folder=folder,
        work=work,
        general=general,
        on_progress=on_progress,
        checkpoint_seconds=checkpoint_seconds,
        preferences=preferences,
    )
