"""Training of encoder-decoder models (T5): the encoder reads the prompt, the decoder learns the answer after it.

One example a row: packing would need a mask of its own for the encoder, the decoder and the attention between them, and
the decoder's side, where the loss is, is short. Rows of like length run together, so little of a pass is padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tailor.training.batches import Network, Pass
from tailor.training.packing import Batch
from tailor.training.rendering import Encoded


@dataclass(frozen=True)
class PairPass(Pass):
    """A pass in two parts. `tokens` and `attention` are of the prompts, shape (rows, prompt); `begun` is what the
    decoder reads, the answers moved on by one place, shape (rows, answer). `positions` and `selected` are of the
    decoder's places: a place has the number of the token before it in the whole example."""

    begun: Any


@dataclass(frozen=True)
class EncoderDecoderNetwork(Network):
    """An encoder-decoder. `start` is the token that every answer begins after."""

    start: int = 0

    @property
    def models_prompts(self) -> bool:
        """No: the encoder reads a prompt and says nothing of how likely it is."""
        return False

    def collate(self, rows: Batch, examples: Sequence[Encoded]) -> Pass:
        """The tensors of one forward pass."""
        import torch

        chosen = [e for row in rows for e in row]
        prompts = [np.array(examples[e].tokens[: examples[e].prompt]) for e in chosen]
        answers = [np.array(examples[e].tokens[examples[e].prompt :]) for e in chosen]
        shape = (len(chosen), max(len(p) for p in prompts))
        tokens, attention = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        shape = (len(chosen), max(len(a) for a in answers))
        begun, positions = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        selected = np.zeros(shape, dtype=bool)
        for r, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
            tokens[r, : len(prompt)], attention[r, : len(prompt)] = prompt, 1
            begun[r, 0], begun[r, 1 : len(answer)] = self.start, answer[:-1]
            positions[r, : len(answer)] = len(prompt) - 1 + np.arange(len(answer))
            selected[r, : len(answer)] = True
        owners = np.repeat(chosen, [len(a) for a in answers])
        arrays = (
            tokens,
            positions,
            attention,
            selected.reshape(-1).nonzero()[0],
            np.concatenate(answers),
            owners,
            begun,
        )
        return PairPass(*(torch.from_numpy(a).to(self.device, non_blocking=True) for a in arrays))

    def picked_logits(self, batch: Pass) -> Any:
        """See `Network.picked_logits`. Padding of the decoder stands behind what counts, which never looks there."""
        assert isinstance(batch, PairPass)
        output = self.model(
            input_ids=batch.tokens, attention_mask=batch.attention, decoder_input_ids=batch.begun, use_cache=False
        )
        return output.logits.flatten(0, 1)[batch.selected]
