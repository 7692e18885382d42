"""Packing and schedules, by property and by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.training import default_learning_rate
from tailor.training.options import rate_at, warmup_steps
from tailor.training.packing import pack, passes, plan, row_capacity

lengths_of = st.lists(st.integers(1, 300), min_size=1, max_size=120)


@given(lengths_of, st.integers(1, 400), st.integers(1, 2000))
def test_every_example_is_packed_once_within_bounds(lengths: list[int], capacity: int, budget: int) -> None:
    batches = list(pack(range(len(lengths)), lengths, capacity, budget))
    assert sorted(e for batch in batches for row in batch for e in row) == list(range(len(lengths)))
    for batch in batches:
        assert all(len(row) == 1 or sum(lengths[e] for e in row) <= capacity for row in batch)
        size = sum(max(capacity, sum(lengths[e] for e in row)) for row in batch)
        assert size <= budget or len(batch) == 1


@given(lengths_of, st.integers(1, 2000), st.integers(1, 4000))
def test_passes_cover_a_batch_and_stay_small(lengths: list[int], batch_tokens: int, micro: int) -> None:
    capacity = row_capacity(lengths, batch_tokens)
    for batch in pack(range(len(lengths)), lengths, capacity, batch_tokens):
        parts = passes(batch, lengths, micro)
        assert sorted(row for part in parts for row in part) == sorted(batch)
        for part in parts:
            used = [sum(lengths[e] for e in row) for row in part]
            assert len(part) == 1 or len(part) * max(used) <= micro
            assert min(used) >= 0.75 * max(used)


@given(lengths_of, st.integers(0, 2**31), st.sampled_from([0.5, 1.0, 2.0, 2.5]))
def test_a_plan_has_every_example_in_every_whole_epoch(lengths: list[int], seed: int, epochs: float) -> None:
    batches = plan(lengths, epochs=epochs, seed=seed, batch_tokens=512, packed=True)
    seen = [e for batch in batches for row in batch for e in row]
    n = len(lengths)
    for epoch in range(int(epochs)):
        assert sorted(seen[epoch * n : (epoch + 1) * n]) == list(range(n))
    assert len(seen) == int(epochs) * n + (max(1, round(0.5 * n)) if epochs % 1 else 0)
    assert batches == plan(lengths, epochs=epochs, seed=seed, batch_tokens=512, packed=True)


def test_short_examples_fill_their_rows() -> None:
    lengths = [20 + (i * 7) % 30 for i in range(2000)]
    batches = plan(lengths, epochs=1, seed=0, batch_tokens=1024, packed=True)
    computed = sum(
        len(p) * max(sum(lengths[e] for e in row) for row in p) for b in batches for p in passes(b, lengths, 4096)
    )
    assert sum(lengths) / computed > 0.93


def test_the_rate_rises_then_falls_to_zero() -> None:
    assert [warmup_steps(0.03, n) for n in (1, 4, 100, 1000)] == [1, 2, 10, 30]
    # 10 warm-up steps of 100: 1/10, ..., 1, then down by 1/90 a step.
    assert rate_at(0, 100, 10) == pytest.approx(0.1)
    assert rate_at(9, 100, 10) == pytest.approx(1.0)
    assert rate_at(10, 100, 10) == pytest.approx(1.0)
    assert rate_at(55, 100, 10) == pytest.approx(0.5)
    assert rate_at(99, 100, 10) == pytest.approx(1 / 90)


def test_default_learning_rates() -> None:
    # Tinker's fit at 4096: 5e-5 * (2000 / 4096)^0.781 = 2.86e-5; LoRA ten times that.
    assert default_learning_rate("full", 4096, 1000) == pytest.approx(2.86e-5, rel=0.01)
    assert default_learning_rate("lora", 4096, 1000) == pytest.approx(2.86e-4, rel=0.01)
    assert default_learning_rate("lora", 4096, 99) == pytest.approx(4.28e-4, rel=0.01)
    # Found best for models of one to four million parameters: about 1e-3, and 3e-3 to 1e-2 for LoRA.
    for hidden in (128, 192, 256):
        assert 0.7e-3 < default_learning_rate("full", hidden, 300) < 1.5e-3
        assert 3e-3 <= default_learning_rate("lora", hidden, 300) <= 1e-2
