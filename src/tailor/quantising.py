"""A base held in 4 bits: NF4 with double quantisation by bitsandbytes, on a GPU or a CPU.

Dettmers et al. 2023 (QLoRA, arXiv 2305.14314): matrices of linear layers are stored in blocks of 64 as 4-bit numbers
with quantised scales, about 0.5 bytes a weight; for each product they are turned back into the compute type.
Embeddings, norms and the output layer stay as they are.
"""

from __future__ import annotations

import importlib.util
from typing import Any

from tailor.errors import MissingDependency


def nf4(compute: Any, device: Any) -> dict[str, Any]:
    """Arguments of `from_pretrained` for a base in NF4.

    Args:
        compute: torch data type of the products.
        device: torch device or its name.

    Raises:
        MissingDependency: bitsandbytes is not installed.
    """
    if importlib.util.find_spec("bitsandbytes") is None:
        raise MissingDependency("A base in 4 bits", "quantise")
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute,
    )
    return {"quantization_config": config, "device_map": {"": device}}


def differentiable(model: Any) -> Any:
    """The model, kept from repacking its 4-bit weights on a CPU.

    At the first pass in evaluation mode bitsandbytes 0.50 brings them into a layout for AVX512-BF16 instructions and
    leaves them there. Its product in that layout has no gradient: a training that is evaluated once goes on without an
    error, and nothing below the top layer learns. It also rounds activations to bfloat16, so that an answer would
    depend on who shares its batch.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    return model
