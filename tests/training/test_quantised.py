"""Training beside a base in 4 bits: gradients are those of the base it stands for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_llama import llama_config

from tailor.errors import ConfigError
from tailor.quantising import differentiable, nf4
from tailor.training import TrainingOptions, TrainingRow, train
from tailor.training.adapters import with_adapters

pytest.importorskip("bitsandbytes", reason="the extra quantise is not installed")
LORA = TrainingOptions("lora", rank=4, alpha=8, quantise="nf4", replay=0.0)


def dense_twin(quantised: Any, dense: Any) -> None:
    """Give the dense model the weights that the 4-bit numbers stand for."""
    import bitsandbytes as bnb
    import torch

    for name, module in quantised.named_modules():
        if isinstance(module, bnb.nn.Linear4bit):
            weight = bnb.functional.dequantize_4bit(module.weight.data, module.weight.quant_state)
            with torch.no_grad():
                dense.get_submodule(name).weight.copy_(weight)


def gradients(model: Any) -> dict[str, Any]:
    """Of the adapters, all of which have been moved away from 0, after a pass in evaluation mode as dev looks are."""
    import torch

    torch.manual_seed(5)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.copy_(0.2 * torch.randn(parameter.shape))
    tokens = torch.arange(20).reshape(2, 10) + 7
    model.eval()
    with torch.inference_mode():
        model(input_ids=tokens)
    model.train()
    model(input_ids=tokens).logits.square().mean().backward()
    return {n: p.grad for n, p in model.named_parameters() if p.grad is not None}


def test_gradients_are_those_of_the_dense_base_it_stands_for(base: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    four = differentiable(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, **nf4(torch.float32, "cpu")))
    dense = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    dense_twin(four, dense)
    ours = gradients(with_adapters(four, LORA, compute=torch.float32))
    theirs = gradients(with_adapters(dense, replace(LORA, quantise=""), compute=torch.float32))
    assert ours.keys() == theirs.keys()
    assert len(ours) == 2 * 7 * 2  # A and B of seven matrices in two blocks
    for name, gradient in theirs.items():
        assert float(gradient.abs().max()) > 0, name
        torch.testing.assert_close(ours[name], gradient, rtol=1e-3, atol=1e-6)


def test_it_learns_and_the_adapter_is_as_large_as_that_of_lora(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    options = replace(LORA, epochs=20, batch_tokens=256, learning_rate=5e-3)
    four = train(base, rows, rows[:8], options, seed=1, folder=tmp_path / "four", work=tmp_path / "work")
    dense = replace(options, quantise="")
    plain = train(base, rows, rows[:8], dense, seed=1, folder=tmp_path / "plain", work=tmp_path / "work")
    assert four.trainable_parameters == plain.trainable_parameters
    assert four.curve[-1][1] < four.curve[0][1] - 0.5
    # NF4 of a random base is near to it: the two learn alike.
    assert four.curve[-1][1] == pytest.approx(plain.curve[-1][1], abs=0.4)
    assert not list((tmp_path / "four").glob("model*.safetensors"))


def test_the_base_takes_a_quarter_of_the_memory(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    config = llama_config(hidden_size=256, intermediate_size=1024, num_hidden_layers=4, tie_word_embeddings=True)
    AutoModelForCausalLM.from_config(config).to(torch.bfloat16).save_pretrained(tmp_path)
    dense = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16).get_memory_footprint()
    four = AutoModelForCausalLM.from_pretrained(
        tmp_path, dtype=torch.bfloat16, **nf4(torch.bfloat16, "cpu")
    ).get_memory_footprint()
    # 3.9 million weights of 2 bytes become about 0.53 of a byte each; the embeddings stay (0.2 MB).
    assert four < 0.32 * dense


@pytest.mark.parametrize("changes", [{"kind": "full"}, {"kind": "last-layers"}, {"pissa": True}])
def test_what_changes_the_base_is_refused(
    changes: dict[str, Any], base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="base in 4 bits"):
        train(base, rows, [], replace(LORA, **changes), seed=1, folder=tmp_path / "out", work=tmp_path / "work")
