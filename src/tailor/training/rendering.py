"""Conversations as token ids, with the place where the answer begins and ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tailor.conversations import rendered
from tailor.errors import DataError, ModelError, Problem
from tailor.training.options import TrainingRow

PREFIX_HINT = (
    "Training needs a template in which the prompt with its generation prompt opens the whole conversation. "
    "Correct the chat template (chat_template.jinja beside the tokenizer), or take the instruct version of the model."
)


@dataclass(frozen=True)
class Encoded:
    """Token ids of prompt, answer and end token; the first `prompt` of them are the prompt and carry no loss."""

    tokens: tuple[int, ...]
    prompt: int


def encode(
    tokenizer: Any, rows: Sequence[TrainingRow], *, ends: frozenset[int], limit: int, name: str
) -> list[Encoded]:
    """Render rows with the tokenizer's chat template.

    Loss falls on the answer and its end token: what the template writes after the end token is cut off.

    Args:
        tokenizer: of the base model.
        rows: what to render.
        ends: ids of the tokens that end an answer.
        limit: most tokens of one row.
        name: what the rows are called in messages (`training row`).

    Raises:
        ModelError: no chat template; one whose prompt is no prefix of the whole; one that does not end the answer.
        DataError: rows longer than `limit`, or with an empty prompt or answer; all of them are listed.
    """
    if not getattr(tokenizer, "chat_template", None):
        raise ModelError(
            "the base model's tokenizer has no chat template, so it is unknown how a question is put to it.",
            hint="Use the instruct version of the model, or put a chat_template.jinja into its folder.",
        )
    _refuse([(i, "", "a prompt and an answer") for i, r in enumerate(rows) if not r.prompt or not r.answer], name)
    prompts = _render(tokenizer, [_turns(row) for row in rows], prompt=True)
    wholes = _render(
        tokenizer, [[*_turns(row), {"role": "assistant", "content": row.answer}] for row in rows], prompt=False
    )
    encoded = [_locate(p, w, ends, f"{name} {i}") for i, (p, w) in enumerate(zip(prompts, wholes, strict=True))]
    long = [(i, f"{len(e.tokens)} tokens", f"at most {limit}") for i, e in enumerate(encoded) if len(e.tokens) > limit]
    _refuse(long, name, "Shorten or leave out these rows; raise max_length if the model's context allows it.")
    return encoded


def encode_fitting(tokenizer: Any, rows: Sequence[TrainingRow], *, ends: frozenset[int], limit: int) -> list[Encoded]:
    """As `encode`, without the rows that are longer than `limit` or lack a prompt or an answer: for rows that nobody
    wrote for this training."""
    whole = [r for r in rows if r.prompt and r.answer]
    found = encode(tokenizer, whole, ends=ends, limit=sys.maxsize, name="general row")
    return [e for e in found if len(e.tokens) <= limit]


def _turns(row: TrainingRow) -> list[dict[str, str]]:
    return [{"role": m.role, "content": m.content} for m in row.prompt]


def _render(tokenizer: Any, conversations: list[list[dict[str, str]]], *, prompt: bool) -> list[list[int]]:
    if not conversations:
        return []
    try:
        texts = [rendered(tokenizer, turns, prompt=prompt) for turns in conversations]
    except Exception as error:  # a template is a program of the model's authors
        raise ModelError(
            f"the model's chat template does not accept these conversations: {error}",
            hint="Many templates want user and assistant to alternate.",
        ) from error
    ids: list[list[int]] = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return ids


def _locate(prompt: list[int], whole: list[int], ends: frozenset[int], where: str) -> Encoded:
    if not prompt or whole[: len(prompt)] != prompt:
        raise ModelError(
            f"the chat template breaks the prefix rule ({where}): expected the tokens of the prompt to open the tokens "
            "of the whole conversation, found a different beginning.",
            hint=PREFIX_HINT,
        )
    last = next((i for i in range(len(whole) - 1, len(prompt) - 1, -1) if whole[i] in ends), None)
    if last is None:
        raise ModelError(
            f"the chat template writes no end token after the answer ({where}), so the model would not learn to stop.",
            hint="Name the template's closing token as eos_token_id in generation_config.json of the base model.",
        )
    return Encoded(tuple(whole[: last + 1]), len(prompt))


def _refuse(rows: list[tuple[int, str, str]], name: str, hint: str = "") -> None:
    if rows:
        problems = tuple(
            Problem(f"{name} {i}", None, None, found or "nothing", expected) for i, found, expected in rows
        )
        count = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
        raise DataError(f"{count} cannot be trained on.", problems=problems, hint=hint)
