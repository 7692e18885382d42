"""That the fast path computes what the plain one does: packing, selected logits, accumulation, architectures."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_llama import llama_config, row, save_model, save_tokenizer

from tailor.training import TrainingOptions, TrainingRow, train
from tailor.training.batches import Network, answer_logits, answer_loss, collate
from tailor.training.checkpoints import Checkpoints
from tailor.training.engine import Loop
from tailor.training.loading import end_tokens, load_config, load_network, load_tokenizer, save, trainable
from tailor.training.packing import passes, plan
from tailor.training.rendering import Encoded, encode
from tailor.training.setup import Setup

FULL = TrainingOptions("full")
LORA = TrainingOptions("lora", rank=4, batch_tokens=256, learning_rate=5e-3)


def encoded(base: Path, rows: list[TrainingRow]) -> list[Encoded]:
    tokenizer = load_tokenizer(base)
    return encode(tokenizer, rows, ends=end_tokens(tokenizer, base, load_config(base)), limit=128, name="row")


def network(base: Path, examples: list[Encoded], options: TrainingOptions = FULL) -> Network:
    return load_network(base, options, examples, bf16=False)


def plain_answer_logits(base: Path, examples: list[Encoded]) -> Any:
    """Each example alone through the whole model, unpadded."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    with torch.no_grad():
        return torch.cat(
            [model(input_ids=torch.tensor([e.tokens])).logits[0, e.prompt - 1 : len(e.tokens) - 1] for e in examples]
        )


def test_loss_of_two_answer_tokens_by_hand(base: Path) -> None:
    examples = encoded(base, [row("Colour of Ada?", "R")])
    assert len(examples[0].tokens) - examples[0].prompt == 2, "R and the end token"
    logits = plain_answer_logits(base, examples).double().tolist()
    targets = examples[0].tokens[-2:]
    by_hand = sum(math.log(sum(map(math.exp, z))) - z[t] for z, t in zip(logits, targets, strict=True))
    net = network(base, examples)
    batch = collate(((0,),), examples, packed=True, device=net.device)
    assert float(answer_loss(net, batch)) == pytest.approx(by_hand, abs=1e-4)


def test_packed_logits_equal_those_of_each_example_alone(base: Path, rows: list[TrainingRow]) -> None:
    examples = encoded(base, rows[:7])
    net = network(base, examples)
    assert net.packed
    assert net.head is not None
    batch = collate(((0, 1, 2), (3, 4), (5, 6)), examples, packed=True, device=net.device)
    difference = answer_logits(net, batch).detach() - plain_answer_logits(base, examples)
    assert float(difference.abs().max()) < 1e-4


@pytest.mark.parametrize("options", [FULL, LORA], ids=["full", "lora"])
def test_packed_gradients_equal_padded_ones(base: Path, rows: list[TrainingRow], options: TrainingOptions) -> None:
    import torch

    examples = encoded(base, rows[:6])
    torch.manual_seed(0)
    net = network(base, examples, options)
    padded = replace(net, packed=False, head=None)

    def gradients(which: Network, layout: tuple[tuple[int, ...], ...]) -> dict[str, Any]:
        which.model.zero_grad()
        answer_loss(which, collate(layout, examples, packed=which.packed, device=net.device)).backward()
        return {name: p.grad.clone() for name, p in trainable(which).items()}

    ours = gradients(net, ((0, 1, 2), (3, 4, 5)))
    plain = gradients(padded, tuple((i,) for i in range(6)))
    assert ours.keys() == plain.keys()
    for name in ours:
        torch.testing.assert_close(ours[name], plain[name], atol=1e-4, rtol=1e-4)


def test_prompt_tokens_and_padding_carry_no_gradient(base: Path) -> None:
    examples = encoded(base, [row("Colour of Ada?", "red"), row("Which colour does Bo like?", "green")])
    net = network(base, examples)
    batch = collate(((0,), (1,)), examples, packed=True, device=net.device)
    hidden: list[Any] = []
    handle = net.trunk.register_forward_hook(lambda _m, _i, out: hidden.append(out.last_hidden_state))
    logits = answer_logits(net, batch)
    hidden[0].retain_grad()
    logits.logsumexp(-1).sum().backward()
    handle.remove()
    touched = hidden[0].grad.abs().sum(-1) > 0
    for r, e in enumerate(examples):
        expected = [e.prompt - 1 <= t < len(e.tokens) - 1 for t in range(touched.shape[1])]
        assert touched[r].tolist() == expected


def test_accumulated_steps_equal_whole_ones(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    import torch

    examples = encoded(base, rows)
    lengths = [len(e.tokens) for e in examples]
    trained = []
    for micro in (128, 512):
        options = TrainingOptions("full", batch_tokens=512, micro_tokens=micro, learning_rate=1e-3)
        batches = plan(lengths, epochs=2, seed=3, batch_tokens=512, packed=True)
        assert {len(passes(b, lengths, micro)) for b in batches[:1]} == ({4} if micro == 128 else {1})
        net = network(base, examples, options)
        Loop(Setup(net, examples, [], options, batches, 1e-3, None), Checkpoints(tmp_path, str(micro)), 1e9).run()
        trained.append({name: p.detach() for name, p in trainable(net).items()})
    for name in trained[0]:
        torch.testing.assert_close(trained[0][name], trained[1][name], atol=1e-5, rtol=1e-3)


def test_an_adapter_in_plain_peft_gives_the_logits_it_had_in_memory(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    examples = encoded(base, rows)
    batches = plan([len(e.tokens) for e in examples], epochs=3, seed=3, batch_tokens=256, packed=True)
    net = network(base, examples, LORA)
    Loop(Setup(net, examples, [], LORA, batches, 5e-3, None), Checkpoints(tmp_path / "w", "x"), 1e9).run()
    save(net, base, load_tokenizer(base), LORA, tmp_path / "adapter")
    plain = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), tmp_path / "adapter").eval()
    tokens = torch.tensor([examples[0].tokens])
    with torch.no_grad():
        net.model.eval()
        in_memory = net.model(input_ids=tokens).logits
        torch.testing.assert_close(plain(input_ids=tokens).logits, in_memory, atol=1e-5, rtol=1e-5)
        with plain.disable_adapter():
            assert float((plain(input_ids=tokens).logits - in_memory).abs().max()) > 0.05


def other_architecture(name: str) -> Any:
    from transformers import Gemma2Config, GPT2Config, MambaConfig

    if name == "gemma2":  # soft cap on the logits, sliding windows
        return Gemma2Config(
            vocab_size=400, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=16, sliding_window=16, final_logit_softcapping=0.5, pad_token_id=0,
            bos_token_id=1, eos_token_id=5, max_position_embeddings=128,
        )  # fmt: skip
    if name == "gpt2":  # learned positions
        return GPT2Config(
            vocab_size=400, n_embd=64, n_layer=2, n_head=4, n_positions=128, eos_token_id=5, bos_token_id=1
        )
    return MambaConfig(vocab_size=400, hidden_size=64, num_hidden_layers=2, pad_token_id=0, eos_token_id=5)


@pytest.mark.parametrize("name", ["gemma2", "gpt2", "mamba"])
def test_other_architectures_get_the_right_logits(tmp_path: Path, rows: list[TrainingRow], name: str) -> None:
    save_model(tmp_path / name, other_architecture(name))
    save_tokenizer(tmp_path / name)
    examples = encoded(tmp_path / name, rows[:6])
    net = network(tmp_path / name, examples)
    net.model.eval()  # GPT-2 has dropout
    layout = ((0, 1, 2), (3, 4, 5)) if net.packed else tuple((i,) for i in range(6))
    batch = collate(layout, examples, packed=net.packed, device=net.device)
    difference = answer_logits(net, batch).detach() - plain_answer_logits(tmp_path / name, examples)
    assert float(difference.abs().max()) < 1e-4
    assert (name == "gemma2") == (net.head is None), "only a soft cap stands between trunk and logits"
    if name == "mamba":
        assert not net.packed, "a state-space model carries its state over to the next example"


def test_an_architecture_that_cannot_pack_trains_one_example_per_row(tmp_path: Path, rows: list[TrainingRow]) -> None:
    save_model(tmp_path / "mamba", other_architecture("mamba"))
    save_tokenizer(tmp_path / "mamba")
    options = TrainingOptions("full", epochs=1, learning_rate=1e-3, batch_tokens=128)
    record = train(tmp_path / "mamba", rows, rows[:5], options, seed=1, folder=tmp_path / "o", work=tmp_path / "w")
    assert any("one example per row" in note for note in record.notes)


def test_longer_rows_than_the_others_do_not_disturb_packing(tmp_path: Path) -> None:
    save_model(tmp_path / "m", llama_config(max_position_embeddings=512))
    save_tokenizer(tmp_path / "m")
    rows = [row(f"Colour of Ada {i}?", "red") for i in range(20)] + [row("Bo? " * 80, "green")]
    options = TrainingOptions("lora", epochs=1, rank=2, batch_tokens=300)
    record = train(tmp_path / "m", rows, [], options, seed=1, folder=tmp_path / "o", work=tmp_path / "w")
    tokenizer = load_tokenizer(tmp_path / "m")
    examples = encode(tokenizer, rows, ends=frozenset({5}), limit=512, name="row")
    assert record.tokens == sum(len(e.tokens) for e in examples)
