"""Training without forgetting: general rows beside the team's, and a KL anchor to the base on them.

The loss of a step is the mean cross-entropy of the team's answer tokens plus `kl` times the mean divergence
KL(base || model) over the tokens of the step's general rows, in nats per token (Li and Hoiem 2016, "Learning without
Forgetting", arXiv 1606.09282; forward direction). With `kl` 0 it is plain replay: the cross-entropy of the answer
tokens of both kinds of rows, each token counting once.

What the base says is known without a second model in memory. With adapters the base is the same weights with the
adapter off: exact over the whole vocabulary, for one forward pass over a step's general rows. Where the weights
themselves change, the base's most likely tokens are computed before the first step and kept: 64 of 8 bytes, 0.5 KB a
token of the general rows whatever the size of the model. A frozen copy would cost 4 bytes a weight and a forward pass
in every step: the same 16 MB for the built-in model, 32 GB for one of 8 billion weights.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tailor.training.batches import Network, Pass, answer_logits, answer_loss
from tailor.training.options import TrainingOptions
from tailor.training.packing import Batch, pack, passes, row_capacity
from tailor.training.rendering import Encoded

TOP = 64
"""Most likely tokens kept of the base's distribution; the rest of the probability is one further outcome."""


class BaseSays(Protocol):
    """What the base says at the selected places of a forward pass."""

    def divergence(self, batch: Pass) -> Any:
        """KL(base || model) in nats, summed over the places."""
        ...


def kl_divergence(base: Any, model: Any) -> Any:
    """KL(base || model) in nats, summed over places, of two tensors of logits, shape (places, vocabulary)."""
    log_p, log_q = base.log_softmax(-1), model.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum()


def top_divergence(top: Any, tokens: Any, model: Any) -> Any:
    """KL in nats, summed over places, of the base's most likely tokens and all others taken together as one outcome.

    Never above the divergence over the whole vocabulary, and 0 with gradient 0 where the model is the base (log-sum
    inequality).

    Args:
        top: log-probabilities of the base, shape (places, k), k below the vocabulary.
        tokens: which tokens they are, shape (places, k).
        model: the model's logits, shape (places, vocabulary).
    """
    import torch

    log_q = model.log_softmax(-1)
    kept = (top.exp() * (top - log_q.gather(-1, tokens))).sum()
    rest = (1 - top.exp().sum(-1)).clamp(min=0)
    others = log_q.scatter(-1, tokens, -torch.inf).logsumexp(-1)
    return kept + (torch.special.xlogy(rest, rest) - rest * others).sum()


class AdapterOff:
    """The base of an adapter: the same network without it."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def divergence(self, batch: Pass) -> Any:
        """See `BaseSays`; exact over the vocabulary."""
        import torch

        self.network.model.eval()  # without dropout, where the base has any
        with torch.no_grad(), self.network.model.disable_adapter():
            base = answer_logits(self.network, batch)
        self.network.model.train()
        return kl_divergence(base, answer_logits(self.network, batch))


class Remembered:
    """The base of a training that changes the weights: its most likely tokens, computed while it still is the base.

    `seen` are rows with the same answers after other prompts, where it is those that will be asked about.
    """

    def __init__(
        self,
        network: Network,
        examples: Sequence[Encoded],
        micro_tokens: int,
        *,
        temperature: float = 1.0,
        seen: Sequence[Encoded] | None = None,
    ) -> None:
        import torch

        lengths = [len(e.tokens) for e in examples]
        capacity = row_capacity(lengths, micro_tokens) if network.packed else 1
        order = sorted(range(len(examples)), key=lambda e: -lengths[e])
        kept: dict[int, tuple[Any, Any]] = {}
        network.model.eval()
        with torch.no_grad():
            for batch in pack(order, lengths, capacity, micro_tokens):
                for rows in passes(batch, lengths, micro_tokens):
                    tensors = network.collate(rows, examples)
                    log_p = (answer_logits(network, tensors) / temperature).log_softmax(-1)
                    top, tokens = log_p.topk(min(TOP, log_p.shape[-1] - 1))
                    inside = [e for row in rows for e in row]
                    sizes = [lengths[e] - examples[e].prompt for e in inside]
                    pieces = zip(top.split(sizes), tokens.int().split(sizes), strict=True)
                    kept.update(zip(inside, pieces, strict=True))
        network.model.train()
        self.network = network
        self.top = torch.cat([kept[e][0] for e in range(len(examples))])
        self.tokens = torch.cat([kept[e][1] for e in range(len(examples))])
        # A place is found by its example and its position there: the first one kept is the last of the prompt.
        first = np.cumsum([0, *(n - e.prompt for n, e in zip(lengths, examples, strict=True))])[:-1]
        starts = first - np.array([e.prompt - 1 for e in seen or examples])
        self.starts = torch.from_numpy(starts).to(network.device)

    def divergence(self, batch: Pass) -> Any:
        """See `BaseSays`; a lower bound, exact on the base's 64 most likely tokens."""
        top, tokens = self.at(batch)
        return top_divergence(top, tokens, answer_logits(self.network, batch))

    def at(self, batch: Pass) -> tuple[Any, Any]:
        """Log-probabilities of the most likely tokens, and which they are, at the places of a pass that carry loss."""
        where = self.starts[batch.example] + batch.positions.flatten()[batch.selected]
        return self.top[where], self.tokens[where].long()


def schedule(team: Sequence[int], lengths: Sequence[int], *, share: float, seed: int, packed: bool) -> list[Batch]:
    """General rows for every step, such that they are `share` of all tokens up to and including that step.

    A share of tokens and not of rows: it bounds what protection costs, however long the general rows are. They come on
    top of the team's batches, which stay as they are: a training with and one without differ in nothing else.

    Args:
        team: the team's tokens in each step.
        lengths: tokens of each general row.
        share: in [0, 0.9].
        seed: of the order; every row is used once before any is used twice.
        packed: several examples in a row; otherwise one each.
    """
    if not share or not lengths:
        return [()] * len(team)
    capacity = row_capacity(lengths, WHOLE) if packed else 1
    order, batches = _endless(len(lengths), seed), list[Batch]()
    wanted = spent = 0.0
    for tokens in team:
        wanted += tokens * share / (1 - share)
        chosen: list[int] = []
        while spent < wanted:
            chosen.append(next(order))
            spent += lengths[chosen[-1]]
        batches.append(tuple(row for batch in pack(chosen, lengths, capacity, WHOLE) for row in batch))
    return batches


WHOLE = 1 << 30


def _endless(count: int, seed: int) -> Iterator[int]:
    epoch = 0
    while True:
        yield from np.random.default_rng([seed, epoch, 1]).permutation(count).tolist()
        epoch += 1


@dataclass(frozen=True)
class Rehearsal:
    """The general rows of a training: `batches` has those of each step; `base` is None for plain replay.

    With an anchor every token after a row's first counts, its question too: five times as many places for one forward
    pass, and what the base would ask is part of what it knows. Plain replay is on answers only, and so is
    all rehearsal of an encoder-decoder, whose encoder gives questions no probabilities.
    """

    network: Network
    examples: Sequence[Encoded]
    batches: Sequence[Batch]
    base: BaseSays | None
    kl: float
    micro_tokens: int
    preparation_seconds: float = 0.0

    def answers(self, step: int) -> int:
        """Tokens of a step that carry loss."""
        return sum(len(self.examples[e].tokens) - self.examples[e].prompt for row in self.batches[step] for e in row)

    def tokens(self, step: int) -> int:
        """Tokens of a step."""
        return sum(len(self.examples[e].tokens) for row in self.batches[step] for e in row)

    def backward(self, step: int, team_answers: int) -> Any:
        """Add the gradient of a step's general rows; returns their summed loss in nats, detached."""
        import torch

        own = self.answers(step)
        scale = self.kl / max(1, own) if self.base else 1 / (team_answers + own)
        total = torch.zeros((), device=self.network.device)
        lengths = [len(e.tokens) for e in self.examples]
        for rows in passes(self.batches[step], lengths, self.micro_tokens):
            batch = self.network.collate(rows, self.examples)
            loss = self.base.divergence(batch) if self.base else answer_loss(self.network, batch)
            (loss * scale).backward()
            total += loss.detach()
        return total


def prepare(
    network: Network, examples: Sequence[Encoded], options: TrainingOptions, team: Sequence[int], seed: int
) -> Rehearsal:
    """What a training needs for its general rows; the network must still be the base.

    Args:
        network: before its first step.
        examples: the general rows, at least one.
        options: `replay` and `kl`, `kind` and `micro_tokens`.
        team: the team's tokens in each step.
        seed: of the order of the general rows.
    """
    began = time.perf_counter()
    lengths = [len(e.tokens) for e in examples]
    batches = schedule(team, lengths, share=options.replay, seed=seed, packed=network.packed)
    used = sorted({e for batch in batches for row in batch for e in row})
    number = {e: n for n, e in enumerate(used)}
    batches = [tuple(tuple(number[e] for e in row) for row in batch) for batch in batches]
    examples = [
        Encoded(examples[e].tokens, 1 if options.kl and network.models_prompts else examples[e].prompt) for e in used
    ]
    base: BaseSays | None = None
    if options.kl:
        # Without its adapter a PiSSA model is not the base but what the largest components leave of it.
        switchable = options.kind == "lora" and not options.pissa
        base = AdapterOff(network) if switchable else Remembered(network, examples, options.micro_tokens)
    spent = time.perf_counter() - began
    return Rehearsal(network, examples, batches, base, options.kl, options.micro_tokens, spent)


def in_words(rehearsal: Rehearsal, share: float, drift: Sequence[float]) -> str:
    """What rehearsal did, for the training record.

    Args:
        rehearsal: of the training.
        share: of the general rows among all tokens, in [0, 1].
        drift: loss per token of the general rows at each report.
    """
    how, what = ("kept as the base says them", "KL to the base") if rehearsal.base else ("learned", "loss")
    course = [max(0.0, d) for d in drift]
    said = f", {what} {course[0]:.4f} at first and {course[-1]:.4f} nats a token at the end" if course else ""
    return (
        f"protected against forgetting: {share:.1%} of the tokens were general rows "
        f"({len(rehearsal.examples)} of them, {how}{said})"
    )
