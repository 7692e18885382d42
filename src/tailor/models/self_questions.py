"""What a base model says when nobody asks: questions it puts to itself, with its own answers.

The beginning of a user's turn is all it gets; it goes on with a question, then answers it (Magpie, Xu et al. 2024,
arXiv 2406.08464). Drawn at temperature 1, these are samples of the model's own distribution: an anchor on them keeps
what it would say, whatever it was trained on, in whatever language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tailor.errors import ModelError
from tailor.families import family_of
from tailor.models.decoding import OneModel, Row, answer_of, decode_batch, end_ids
from tailor.records import Generation

VERSION = 1
BATCH = 64
QUESTION_TOKENS = 48
ANSWER_TOKENS = 64
ROUNDS = 4
"""Batches drawn for every batch wanted, before it is settled for fewer."""
PLACE = "TAILORPUTSAQUESTIONHERE"


def sample_conversations(tokenizer: Any, model: Any, *, count: int, seed: int) -> list[tuple[str, str]]:
    """Up to `count` different (question, answer) pairs, fewer where the model repeats itself or says nothing;
    none of an encoder-decoder, which can only answer.

    Args:
        tokenizer, model: of a local base with a chat template.
        count: pairs wanted, at least 1.
        seed: of the sampling; the same on the same machine gives the same pairs.

    Raises:
        ModelError: the chat template does not show the user's words.
    """
    if family_of(model.config).encoder_decoder:
        return []
    ends = end_ids(model, tokenizer)
    opening = _tokens(tokenizer, _rendered(tokenizer, PLACE).partition(PLACE)[0])
    found: dict[str, str] = {}
    for number in range(ROUNDS * -(-count // BATCH)):
        seeds = [seed + number * BATCH + i for i in range(BATCH)]
        asked = _sample(tokenizer, model, [opening] * BATCH, ends, seeds, QUESTION_TOKENS, ("\n",))
        questions = [q.strip() for q in dict.fromkeys(asked) if q.strip() and q.strip() not in found]
        prompts = [_tokens(tokenizer, _rendered(tokenizer, q)) for q in questions]
        said = _sample(tokenizer, model, prompts, ends, seeds, ANSWER_TOKENS, ()) if prompts else []
        found.update((q, a.strip()) for q, a in zip(questions, said, strict=True) if a.strip())
        if len(found) >= count:
            break
    return list(found.items())[:count]


def _rendered(tokenizer: Any, question: str) -> str:
    turns = [{"role": "user", "content": question}]
    text: str = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    if question not in text:
        raise ModelError(
            "the model's chat template does not show the user's words, so the model cannot be asked for its own.",
            hint="Correct the chat template, or set replay: 0 for the arms that train.",
        )
    return text


def _tokens(tokenizer: Any, text: str) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def _sample(
    tokenizer: Any,
    model: Any,
    prompts: Sequence[list[int]],
    ends: frozenset[int],
    seeds: Sequence[int],
    tokens: int,
    stop: tuple[str, ...],
) -> list[str]:
    rows = [
        Row(prompt, Generation(tokens, temperature=1.0, seed=seed, stop=stop))
        for prompt, seed in zip(prompts, seeds, strict=False)
    ]
    for _ in decode_batch(OneModel(model), tokenizer, rows, ends):
        pass
    return [answer_of(tokenizer, row) for row in rows]
