"""What a training will take, said before it: steps, operations, memory, and what would fit."""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from tiny_llama import llama_config, save_model, save_tokenizer

from tailor.errors import MissingDependency, ModelError
from tailor.training import TrainingOptions, TrainingRow, footprint, train
from tailor.training.batches import answer_loss, collate
from tailor.training.footprint import check_fits, free_memory
from tailor.training.forecast import attempt, forecast
from tailor.training.loading import trainable
from tailor.training.operations import Operations
from tailor.training.packing import passes
from tailor.training.setup import assemble

KINDS = {
    "full": TrainingOptions("full", epochs=4, batch_tokens=128),
    "lora": TrainingOptions("lora", rank=4, epochs=4, batch_tokens=128),
    "last-layers": TrainingOptions("last-layers", blocks=1, epochs=4, batch_tokens=128),
}


@pytest.mark.parametrize("kind", KINDS)
def test_operations_are_those_that_pytorch_counts(base: Path, rows: list[TrainingRow], kind: str) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    setup = assemble(base, rows, [], KINDS[kind], seed=0, general=rows[:6])
    count, lengths = Operations.of(setup.network), [len(e.tokens) for e in setup.examples]
    for layout in (passes(setup.batches[0], lengths, 4096), passes(setup.batches[1], lengths, 32)):
        with FlopCounterMode(display=False) as counter:
            for part in layout:
                answer_loss(setup.network, collate(part, setup.examples, packed=True, device="cpu")).backward()
        # What is left is the rotation of queries and keys, two operations for each of eight frequencies a token.
        assert count.of_passes(layout, setup.examples) == pytest.approx(counter.get_total_flops(), rel=0.005)
    assert setup.rehearsal is not None
    with FlopCounterMode(display=False) as counter:
        setup.rehearsal.backward(0, 10)
    added = count.of_step(setup, 0) - count.of_passes(passes(setup.batches[0], lengths, 4096), setup.examples)
    assert added == pytest.approx(counter.get_total_flops(), rel=0.005)


def test_a_forecast_knows_the_steps_and_weights_of_the_training(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    options = KINDS["lora"]
    ahead = attempt(base, rows, rows[:4], options, 0, rows[:6], 3, None)
    record = train(base, rows, rows[:4], options, seed=0, folder=tmp_path / "a", work=tmp_path / "w", general=rows[:6])
    assert (ahead.tokens, ahead.trainable_parameters) == (
        sum(len(e.tokens) for e in assemble(base, rows, [], options, seed=0).examples) * 4,
        record.trainable_parameters,
    )
    assert ahead.steps >= record.steps
    assert (ahead.tried, ahead.looks) == (3, 6)
    assert ahead.fits
    assert ahead.part(0.5, writes=False).cpu < ahead.whole.cpu
    by_hand = ahead.preparation + ahead.per_operation * ahead.operations + ahead.dev * 6 + ahead.saving + ahead.result
    assert ahead.whole.cpu == pytest.approx(by_hand.cpu)


@pytest.mark.slow
def test_memory_and_processor_time_are_those_of_the_training(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    """Each in a process of its own. A training this small is mostly the start, so the bounds are wide; the benchmark
    holds real ones to 15 and 10 %."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    options = replace(KINDS["full"], epochs=30)
    ahead = forecast(base, rows, [], options, threads=1)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        real = pool.submit(train, base, rows, [], options, seed=0, folder=tmp_path / "a", work=tmp_path / "w").result()
    assert ahead.steps == real.steps
    assert ahead.memory_mb == pytest.approx(real.peak_memory_mb, rel=0.2)


def test_the_formula_by_hand(tmp_path: Path) -> None:
    save_model(tmp_path, llama_config(tie_word_embeddings=False))
    # 2 blocks: q and o 64 x 64, k and v 64 x 32, three of 64 x 128, two norms; both ends 400 x 64; a last norm
    block = 2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128 + 2 * 64
    weights = 2 * block + 2 * 400 * 64 + 64
    found = footprint.footprint(tmp_path, TrainingOptions("full"))
    assert found.weights == found.gradients == 4 * weights
    assert (found.moments, found.copies) == (8 * weights, 12 * weights)
    a_token = 2 * (44 * 64 + 10 * 128 + 10 * 4 * 256)
    assert found.activations == 1024 * (a_token + 0.3 * 14 * 400)
    lora = footprint.footprint(tmp_path, TrainingOptions("lora", rank=8))
    adapters = 2 * 8 * (2 * (64 + 64) + 2 * (64 + 32) + 3 * (64 + 128))
    assert lora.gradients == 4 * adapters
    last = footprint.footprint(tmp_path, TrainingOptions("last-layers", blocks=1))
    assert last.gradients == 4 * (block + 64 + 400 * 64)
    assert last.activations < found.activations


def test_what_does_not_fit_is_refused_before_it_is_loaded_and_what_would_fit_is_named(
    rows: list[TrainingRow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model(tmp_path / "base", llama_config(hidden_size=256, intermediate_size=1024, num_hidden_layers=8))
    save_tokenizer(tmp_path / "base")
    full = footprint.footprint(tmp_path / "base", TrainingOptions("full")).total
    lora = footprint.footprint(tmp_path / "base", TrainingOptions("lora", rank=8)).total
    assert lora < full
    monkeypatch.setattr(footprint, "free_memory", lambda: int((lora + full) / 2))
    monkeypatch.setattr(footprint, "available_bytes", lambda: (lora + full) / 2)
    with pytest.raises(ModelError, match=r"^full needs about .* GB for this base, .* GB are free") as caught:
        train(tmp_path / "base", rows, [], TrainingOptions("full"), seed=0, folder=tmp_path / "a", work=tmp_path / "w")
    assert "lora of rank 8" in caught.value.hint
    assert not (tmp_path / "a").exists()
    check_fits(tmp_path / "base", TrainingOptions("lora", rank=8))
    monkeypatch.setattr(footprint, "free_memory", lambda: 1 << 20)
    monkeypatch.setattr(footprint, "available_bytes", lambda: float(1 << 20))
    with pytest.raises(ModelError) as caught:
        check_fits(tmp_path / "base", TrainingOptions("full"))
    assert "No way of training fits here" in caught.value.hint


def test_what_a_container_holds_of_files_that_were_read_counts_as_free(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("200000000\n")
    (tmp_path / "memory.current").write_text("190000000\n")
    (tmp_path / "memory.stat").write_text(
        "anon 40000000\nfile 150000000\ninactive_file 100000000\nactive_file 50000000\n"
    )
    assert free_memory(tmp_path) == 160_000_000


def test_a_package_that_a_trial_lacks_is_named_and_not_taken_for_a_kill() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool, pytest.raises(MissingDependency) as caught:
        pool.submit(lacking).result()
    assert str(caught.value) == str(MissingDependency("Weights in 4 bits", "quantise"))


def lacking() -> None:
    raise MissingDependency("Weights in 4 bits", "quantise")


def test_trainable_weights_of_the_formula_are_those_of_the_loaded_model(base: Path, rows: list[TrainingRow]) -> None:
    for options in KINDS.values():
        setup = assemble(base, rows, [], options, seed=0)
        count = sum(math.prod(p.shape) for p in trainable(setup.network).values())
        assert footprint.footprint(base, options).gradients == 4 * count
