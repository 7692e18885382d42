"""Token-by-token generation of a batch over any Hugging Face language model.

Our own loop rather than `generate`, because a batch, a stream and a server must share one code path: what was measured
is then what is served.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tailor.families import family_of, turn_ends
from tailor.models.constraining import Matcher
from tailor.models.engine import LoadedWeights
from tailor.models.prefixes import PrefixTree, reads_trees
from tailor.records import Completion, Generation, TokenLogprob, Usage


class Row:
    """One sequence being generated: its token ids so far and why it ended.

    `top` asks for the log-probability of every token and of its `top` likeliest alternatives; they are then in
    `logprobs`, a (token, log-probability, alternatives) each. `matcher` says which tokens may come next, `weights`
    what is put on the base.
    """

    def __init__(
        self,
        prompt: Sequence[int],
        generation: Generation,
        top: int | None = None,
        matcher: Matcher | None = None,
        weights: LoadedWeights | None = None,
    ) -> None:
        self.prompt = list(prompt)
        self.weights = weights
        self.generation = generation
        self.matcher = matcher
        self.tokens: list[int] = []
        self.finish: str | None = None
        self.top = top
        self.logprobs: list[tuple[int, float, tuple[tuple[int, float], ...]]] = []
        self.sampler: Any = None


class Network(Protocol):
    """A base with the weights that rows ask for."""

    def tree(self, weights: LoadedWeights | None) -> PrefixTree:
        """What was read before with these weights; its model reads on with them until the next call."""
        ...

    def together(self, weights: Sequence[LoadedWeights | None]) -> tuple[Any, dict[str, Any]]:
        """The model that reads a row with each of these weights until the next call, and what to call it with."""
        ...


class OneModel:
    """A model without other weights."""

    def __init__(self, model: Any) -> None:
        self._model, self._tree = model, PrefixTree(model)

    def tree(self, weights: LoadedWeights | None) -> PrefixTree:  # noqa: ARG002 - there is one
        return self._tree

    def together(self, weights: Sequence[LoadedWeights | None]) -> tuple[Any, dict[str, Any]]:  # noqa: ARG002
        return self._model, {}


@dataclass
class State:
    """What the next pass reads: ids and positions [rows, new], mask [rows, all so far], keys and values so far."""

    ids: Any
    positions: Any
    mask: Any
    cache: Any


def end_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens that end an answer of this model."""
    configured = getattr(model.generation_config, "eos_token_id", None)
    ids = configured if isinstance(configured, list) else [configured, tokenizer.eos_token_id]
    return frozenset(int(i) for i in ids if i is not None) | turn_ends(tokenizer, model.config)


def decode_batch(network: Network, tokenizer: Any, rows: Sequence[Row], end_ids: frozenset[int]) -> Iterator[None]:
    """Extend every row until it ends; yields after each step, so that a caller can stream."""
    decoding = decoding_of(network, tokenizer, end_ids, network.tree(rows[0].weights).model.config)
    decoding.add(rows)
    yield
    while decoding.living:
        decoding.step()
        yield


def decoding_of(network: Network, tokenizer: Any, end_ids: frozenset[int], config: Any) -> Decoding:
    """How models of this family are decoded."""
    if family_of(config).encoder_decoder:
        from tailor.models.encoder_decoding import EncoderDecoding

        return EncoderDecoding(network, tokenizer, end_ids)
    return Decoding(network, tokenizer, end_ids)


class Decoding:
    """Rows that are generated together, a token each per step; others may join between two steps.

    What prompts begin with alike is computed once, now and later (`prefixes.py`); positions are counted from each
    prompt's own start, so a row's logits do not depend on its neighbours beyond rounding. Rows that ended leave the
    batch at once: moving the others' keys and values costs no more than the step that adds to them.

    Rows with different adapters on one base take each step together; others need a `Decoding` of their own.
    """

    def __init__(self, network: Network, tokenizer: Any, end_ids: frozenset[int]) -> None:
        self._network, self._tokenizer, self._end_ids = network, tokenizer, end_ids
        self._rows: list[Row] = []
        self._state: State | None = None

    @property
    def living(self) -> list[Row]:
        """Rows that have not ended."""
        return [r for r in self._rows if r.finish is None]

    @property
    def joinable(self) -> bool:
        """Whether rows can be added now: while others are under way this needs a cache that can be padded."""
        return not self.living or (self._state is not None and _is_plain(self._state.cache))

    def add(self, rows: Sequence[Row]) -> None:
        """Read the prompts and generate each row's first token."""
        import torch

        for row in rows:
            if row.generation.temperature > 0:
                row.sampler = torch.Generator().manual_seed(row.generation.seed)
        groups: dict[str, list[Row]] = {}
        for row in rows:
            groups.setdefault(row.weights.sha256 if row.weights else "", []).append(row)
        for group in groups.values():
            self._add(group)

    def _add(self, rows: Sequence[Row]) -> None:
        import torch

        tree = self._network.tree(rows[0].weights)  # may load: what is loaded in inference mode cannot be switched
        # Entered for each step: a caller may do anything, in any thread, between two of them.
        with torch.inference_mode():
            state, logits = self._begin([r.prompt for r in rows], tree)
            self._advance(state, logits, rows)
            if not self.living:
                self._rows, self._state = list(rows), state
            else:
                assert self._state is not None
                self._state = _merged(self._state, state)
                self._rows += rows

    def step(self) -> None:
        """One more token for every row that has not ended."""
        import torch

        living = [i for i, r in enumerate(self._rows) if r.finish is None]
        if not living or self._state is None:
            return
        model, more = self._network.together([self._rows[i].weights for i in living])
        with torch.inference_mode():
            if len(living) < len(self._rows):
                self._rows = [self._rows[i] for i in living]
                self._keep(self._state, torch.tensor(living, device=self._state.ids.device))
            self._advance(self._state, self._forward(model, self._state, more), self._rows)

    def _begin(self, prompts: Sequence[Sequence[int]], tree: PrefixTree) -> tuple[State, Any]:
        """The prompts read, and the logits after each."""
        if not reads_trees(tree.model):
            state = _padded(self._tokenizer.pad_token_id or 0, prompts, next(tree.model.parameters()).device)
            return state, self._forward(tree.model, state, {})
        logits, cache, mask = tree.begin(prompts)
        return State(None, mask.sum(1, keepdim=True) - 1, mask, cache), logits

    def _advance(self, state: State, logits: Any, rows: Sequence[Row]) -> None:
        import torch

        following = _choose(logits, rows)
        for row, token in zip(rows, following, strict=True):
            _extend(row, token, self._tokenizer, self._end_ids)
        self._append(state, torch.tensor(following, device=state.mask.device)[:, None])

    def _forward(self, model: Any, state: State, more: dict[str, Any]) -> Any:
        return _forward(model, state, more)

    def _keep(self, state: State, rows: Any) -> None:
        _keep(state, rows)

    def _append(self, state: State, ids: Any) -> None:
        _append(state, ids)


def _padded(pad: int, prompts: Sequence[Sequence[int]], device: Any) -> State:
    """Prompts padded on the left."""
    import torch

    longest = max(len(p) for p in prompts)
    ids = torch.full((len(prompts), longest), pad)
    mask = torch.zeros((len(prompts), longest), dtype=torch.long)
    for i, prompt in enumerate(prompts):
        ids[i, longest - len(prompt) :] = torch.tensor(prompt)
        mask[i, longest - len(prompt) :] = 1
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    return State(ids.to(device), positions.to(device), mask.to(device), None)


def _is_plain(cache: Any) -> bool:
    from transformers.cache_utils import DynamicLayer

    layers: list[Any] = getattr(cache, "layers", None) or []
    return bool(layers) and all(type(layer) is DynamicLayer for layer in layers)


def _merged(old: State, new: State) -> State:
    """Two states as one: the shorter one is padded on the left, where its mask hides the padding."""
    import torch
    from torch.nn.functional import pad

    length = max(old.mask.shape[1], new.mask.shape[1])
    for state in (old, new):
        missing = length - state.mask.shape[1]
        if missing:
            state.mask = pad(state.mask, (missing, 0))
            for layer in state.cache.layers:
                layer.keys, layer.values = (pad(t, (0, 0, missing, 0)) for t in (layer.keys, layer.values))
    for layer, other in zip(old.cache.layers, new.cache.layers, strict=True):
        layer.keys = torch.cat([layer.keys, other.keys])
        layer.values = torch.cat([layer.values, other.values])
    pairs = ((old.ids, new.ids), (old.positions, new.positions), (old.mask, new.mask))
    ids, positions, mask = (torch.cat(pair) for pair in pairs)
    return State(ids, positions, mask, old.cache)


def _forward(model: Any, state: State, more: dict[str, Any]) -> Any:
    """Logits of each row's last token, [rows, vocabulary]; the state's cache takes the new keys and values."""
    output = model(
        input_ids=state.ids,
        attention_mask=state.mask,
        position_ids=state.positions,
        past_key_values=state.cache,
        use_cache=True,
        logits_to_keep=1,
        **more,
    )
    state.cache = output.past_key_values
    return output.logits[:, -1]


def _keep(state: State, rows: Any) -> None:
    """Only these rows; columns that are padding in all of them go too."""
    state.cache.batch_select_indices(rows)
    state.mask, state.positions, state.ids = state.mask[rows], state.positions[rows], state.ids[rows]
    padding = int(state.mask.any(0).int().argmax())
    if padding and _is_plain(state.cache):
        state.mask = state.mask[:, padding:]
        for layer in state.cache.layers:
            layer.keys, layer.values = layer.keys[:, :, padding:], layer.values[:, :, padding:]


def _append(state: State, ids: Any) -> None:
    import torch

    state.ids = ids
    state.mask = torch.cat([state.mask, torch.ones_like(ids)], 1)
    state.positions = state.positions[:, -1:] + 1


def _choose(logits: Any, rows: Sequence[Row]) -> list[int]:
    import torch

    for i, row in enumerate(rows):
        if row.matcher is not None and row.finish is None:
            row.matcher.restrict(logits[i])
    tokens: list[int] = logits.argmax(-1).tolist()
    for i, row in enumerate(rows):
        if row.finish is None and row.sampler is not None:
            chances = torch.softmax(logits[i].float().cpu() / row.generation.temperature, -1)
            tokens[i] = int(torch.multinomial(chances, 1, generator=row.sampler))
        if row.finish is None and row.top is not None:
            row.logprobs.append(_likeliest(logits[i], tokens[i], row.top))
    return tokens


def _likeliest(logits: Any, token: int, top: int) -> tuple[int, float, tuple[tuple[int, float], ...]]:
    """A token with its log-probability, before any temperature, and those of the `top` likeliest."""
    import torch

    chances = torch.log_softmax(logits.float(), -1)
    values, ids = chances.topk(top)
    pairs = zip(ids.tolist(), values.tolist(), strict=True)
    # What a constraint forbids has no probability, and no JSON either.
    return token, float(chances[token]), tuple((i, value) for i, value in pairs if value > -torch.inf)


def _extend(row: Row, token: int, tokenizer: Any, end_ids: frozenset[int]) -> None:
    if row.finish is not None:
        return
    if token in end_ids:
        row.finish = "stop"
        return
    row.tokens.append(token)
    stopped = row.generation.stop and cut_at_stop(_decode(tokenizer, row.tokens), row.generation.stop)[1]
    complete = row.matcher is not None and not row.matcher.take(token)
    if stopped or complete:
        row.finish = "stop"
    elif len(row.tokens) >= row.generation.max_new_tokens:
        row.finish = "length"


def answer_of(tokenizer: Any, row: Row) -> str:
    """The words generated so far: without special tokens and surrounding space, up to the first stop string."""
    return cut_at_stop(_decode(tokenizer, row.tokens), row.generation.stop)[0].rstrip()


def completion_of(tokenizer: Any, row: Row, seconds: float) -> Completion:
    """The answer that a row has become."""

    def text(token: int) -> str:
        return _plain(tokenizer.decode([token], clean_up_tokenization_spaces=False))

    logprobs = tuple(
        TokenLogprob(text(token), chance, tuple((text(t), c) for t, c in top))
        for token, chance, top in row.logprobs[: len(row.tokens)]
    )
    usage = Usage(len(row.prompt), len(row.tokens), seconds)
    finish: Literal["stop", "length"] = "length" if row.finish == "length" else "stop"
    return Completion(answer_of(tokenizer, row), usage, finish=finish, logprobs=logprobs)


def _plain(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


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
