"""Tiny models in Hugging Face format for tests: random ones, and one that says a given text."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "training"))

from tiny_llama import TEMPLATE, llama_config, save_model, save_tokenizer

from tailor.files import sha256_of_tree
from tailor.models import LoadedWeights
from tailor.records import Base

ASSISTANT, END = 4, 5


def make_base(folder: Path, *, template: str | None = TEMPLATE, **changes: Any) -> Base:
    """A random Llama whose choices are clear-cut (larger weights than at the start of a training)."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(1)
    config = llama_config(**{"initializer_range": 0.2, "tie_word_embeddings": False, **changes})
    save_tokenizer(folder, template)
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config).float()
    with torch.no_grad():
        model.lm_head.weight[END] *= 1.7  # so that some rows end early
    model.save_pretrained(folder)
    return Base("folder", str(folder), str(folder), sha256_of_tree(folder))


def make_speaker(folder: Path, text: str) -> Base:
    """A Llama that says `text`, whatever it is asked: the embedding of each token points to the output row of the next.

    No token of `text` may come twice.
    """
    import torch
    from transformers import AutoModelForCausalLM

    tokenizer = save_tokenizer(folder)
    chain = [ASSISTANT, *tokenizer(text, add_special_tokens=False)["input_ids"], END]
    assert len(set(chain)) == len(chain), "a token comes twice"
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(llama_config(hidden_size=512, tie_word_embeddings=False)).float()
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        for now, following in pairwise(chain):
            model.lm_head.weight[following] = model.model.embed_tokens.weight[now] * 10
    model.save_pretrained(folder)
    return Base("folder", str(folder), str(folder), sha256_of_tree(folder))


def make_adapter(folder: Path, base: Base, seed: int, **changes: Any) -> LoadedWeights:
    """A LoRA adapter with random weights that change the answers."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_pretrained(base.location, dtype=torch.float32)
    settings = LoraConfig(
        r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False, **changes
    )
    get_peft_model(model, settings).save_pretrained(folder)
    return LoadedWeights("adapter", folder, sha256_of_tree(folder))


def make_full(folder: Path, base: Base, seed: int) -> LoadedWeights:
    """The base with every weight moved at random."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_pretrained(base.location, dtype=torch.float32)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base.location).save_pretrained(folder)
    return LoadedWeights("full", folder, sha256_of_tree(folder))


__all__ = [
    "END",
    "TEMPLATE",
    "llama_config",
    "make_adapter",
    "make_base",
    "make_full",
    "make_speaker",
    "save_model",
    "save_tokenizer",
]
