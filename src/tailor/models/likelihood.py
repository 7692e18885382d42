"""How likely a local model finds given continuations: what multiple-choice tasks are graded by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tailor.errors import ModelError
from tailor.families import decoder_start, family_of
from tailor.models.encoder_decoding import right_padded

BATCH_ROWS = 16


def likelihoods(model: Any, pairs: Sequence[tuple[list[int], list[int]]], limit: int) -> list[tuple[float, bool]]:
    """For each (context, continuation) in tokens: the natural log of P(continuation | context), and whether greedy
    decoding would write it.

    Args:
        model: a language model of Transformers.
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

    with torch.inference_mode():
        logits = (_read if family_of(model.config).encoder_decoder else _continued)(model, pairs)
    found = []
    for (_, continuation), said in zip(pairs, logits, strict=True):
        logs, wanted = torch.log_softmax(said.float(), dim=-1).cpu(), torch.tensor(continuation)
        total = float(logs[torch.arange(len(wanted)), wanted].sum())
        found.append((total, bool((logs.argmax(dim=-1) == wanted).all())))
    return found


def _continued(model: Any, pairs: Sequence[tuple[list[int], list[int]]]) -> list[Any]:
    """Logits of each continuation's tokens, [tokens, vocabulary], where it stands behind its context."""
    import torch

    width = max(len(c) + len(t) for c, t in pairs)
    rows = torch.zeros((len(pairs), width), dtype=torch.long)
    mask = torch.zeros((len(pairs), width), dtype=torch.long)
    for i, (context, continuation) in enumerate(pairs):
        # Padded on the right: a causal model never sees what stands behind.
        rows[i, : len(context) + len(continuation)] = torch.tensor(context + continuation)
        mask[i, : len(context) + len(continuation)] = 1
    logits = model(input_ids=rows.to(model.device), attention_mask=mask.to(model.device)).logits
    return [logits[i, len(c) - 1 : len(c) + len(t) - 1] for i, (c, t) in enumerate(pairs)]


def _read(model: Any, pairs: Sequence[tuple[list[int], list[int]]]) -> list[Any]:
    """The same where the encoder reads the context and the decoder writes the continuation."""
    ids, mask = right_padded([context for context, _ in pairs], 0)
    begun, _ = right_padded([[decoder_start(model.config), *continuation[:-1]] for _, continuation in pairs], 0)
    ids, mask, begun = (t.to(model.device) for t in (ids, mask, begun))
    logits = model(input_ids=ids, attention_mask=mask, decoder_input_ids=begun).logits
    return [logits[i, : len(t)] for i, (_, t) in enumerate(pairs)]
