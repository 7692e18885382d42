"""A model folder as one GGUF file, which llama.cpp and Ollama read.

Written here for models of Llama's shape with a byte-level BPE tokenizer, because the converter of llama.cpp is a script
of its repository and in no package. Layout and names: the GGUF specification and the package `gguf`. For any other
model the error says which command of llama.cpp to run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tailor.errors import MissingDependency, ModelError

# How llama.cpp names a way of cutting text before BPE; ours is that of the tokenizer's file.
PRE_TOKENIZERS = {
    ("ByteLevel",): "gpt-2",
    ("Digits", "ByteLevel"): "smollm",
}
TENSORS = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write_gguf(source: Path, target: Path, name: str) -> None:
    """Write a model folder as a GGUF file in the type its weights are stored in.

    Args:
        source: a Hugging Face folder with weights, tokenizer and chat template.
        target: the file.
        name: of the model, for people.

    Raises:
        MissingDependency: the package `gguf` is not installed.
        ModelError: the model has another shape than a Llama's, or a tokenizer of another kind.
    """
    try:
        import gguf
    except ImportError:
        raise MissingDependency("Writing GGUF", "export") from None
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    tokenizer = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    _check(config, tokenizer, source)
    tensors = dict(_tensors(source, config))
    kind, form = _types(tensors)
    writer = gguf.GGUFWriter(target, "llama")
    writer.add_name(name)
    _add_shape(writer, config, kind)
    _add_tokenizer(writer, source, config, tokenizer)
    for tensor, value in tensors.items():
        own = form if value.ndim > 1 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(tensor, gguf.quants.quantize(value.float().numpy(), own), raw_dtype=own)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _check(config: dict[str, Any], tokenizer: dict[str, Any], source: Path) -> None:
    rope = (config.get("rope_parameters") or config.get("rope_scaling") or {}).get("rope_type", "default")
    shape = config.get("architectures") == ["LlamaForCausalLM"] and rope == "default"
    if not shape or config.get("attention_bias") or config.get("mlp_bias") or _pre_tokenizer(tokenizer) is None:
        raise ModelError(
            f"{source.name} has not the shape that Tailor writes as GGUF: expected LlamaForCausalLM with plain rotary "
            f"positions and byte-level BPE, found {', '.join(config.get('architectures') or ['an unknown model'])}.",
            hint="Export with --merged and run llama.cpp's own: python convert_hf_to_gguf.py FOLDER --outfile "
            "model.gguf --outtype bf16",
        )


def _pre_tokenizer(tokenizer: dict[str, Any]) -> str | None:
    """llama.cpp's name for how the tokenizer cuts text; None where it has none that we know to be the same."""
    found = tokenizer.get("pre_tokenizer") or {}
    parts = found["pretokenizers"] if found.get("type") == "Sequence" else [found]
    plain = all(p.get("individual_digits", True) and not p.get("add_prefix_space", False) for p in parts)
    if tokenizer["model"]["type"] != "BPE" or tokenizer.get("normalizer") or not plain:
        return None
    return PRE_TOKENIZERS.get(tuple(p.get("type", "") for p in parts))


def _add_shape(writer: Any, config: dict[str, Any], kind: Any) -> None:
    head = _head(config)
    theta = (config.get("rope_parameters") or {}).get("rope_theta") or config.get("rope_theta") or 10000.0
    writer.add_file_type(kind)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(float(theta))
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])


def _add_tokenizer(writer: Any, source: Path, config: dict[str, Any], tokenizer: dict[str, Any]) -> None:
    import gguf

    special = {t["content"]: t["id"] for t in tokenizer["added_tokens"]}
    known = {i: token for token, i in {**tokenizer["model"]["vocab"], **special}.items()}
    size = config["vocab_size"]
    tokens = [known.get(i, f"[unused{i}]") for i in range(size)]
    kinds = gguf.TokenType
    types = [
        kinds.UNUSED if i not in known else kinds.CONTROL if known[i] in special else kinds.NORMAL for i in range(size)
    ]
    merges = [m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_pre_tokenizer(tokenizer))
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    for key in ("bos", "eos", "pad"):
        found = config.get(f"{key}_token_id")
        if found is not None:
            getattr(writer, f"add_{key}_token_id")(found[0] if isinstance(found, list) else found)
    writer.add_add_bos_token(False)  # the chat template writes it
    template = source / "chat_template.jinja"
    if template.is_file():
        writer.add_chat_template(template.read_text(encoding="utf-8"))


def _tensors(source: Path, config: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and values as llama.cpp wants them."""
    from safetensors import safe_open

    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    for path in sorted(source.glob("*.safetensors")):
        with safe_open(path, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - no dict
                if name == "lm_head.weight" and config.get("tie_word_embeddings"):
                    continue
                target, value = _renamed(name), tensors.get_tensor(name)
                count = heads.get(target.split(".")[-2])
                yield target, _interleaved(value, count, _head(config)) if count else value


def _renamed(name: str) -> str:
    layer, _, rest = name.removeprefix("model.layers.").partition(".")
    key = (rest if name.startswith("model.layers.") else name).removesuffix(".weight")
    new = TENSORS[key]
    return f"blk.{layer}.{new}.weight" if name.startswith("model.layers.") else f"{new}.weight"


def _interleaved(matrix: Any, heads: int, head: int) -> Any:
    """Transformers rotates the halves of a head, llama.cpp neighbours: rows i and i + head/2 become 2i and 2i + 1."""
    return matrix.reshape(heads, 2, head // 2, -1).transpose(1, 2).reshape(matrix.shape)


def _head(config: dict[str, Any]) -> int:
    return int(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])


def _types(tensors: dict[str, Any]) -> tuple[Any, Any]:
    """The kind of file and the type of its matrices, none of which loses a bit: float32 where they are of several."""
    import gguf
    import torch

    files, matrices = gguf.LlamaFileType, gguf.GGMLQuantizationType
    known = {
        torch.bfloat16: (files.MOSTLY_BF16, matrices.BF16),
        torch.float16: (files.MOSTLY_F16, matrices.F16),
    }
    found = {value.dtype for value in tensors.values() if value.ndim > 1}
    return known.get(found.pop(), (files.ALL_F32, matrices.F32)) if len(found) == 1 else (files.ALL_F32, matrices.F32)
