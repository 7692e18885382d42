"""Counting the tokens of a prompt without loading the model."""

from __future__ import annotations

from collections.abc import Sequence

from tailor.conversations import rendered
from tailor.families import load_tokenizer
from tailor.models.hub import local_folder
from tailor.models.loading import LOCAL, quiet
from tailor.records import Base, Message


def prompt_tokens(base: Base, prompts: Sequence[Sequence[Message]]) -> list[int]:
    """Tokens of each prompt as the base's own tokenizer and chat template make them.

    Raises:
        ModelError: the base is of the hub and not to be had.
    """
    with quiet():
        tokenizer = load_tokenizer(local_folder(base), **LOCAL)
    texts = [rendered(tokenizer, [{"role": m.role, "content": m.content} for m in p], prompt=True) for p in prompts]
    return [len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]] if texts else []
