"""Conversations as the text a model was trained on: one place for training, answering and serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Turn = Mapping[str, str]
PROBE: tuple[Turn, ...] = ({"role": "system", "content": "s"}, {"role": "user", "content": "q"})


def rendered(tokenizer: Any, conversation: Sequence[Turn], *, prompt: bool) -> str:
    """A conversation in the words of the tokenizer's chat template; tokenise it without special tokens of its own.

    Some templates know no system turn and refuse it (Gemma 2, the first Mistral ones). There the instruction opens the
    first user turn, as their makers advise.

    Args:
        tokenizer: of the model, with a chat template.
        conversation: turns with `role` and `content`.
        prompt: whether the model's answer comes next.

    Raises:
        jinja2.TemplateError: the template refuses the conversation for another reason.
    """
    turns = [dict(turn) for turn in conversation]
    if turns and turns[0]["role"] == "system" and refuses_system(tokenizer):
        turns = folded(turns)
    text: str = tokenizer.apply_chat_template(turns, add_generation_prompt=prompt, tokenize=False)
    return text


def refuses_system(tokenizer: Any) -> bool:
    """Whether the template refuses a conversation because it opens with a system turn."""
    from jinja2 import TemplateError

    try:
        tokenizer.apply_chat_template([dict(t) for t in PROBE], tokenize=False)
    except TemplateError:
        try:
            tokenizer.apply_chat_template([dict(PROBE[1])], tokenize=False)
        except TemplateError:
            return False  # it refuses more than that
        return True
    return False


def folded(turns: Sequence[Turn]) -> list[dict[str, str]]:
    """The system turn as the first paragraph of the user turn after it."""
    system, *rest = (dict(turn) for turn in turns)
    if not rest or rest[0]["role"] != "user":
        return [system, *rest]
    return [{"role": "user", "content": f"{system['content']}\n\n{rest[0]['content']}"}, *rest[1:]]
