"""Generation over encoder-decoder models (T5): the encoder reads the prompts once, the decoder writes the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tailor.families import decoder_start
from tailor.models.decoding import Decoding, State
from tailor.models.prefixes import PrefixTree


@dataclass
class _Heard(State):
    """A state whose `mask` is over the prompts, [rows, prompt], and what the encoder made of them, [rows, prompt,
    width]. Positions are the model's own business."""

    heard: Any = None


class EncoderDecoding(Decoding):
    """As `Decoding`, with two differences. What prompts have in common is not computed once: an encoder reads a word in
    the light of all that follow. And rows join only when no others are under way, because those that are have answers
    of another length."""

    @property
    def joinable(self) -> bool:
        """See `Decoding.joinable`."""
        return not self.living

    def _begin(self, prompts: Sequence[Sequence[int]], tree: PrefixTree) -> tuple[State, Any]:
        import torch

        model, device = tree.model, next(tree.model.parameters()).device
        ids, mask = right_padded(prompts, self._tokenizer.pad_token_id or 0)
        ids, mask = ids.to(device), mask.to(device)
        heard = model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
        start = torch.full((len(prompts), 1), decoder_start(model.config), device=device)
        state = _Heard(start, None, mask, None, heard)
        return state, self._forward(model, state, {})

    def _forward(self, model: Any, state: State, more: dict[str, Any]) -> Any:
        assert isinstance(state, _Heard)
        output = model(
            encoder_outputs=(state.heard,),
            attention_mask=state.mask,
            decoder_input_ids=state.ids,
            past_key_values=state.cache,
            use_cache=True,
            **more,
        )
        state.cache = output.past_key_values
        return output.logits[:, -1]

    def _keep(self, state: State, rows: Any) -> None:
        assert isinstance(state, _Heard)
        state.cache.batch_select_indices(rows)
        state.ids, state.mask, state.heard = state.ids[rows], state.mask[rows], state.heard[rows]

    def _append(self, state: State, ids: Any) -> None:
        state.ids = ids


def right_padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[Any, Any]:
    """Token ids and mask (1 is a token), both [rows, longest]."""
    import torch

    ids = torch.full((len(rows), max(len(r) for r in rows)), pad)
    mask = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids, mask
