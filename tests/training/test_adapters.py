"""LoRA and its variants against plain PEFT: numbers of parameters, forward passes, and what is stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_llama import llama_config

from tailor.errors import ConfigError
from tailor.training import TrainingOptions, TrainingRow, train
from tailor.training.adapters import with_adapters

LORA = TrainingOptions("lora", epochs=3, batch_tokens=256, rank=4, alpha=8, learning_rate=5e-3)
VARIANTS: dict[str, tuple[TrainingOptions, dict[str, Any]]] = {
    "lora": (LORA, {}),
    "rslora": (replace(LORA, rslora=True), {"use_rslora": True}),
    "dora": (replace(LORA, dora=True), {"use_dora": True}),
    "pissa": (replace(LORA, pissa=True), {"init_lora_weights": "pissa"}),
    "q,v": (replace(LORA, targets="q_proj, v_proj"), {"target_modules": ["q_proj", "v_proj"]}),
}


def plain_peft(model: Any, changes: dict[str, Any]) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(3)
    settings = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "task_type": "CAUSAL_LM", **changes}
    return get_peft_model(model, LoraConfig(**settings))


def ours_of(model: Any, options: TrainingOptions) -> Any:
    import torch

    torch.manual_seed(3)
    return with_adapters(model, options, compute=torch.float32)


def llama() -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(llama_config()).float().eval()


def fill(model: Any) -> None:
    """Give every adapter a B that is not 0, or all variants would say what the base says."""
    import torch

    torch.manual_seed(4)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter += 0.1 * torch.randn_like(parameter)


@pytest.mark.parametrize("variant", VARIANTS)
def test_parameters_and_logits_are_those_of_plain_peft(variant: str) -> None:
    import torch

    options, changes = VARIANTS[variant]
    ours, theirs = ours_of(llama(), options), plain_peft(llama(), changes)
    assert {n for n, p in ours.named_parameters() if p.requires_grad} == {
        n for n, p in theirs.named_parameters() if p.requires_grad
    }
    assert ours.get_nb_trainable_parameters() == theirs.get_nb_trainable_parameters()
    fill(ours)
    fill(theirs)
    tokens = torch.arange(24)[None] + 7
    torch.testing.assert_close(ours(input_ids=tokens).logits, theirs(input_ids=tokens).logits)


def test_a_llama_of_three_billion_has_9175040_parameters_at_rank_32_on_q_and_v() -> None:
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    config = LlamaConfig(
        vocab_size=128_256, hidden_size=3072, intermediate_size=8192, num_hidden_layers=28, num_attention_heads=24,
        num_key_value_heads=8, head_dim=128, tie_word_embeddings=True,
    )  # fmt: skip
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
        options = TrainingOptions("lora", rank=32, targets="q_proj,v_proj")
        adapted = with_adapters(model, options, compute=torch.bfloat16)
    # By hand: 28 blocks x 32 x ((3072 + 3072) of q + (3072 + 1024) of v).
    assert 28 * 32 * (3072 + 3072 + 3072 + 1024) == 9_175_040
    assert sum(p.numel() for p in adapted.parameters() if p.requires_grad) == 9_175_040


@pytest.mark.parametrize("variant", ["rslora", "dora", "pissa"])
def test_what_is_stored_answers_in_plain_peft_on_the_unchanged_base(
    variant: str, base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options = replace(VARIANTS[variant][0], epochs=40)
    record = train(base, rows, rows, options, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = PeftModel.from_pretrained(plain, tmp_path / "out").eval()
    tokenizer = AutoTokenizer.from_pretrained(base)
    total, count = 0.0, 0
    for row in rows:
        prompt = tokenizer.apply_chat_template(
            [{"role": m.role, "content": m.content} for m in row.prompt], add_generation_prompt=True, tokenize=False
        )
        whole = tokenizer(prompt + row.answer + "<|end|>", add_special_tokens=False, return_tensors="pt")["input_ids"]
        start = len(tokenizer(prompt, add_special_tokens=False)["input_ids"])
        with torch.no_grad():
            logits = model(input_ids=whole).logits[0, start - 1 : -1]
        total += float(torch.nn.functional.cross_entropy(logits, whole[0, start:], reduction="sum"))
        count += whole.shape[1] - start
    kept = next(dev for step, _, dev in record.curve if step == record.best_step)
    # What training measured on its own network, in bfloat16 where there are instructions for it.
    assert total / count == pytest.approx(kept, rel=0.02, abs=0.01)
    assert total / count < record.curve[0][1] - 0.3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"targets": "q_prj"}, "no linear layer called 'q_prj'.*Did you mean 'q_proj'"),
        ({"targets": "q_proj,lm_head"}, "no linear layer called 'lm_head'"),
        ({"targets": " , "}, "found nothing"),
        ({"rank": 0}, "rank must be at least 1"),
        ({"dora": True, "pissa": True}, "cannot be joined"),
    ],
)
def test_impossible_adapters_are_refused(
    changes: dict[str, Any], words: str, base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=words):
        train(base, rows, [], replace(LORA, **changes), seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    assert not (tmp_path / "out").exists()
