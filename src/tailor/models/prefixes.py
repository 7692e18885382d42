"""What prompts begin with alike is computed once: keys and values of their tokens, kept as a tree over token ids.

System turns, demonstrations, passages and whole prompts come again: within a batch, in the next one, and in other arms
with the same weights. New tokens of many prompts stand in one row without padding, and a mask lets each see its own
beginning only (tree attention, as in SpecInfer, Miao et al. 2023, arXiv 2305.09781).
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

KEPT_BYTES = 256 << 20
"""Keys and values kept between batches, for all weights of an engine together: 64,000 tokens of the built-in model,
4,000 of Llama 3.2 1B in float32."""

PASS_TOKENS = 512
"""New tokens of one forward pass on a CPU, where attention costs row length x row length whatever the mask."""
PASS_TOKENS_GPU = 4096

Path = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class _Segment:
    """Tokens to compute: those of a prompt's path from `start` to `stop`."""

    path: Path
    start: int
    stop: int

    @property
    def nodes(self) -> Path:
        return self.path[self.start : self.stop]


class PrefixTree:
    """The tokens that one model with one set of weights has read. A node is a token after all those above it.

    Args:
        model: a causal language model whose layers all attend to everything before (`reads_trees`).
        limit: bytes of keys and values kept between calls; a batch that needs more has them while it begins.
    """

    def __init__(self, model: Any, limit: int = KEPT_BYTES) -> None:
        self.model, self._limit = model, limit
        self._device = next(model.parameters()).device
        self.forget()

    def forget(self) -> None:
        """Keep nothing."""
        self._children: dict[tuple[int, int], int] = {}
        self._tokens: list[int] = []
        self._depths: list[int] = []
        self._parents: list[int] = []
        self._used: list[int] = []
        self._clock = 0
        self._arena: list[list[Any]] = []  # layer -> keys and values, [nodes, heads, width]

    @property
    def kept_bytes(self) -> int:
        """What the tensors take."""
        return sum(t.numel() * t.element_size() for pair in self._arena for t in pair)

    def begin(self, prompts: Sequence[Sequence[int]]) -> tuple[Any, Any, Any]:
        """Read prompts of one token or more.

        Returns:
            Logits after each prompt [prompts, vocabulary], a cache with their keys and values padded on the left, and
            its mask [prompts, longest].
        """
        try:
            paths, segments = self._placed(prompts)
            logits: dict[int, Any] = {}
            lasts = {int(path[-1]) for path in paths}
            for group in _passes(segments, PASS_TOKENS if self._device.type == "cpu" else PASS_TOKENS_GPU):
                self._read(group, lasts, logits)
            found = self._stacked(paths, logits)
            self._shrink()
        except BaseException:
            self.forget()  # nodes without keys and values would be believed the next time
            raise
        return found

    def _placed(self, prompts: Sequence[Sequence[int]]) -> tuple[list[Path], list[_Segment]]:
        """The path of every prompt, and what has to be computed: new nodes, and each prompt's last for its logits."""
        self._clock += 1
        known, again = len(self._tokens), set[int]()
        paths, segments = [], []
        for prompt in prompts:
            node, path = -1, np.empty(len(prompt), np.int64)
            start = len(prompt)
            for depth, token in enumerate(prompt):
                child = self._children.get((node, token))
                if child is None:
                    child = self._add(node, token, depth)
                    start = min(start, depth)
                self._used[child] = self._clock
                path[depth] = node = child
            paths.append(path)
            if start == len(prompt) and node < known and node not in again:
                again.add(node)
                start -= 1
            if start < len(prompt):
                segments.append(_Segment(path, start, len(prompt)))
        return paths, segments

    def _add(self, parent: int, token: int, depth: int) -> int:
        node = len(self._tokens)
        self._children[parent, token] = node
        self._tokens.append(token)
        self._depths.append(depth)
        self._parents.append(parent)
        self._used.append(self._clock)
        return node

    def _read(self, group: Sequence[_Segment], lasts: set[int], logits: dict[int, Any]) -> None:
        """One forward pass over the segments, behind what their paths begin with."""
        import torch
        from transformers.cache_utils import DynamicCache

        nodes = np.concatenate([s.nodes for s in group])
        before = np.unique(np.concatenate([s.path[: s.start] for s in group]))
        before = before[~np.isin(before, nodes)]
        wanted = [i for i, node in enumerate(nodes.tolist()) if node in lasts] or [0]
        dtype = next(self.model.parameters()).dtype
        cache = DynamicCache(config=self.model.config)
        if len(before):
            places = torch.from_numpy(before).to(self._device)
            for layer, pair in enumerate(self._arena):
                cache.update(*(t[places].transpose(0, 1)[None] for t in pair), layer)
        output = self.model(
            input_ids=torch.tensor([[self._tokens[n] for n in nodes]], device=self._device),
            attention_mask=_mask(group, before, nodes, dtype).to(self._device),
            position_ids=torch.tensor([[self._depths[n] for n in nodes]], device=self._device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=torch.tensor(wanted, device=self._device),
        )
        self._store(output.past_key_values, nodes, len(before))
        logits.update((int(nodes[i]), output.logits[0, n]) for n, i in enumerate(wanted))

    def _store(self, cache: Any, nodes: Path, past: int) -> None:
        import torch

        room = self._arena[0][0].shape[0] if self._arena else 0
        if room < len(self._tokens):
            self._resize(cache, max(len(self._tokens), min(2 * room, self._most(cache))))
        places = torch.from_numpy(nodes).to(self._device)
        for pair, layer in zip(self._arena, cache.layers, strict=True):
            for kept, new in zip(pair, (layer.keys, layer.values), strict=True):
                kept[places] = new[0, :, past:].transpose(0, 1)

    def _most(self, cache: Any) -> int:
        """Nodes that fit into the limit."""
        each = sum(t.shape[1] * t.shape[3] * t.element_size() for la in cache.layers for t in (la.keys, la.values))
        return max(1, int(self._limit // each))

    def _resize(self, cache: Any, room: int) -> None:
        """Room for so many nodes."""
        old = self._arena or [[None, None]] * len(cache.layers)
        self._arena = []
        for layer, pair in zip(cache.layers, old, strict=True):
            grown = []
            for like, kept in zip((layer.keys, layer.values), pair, strict=True):
                new = like.new_zeros((room, like.shape[1], like.shape[3]))
                if kept is not None:
                    new[: kept.shape[0]] = kept
                grown.append(new)
            self._arena.append(grown)

    def _stacked(self, paths: Sequence[Path], logits: dict[int, Any]) -> tuple[Any, Any, Any]:
        """Logits, cache and mask of the prompts, one row each."""
        import torch
        from transformers.cache_utils import DynamicCache

        longest = max(map(len, paths))
        places = torch.zeros((len(paths), longest), dtype=torch.long)
        mask = torch.zeros((len(paths), longest), dtype=torch.long)
        for row, path in enumerate(paths):
            places[row, longest - len(path) :] = torch.from_numpy(path)
            mask[row, longest - len(path) :] = 1
        cache, places = DynamicCache(config=self.model.config), places.to(self._device)
        for layer, pair in enumerate(self._arena):
            cache.update(*(t[places].transpose(1, 2) for t in pair), layer)
        return torch.stack([logits[int(p[-1])] for p in paths]), cache, mask.to(self._device)

    def _shrink(self) -> None:
        """Beyond the limit, keep half of it: what was used last, and above it what it stands on."""
        import torch

        count = len(self._tokens)
        each = self.kept_bytes // max(1, self._arena[0][0].shape[0])
        if count * each <= self._limit:
            return
        # A parent was used whenever its child was, and lies less deep: it comes before the child in this order.
        order = sorted(range(count), key=lambda n: (-self._used[n], self._depths[n]))
        kept = sorted(order[: self._limit // 2 // each])
        new = {-1: -1, **{old: i for i, old in enumerate(kept)}}
        self._tokens = [self._tokens[n] for n in kept]
        self._depths = [self._depths[n] for n in kept]
        self._parents = [new[self._parents[n]] for n in kept]
        self._used = [self._used[n] for n in kept]
        self._children = {pair: n for n, pair in enumerate(zip(self._parents, self._tokens, strict=True))}
        places = torch.tensor(kept, dtype=torch.long, device=self._device)
        self._arena = [[t[places] for t in pair] for pair in self._arena] if kept else []


def _passes(segments: Sequence[_Segment], most: int) -> Iterator[list[_Segment]]:
    """Segments in groups of at most so many tokens; a longer one is cut."""
    group: list[_Segment] = []
    room = most
    for segment in segments:
        start = segment.start
        while start < segment.stop:
            stop = min(segment.stop, start + room)
            group.append(_Segment(segment.path, start, stop))
            room -= stop - start
            start = stop
            if not room:
                yield group
                group, room = [], most
    if group:
        yield group


def _mask(group: Sequence[_Segment], before: Path, nodes: Path, dtype: Any) -> Any:
    """What each new token sees, [1, 1, new, before and new], as numbers to add: 0 or the smallest of the type."""
    import torch

    column = np.empty(int(max(nodes.max(), before.max(initial=0))) + 1, np.int64)
    column[before] = np.arange(len(before))
    column[nodes] = len(before) + np.arange(len(nodes))
    seen = np.zeros((len(nodes), len(before) + len(nodes)), bool)
    row = 0
    for segment in group:
        size = segment.stop - segment.start
        rows = slice(row, row + size)
        seen[rows, column[segment.path[: segment.start]]] = True
        seen[rows, len(before) + row : len(before) + row + size] = np.tri(size, dtype=bool)
        row += size
    hidden = torch.zeros(seen.shape, dtype=dtype).masked_fill_(torch.from_numpy(~seen), torch.finfo(dtype).min)
    return hidden[None, None]


_READERS: weakref.WeakKeyDictionary[Any, bool] = weakref.WeakKeyDictionary()


def reads_trees(model: Any) -> bool:
    """Whether a model's answers are the same when prompts are read as a tree. Asked of the model itself, once: a
    class name does not tell whether positions and masks are obeyed. Sliding windows and state-space layers cannot."""
    if model not in _READERS:
        _READERS[model] = keeps_everything(model) and _agrees(model)
    return _READERS[model]


def keeps_everything(model: Any) -> bool:
    """Whether every layer attends to everything before, so that keys and values can be padded and put together."""
    from transformers.cache_utils import DynamicCache, DynamicLayer

    layers: list[Any] = getattr(DynamicCache(config=model.config), "layers", None) or []
    return bool(layers) and all(type(layer) is DynamicLayer for layer in layers)


def _agrees(model: Any) -> bool:
    """Three prompts, read as a tree in two calls and each alone: the logits differ by rounding only."""
    import torch

    words = model.get_input_embeddings().weight.shape[0]
    prompts = [[n * n % words for n in p] for p in ([3, 5, 7, 9, 11, 13], [3, 5, 7, 8, 6], [3, 5, 7, 9, 12])]
    device, tree = next(model.parameters()).device, PrefixTree(model)
    try:
        with torch.inference_mode():
            found = torch.cat([tree.begin(prompts[:2])[0], tree.begin(prompts[1:])[0]])
            alone = [model(input_ids=torch.tensor([p], device=device)).logits[0, -1] for p in prompts]
    except (RuntimeError, TypeError, ValueError, AttributeError, IndexError):
        return False
    expected = torch.stack([alone[0], alone[1], alone[1], alone[2]])
    rounding = 1e-4 if expected.dtype == torch.float32 else 3e-2
    spread = float(expected.float().max() - expected.float().min())
    return bool((found.float() - expected.float()).abs().max() <= rounding * spread)
