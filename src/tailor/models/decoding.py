"""Token-by-token generation of a batch over any Hugging Face causal language model.

Our own loop rather than `generate`, because a batch, a stream and a server must share one code path: what was measured
is then what is served.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tailor.records import Generation


class Row:
    """One sequence being generated: its token ids so far and why it ended."""

    def __init__(self, prompt: Sequence[int], generation: Generation) -> None:
        self.prompt = list(prompt)
        self.generation = generation
        self.tokens: list[int] = []
        self.finish: str | None = None


def decode_batch(model: Any, tokenizer: Any, rows: Sequence[Row], end_ids: frozenset[int]) -> Iterator[None]:
    """Extend every row until it ends; yields after each step, so that a caller can stream.

    Prompts are padded on the left and positions counted from each prompt's own start, so a row's logits do not depend
    on its neighbours beyond rounding. Rows that ended leave the batch once they are half of it.
    """
    import torch

    device = next(model.parameters()).device
    longest = max(len(r.prompt) for r in rows)
    ids = torch.full((len(rows), longest), tokenizer.pad_token_id or 0, dtype=torch.long)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, longest - len(row.prompt) :] = torch.tensor(row.prompt)
        mask[i, longest - len(row.prompt) :] = 1
    ids, mask = ids.to(device), mask.to(device)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    samplers = [torch.Generator().manual_seed(r.generation.seed) for r in rows]
    active, samplers = list(rows), list(samplers)
    cache = None
    while True:
        output = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = output.past_key_values
        logits = output.logits[:, -1].float().cpu()
        following = [_choose(logits[i], active[i], samplers[i]) for i in range(len(active))]
        for row, token in zip(active, following, strict=True):
            _extend(row, token, tokenizer, end_ids)
        yield
        living = [i for i, r in enumerate(active) if r.finish is None]
        if not living:
            return
        if len(living) <= len(active) // 2:
            keep = torch.tensor(living, device=device)
            cache.batch_select_indices(keep)
            mask, positions = mask[keep], positions[keep]
            following = [following[i] for i in living]
            samplers = [samplers[i] for i in living]
            active = [active[i] for i in living]
        ids = torch.tensor(following, device=device)[:, None]
        mask = torch.cat([mask, torch.ones((len(active), 1), dtype=torch.long, device=device)], 1)
        positions = positions[:, -1:] + 1


def _choose(logits: Any, row: Row, sampler: Any) -> int:
    import torch

    if row.generation.temperature <= 0:
        return int(logits.argmax())
    chances = torch.softmax(logits / row.generation.temperature, -1)
    return int(torch.multinomial(chances, 1, generator=sampler))


def _extend(row: Row, token: int, tokenizer: Any, end_ids: frozenset[int]) -> None:
    if row.finish is not None:
        return
    if token in end_ids:
        row.finish = "stop"
        return
    row.tokens.append(token)
    if row.generation.stop and cut_at_stop(text_of(tokenizer, row.tokens), row.generation.stop)[1]:
        row.finish = "stop"
    elif len(row.tokens) >= row.generation.max_new_tokens:
        row.finish = "length"


def text_of(tokenizer: Any, tokens: Sequence[int]) -> str:
    """The words of generated tokens, without special tokens and surrounding space."""
    text: str = tokenizer.decode(tokens, skip_special_tokens=True)
    return text.strip()


def cut_at_stop(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    """`text` up to the first stop string, and whether there was one."""
    places = [p for p in (text.find(s) for s in stop if s) if p >= 0]
    return (text[: min(places)].rstrip(), True) if places else (text, False)
