"""Token-by-token generation of a batch over any Hugging Face causal language model.

Our own loop rather than `generate`, because a batch, a stream and a server must share one code path: what was measured
is then what is served.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tailor.records import Generation

SHARED_AT_LEAST = 8  # tokens: below, the extra pass costs more than it saves


class Row:
    """One sequence being generated: its token ids so far and why it ended."""

    def __init__(self, prompt: Sequence[int], generation: Generation) -> None:
        self.prompt = list(prompt)
        self.generation = generation
        self.tokens: list[int] = []
        self.finish: str | None = None


@dataclass
class _State:
    """What the next pass reads: ids and positions [rows, new], mask [rows, all so far], keys and values so far."""

    ids: Any
    positions: Any
    mask: Any
    cache: Any


def decode_batch(model: Any, tokenizer: Any, rows: Sequence[Row], end_ids: frozenset[int]) -> Iterator[None]:
    """Extend every row until it ends; yields after each step, so that a caller can stream.

    Prompts are padded on the left and positions counted from each prompt's own start, so a row's logits do not depend
    on its neighbours beyond rounding. What all prompts begin with is computed once. Rows that ended leave the batch
    once they are half of it.
    """
    import torch

    device = next(model.parameters()).device
    active = list(rows)
    samplers = {id(r): torch.Generator().manual_seed(r.generation.seed) for r in rows if r.generation.temperature > 0}
    with torch.inference_mode():
        state = _begin(model, tokenizer.pad_token_id or 0, [r.prompt for r in rows], device)
    while True:
        # Entered for each step: a caller may do anything, in any thread, between two of them.
        with torch.inference_mode():
            following = _choose(_forward(model, state), active, samplers)
        for row, token in zip(active, following, strict=True):
            _extend(row, token, tokenizer, end_ids)
        yield
        living = [i for i, r in enumerate(active) if r.finish is None]
        if not living:
            return
        with torch.inference_mode():
            if len(living) <= len(active) // 2:
                active, following = [active[i] for i in living], [following[i] for i in living]
                _keep(state, torch.tensor(living, device=device))
            _append(state, torch.tensor(following, device=device)[:, None])


def _begin(model: Any, pad: int, prompts: Sequence[Sequence[int]], device: Any) -> _State:
    """The first pass: prompts padded on the left, after what they share."""
    import torch

    shared = _shared_length(prompts) if len(prompts) > 1 else 0
    cache = _plain_cache(model) if shared >= SHARED_AT_LEAST else None
    if cache is None:
        shared = 0
    else:
        ids = torch.tensor([prompts[0][:shared]], device=device)
        _forward(model, _State(ids, torch.arange(shared, device=device)[None], torch.ones_like(ids), cache))
        cache.batch_repeat_interleave(len(prompts))
    longest = max(len(p) for p in prompts) - shared
    ids = torch.full((len(prompts), longest), pad)
    mask = torch.ones((len(prompts), shared + longest), dtype=torch.long)
    for i, prompt in enumerate(prompts):
        start = longest + shared - len(prompt)
        ids[i, start:] = torch.tensor(prompt[shared:])
        mask[i, shared : shared + start] = 0
    positions = (mask.cumsum(1) - 1).clamp(min=0)[:, shared:]
    return _State(ids.to(device), positions.to(device), mask.to(device), cache)


def _shared_length(prompts: Sequence[Sequence[int]]) -> int:
    """How many tokens all prompts begin with; at least one token of each is left over."""
    first, most = prompts[0], min(len(p) for p in prompts) - 1
    return next((i for i in range(most) if any(p[i] != first[i] for p in prompts)), most)


def _plain_cache(model: Any) -> Any | None:
    """An empty cache if every layer attends to everything before it. Sliding windows count padding between the shared
    beginning and the rest as distance, and state-space layers run over it."""
    from transformers.cache_utils import DynamicCache, DynamicLayer

    cache = DynamicCache(config=model.config)
    return cache if cache.layers and all(type(layer) is DynamicLayer for layer in cache.layers) else None


def _forward(model: Any, state: _State) -> Any:
    """Logits of each row's last token, [rows, vocabulary]; the state's cache takes the new keys and values."""
    output = model(
        input_ids=state.ids,
        attention_mask=state.mask,
        position_ids=state.positions,
        past_key_values=state.cache,
        use_cache=True,
        logits_to_keep=1,
    )
    state.cache = output.past_key_values
    return output.logits[:, -1]


def _keep(state: _State, rows: Any) -> None:
    state.cache.batch_select_indices(rows)
    state.mask, state.positions = state.mask[rows], state.positions[rows]


def _append(state: _State, ids: Any) -> None:
    import torch

    state.ids = ids
    state.mask = torch.cat([state.mask, torch.ones_like(ids)], 1)
    state.positions = state.positions[:, -1:] + 1


def _choose(logits: Any, rows: Sequence[Row], samplers: dict[int, Any]) -> list[int]:
    import torch

    tokens: list[int] = logits.argmax(-1).tolist()
    for i, row in enumerate(rows):
        if id(row) in samplers:
            chances = torch.softmax(logits[i].float().cpu() / row.generation.temperature, -1)
            tokens[i] = int(torch.multinomial(chances, 1, generator=samplers[id(row)]))
    return tokens


def _extend(row: Row, token: int, tokenizer: Any, end_ids: frozenset[int]) -> None:
    if row.finish is not None:
        return
    if token in end_ids:
        row.finish = "stop"
        return
    row.tokens.append(token)
    if row.generation.stop and cut_at_stop(_decode(tokenizer, row.tokens), row.generation.stop)[1]:
        row.finish = "stop"
    elif len(row.tokens) >= row.generation.max_new_tokens:
        row.finish = "length"


def answer_of(tokenizer: Any, row: Row) -> str:
    """The words generated so far: without special tokens and surrounding space, up to the first stop string."""
    return cut_at_stop(_decode(tokenizer, row.tokens), row.generation.stop)[0].rstrip()


def settled(tokenizer: Any, row: Row) -> str:
    """As much of the answer as no later token can change: what may be streamed.

    Held back are an unfinished character (it decodes to U+FFFD), the beginning of a stop string, and space that may
    turn out to be the last.
    """
    if row.finish is not None:
        return answer_of(tokenizer, row)
    text = _decode(tokenizer, row.tokens).rstrip("�")
    held = max((n for s in row.generation.stop for n in range(1, len(s)) if text.endswith(s[:n])), default=0)
    return text[: len(text) - held].rstrip()


def _decode(tokenizer: Any, tokens: Sequence[int]) -> str:
    text: str = tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return text.lstrip()


def cut_at_stop(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    """`text` up to the first stop string, and whether there was one."""
    places = [p for p in (text.find(s) for s in stop if s) if p >= 0]
    return (text[: min(places)].rstrip(), True) if places else (text, False)
