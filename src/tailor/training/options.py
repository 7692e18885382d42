"""What a training is asked for: rows, options, learning rates, progress. Imports nothing heavy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

from tailor.errors import ConfigError
from tailor.plugins import did_you_mean
from tailor.records import Message

Kind = Literal["lora", "full", "last-layers"]
KINDS: tuple[Kind, ...] = ("lora", "full", "last-layers")
ALL_LINEAR = "all-linear"
MOST_REPLAY = 0.9
MOST_KL = 100.0


@dataclass(frozen=True)
class TrainingRow:
    """One example: the conversation so far and the answer to learn. With `teacher`, a longer prompt, what is learnt is
    what the base says of that answer after it; all rows of a training have one, or none has."""

    prompt: tuple[Message, ...]
    answer: str
    teacher: tuple[Message, ...] = ()


@dataclass(frozen=True)
class TrainingOptions:
    """How to train. The defaults suit rows of some tens of tokens and a model of some millions of parameters.

    Attributes:
        kind: `lora` trains low-rank adapters beside linear layers, `full` every weight, `last-layers` the last blocks,
            final norm and output layer.
        learning_rate: peak rate; None takes `default_learning_rate`.
        epochs: passes over the rows; 0.5 is the first half of one shuffled pass.
        batch_tokens: tokens per optimiser step, at least one row's worth. 1024 is about 36 questions of 28 tokens.
        micro_tokens: most tokens in one forward pass; a larger batch is accumulated, with equal gradients.
        rank, alpha: of the adapters; their product is scaled by alpha / rank, so the rate carries over between ranks.
        targets: which layers get adapters: `all-linear` (attention and MLP, not embeddings or output layer), or names
            of linear layers with commas between them (`q_proj,v_proj`).
        rslora: scale by alpha / sqrt(rank) instead (Kalajdzievski 2023, arXiv 2312.03732).
        dora: train the length of each row of a matrix apart from its direction (Liu et al. 2024, arXiv 2402.09353).
        pissa: begin with the largest components of each matrix (Meng et al. 2024, arXiv 2404.02948). What is stored is
            relative to the base and has twice the rank. Not together with `dora`.
        blocks: of `last-layers`, counted from the output; None is a quarter of them.
        quantise: hold the base in 4 bits while adapters are trained beside it (`nf4`); only with `lora`, not `pissa`.
        warmup: share of the steps in which the rate rises linearly (at least 10 steps, at most half of all).
        weight_decay: None is 0 for LoRA and 0.01 otherwise.
        max_length: most tokens of one example; the model's context bounds it too.
        replay: share of general rows among all tokens trained on, in [0, 0.9]; 0 turns the protection off.
        kl: weight of the KL divergence from the base on those rows, in [0, 100]; 0 learns their answers instead.
    """

    kind: Kind
    learning_rate: float | None = None
    epochs: float = 3.0
    batch_tokens: int = 1024
    micro_tokens: int = 4096
    rank: int = 32
    alpha: int = 32
    targets: str = ALL_LINEAR
    rslora: bool = False
    dora: bool = False
    pissa: bool = False
    blocks: int | None = None
    quantise: Literal["", "nf4"] = ""
    warmup: float = 0.03
    weight_decay: float | None = None
    max_length: int = 1024
    replay: float = 0.1
    kl: float = 1.0

    @property
    def decay(self) -> float:
        """The weight decay that applies."""
        if self.weight_decay is not None:
            return self.weight_decay
        return 0.0 if self.kind == "lora" else 0.01


@dataclass(frozen=True)
class Progress:
    """Where a training stands. `loss` is the mean over answer tokens since the last report (nats per token), `dev` the
    last dev loss or None before the first; `eta_seconds` the time left at the pace so far."""

    step: int
    steps: int
    loss: float
    dev: float | None
    tokens_per_second: float
    eta_seconds: float


class Callback(Protocol):
    """Told about progress, about fifty times in a training. What it raises ends the training."""

    def __call__(self, progress: Progress, /) -> None: ...


def default_learning_rate(kind: Kind, hidden_size: int, steps: int) -> float:
    """The peak learning rate to start from.

    Full tuning: 5e-5 * (2000 / hidden)^0.781, the fit of Tinker's cookbook (`hyperparam_utils.get_lr`) for Llama.
    Extrapolated to a hidden size of 128 that is 4.3e-4, too low: on 60 new entities a model of 0.9 M parameters learned
    .41 of the facts at 3e-4, .91 at 1e-3 and .95 at 3e-3, and kept .95, .75 and .38 of what it knew. 1e-3 is the
    compromise, not the rate that learns most. So below 2000 a factor rises with the logarithm of the size to 3 at 512
    and stays there: 7.5e-4 at 256, 2.9e-5 at 4096. Between 256 and 4096 this is interpolation, not measurement.

    LoRA: 10 times that, 15 times in fewer than 100 steps ("LoRA Without Regret", Thinking Machines 2025: 9.8 and about
    15), at most 1e-2, the highest rate tried on that model (rank 32: .97 of new facts learned, .15 of old ones kept).

    Args:
        kind: `last-layers` has the rate of `full`.
        hidden_size: width of the model, >= 1.
        steps: optimiser steps of the whole training.
    """
    factor = 1 + 2 * min(1.0, max(0.0, math.log(2000 / hidden_size) / math.log(2000 / 512)))
    full = float(5e-5 * (2000 / hidden_size) ** 0.781 * factor)
    if kind != "lora":
        return full
    return min(1e-2, full * (15 if steps < 100 else 10))


def check_options(options: TrainingOptions) -> None:
    """Raise ConfigError for a setting that is unknown or impossible."""
    if options.kind not in KINDS:
        raise ConfigError(f"no kind of training called '{options.kind}'.{did_you_mean(options.kind, list(KINDS))}")
    if not options.targets.replace(",", " ").strip():
        raise ConfigError("targets must name linear layers, found nothing.", hint=f"Leave it out for {ALL_LINEAR}.")
    if options.quantise and (options.kind != "lora" or options.pissa):
        raise ConfigError("only adapters that leave the base as it is can be trained beside a base in 4 bits.")
    if options.dora and options.pissa:
        raise ConfigError("dora and pissa cannot be joined: a PiSSA update has no stored form with DoRA's lengths.")
    rate = options.learning_rate
    if rate is not None and not (0 < rate < math.inf):
        raise ConfigError(
            f"learning_rate must be a positive number, found {rate}.", hint="Leave it out for a rate by model size."
        )
    if not 0 < options.epochs < math.inf:
        raise ConfigError(f"epochs must be a positive number, found {options.epochs}.", hint="3 is a good start.")
    for name in ("rank", "alpha", "batch_tokens", "micro_tokens", "max_length"):
        value = getattr(options, name)
        if value < 1:
            raise ConfigError(f"{name} must be at least 1, found {value}.", hint="Leave it out for the default.")
    if options.blocks is not None and options.blocks < 1:
        raise ConfigError(f"blocks must be at least 1, found {options.blocks}.", hint="Leave it out for a quarter.")
    if not 0 <= options.warmup < 1:
        raise ConfigError(f"warmup is a share of the steps from 0 to below 1, found {options.warmup}.")
    if not 0 <= options.decay < math.inf:
        raise ConfigError(f"weight_decay must be 0 or more, found {options.weight_decay}.")
    check_protection(options.replay, options.kl)


def check_protection(replay: float, kl: float) -> None:
    """Raise ConfigError for a share or weight out of range."""
    if not 0 <= replay <= MOST_REPLAY:
        raise ConfigError(
            f"replay is the share of general rows, from 0 to {MOST_REPLAY}, found {replay}.",
            hint="0.1 is the default; 0 turns the protection against forgetting off.",
        )
    if not 0 <= kl <= MOST_KL:
        raise ConfigError(
            f"kl must be from 0 to {MOST_KL:g}, found {kl}.", hint="1 is the default; 0 replays rows without an anchor."
        )


def warmup_steps(share: float, steps: int) -> int:
    """Steps of linear warm-up: the share, at least 10, at most half of all."""
    return min(max(10, math.ceil(share * steps)), max(1, steps // 2))


def rate_at(step: int, steps: int, warmup: int) -> float:
    """Factor on the peak rate in optimiser step `step` (0-based): linear to 1 over `warmup` steps, then linear to 0."""
    if step < warmup:
        return (step + 1) / warmup
    return (steps - step) / max(1, steps - warmup)
