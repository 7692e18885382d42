"""Learning what the base says after a longer prompt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tailor.errors import ModelError
from tailor.records import Message
from tailor.training import TrainingOptions, TrainingRow, train
from tailor.training.batches import answer_logits, collate
from tailor.training.loading import end_tokens, load_config, load_network, load_tokenizer
from tailor.training.rendering import Encoded, encode
from tailor.training.teaching import TEMPERATURE, Teacher

OPTIONS = TrainingOptions("full", replay=0.0)
HINT = Message("system", "Everybody likes green and nothing else in this world.")


def taught(rows: list[TrainingRow]) -> list[TrainingRow]:
    return [replace(r, teacher=(HINT, *r.prompt)) for r in rows]


def test_the_loss_is_the_divergence_computed_the_slow_way(base: Path, rows: list[TrainingRow]) -> None:
    import torch

    tokenizer, config = load_tokenizer(base), load_config(base)
    ends = end_tokens(tokenizer, base, config)
    some = rows[:6]
    short = encode(tokenizer, some, ends=ends, limit=128, name="row")
    long = encode(tokenizer, [TrainingRow((HINT, *r.prompt), r.answer) for r in some], ends=ends, limit=128, name="row")
    network = load_network(base, OPTIONS, [*short, *long], bf16=False)
    teacher = Teacher(network, long, short, 4096)
    with torch.no_grad():
        for parameter in network.model.parameters():  # the student has gone on, the teacher has not
            parameter.add_(0.02)
        batch = collate(((4, 1), (0,), (5, 2, 3)), short, packed=network.packed, device=network.device)
        found = float(teacher.loss(batch))
        student = torch.log_softmax(answer_logits(network, batch) / TEMPERATURE, -1)
        for parameter in network.model.parameters():
            parameter.sub_(0.02)
        expected, place = 0.0, 0
        for e in (4, 1, 0, 5, 2, 3):
            tokens = torch.tensor(long[e].tokens)[None]
            logits = network.model(input_ids=tokens).logits[0, long[e].prompt - 1 : -1]
            log_p = torch.log_softmax(logits / TEMPERATURE, -1)
            top, ids = log_p.topk(64)  # of 400: the others count as one outcome
            log_q = student[place : place + len(log_p)]
            rest_p, rest_q = 1 - top.exp().sum(-1), 1 - log_q.gather(-1, ids).exp().sum(-1)
            each = (top.exp() * (top - log_q.gather(-1, ids))).sum(-1) + rest_p * (rest_p / rest_q).log()
            expected += float(each.sum())
            place += len(log_p)
    assert place == len(batch.targets)
    assert found == pytest.approx(TEMPERATURE**2 * expected, rel=1e-3)
    assert found > 0.05


def test_without_more_to_read_there_is_nothing_to_learn(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    same = [replace(r, teacher=r.prompt) for r in rows]
    options = replace(OPTIONS, epochs=1, batch_tokens=256, learning_rate=1e-4)
    record = train(base, same, [], options, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    # In bfloat16, where the processor has it, rounding leaves a little.
    assert record.curve[0][1] < 0.01


def test_a_hint_becomes_weights(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    options = TrainingOptions("lora", rank=8, epochs=30, batch_tokens=256, learning_rate=5e-3, replay=0.0)
    record = train(base, taught(rows), rows[:8], options, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    assert record.curve[-1][1] < record.curve[0][1] / 3
    assert any("what the teacher says" in note for note in record.notes)


def test_answers_that_are_other_tokens_after_the_longer_prompt_are_refused(base: Path) -> None:
    network = load_network(base, OPTIONS, [Encoded((7, 8, 9, 5), 2)], bf16=False)
    with pytest.raises(ModelError, match="in other tokens after another prompt"):
        Teacher(network, [Encoded((1, 7, 8, 10, 5), 3)], [Encoded((7, 8, 9, 5), 2)], 4096)
