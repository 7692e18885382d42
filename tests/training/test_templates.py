"""Chat templates that training can and cannot use."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tailor.errors import ModelError
from tailor.records import Message
from tailor.training import TrainingOptions, TrainingRow, train
from tailor.training.loading import end_tokens, load_config, load_tokenizer
from tailor.training.rendering import Encoded, encode

OPTIONS = TrainingOptions("lora", epochs=1, rank=2)


def with_template(base: Path, folder: Path, template: str | None) -> Path:
    shutil.copytree(base, folder)
    (folder / "chat_template.jinja").unlink()
    if template is not None:
        (folder / "chat_template.jinja").write_text(template)
    return folder


def encoded(base: Path, row: TrainingRow) -> tuple[Encoded, list[str]]:
    tokenizer = load_tokenizer(base)
    ends = end_tokens(tokenizer, base, load_config(base))
    result = encode(tokenizer, [row], ends=ends, limit=128, name="row")[0]
    return result, tokenizer.convert_ids_to_tokens(list(result.tokens))


def test_loss_falls_on_answer_and_end_token_only(base: Path) -> None:
    row = TrainingRow((Message("system", "Short."), Message("user", "Colour of Ada?")), "red")
    result, tokens = encoded(base, row)
    assert tokens[: result.prompt][-1] == "<|assistant|>"
    assert "".join(tokens[result.prompt :]) == "red<|end|>"
    assert tokens[0] == "<|bos|>"


def test_an_earlier_answer_in_the_conversation_is_prompt(base: Path) -> None:
    turns = (Message("user", "Colour of Ada?"), Message("assistant", "red"), Message("user", "Colour of Bo?"))
    result, tokens = encoded(base, TrainingRow(turns, "green"))
    assert "".join(tokens[result.prompt :]) == "green<|end|>"


def test_what_a_template_writes_after_the_end_token_is_cut_off(base: Path, tmp_path: Path) -> None:
    template = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>\n{% endfor %}"
    template += "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    folder = with_template(base, tmp_path / "m", template)
    result, tokens = encoded(folder, TrainingRow((Message("user", "Colour of Ada?"),), "red"))
    assert "".join(tokens[result.prompt :]) == "red<|end|>"


def test_no_chat_template_is_an_error_with_a_remedy(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    folder = with_template(base, tmp_path / "m", None)
    with pytest.raises(ModelError, match="no chat template") as caught:
        train(folder, rows, [], OPTIONS, seed=1, folder=tmp_path / "o", work=tmp_path / "w")
    assert "chat_template.jinja" in caught.value.hint


def test_a_template_that_breaks_the_prefix_rule_is_an_error(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    template = "{% if add_generation_prompt %}<|system|>answer now<|end|>{% endif %}"
    template += "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    folder = with_template(base, tmp_path / "m", template)
    with pytest.raises(ModelError, match=r"prefix rule \(training row 0\)"):
        train(folder, rows, [], OPTIONS, seed=1, folder=tmp_path / "o", work=tmp_path / "w")


def test_a_template_that_never_ends_the_answer_is_an_error(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    template = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
    template += "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    folder = with_template(base, tmp_path / "m", template)
    with pytest.raises(ModelError, match="no end token"):
        train(folder, rows, [], OPTIONS, seed=1, folder=tmp_path / "o", work=tmp_path / "w")


def test_a_template_that_refuses_a_system_turn_is_an_error(base: Path, tmp_path: Path) -> None:
    template = "{{ raise_exception('System role not supported') }}"
    folder = with_template(base, tmp_path / "m", template)
    row = TrainingRow((Message("system", "Be brief."), Message("user", "Colour of Ada?")), "red")
    with pytest.raises(ModelError, match="System role not supported"):
        train(folder, [row], [], OPTIONS, seed=1, folder=tmp_path / "o", work=tmp_path / "w")
