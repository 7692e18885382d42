"""Writes the network as a folder that ``transformers`` loads, and loads such a folder back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tailor.models.builtin.tokenizer import BOS, END, PAD

if TYPE_CHECKING:
    from tailor.models.builtin.network import Llama, Shape

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


def configuration(shape: Shape) -> dict[str, Any]:
    """``config.json`` of ``LlamaForCausalLM`` for a shape."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.feed_forward,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.key_value_heads,
        "head_dim": shape.head_size,
        "hidden_act": "silu",
        "max_position_embeddings": shape.positions,
        "rms_norm_eps": shape.norm_epsilon,
        "rope_parameters": {"rope_type": "default", "rope_theta": shape.rope_theta},
        "attention_bias": False,
        "attention_dropout": 0.0,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "initializer_range": 0.02,
        "use_cache": True,
        "dtype": "bfloat16",
        "bos_token_id": BOS,
        "eos_token_id": END,
        "pad_token_id": PAD,
    }


def shape_of(configuration: dict[str, Any]) -> Shape:
    """The shape a ``config.json`` describes."""
    from tailor.models.builtin.network import Shape

    return Shape(
        vocabulary=configuration["vocab_size"],
        hidden=configuration["hidden_size"],
        layers=configuration["num_hidden_layers"],
        heads=configuration["num_attention_heads"],
        key_value_heads=configuration["num_key_value_heads"],
        feed_forward=configuration["intermediate_size"],
        positions=configuration["max_position_embeddings"],
        rope_theta=configuration["rope_parameters"]["rope_theta"],
        norm_epsilon=configuration["rms_norm_eps"],
    )


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON with a final newline."""
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def export(model: Llama, tokenizer: Path, folder: Path) -> None:
    """Write bfloat16 weights, configuration and the tokenizer's files to ``folder``."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.to(torch.bfloat16).contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    write_json(folder / "config.json", configuration(model.shape))
    write_json(
        folder / "generation_config.json",
        {"do_sample": False, "bos_token_id": BOS, "eos_token_id": END, "pad_token_id": PAD, "max_new_tokens": 64},
    )
    for name in TOKENIZER_FILES:
        if (tokenizer / name).resolve() != (folder / name).resolve():
            shutil.copyfile(tokenizer / name, folder / name)


def load(folder: Path) -> Llama:
    """The network of an exported folder, computing in float32."""
    from safetensors.torch import load_file

    from tailor.models.builtin.network import Llama

    model = Llama(shape_of(json.loads((folder / "config.json").read_text(encoding="utf-8"))))
    weights = {name: value.float() for name, value in load_file(folder / "model.safetensors").items()}
    model.load_state_dict(weights)
    return model


def publish(folder: Path, link: Path) -> None:
    """Point the symbolic link ``link`` at its sibling ``folder`` in one step, and drop what it pointed at before.

    A reader sees either the whole old folder or the whole new one.
    """
    before = link.resolve() if link.is_symlink() else None
    fresh = link.with_name(link.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(folder.name)
    fresh.replace(link)
    if before is not None and before != folder.resolve():
        shutil.rmtree(before, ignore_errors=True)
