"""A teacher's distribution instead of its words: the base itself, with a prompt that the student does not see.

Prompt distillation (2024, arXiv 2412.14964): the loss of an answer token is the divergence KL(teacher || student) at
temperature 2, where the teacher is the same base reading more than the question, such as passages or demonstrations. It
says of every token what else could have stood there, which its words alone do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tailor.errors import ModelError
from tailor.training.batches import Network, Pass, answer_logits
from tailor.training.rehearsal import Remembered, top_divergence
from tailor.training.rendering import Encoded

TEMPERATURE = 2.0


class Teacher:
    """What the base says at every answer token after the longer prompt, computed before the first step: its 64 most
    likely tokens at the temperature.

    Args:
        network: before its first step.
        taught: the rows with the teacher's prompts.
        examples: the same rows with the student's.
        micro_tokens: most tokens of a forward pass.

    Raises:
        ModelError: an answer has other tokens after the longer prompt.
    """

    def __init__(
        self, network: Network, taught: Sequence[Encoded], examples: Sequence[Encoded], micro_tokens: int
    ) -> None:
        for number, (long, short) in enumerate(zip(taught, examples, strict=True)):
            if long.tokens[long.prompt :] != short.tokens[short.prompt :]:
                raise ModelError(
                    f"the chat template writes the answer of row {number} in other tokens after another prompt, so a "
                    "teacher's distribution cannot be laid over it.",
                    hint="Learn the teacher's words instead: soft: false.",
                )
        self._remembered = Remembered(network, taught, micro_tokens, temperature=TEMPERATURE, seen=examples)

    def loss(self, batch: Pass) -> Any:
        """Summed divergence in nats, times the temperature squared: so its gradient is as large as that of the words
        (Hinton et al. 2015, arXiv 1503.02531)."""
        top, tokens = self._remembered.at(batch)
        logits = answer_logits(self._remembered.network, batch) / TEMPERATURE
        return TEMPERATURE**2 * top_divergence(top, tokens, logits)
