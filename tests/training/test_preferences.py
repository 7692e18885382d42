"""Learning from pairs: the loss by hand and the slow way, and that a model moves to the preferred answers."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tailor.errors import ConfigError
from tailor.training import Preferences, TrainingOptions, TrainingRow, train
from tailor.training.loading import end_tokens, load_config, load_network, load_tokenizer
from tailor.training.preferences import Pairs, dpo_loss
from tailor.training.rendering import Encoded, encode

OPTIONS = TrainingOptions("lora", rank=4, replay=0.0)
BETA = 0.3


def test_the_loss_by_hand() -> None:
    import torch

    # Moved: -1 - -2 = 1 and -3 - -2 = -1; 0.5 * (1 - -1) = 1; -log sigmoid(1) = log(1 + 1/e) = 0.3132617.
    chosen = torch.tensor([-1.0, -5.0], requires_grad=True)
    found = dpo_loss(chosen, torch.tensor([-3.0, -7.0]), torch.tensor([-2.0, -5.0]), torch.tensor([-2.0, -7.0]), 0.5)
    assert found.tolist() == pytest.approx([0.3132617, math.log(2)], abs=1e-6)
    found.sum().backward()
    # The gradient is -beta * sigmoid(-margin): -0.5 * 0.2689414 and -0.5 * 0.5.
    assert chosen.grad is not None
    assert chosen.grad.tolist() == pytest.approx([-0.1344707, -0.25], abs=1e-6)


def test_the_loss_is_that_of_trls_formula() -> None:
    """TRL and the paper's code take differences of policy and of reference first: the same number by another way."""
    import torch

    torch.manual_seed(1)
    chosen, rejected, base_chosen, base_rejected = torch.randn(4, 50) * 10
    ratios, base_ratios = chosen - rejected, base_chosen - base_rejected
    theirs = -torch.nn.functional.logsigmoid(0.1 * (ratios - base_ratios))
    assert torch.allclose(dpo_loss(chosen, rejected, base_chosen, base_rejected, 0.1), theirs, atol=1e-5)


def prepared(base: Path, rows: list[TrainingRow], worse: list[str]) -> tuple[Any, list[Encoded], list[Encoded]]:
    tokenizer, config = load_tokenizer(base), load_config(base)
    ends = end_tokens(tokenizer, base, config)
    chosen = encode(tokenizer, rows, ends=ends, limit=128, name="row")
    less = [replace(r, answer=a) for r, a in zip(rows, worse, strict=True)]
    rejected = encode(tokenizer, less, ends=ends, limit=128, name="row")
    return load_network(base, OPTIONS, [*chosen, *rejected], bf16=False), chosen, rejected


def test_packed_pairs_are_computed_as_single_sequences_are(base: Path, rows: list[TrainingRow]) -> None:
    import torch

    some = rows[:5]
    worse = ["purple", "no idea at all", "x", "grey or so", "none"]
    network, chosen, rejected = prepared(base, some, worse)
    pairs = Pairs(network, chosen, rejected, BETA, 4096)
    order = ((3, 1), (0,), (4, 2))
    batch = network.collate(pairs.rows(order), pairs.examples)

    def said(example: Encoded) -> float:
        tokens = torch.tensor(example.tokens)[None]
        logits = network.model(input_ids=tokens).logits[0, example.prompt - 1 : -1].float()
        words = logits.log_softmax(-1).gather(-1, torch.tensor(example.tokens[example.prompt :])[:, None])
        return float(words.sum())

    with torch.no_grad():
        # Nothing has moved yet: every pair costs log 2.
        assert float(pairs.loss(batch)) == pytest.approx(5 * math.log(2), rel=1e-5)
        assert pairs.evaluate(0).loss == pytest.approx(math.log(2), rel=1e-5)
        before = [(said(c), said(r)) for c, r in zip(chosen, rejected, strict=True)]
        torch.manual_seed(0)
        for parameter in network.model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.2 * torch.randn_like(parameter))
        moved = [(said(c), said(r)) for c, r in zip(chosen, rejected, strict=True)]
        margins = [BETA * ((c - c0) - (r - r0)) for (c, r), (c0, r0) in zip(moved, before, strict=True)]
        assert max(abs(m) for m in margins) > 0.05
        expected = sum(math.log1p(math.exp(-m)) for m in margins)
        assert float(pairs.loss(batch)) == pytest.approx(expected, rel=1e-3)
        assert pairs.evaluate(0).answer_accuracy == sum(m > 0 for m in margins) / 5


def test_a_model_moves_to_the_preferred_answers(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    worse = tuple("purple" for _ in rows)
    options = replace(OPTIONS, epochs=4, batch_tokens=512, learning_rate=5e-3)
    preferences = Preferences(worse, worse[:8], 0.1)
    record = train(
        base, rows, rows[:8], options, seed=1, folder=tmp_path / "out", work=tmp_path / "work", preferences=preferences
    )
    assert record.curve[0][1] <= math.log(2) + 0.05
    assert record.curve[-1][1] < 0.5
    assert record.dev_accuracy == 1.0
    assert any("DPO, beta 0.1" in note for note in record.notes)
    assert (tmp_path / "out" / "adapter_model.safetensors").is_file()


def test_a_killed_training_ends_with_the_same_weights(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    options = replace(OPTIONS, epochs=2, batch_tokens=256, learning_rate=5e-3)
    preferences = Preferences(tuple("purple" for _ in rows))

    class Killed(Exception):
        pass

    def kill(progress: Any) -> None:
        if progress.step >= 3:
            raise Killed

    def run(name: str, work: str, on_progress: Any = None) -> dict[str, Any]:
        train(
            base, rows, [], options, seed=1, folder=tmp_path / name, work=tmp_path / work, checkpoint_seconds=0,
            preferences=preferences, on_progress=on_progress,
        )  # fmt: skip
        return dict(load_file(tmp_path / name / "adapter_model.safetensors"))

    whole = run("whole", "one")
    with pytest.raises(Killed):
        run("killed", "two", kill)
    resumed = run("killed", "two")
    assert all((whole[name] == resumed[name]).all() for name in whole)


@pytest.mark.parametrize(
    ("change", "options", "cause"),
    [
        ({"rejected": ("x",)}, {}, "expected 2 and 0 answers"),
        ({"beta": 0.0}, {}, "beta must be"),
        ({}, {"replay": 0.1}, "plain lora"),
        ({}, {"kind": "full"}, "plain lora"),
    ],
)
def test_what_makes_no_sense_is_refused(
    change: dict[str, Any], options: dict[str, Any], cause: str, base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=cause):
        train(
            base, rows[:2], [], replace(OPTIONS, **options), seed=1, folder=tmp_path / "o", work=tmp_path / "w",
            preferences=replace(Preferences(("a", "b")), **change),
        )  # fmt: skip
