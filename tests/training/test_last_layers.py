"""Last-layers training: what is trained, what stays bit for bit, and that the result loads alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny_llama import llama_config

from tailor.errors import ConfigError
from tailor.training import TrainingOptions, TrainingRow, train
from tailor.training.freezing import freeze_all_but_last

LAST = TrainingOptions("last-layers", epochs=2, batch_tokens=256, learning_rate=1e-3)


def stored(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(folder / "model.safetensors"))


def test_the_last_block_changes_and_the_rest_stays_bit_for_bit(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM

    record = train(base, rows, rows[:8], LAST, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    before, after = stored(base), stored(tmp_path / "out")
    # The tied base stores no output layer; the trained one has its own and the embeddings are frozen.
    assert set(after) - set(before) == {"lm_head.weight"}
    changed = {name for name in before if not before[name].equal(after[name])}
    assert changed == {n for n in before if n.startswith(("model.layers.1.", "model.norm."))}
    assert not after["lm_head.weight"].equal(before["model.embed_tokens.weight"])
    # By hand: one block (q 64x64, k and v 64x32, o 64x64, three 64x128, two norms of 64), a norm, 400 x 64 outputs.
    expected = 64 * 64 * 2 + 64 * 32 * 2 + 3 * 64 * 128 + 2 * 64 + 64 + 400 * 64
    assert record.trainable_parameters == expected
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert loaded.lm_head.weight.equal(after["lm_head.weight"])


@pytest.mark.parametrize(
    ("architecture", "changes", "norm"),
    [
        ("GPT2Config", {"n_layer": 4, "n_embd": 32, "n_head": 2, "vocab_size": 64}, "transformer.ln_f."),
        ("OPTConfig", {"num_hidden_layers": 4, "hidden_size": 32, "num_attention_heads": 2, "ffn_dim": 64,
                       "word_embed_proj_dim": 32, "vocab_size": 64}, "model.decoder.final_layer_norm."),
        ("BloomConfig", {"n_layer": 4, "hidden_size": 32, "n_head": 2, "vocab_size": 64}, "transformer.ln_f."),
        ("GPTNeoXConfig", {"num_hidden_layers": 4, "hidden_size": 32, "num_attention_heads": 2,
                           "intermediate_size": 64, "vocab_size": 64}, "gpt_neox.final_layer_norm."),
    ],
)  # fmt: skip
def test_other_architectures_keep_everything_below_the_last_blocks(
    architecture: str, changes: dict[str, Any], norm: str
) -> None:
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_config(getattr(transformers, architecture)(**changes))
    assert freeze_all_but_last(model, 2, torch.float32) == 2
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    head = {n for n, p in model.named_parameters() if p is model.get_output_embeddings().weight}
    assert {n for n in trained if ".2." not in n and ".3." not in n} == head | {f"{norm}weight", f"{norm}bias"}
    model(input_ids=torch.tensor([[1, 2, 3]])).logits.sum().backward()
    assert {n for n, p in model.named_parameters() if p.grad is not None} == trained


def test_a_quarter_of_the_blocks_is_the_default() -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_config(llama_config(num_hidden_layers=6))
    assert freeze_all_but_last(model, None, torch.float32) == 2


def test_more_blocks_than_there_are_is_an_error(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    options = TrainingOptions("last-layers", blocks=3)
    with pytest.raises(ConfigError, match="at most 2"):
        train(base, rows, [], options, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    assert not (tmp_path / "out").exists()
