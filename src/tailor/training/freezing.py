"""Which weights a training of the last layers may change: the last blocks, the final norm and the output layer."""

from __future__ import annotations

import math
from typing import Any

from tailor.errors import ConfigError, ModelError
from tailor.families import family_of

SHARE = 0.25
"""Of the blocks, where no number is given: the last block of a four-block model learned what all of them learned for
2.3 times less time in an early trial; a quarter is the same share of deeper ones."""


def freeze_all_but_last(model: Any, blocks: int | None, compute: Any) -> int:
    """Leave only the last blocks, the final norm and the output layer trainable, in float32.

    Frozen matrices are held in `compute`, the type they are multiplied in. Nothing before the first trained block has
    gradients, so nothing there is kept for the backward pass. An output layer that shares its weights with the input
    embeddings gets its own: the embeddings are below the frozen blocks and must stay.

    Args:
        model: a language model of Transformers; changed in place.
        blocks: how many of its blocks, or None for a quarter of them, rounded up.
        compute: torch data type.

    Returns:
        How many blocks are trained.

    Raises:
        ConfigError: the model has fewer blocks.
        ModelError: its blocks cannot be told apart.
    """
    import torch

    owner, stack = _stack(model)
    count = blocks or math.ceil(SHARE * len(stack))
    if count > len(stack):
        raise ConfigError(
            f"last-layers: blocks must be at most {len(stack)}, which is all the base has, found {count}.",
            hint="To train every weight use the arm full.",
        )
    untie(model)
    model.requires_grad_(False)
    after = [
        m
        for name, m in owner.named_children()
        if m is not stack and "emb" not in name and not isinstance(m, torch.nn.Embedding)
    ]
    head = model.get_output_embeddings()
    for module in (*stack[len(stack) - count :], *after, head):
        module.requires_grad_(True)
    linear = {id(m.weight) for m in model.modules() if isinstance(m, torch.nn.Linear)}
    for parameter in model.parameters():
        frozen_matrix = not parameter.requires_grad and id(parameter) in linear
        parameter.data = parameter.data.to(compute if frozen_matrix else torch.float32)
    return count


def untie(model: Any) -> None:
    """Give the output layer weights of its own where it shares those of the input embeddings."""
    import torch

    head, embeddings = model.get_output_embeddings(), model.get_input_embeddings()
    if head is not None and head.weight is embeddings.weight:
        head.weight = torch.nn.Parameter(head.weight.detach().clone())
    for config in {id(c): c for c in (model.config, model.config.get_text_config())}.values():
        config.tie_word_embeddings = False


def _stack(model: Any) -> tuple[Any, Any]:
    """The list of blocks and the module that holds it; of an encoder-decoder those of the decoder."""
    import torch

    config, names = model.config.get_text_config(), ("num_decoder_layers", "decoder_layers", "num_hidden_layers")
    wanted = next((n for n in (getattr(config, name, None) for name in names) if n), None)
    writes = model.get_decoder() if family_of(config).encoder_decoder else model
    for owner in writes.modules():
        for _, child in owner.named_children():
            if isinstance(child, torch.nn.ModuleList) and len(child) == wanted:
                return owner, child
    raise ModelError(
        f"last-layers: {type(model).__name__} has no list of {wanted} blocks, so there are no last ones to train.",
        hint="Use lora or full with this base.",
    )
