"""Learning which of two answers is preferred: direct preference optimisation.

DPO (Rafailov et al. 2023, arXiv 2305.18290, equation 7) raises the probability of the preferred answer and lowers that
of the other, both measured against the model as it was:

    loss = -log sigmoid(beta * ((log p(chosen) - log p0(chosen)) - (log p(rejected) - log p0(rejected))))

with p0 the base: the same network with its adapter off. Its log-probabilities are computed once, before the first step.
The two answers of a pair always stand in the same forward pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tailor.errors import ConfigError
from tailor.training.batches import Network, Pass, answer_logits
from tailor.training.development import DevScore
from tailor.training.options import TrainingOptions
from tailor.training.packing import Batch, pack, passes, row_capacity
from tailor.training.rendering import Encoded


@dataclass(frozen=True)
class Preferences:
    """What turns training rows into pairs.

    Attributes:
        rejected: for each training row, in order, the answer that was liked less.
        dev: the same for the dev rows.
        beta: how far from the base the model may go; small is far.
    """

    rejected: tuple[str, ...]
    dev: tuple[str, ...] = ()
    beta: float = 0.1

    def check(self, rows: int, dev: int, options: TrainingOptions) -> None:
        """Raise ConfigError where these are no pairs, or the options are not for them."""
        if (len(self.rejected), len(self.dev)) != (rows, dev):
            raise ConfigError(
                f"preferences: expected {rows} and {dev} answers liked less, found {len(self.rejected)} and "
                f"{len(self.dev)}."
            )
        if not 0 < self.beta <= 10:
            raise ConfigError(f"preferences: beta must be from above 0 to 10, found {self.beta}.")
        if options.kind != "lora" or options.replay or options.pissa:
            raise ConfigError(
                "preferences are learned by a plain lora adapter without general rows: the base must be what is left "
                "when it is off."
            )


def dpo_loss(chosen: Any, rejected: Any, base_chosen: Any, base_rejected: Any, beta: float) -> Any:
    """The loss of each pair, shape (pairs,), from summed log-probabilities of whole answers in nats."""
    from torch.nn.functional import logsigmoid

    return -logsigmoid(beta * ((chosen - base_chosen) - (rejected - base_rejected)))


class Pairs:
    """Pairs of answers to the same questions. A unit of packing is a pair: unit u is the examples 2u and 2u + 1.

    Args:
        network: with an adapter, before its first step.
        chosen, rejected: the two answers of each pair, encoded.
        beta: see `Preferences`.
        micro_tokens: most tokens of a forward pass.
    """

    def __init__(
        self, network: Network, chosen: Sequence[Encoded], rejected: Sequence[Encoded], beta: float, micro_tokens: int
    ) -> None:
        import torch

        self.network, self.beta, self.micro_tokens = network, beta, micro_tokens
        self.examples = [e for pair in zip(chosen, rejected, strict=True) for e in pair]
        self.lengths = [len(c.tokens) + len(r.tokens) for c, r in zip(chosen, rejected, strict=True)]
        self.base = torch.zeros(len(self.examples), device=network.device)
        with torch.no_grad(), network.model.disable_adapter():
            for batch in self._in_passes():
                self.base += self._sums(batch)

    def rows(self, batch: Batch) -> Batch:
        """Rows of pairs as rows of examples; where nothing keeps examples of a row apart, each has its own."""
        wide = tuple(tuple(e for u in row for e in (2 * u, 2 * u + 1)) for row in batch)
        return wide if self.network.packed else tuple((e,) for row in wide for e in row)

    def loss(self, batch: Pass) -> Any:
        """Summed over the pairs of a pass."""
        return self._losses(batch)[0].sum()

    def evaluate(self, step: int) -> DevScore:
        """Mean loss, and the share of pairs of which the model has moved towards the preferred answer."""
        import torch

        total, right = 0.0, 0
        with torch.inference_mode():
            for batch in self._in_passes():
                losses, margins = self._losses(batch)
                total += float(losses.sum())
                right += int((margins > 0).sum())
        share = right / len(self.lengths)
        return DevScore(step, total / len(self.lengths), share, share)

    def _losses(self, batch: Pass) -> tuple[Any, Any]:
        """Loss of every pair of a pass, and how much further its preferred answer has moved than the other."""
        chosen = batch.example.unique()[::2]
        sums = self._sums(batch)
        moved = sums - self.base
        losses = dpo_loss(sums[chosen], sums[chosen + 1], self.base[chosen], self.base[chosen + 1], self.beta)
        return losses, (moved[chosen] - moved[chosen + 1]).detach()

    def _sums(self, batch: Pass) -> Any:
        """Log-probability of each example's answer in nats, shape (examples,); 0 for those that are not in the pass."""
        import torch

        words = answer_logits(self.network, batch).log_softmax(-1).gather(-1, batch.targets[:, None]).squeeze(-1)
        zeros = torch.zeros(len(self.examples), device=words.device, dtype=words.dtype)
        return zeros.index_add(0, batch.example, words)

    def _in_passes(self) -> Any:
        """All pairs once, in no particular order, with the network as it answers."""
        capacity = row_capacity(self.lengths, self.micro_tokens) if self.network.packed else 1
        order = sorted(range(len(self.lengths)), key=lambda u: -self.lengths[u])
        self.network.model.eval()
        for batch in pack(order, self.lengths, capacity, self.micro_tokens):
            for rows in passes(batch, self.lengths, self.micro_tokens):
                yield self.network.collate(self.rows(rows), self.examples)
        self.network.model.train()


def in_words(beta: float, best: DevScore | None) -> str:
    """For the training record."""
    said = f"learned which of two answers is preferred (DPO, beta {beta:g}); losses are per pair"
    if best is None:
        return said
    return f"{said}; kept step {best.step}: dev loss {best.loss:.4f}, {best.answer_accuracy:.1%} of dev pairs in order"
