"""General rows beside the team's: what they weigh, what they hold on to, and that they disturb nothing else."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_llama import row

from tailor.training import TrainingOptions, TrainingRow, train
from tailor.training.batches import Network, answer_loss, collate
from tailor.training.loading import end_tokens, load_config, load_network, load_tokenizer, trainable
from tailor.training.rehearsal import AdapterOff, Remembered, kl_divergence, prepare, schedule, top_divergence
from tailor.training.rendering import Encoded, encode

FULL = TrainingOptions("full", epochs=2, batch_tokens=256, learning_rate=1e-3, replay=0.25)
LORA = TrainingOptions("lora", epochs=2, batch_tokens=256, learning_rate=5e-3, rank=4, replay=0.25)
PISSA = replace(LORA, pissa=True)
LAST = replace(FULL, kind="last-layers")
GENERAL = [row(f"What comes after {n}?", str(n + 1)) for n in range(10, 40)]


def encoded(base: Path, rows: list[TrainingRow]) -> list[Encoded]:
    tokenizer = load_tokenizer(base)
    return encode(tokenizer, rows, ends=end_tokens(tokenizer, base, load_config(base)), limit=128, name="row")


def network(base: Path, options: TrainingOptions) -> tuple[Network, list[Encoded]]:
    import torch

    examples = encoded(base, GENERAL)
    torch.manual_seed(0)
    return load_network(base, options, examples, bf16=False), examples


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(next(folder.glob("*.safetensors"))))


def same_weights(a: Path, b: Path) -> bool:
    first, second = weights(a), weights(b)
    return first.keys() == second.keys() and all(first[name].equal(second[name]) for name in first)


def test_kl_of_two_tokens_by_hand() -> None:
    import torch

    # Base 1/4 and 3/4, model 1/2 and 1/2: 1/4 ln(1/2) + 3/4 ln(3/2).
    base, model = torch.tensor([[0.0, math.log(3)]]), torch.tensor([[5.0, 5.0]])
    by_hand = 0.25 * math.log(0.5) + 0.75 * math.log(1.5)
    assert float(kl_divergence(base, model)) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.1308, abs=1e-4)
    both = torch.cat([base, model]), torch.cat([model, model])
    assert float(kl_divergence(*both)) == pytest.approx(by_hand), "places are summed; equal ones add nothing"


def test_kl_of_the_most_likely_token_and_the_rest_by_hand() -> None:
    import torch

    # Base 1/2, 1/4, 1/4 with the first kept; model 1/4, 1/4, 1/2: 1/2 ln(2) + 1/2 ln((1/2) / (3/4)).
    top, tokens = torch.tensor([[math.log(0.5)]]), torch.tensor([[0]])
    model = torch.tensor([[0.25, 0.25, 0.5]]).log()
    assert float(top_divergence(top, tokens, model)) == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3))


numbers = st.lists(st.floats(-8, 8), min_size=6, max_size=6)


@given(numbers, numbers, st.integers(1, 5))
def test_fewer_kept_tokens_never_say_more(base: list[float], model: list[float], kept: int) -> None:
    import torch

    p, q = (torch.tensor([v], dtype=torch.float64) for v in (base, model))
    whole = float(kl_divergence(p, q))
    top, tokens = p.log_softmax(-1).topk(kept)
    some = float(top_divergence(top, tokens, q))
    assert -1e-9 <= some <= whole + 1e-9
    if kept == 5:
        assert some == pytest.approx(whole, abs=1e-9)


@pytest.mark.parametrize("options", [LORA, PISSA, FULL, LAST], ids=["lora", "pissa", "full", "last-layers"])
def test_the_anchor_has_no_gradient_at_the_start_and_pulls_back_later(base: Path, options: TrainingOptions) -> None:
    import torch

    net, examples = network(base, options)
    rehearsal = prepare(net, examples, options, [256], seed=1)
    assert isinstance(rehearsal.base, AdapterOff if options is LORA else Remembered)

    def largest() -> float:
        net.model.zero_grad()
        rehearsal.backward(0, 1)
        return max(float(p.grad.abs().max()) for p in trainable(net).values())

    assert rehearsal.answers(0) > 80
    assert largest() < 1e-6
    with torch.no_grad():
        for name, parameter in trainable(net).items():
            if options is PISSA or "lora_A" not in name:
                parameter.add_(0.02 * torch.randn_like(parameter))
    assert largest() > 1e-3


def test_what_is_remembered_agrees_with_the_adapter_switched_off(base: Path) -> None:
    import torch

    net, examples = network(base, LORA)
    examples = [Encoded(e.tokens, e.prompt if n % 2 else 1) for n, e in enumerate(examples)]
    remembered = Remembered(net, examples, 512)
    with torch.no_grad():
        for name, parameter in trainable(net).items():
            if "lora_B" in name:
                parameter.normal_(std=0.05)
    batch = collate(((0, 1), (2,), (7, 5)), examples, packed=net.packed, device=net.device)
    exact, kept = (float(b.divergence(batch).detach()) for b in (AdapterOff(net), remembered))
    assert exact > 0.1
    # 64 of 400 tokens of a model that knows nothing: the other 336, all alike, are one outcome here.
    assert 0 < kept <= exact
    remembered.top, remembered.tokens = _whole_vocabulary(net, examples)
    assert float(remembered.divergence(batch).detach()) == pytest.approx(exact, rel=1e-3)


def _whole_vocabulary(net: Network, examples: list[Encoded]) -> tuple[Any, Any]:
    """Every token but the least likely one, each example alone, by plain Transformers."""
    import torch

    with torch.no_grad(), net.model.disable_adapter():
        logits = [net.model(torch.tensor([e.tokens])).logits[0, e.prompt - 1 : -1] for e in examples]
    top, tokens = torch.cat(logits).log_softmax(-1).topk(399)
    return top, tokens


def test_plain_replay_has_the_gradient_of_one_larger_batch(base: Path, rows: list[TrainingRow]) -> None:
    net, general = network(base, FULL)
    options = replace(FULL, kl=0.0)
    team = encoded(base, rows[:6])
    rehearsal = prepare(net, general, options, [120], seed=1)
    chosen = rehearsal.batches[0]
    both = [*team, *rehearsal.examples]
    whole = tuple((i,) for i in range(6)) + tuple(tuple(6 + e for e in r) for r in chosen)
    count = sum(len(both[e].tokens) - both[e].prompt for r in whole for e in r)
    net.model.zero_grad()
    (answer_loss(net, collate(whole, both, packed=True, device=net.device)) / count).backward()
    expected = {name: p.grad.clone() for name, p in trainable(net).items()}
    own = sum(len(e.tokens) - e.prompt for e in team)
    net.model.zero_grad()
    rehearsal.backward(0, own)
    batch = collate(tuple((i,) for i in range(6)), team, packed=True, device=net.device)
    (answer_loss(net, batch) / (own + rehearsal.answers(0))).backward()
    for name, p in trainable(net).items():
        assert float((p.grad - expected[name]).abs().max()) < 1e-5


def test_a_schedule_by_hand() -> None:
    # A quarter of all tokens: one general token for three of the team's. Rows of 10: 30 tokens want 10, 60 want 20.
    assert [len(b) for b in schedule([30, 30, 3], [10] * 4, share=0.25, seed=0, packed=False)] == [1, 1, 1]
    # A long row is spent in advance: nothing more is due until the share is reached again.
    assert [len(b) for b in schedule([30, 30, 30, 30], [25], share=0.25, seed=0, packed=False)] == [1, 0, 1, 0]
    assert schedule([30, 30], [10], share=0.0, seed=0, packed=True) == [(), ()]


tokens_of = st.lists(st.integers(1, 200), min_size=1, max_size=30)


@given(tokens_of, tokens_of, st.sampled_from([0.1, 0.25, 0.5, 0.9]), st.integers(0, 9), st.booleans())
def test_a_schedule_keeps_its_share_and_uses_every_row_before_any_twice(
    team: list[int], lengths: list[int], share: float, seed: int, packed: bool
) -> None:
    batches = schedule(team, lengths, share=share, seed=seed, packed=packed)
    assert batches == schedule(team, lengths, share=share, seed=seed, packed=packed)
    used = [[e for r in batch for e in r] for batch in batches]
    spent = sum(lengths[e] for step in used for e in step)
    due = sum(team) * share / (1 - share)
    assert due - 1e-6 <= spent < due + max(lengths) + 1e-6  # 63 * 0.1 / 0.9 is 7.000000000000001
    times = [sum(step.count(e) for step in used) for e in range(len(lengths))]
    assert max(times) - min(times) <= 1


def test_the_same_call_gives_the_same_weights_and_general_rows_change_them(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    def trained(name: str, options: TrainingOptions, general: list[TrainingRow]) -> Path:
        train(base, rows, [], options, seed=1, folder=tmp_path / name, work=tmp_path / f"w-{name}", general=general)
        return tmp_path / name

    with_rows = trained("a", FULL, GENERAL)
    assert same_weights(with_rows, trained("b", FULL, GENERAL))
    without = trained("c", FULL, [])
    assert not same_weights(with_rows, without)
    assert same_weights(without, trained("d", replace(FULL, replay=0.0), GENERAL)), "replay 0 is no protection at all"


@pytest.mark.parametrize("options", [LORA, FULL, replace(FULL, kl=0.0)], ids=["lora", "full", "replay"])
def test_protection_is_counted_and_named_and_leaves_the_teams_rows_as_they_were(
    base: Path, rows: list[TrainingRow], tmp_path: Path, options: TrainingOptions
) -> None:
    def record(general: list[TrainingRow]) -> Any:
        folder = tmp_path / f"{len(general)}"
        return train(base, rows, [], options, seed=1, folder=folder, work=folder / "w", general=general)

    alone, together = record([]), record(GENERAL)
    assert (alone.rehearsal_tokens, alone.rehearsal_seconds) == (0, 0)
    assert (together.steps, together.tokens) == (alone.steps, alone.tokens)
    assert together.rehearsal_tokens == pytest.approx(together.tokens / 3, rel=0.05), "a quarter of all tokens"
    assert 0 < together.rehearsal_seconds < together.seconds
    assert any(n.startswith("not protected against forgetting: no general rows") for n in alone.notes)
    [said] = [n for n in together.notes if n.startswith("protected against forgetting")]
    assert ("learned" if options.kl == 0 else "kept as the base says them, KL to the base 0.0") in said


def test_an_anchored_model_stays_closer_to_its_base(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    options = replace(FULL, epochs=10, learning_rate=3e-3)
    examples = [Encoded(e.tokens, 1) for e in encoded(base, GENERAL)]

    def drift(general: list[TrainingRow]) -> float:
        folder = tmp_path / f"{len(general)}"
        train(base, rows, [], options, seed=1, folder=folder, work=folder / "w", general=general)
        models = [AutoModelForCausalLM.from_pretrained(f, dtype=torch.float32).eval() for f in (base, folder)]
        with torch.no_grad():
            before, after = ([m(torch.tensor([e.tokens])).logits[0] for e in examples] for m in models)
        return sum(float(kl_divergence(b, a)) for b, a in zip(before, after, strict=True))

    assert drift(GENERAL) < drift([]) / 3


def test_general_rows_that_are_too_long_are_left_out(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    long = row("x y z " * 100, "red")
    record = train(
        base,
        rows,
        [],
        LORA,
        seed=1,
        folder=tmp_path / "o",
        work=tmp_path / "w",
        general=[long, TrainingRow((), "x"), long],
    )
    assert record.rehearsal_tokens == 0
    assert any("no general rows" in n for n in record.notes)
