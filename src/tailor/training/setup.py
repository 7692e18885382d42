"""From rows and options to everything a training needs before its first step."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tailor.errors import DataError
from tailor.training.batches import Network
from tailor.training.development import MOST_ROWS
from tailor.training.footprint import check_fits
from tailor.training.loading import (
    SHORT,
    choose_device,
    context_length,
    end_tokens,
    load_config,
    load_network,
    load_tokenizer,
)
from tailor.training.options import Callback, TrainingOptions, TrainingRow, check_options, default_learning_rate
from tailor.training.packing import Batch, plan, row_capacity
from tailor.training.preferences import Pairs, Preferences
from tailor.training.rehearsal import Rehearsal, prepare
from tailor.training.rendering import Encoded, encode, encode_fitting
from tailor.training.teaching import Teacher

LONG_LESSON = 2048


@dataclass(frozen=True)
class Setup:
    """What stays the same through a training."""

    network: Network
    examples: Sequence[Encoded]
    dev: Sequence[Encoded]
    options: TrainingOptions
    batches: Sequence[Batch]
    rate: float
    on_progress: Callback | None
    rehearsal: Rehearsal | None = None
    teacher: Teacher | None = None
    pairs: Pairs | None = None
    dev_pairs: Pairs | None = None
    tokenizer: Any = None

    @property
    def lengths(self) -> list[int]:
        """Tokens of what a batch is made of: examples, or pairs of them."""
        return self.pairs.lengths if self.pairs else [len(e.tokens) for e in self.examples]

    @property
    def steps(self) -> int:
        return len(self.batches)


def assemble(
    base_folder: Path,
    rows: Sequence[TrainingRow],
    dev: Sequence[TrainingRow],
    options: TrainingOptions,
    *,
    seed: int,
    general: Sequence[TrainingRow] = (),
    on_progress: Callback | None = None,
    preferences: Preferences | None = None,
) -> Setup:
    """Load the base, render and pack the rows, ask the base what it must not forget. Draws from torch's generator.

    Args: as `tailor.training.train`.

    Raises:
        ConfigError, DataError, ModelError: as `tailor.training.train`.
    """
    check_options(options)
    if preferences:
        preferences.check(len(rows), len(dev), options)
    if not rows:
        raise DataError("there are no rows to train on.", hint="Training needs at least one question with its answer.")
    _, bf16 = choose_device()
    config, tokenizer, ends, limit = reader(base_folder, options)
    examples = encode(tokenizer, rows, ends=ends, limit=limit, name="training row")
    dev_examples = encode(tokenizer, dev[:MOST_ROWS], ends=ends, limit=limit, name="dev row")
    # One longer row would take the attention that is fast for short ones from all of them: 1.5 times the time a step.
    short = min(limit, max(SHORT, *(len(e.tokens) for e in examples)))
    kept = encode_fitting(tokenizer, general, ends=ends, limit=short) if options.replay else []
    lessons = [TrainingRow(r.teacher, r.answer) for r in rows if r.teacher]
    worse: list[list[Encoded]] = []
    if preferences:
        both = ((rows, preferences.rejected), (dev[:MOST_ROWS], preferences.dev[:MOST_ROWS]))
        liked_less = [[replace(r, answer=a) for r, a in zip(*pair, strict=True)] for pair in both]
        worse = [encode(tokenizer, r, ends=ends, limit=limit, name="answer liked less of row") for r in liked_less]
    longest = context_length(config) or sys.maxsize
    taught = encode(tokenizer, lessons, ends=ends, limit=longest, name="teacher row") if lessons else []
    check_fits(base_folder, options, row=row_capacity([len(e.tokens) for e in examples], options.batch_tokens))
    # Read once only, so plain attention will do for a teacher's row unless its square fills the memory.
    huge = [row for row in taught if len(row.tokens) > LONG_LESSON]
    network = load_network(base_folder, options, [*examples, *kept, *huge, *(e for w in worse for e in w)], bf16=bf16)
    pairs, dev_pairs = (
        Pairs(network, better, less, preferences.beta, options.micro_tokens) if preferences and less else None
        for better, less in zip((examples, dev_examples), worse or ([], []), strict=True)
    )
    lengths = pairs.lengths if pairs else [len(e.tokens) for e in examples]
    batches = plan(lengths, epochs=options.epochs, seed=seed, batch_tokens=options.batch_tokens, packed=network.packed)
    rate = options.learning_rate or default_learning_rate(options.kind, config.hidden_size, len(batches))
    rehearsal = prepare(network, kept, options, [tokens_of(b, lengths) for b in batches], seed) if kept else None
    teacher = Teacher(network, taught, examples, options.micro_tokens) if taught else None
    said = (rehearsal, teacher, pairs, dev_pairs)
    return Setup(network, examples, dev_examples, options, batches, rate, on_progress, *said, tokenizer)


def tokens_of(batch: Batch, lengths: Sequence[int]) -> int:
    """Tokens of a batch, without padding."""
    return sum(lengths[e] for row in batch for e in row)


def reader(base_folder: Path, options: TrainingOptions) -> tuple[Any, Any, frozenset[int], int]:
    """Configuration and tokenizer of the base, the tokens that end an answer, and the most tokens of an example."""
    config, tokenizer = load_config(base_folder), load_tokenizer(base_folder)
    limit = min(options.max_length, context_length(config) or options.max_length)
    return config, tokenizer, end_tokens(tokenizer, base_folder, config), limit
