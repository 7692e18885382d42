"""How likely a local model finds given continuations: what multiple-choice tasks are graded by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tailor.errors import ModelError

BATCH_ROWS = 16


def likelihoods(model: Any, pairs: Sequence[tuple[list[int], list[int]]], limit: int) -> list[tuple[float, bool]]:
    """For each (context, continuation) in tokens: the natural log of P(continuation | context), and whether greedy
    decoding would write it.

    Args:
        model: a causal language model of Transformers.
        limit: tokens of context and continuation together that it can read.

    Raises:
        ModelError: a pair is empty on either side, or longer than the limit.
    """
    for context, continuation in pairs:
        if not context or not continuation:
            raise ModelError("A likelihood needs a context and a continuation.")
        if len(context) + len(continuation) > limit:
            raise ModelError(
                f"A question of the task has {len(context) + len(continuation)} tokens; the model reads {limit}.",
                hint="Use fewer examples in the prompt, or another task.",
            )
    order = sorted(range(len(pairs)), key=lambda i: -len(pairs[i][0]) - len(pairs[i][1]))
    found: dict[int, tuple[float, bool]] = {}
    for start in range(0, len(order), BATCH_ROWS):
        batch = order[start : start + BATCH_ROWS]
        found.update(zip(batch, _batch(model, [pairs[i] for i in batch]), strict=True))
    return [found[i] for i in range(len(pairs))]


def _batch(model: Any, pairs: Sequence[tuple[list[int], list[int]]]) -> list[tuple[float, bool]]:
    import torch

    width = max(len(c) + len(t) for c, t in pairs)
    rows = torch.zeros((len(pairs), width), dtype=torch.long)
    mask = torch.zeros((len(pairs), width), dtype=torch.long)
    for i, (context, continuation) in enumerate(pairs):
        # Padded on the right: a causal model never sees what stands behind.
        rows[i, : len(context) + len(continuation)] = torch.tensor(context + continuation)
        mask[i, : len(context) + len(continuation)] = 1
    with torch.inference_mode():
        logits = model(input_ids=rows.to(model.device), attention_mask=mask.to(model.device)).logits
    found = []
    for i, (context, continuation) in enumerate(pairs):
        places = slice(len(context) - 1, len(context) + len(continuation) - 1)
        logs = torch.log_softmax(logits[i, places].float(), dim=-1).cpu()
        wanted = torch.tensor(continuation)
        total = float(logs[torch.arange(len(wanted)), wanted].sum())
        found.append((total, bool((logs.argmax(dim=-1) == wanted).all())))
    return found
