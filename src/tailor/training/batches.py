"""Rows of examples as tensors, and the loss of the answer tokens in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np

from tailor.training.packing import Batch
from tailor.training.rendering import Encoded

SAME_SHAPE, SAME_LENGTH = 64, 16
"""Places are projected to the vocabulary, and packed rows are filled up, to multiples of these. A CPU's matrix library
makes a kernel for every new shape and keeps it: with shapes of its own in each step a training grew by 5 to 13 MB a
step."""


@dataclass(frozen=True)
class Pass:
    """The tensors of one forward pass, shape (rows, length) unless said otherwise.

    `positions` restart at 0 with every example; that is how attention is kept inside examples. `selected` holds the
    flat places whose next token carries loss, `targets` those tokens, `example` whose they are, shape (answer tokens,).
    `attention` is None for packed rows, the padding mask (1 is a token) for rows of one example.
    """

    tokens: Any
    positions: Any
    attention: Any | None
    selected: Any
    targets: Any
    example: Any


def row_length(rows: Batch, examples: Sequence[Encoded], *, packed: bool) -> int:
    """Tokens of each row of a pass, padding included."""
    longest = max(sum(len(examples[e].tokens) for e in row) for row in rows)
    return SAME_LENGTH * math.ceil(longest / SAME_LENGTH) if packed else longest


def collate(rows: Batch, examples: Sequence[Encoded], *, packed: bool, device: Any) -> Pass:
    """Build the tensors of one forward pass. Padding stands after the last example of a row only; in packed rows each
    padding token has position 0 and so is an example of its own."""
    import torch

    length = row_length(rows, examples, packed=packed)
    tokens = np.zeros((len(rows), length), dtype=np.int64)
    positions = np.zeros((len(rows), length), dtype=np.int64)
    attention = np.zeros((len(rows), length), dtype=np.int64)
    selected: list[np.ndarray] = []
    owners: list[np.ndarray] = []
    for r, row in enumerate(rows):
        start = 0
        for e in row:
            size, prompt = len(examples[e].tokens), examples[e].prompt
            tokens[r, start : start + size] = examples[e].tokens
            positions[r, start : start + size] = np.arange(size)
            attention[r, start : start + size] = 1
            selected.append(np.arange(r * length + start + prompt - 1, r * length + start + size - 1))
            owners.append(np.full(size - prompt, e))
            start += size
    places = np.concatenate(selected)
    targets = tokens.reshape(-1)[places + 1]

    def tensor(array: Any) -> Any:
        return torch.from_numpy(array).to(device, non_blocking=True)

    return Pass(
        tensor(tokens),
        tensor(positions),
        None if packed else tensor(attention),
        tensor(places),
        tensor(targets),
        tensor(np.concatenate(owners)),
    )


@dataclass(frozen=True)
class Network:
    """A language model as its trunk (hidden states) and head (vocabulary projection).

    `head` is None where the architecture does something between or after the two that cannot be seen from outside
    (soft caps, scales): then `model` computes all logits and the wanted ones are picked. `packed` says that positions
    which restart keep attention inside examples. `bf16` computes matrix products in bfloat16.
    """

    model: Any
    trunk: Any
    head: Any | None
    packed: bool
    bf16: bool
    device: Any

    @property
    def models_prompts(self) -> bool:
        """Whether it gives the words of a prompt probabilities too, not only those of an answer."""
        return True

    def collate(self, rows: Batch, examples: Sequence[Encoded]) -> Pass:
        """The tensors of one forward pass."""
        return collate(rows, examples, packed=self.packed, device=self.device)

    def picked_logits(self, batch: Pass) -> Any:
        """Logits of the places before each answer token, in the type they are computed in."""
        inputs = {"input_ids": batch.tokens, "attention_mask": batch.attention, "use_cache": False}
        if self.packed:
            inputs["position_ids"] = batch.positions
        if self.head is None:
            return self.model(**inputs).logits.flatten(0, 1)[batch.selected]
        from torch.nn.functional import pad

        hidden, count = self.trunk(**inputs).last_hidden_state.flatten(0, 1), len(batch.selected)
        return self.head(hidden.index_select(0, pad(batch.selected, (0, -count % SAME_SHAPE))))[:count]

    def autocast(self) -> AbstractContextManager[Any]:
        import torch

        context: AbstractContextManager[Any] = torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)
        return context


def answer_logits(network: Network, batch: Pass) -> Any:
    """Logits of the places before each answer token, float32, shape (answer tokens, vocabulary). Where head and trunk
    are apart, only these places are projected to the vocabulary."""
    with network.autocast():
        return network.picked_logits(batch).float()


def answer_loss(network: Network, batch: Pass) -> Any:
    """Summed cross-entropy of the answer tokens, in nats; divide by the answer tokens of the whole batch."""
    from torch.nn.functional import cross_entropy

    return cross_entropy(answer_logits(network, batch), batch.targets, reduction="sum")
