"""How well the model does on dev rows while it trains, teacher forced, and what that says in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tailor.training.batches import Network, answer_logits
from tailor.training.packing import pack, passes, row_capacity
from tailor.training.rendering import Encoded

EVALUATIONS = 6
PATIENCE = 3
"""Evaluations in a row without a better one that end a training."""
MOST_ROWS = 1000
"""Dev rows looked at; the standard error of a share of 1,000 is 1.6 points at most."""


@dataclass(frozen=True)
class DevScore:
    """After `step` steps: mean cross-entropy of the answer tokens in nats, share of answer tokens and of whole answers
    that are the most likely ones given the true tokens before them."""

    step: int
    loss: float
    token_accuracy: float
    answer_accuracy: float

    def better_than(self, other: DevScore) -> bool:
        """More whole answers right; where as many, the smaller loss."""
        return (self.answer_accuracy, -self.loss) > (other.answer_accuracy, -other.loss)


def evaluation_steps(steps: int) -> frozenset[int]:
    """The steps after which dev is evaluated: six, evenly spaced, the last step among them."""
    return frozenset(math.ceil(steps * i / EVALUATIONS) for i in range(1, EVALUATIONS + 1))


def evaluate(network: Network, examples: Sequence[Encoded], micro_tokens: int, step: int) -> DevScore:
    """Score the dev examples with the weights as they are."""
    import torch

    lengths = [len(e.tokens) for e in examples]
    capacity = row_capacity(lengths, micro_tokens) if network.packed else 1
    order = sorted(range(len(examples)), key=lambda e: -lengths[e])
    total, right = 0.0, 0
    wrong = torch.zeros(len(examples), dtype=torch.bool, device=network.device)
    network.model.eval()
    with torch.inference_mode():
        for batch in pack(order, lengths, capacity, micro_tokens):
            for rows in passes(batch, lengths, micro_tokens):
                tensors = network.collate(rows, examples)
                logits = answer_logits(network, tensors)
                total += float(torch.nn.functional.cross_entropy(logits, tensors.targets, reduction="sum"))
                hit = logits.argmax(-1) == tensors.targets
                right += int(hit.sum())
                wrong[tensors.example[~hit]] = True
    network.model.train()
    tokens = sum(len(e.tokens) - e.prompt for e in examples)
    return DevScore(step, total / tokens, right / tokens, 1 - float(wrong.float().mean()))


def in_words(scores: Sequence[DevScore], best: DevScore, steps: int) -> list[str]:
    """What the dev curve says, for the training record."""
    notes = [
        f"kept step {best.step} of {steps}: dev loss {best.loss:.4f}, {best.token_accuracy:.1%} of answer tokens and "
        f"{best.answer_accuracy:.1%} of whole answers right (teacher forced)"
    ]
    last = scores[-1]
    lowest = min(scores, key=lambda s: s.loss)
    if last.loss > 1.05 * lowest.loss and last.step > lowest.step:
        notes.append(
            f"overfitting: dev loss was lowest after step {lowest.step} ({lowest.loss:.4f}) and rose to "
            f"{last.loss:.4f} by step {last.step}; fewer epochs, a lower learning rate or more varied rows would help"
        )
    if last.step < steps:
        notes.append(
            f"stopped early after step {last.step} of {steps}: {PATIENCE} dev evaluations without a better one"
        )
    return notes
