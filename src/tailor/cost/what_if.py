"""What it would cost, before there is anything to measure: a model size, a machine, tokens and a volume."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tailor.cost.assumptions import HOURS_PER_MONTH
from tailor.cost.hardware import MFU, TRAINED_SHARE, Tuning, serving_gb, training_gb, training_seconds
from tailor.cost.prices import Price
from tailor.cost.tokens import tokens_usd
from tailor.records import Usage

UTILISATIONS = (0.1, 0.3, 0.6, 0.8)


@dataclass(frozen=True)
class Question:
    """Tokens of an average question and its answer; `cached` is the share of the input that a provider finds in its
    cache."""

    input: int
    output: int
    cached: float = 0.0

    @property
    def usage(self) -> Usage:
        return Usage(self.input, self.output, 0.0, round(self.cached * self.input))


@dataclass(frozen=True)
class Training:
    """One training: hours and dollars on the machine, and the memory it needs at least."""

    tuning: Tuning
    hours: float
    usd: float | None
    gb: float


@dataclass(frozen=True)
class Hosting:
    """A machine of one's own. `capacity` is questions a month at full use, None where the throughput is unknown."""

    month_usd: float
    month_720_usd: float
    gb: float
    capacity: float | None
    per_million_output: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Provider:
    """A hosted model. The second figure is what it would cost if nothing were found in the cache."""

    per_1000_usd: float
    per_1000_uncached_usd: float


@dataclass(frozen=True)
class WhatIf:
    trainings: tuple[Training, ...]
    hosting: Hosting | None
    provider: Provider | None
    volume: float | None
    break_even: float | None
    machines: int | None

    @property
    def provider_month_usd(self) -> float | None:
        if self.provider is None or self.volume is None:
            return None
        return self.volume / 1000.0 * self.provider.per_1000_usd


def trainings(
    weights: float,
    tokens: float,
    peak_tflops: float,
    hourly: float | None,
    kinds: Sequence[Tuning] = ("lora", "qlora", "full"),
    *,
    mfu: float = MFU,
    trained_share: float = TRAINED_SHARE,
) -> tuple[Training, ...]:
    """One training of each kind on the same machine."""
    found = []
    for kind in kinds:
        hours = training_seconds(weights, tokens, kind, peak_tflops, mfu=mfu) / 3600.0
        usd = None if hourly is None else hours * hourly
        found.append(Training(kind, hours, usd, training_gb(weights, kind, trained_share=trained_share)))
    return tuple(found)


def hosting(weights: float, hourly: float, throughput: float | None, output: int | None, *, bits: int = 16) -> Hosting:
    """A machine that is always on.

    Args:
        throughput: output tokens a second of the whole machine under load.
        output: tokens of an average answer.
    """
    capacity = None
    if throughput and output:
        capacity = throughput * 3600.0 * HOURS_PER_MONTH / output
    each = tuple((u, hourly / (throughput * 3600.0 * u) * 1e6) for u in UTILISATIONS) if throughput else ()
    return Hosting(HOURS_PER_MONTH * hourly, 720.0 * hourly, serving_gb(weights, bits=bits), capacity, each)


def provider(price: Price, question: Question) -> Provider | None:
    """What 1,000 questions cost at a provider; None where the price says nothing about output."""
    usd = tokens_usd(question.usage, price)
    plain = tokens_usd(Usage(question.input, question.output), price)
    return None if usd is None or plain is None else Provider(1000.0 * usd, 1000.0 * plain)


def what_if(
    weights: float,
    *,
    tokens: float | None = None,
    peak_tflops: float | None = None,
    hourly: float | None = None,
    throughput: float | None = None,
    question: Question | None = None,
    price: Price | None = None,
    volume: float | None = None,
    bits: int = 16,
) -> WhatIf:
    """Everything that can be said with what is given; what cannot is None."""
    trained = trainings(weights, tokens, peak_tflops, hourly) if tokens and peak_tflops else ()
    own = (
        None
        if hourly is None
        else hosting(weights, hourly, throughput, question.output if question else None, bits=bits)
    )
    paid = provider(price, question) if price and question else None
    even = own.month_usd / (paid.per_1000_usd / 1000.0) if own and paid and paid.per_1000_usd else None
    count = None
    if own and volume is not None and own.capacity:
        count = max(1, math.ceil(volume / own.capacity - 1e-9))
    return WhatIf(trained, own, paid, volume, even, count)
