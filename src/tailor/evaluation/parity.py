"""Whether an adapted model answers the same in another form (merged, quantised, exported, served), and if not, why.

Forms differ in silence: a server with another chat template, a second start token, a lost system prompt. Each leaves a
trace in the number of prompt tokens that every engine and server reports, and in the log-probabilities of the answers'
tokens, so that the cause can be named without a look inside. Nothing here asks a model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tailor.evaluation.statistics import wilson
from tailor.records import Interval

Cause = Literal["start token", "system prompt", "truncation", "template", "end token", "weights", "unknown"]
MOST = 0.9  # share of the items that must show a trace before it counts as the cause

LOGPROB_MARGIN = 0.1
"""Largest mean difference of a token's log-probability (nats) that is let pass: a tenth of its probability. Rounding to
another order of sums gives 1e-5."""

EXPLAINED: dict[Cause, str] = {
    "start token": "the prompt has one start token too many or too few",
    "system prompt": "the instruction (system prompt) is missing",
    "truncation": "long prompts are cut off",
    "template": "the chat template writes another prompt",
    "end token": "answers begin alike and end elsewhere: another end token is expected",
    "weights": "the prompts are the same, so the weights or their precision (quantisation) differ",
    "unknown": "the other form does not report how many tokens the prompts had",
}
REMEDY: dict[Cause, str] = {
    "start token": "Take the start token out of the template or tell the server not to add one.",
    "system prompt": "Give the server the adaptation's system prompt, or send it with every request.",
    "truncation": "Raise the server's context length.",
    "template": "Give the server the chat_template.jinja of the base model.",
    "end token": "Name the template's closing token as stop token (eos_token_id in generation_config.json).",
    "weights": "Serve in the precision that was measured, or measure the quantised form as an arm of its own.",
    "unknown": "Compare the server's log of a prompt with `tailor show ITEM --prompt`.",
}


@dataclass(frozen=True)
class Reply:
    """One answer, the tokens of its prompt (0 where unknown), and the same prompt's tokens without system turn (0 where
    there is none or it cannot be counted); its tokens with their log-probabilities, where known. `too_long` where the
    prompt was refused for its length."""

    text: str
    prompt_tokens: int = 0
    without_system: int = 0
    cut: bool = False
    logprobs: tuple[tuple[str, float], ...] = ()
    too_long: bool = False


@dataclass(frozen=True)
class Parity:
    """`same` is the share of answers that are equal to the last character. `gap` is the mean absolute difference of a
    token's log-probability in nats, over the tokens with which both answers to an item begin; None where no
    log-probabilities are known. `cause` is None where all answers are equal and the gap is within `LOGPROB_MARGIN`."""

    same: Interval
    cause: Cause | None
    different: tuple[int, ...]
    gap: float | None = None

    def within(self, margin: float) -> bool:
        """Whether the share of other answers is at most `margin` (in [0, 1]), and the gap at most `LOGPROB_MARGIN`."""
        few = len(self.different) <= margin * self.same.n_items + 1e-9  # rounding: 1 of 20 is within 0.05
        return few and not _wide(self.gap)


def parity(expected: Sequence[Reply], found: Sequence[Reply]) -> Parity:
    """Compare answers item by item.

    Raises:
        ValueError: no items, or another number of them.
    """
    if not expected or len(expected) != len(found):
        raise ValueError(f"expected two equally long lists of replies, found {len(expected)} and {len(found)}")
    different = tuple(
        i for i, (a, b) in enumerate(zip(expected, found, strict=True)) if a.text.strip() != b.text.strip()
    )
    same, gap = wilson(len(expected) - len(different), len(expected)), _gap(expected, found)
    cause = _cause(expected, found, different, gap) if different or _wide(gap) else None
    return Parity(same, cause, different, gap)


def _wide(gap: float | None) -> bool:
    return gap is not None and not gap <= LOGPROB_MARGIN  # NaN is no parity


def _gap(expected: Sequence[Reply], found: Sequence[Reply]) -> float | None:
    """Mean absolute difference over the tokens that come before the first other one."""
    differences: list[float] = []
    for a, b in zip(expected, found, strict=True):
        for (token, mine), (other, theirs) in zip(a.logprobs, b.logprobs, strict=False):
            if token != other:
                break
            differences.append(abs(mine - theirs))
    return math.fsum(differences) / len(differences) if differences else None


def _cause(expected: Sequence[Reply], found: Sequence[Reply], different: Sequence[int], gap: float | None) -> Cause:
    """The first explanation that fits `MOST` of the items, from the most specific to the least."""
    pairs = list(zip(expected, found, strict=True))
    if any(b.too_long and not a.too_long for a, b in pairs):
        return "truncation"
    if not all(b.prompt_tokens and a.prompt_tokens for a, b in pairs):
        return "end token" if _ends_elsewhere(pairs, different) else "unknown"
    if _most(a.prompt_tokens == b.prompt_tokens for a, b in pairs):
        # The same prompt and the same probabilities: only where an answer ends can differ.
        return "end token" if _ends_elsewhere(pairs, different) and not _wide(gap) else "weights"
    if _most(abs(a.prompt_tokens - b.prompt_tokens) == 1 for a, b in pairs):
        return "start token"
    if _most(a.without_system == b.prompt_tokens for a, b in pairs):
        return "system prompt"
    limit = max(b.prompt_tokens for _, b in pairs)
    if _most(b.prompt_tokens == min(a.prompt_tokens, limit) for a, b in pairs):
        return "truncation"
    return "template"


def _ends_elsewhere(pairs: Sequence[tuple[Reply, Reply]], different: Sequence[int]) -> bool:
    """Whether in most pairs one answer is the beginning of the other."""
    # An answer may break off inside a character, which then shows as U+FFFD.
    began = [
        (a.text.strip().rstrip("\ufffd"), b.text.strip().rstrip("\ufffd")) for a, b in (pairs[i] for i in different)
    ]
    return _most(b.startswith(a) or a.startswith(b) for a, b in began)


def _most(holds: Iterable[bool]) -> bool:
    values = list(holds)
    return bool(values) and sum(values) >= MOST * len(values)
