"""How many operations a training does, from the shapes of its layers: multiplications and additions, each counted.

A layer of `in` x `out` weights takes 2 in out operations a token forwards, as many for the gradient towards its input
where something below is trained, and as many for the gradient of its weights where these are. Attention takes
4 length heads head_size a token and block forwards and twice that backwards (Kaplan et al. 2020, arXiv 2001.08361).
Held against `torch.utils.flop_counter`; DoRA's norms and 4-bit unpacking are not counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tailor.training.batches import SAME_SHAPE, Network, row_length
from tailor.training.packing import Batch, passes
from tailor.training.rehearsal import AdapterOff, Rehearsal
from tailor.training.rendering import Encoded
from tailor.training.setup import Setup

READS_INPUT = ("q_proj", "k_proj", "v_proj", "qkv_proj", "query_key_value", "c_attn")
"""Layers that read a block's input. In the first block with anything to train no gradient goes on from them, unless the
norm before them is trained too."""


@dataclass(frozen=True)
class Operations:
    """Operations of one network: `forward` and `backward` a token, `attention_forward` and `attention_backward` a token
    and token of its row, `head_forward` and `head_backward` a place that is projected to the vocabulary; `adapters` is
    the part of `forward` that a pass without adapters leaves out; `every_place` says that all places are projected,
    `packed` that rows hold several examples."""

    forward: float
    backward: float
    attention_forward: float
    attention_backward: float
    head_forward: float
    head_backward: float
    adapters: float
    every_place: bool
    packed: bool

    @classmethod
    def of(cls, network: Network) -> Operations:
        """Count those of a network that is ready to train."""
        head = network.model.get_output_embeddings()
        config = network.model.config.get_text_config()
        layers = [
            (name, _matrix(module), module)
            for name, module in network.model.named_modules()
            if _matrix(module) and module is not head
        ]
        numbers = [b for b in (_block(n) for n, _, m in layers if _trained(m)) if b is not None]
        everything = network.model.get_input_embeddings().weight.requires_grad
        first = -1 if everything else min(numbers, default=math.inf)
        norms = any(p.requires_grad and p.ndim == 1 for n, p in network.model.named_parameters() if _block(n) == first)
        forward = backward = adapters = 0.0
        for name, size, module in layers:
            block = _block(name)
            forward += 2 * size
            adapters += 2 * size if ".lora_" in name else 0.0
            backward += 2 * size if _trained(module) else 0.0
            reads_input = not norms and "lora_B" not in name and any(p in READS_INPUT for p in name.split("."))
            if block is None or block > first or (block == first and not reads_input):
                backward += 2 * size
        heads = getattr(config, "num_attention_heads", 0)  # a state-space model has none
        width = heads * (getattr(config, "head_dim", None) or config.hidden_size // max(1, heads))
        trained_blocks = config.num_hidden_layers - max(0, min(first, config.num_hidden_layers))
        projection = 2.0 * math.prod(head.weight.shape)
        return cls(
            forward,
            backward,
            4.0 * width * config.num_hidden_layers,
            8.0 * width * trained_blocks,
            projection,
            projection * (2 if head.weight.requires_grad else 1),
            adapters,
            network.head is None,
            network.packed,
        )

    def of_passes(self, layout: Sequence[Batch], examples: Sequence[Encoded], *, forward_only: bool = False) -> float:
        """Operations of forward passes and, unless said otherwise, the backward passes that follow them. Padding
        counts: it is computed."""
        total = 0.0
        for rows in layout:
            length = row_length(rows, examples, packed=self.packed)
            tokens = len(rows) * length
            selected = sum(len(examples[e].tokens) - examples[e].prompt for row in rows for e in row)
            places = tokens if self.every_place else SAME_SHAPE * math.ceil(selected / SAME_SHAPE)
            total += tokens * (self.forward + length * self.attention_forward) + places * self.head_forward
            if not forward_only:
                total += tokens * (self.backward + length * self.attention_backward) + places * self.head_backward
        return total

    def of_step(self, setup: Setup, step: int) -> float:
        """Operations of one optimiser step with its general rows, without the update of the weights."""
        micro = setup.options.micro_tokens
        lengths = [len(e.tokens) for e in setup.examples]
        total = self.of_passes(passes(setup.batches[step], lengths, micro), setup.examples)
        return total + (self._rehearsal(setup.rehearsal, step, micro) if setup.rehearsal else 0.0)

    def _rehearsal(self, rehearsal: Rehearsal, step: int, micro: int) -> float:
        lengths = [len(e.tokens) for e in rehearsal.examples]
        layout = passes(rehearsal.batches[step], lengths, micro)
        total = self.of_passes(layout, rehearsal.examples)
        if isinstance(rehearsal.base, AdapterOff):
            tokens = sum(len(rows) * row_length(rows, rehearsal.examples, packed=self.packed) for rows in layout)
            total += self.of_passes(layout, rehearsal.examples, forward_only=True) - tokens * self.adapters
        return total


def _matrix(module: Any) -> int:
    """Weights of a layer that multiplies; 0 for anything else, and for a layer that only holds one."""
    import torch
    from transformers.pytorch_utils import Conv1D

    if isinstance(module, torch.nn.Linear):  # a layer in 4 bits is one of them, with its weights packed
        return int(module.in_features * module.out_features)
    return int(math.prod(module.weight.shape)) if isinstance(module, Conv1D) else 0


def _trained(module: Any) -> bool:
    return bool(module.weight.requires_grad)


def _block(name: str) -> int | None:
    """The number of the block that a layer stands in."""
    return next((int(part) for part in name.split(".") if part.isdigit()), None)
