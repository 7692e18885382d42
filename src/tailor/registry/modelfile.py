"""A Modelfile for Ollama: the chat template of a model, what ends an answer, and the prompt it was measured with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tailor.errors import ModelError
from tailor.records import Adaptation

ROLES = ("system", "user", "assistant")


def modelfile(source: Path, weights: str, adaptation: Adaptation) -> str:
    """The text of a Modelfile.

    The template is found out by rendering conversations with marks in place of the texts, and is checked by putting a
    longer conversation together from what was found.

    Args:
        source: a Hugging Face folder with tokenizer and chat template.
        weights: name of the GGUF file beside the Modelfile.
        adaptation: whose system prompt, fixed demonstrations, stop texts and length of answers hold.

    Raises:
        ModelError: the template does more than to write each turn between two texts.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=True)
    begin, around, opening = _pieces(tokenizer)
    turns = "".join(
        f'{{{{- if eq .Role "{role}" }}}}{before}{{{{ .Content }}}}{after}{{{{- end }}}}'
        for role, (before, after) in around.items()
    )
    template = f"{begin}{{{{- range .Messages }}}}{turns}{{{{- end }}}}{opening}"
    ends = list(dict.fromkeys([around["assistant"][1].strip(), *adaptation.generation.stop]))
    lines = [f"FROM ./{weights}", f'TEMPLATE """{template}"""']
    lines += [f'PARAMETER stop "{end}"' for end in ends if end]
    lines += [
        f"PARAMETER temperature {adaptation.generation.temperature:g}",
        f"PARAMETER num_predict {adaptation.generation.max_new_tokens}",
    ]
    if adaptation.system:
        lines.append(f'SYSTEM """{adaptation.system}"""')
    shown = adaptation.demonstrations
    if shown and shown.kind == "fixed":
        for one in shown.pool[: shown.k]:
            lines += [f'MESSAGE user """{one.question}"""', f'MESSAGE assistant """{one.answer}"""']
    return "\n".join(lines) + "\n"


def _pieces(tokenizer: Any) -> tuple[str, dict[str, tuple[str, str]], str]:
    """What stands first, around each role's text, and before an answer."""

    def render(*turns: tuple[str, str], ask: bool = False) -> str:
        messages = [{"role": role, "content": text} for role, text in turns]
        return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=ask))

    marks = {role: f"@@{role}@@" for role in ROLES}
    whole = render(*((role, marks[role]) for role in ROLES))
    asked = render(("user", marks["user"]), ask=True)
    bare = render(("user", marks["user"]))
    try:
        if not asked.startswith(bare) or any(mark not in whole for mark in marks.values()):
            raise ValueError("a turn changes with what follows, or a role is left out")
        opening = asked[len(bare) :]
        begin = tokenizer.bos_token if tokenizer.bos_token and whole.startswith(tokenizer.bos_token) else ""
        user = tuple(bare[len(begin) :].split(marks["user"]))
        system = tuple(whole[len(begin) : whole.index(user[0] + marks["user"])].split(marks["system"]))
        after = whole.index(user[0] + marks["user"]) + len(user[0] + marks["user"] + user[1])
        assistant = tuple(whole[after:].split(marks["assistant"]))
        around = {"system": system, "user": user, "assistant": assistant}
        if any(len(pair) != 2 for pair in around.values()):
            raise ValueError("a text is written twice")
        turns = [("system", "S"), ("user", "one"), ("assistant", "two"), ("user", "three")]
        joined = begin + "".join(f"{around[r][0]}{text}{around[r][1]}" for r, text in turns) + opening
        if joined != render(*turns, ask=True):
            raise ValueError("turns are written differently by their place")
    except ValueError as error:
        raise ModelError(
            f"the chat template cannot be written for Ollama: {error}.",
            hint="Export with --merged and write TEMPLATE by hand; the template is in chat_template.jinja.",
        ) from None
    return begin, {r: (pair[0], pair[1]) for r, pair in around.items()}, opening
