"""Every family of models that teams use: a small random one of each, trained and asked through the ordinary doors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tailor.errors import ModelError
from tailor.files import sha256_of_tree
from tailor.models import Request, open_engine
from tailor.records import Base, Completion, Generation, Message
from tailor.training import TrainingOptions, TrainingRow, train
from tiny_models import TEMPLATE, save_tokenizer

SIZES: dict[str, Any] = {
    "vocab_size": 400,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 128,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 5,
    "initializer_range": 0.2,
    "tie_word_embeddings": False,
}
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "Llama, SmolLM2": ("LlamaConfig", {}),
    "Mistral": ("MistralConfig", {"sliding_window": 16}),
    "Qwen2": ("Qwen2Config", {}),
    "Qwen3": ("Qwen3Config", {}),
    "Gemma 2": ("Gemma2Config", {"sliding_window": 16, "query_pre_attn_scalar": 16}),
    "Gemma 3": ("Gemma3TextConfig", {"sliding_window": 16, "query_pre_attn_scalar": 16}),
    "Phi-3, Phi-4": ("Phi3Config", {}),
    "SmolLM3": ("SmolLM3Config", {}),
    "GPT-2": ("GPT2Config", {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 128}),
    "GPT-NeoX": ("GPTNeoXConfig", {}),
}
GEMMA_2 = (
    "<|bos|>{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
ROWS = [
    TrainingRow((Message("system", "Be brief."), Message("user", f"Colour of {name}?")), colour)
    for name, colour in (("Ada", "red"), ("Bo", "green"), ("Cem", "blue"), ("Dora", "black"), ("Eli", "white"))
]


def make(folder: Path, family: str, template: str = TEMPLATE) -> Base:
    import torch
    import transformers

    torch.set_num_threads(1)
    name, own = FAMILIES[family]
    save_tokenizer(folder, template)
    torch.manual_seed(1)
    config = getattr(transformers, name)(**{**SIZES, **own})
    transformers.AutoModelForCausalLM.from_config(config).float().save_pretrained(folder)
    return Base("folder", family, str(folder), sha256_of_tree(folder))


def plain_answers(folder: Path, prompts: list[str]) -> list[str]:
    """The same by Transformers' own `generate`, one at a time."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    said = []
    for prompt in prompts:
        ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt")["input_ids"]
        output = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False)
        said.append(tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True))
    return said


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_answers_as_transformers_does(family: str, tmp_path: Path) -> None:
    base = make(tmp_path / "model", family)
    asked = ["Colour of Ada?", "Which colour does Bo like best of all?", "Cem: favourite colour"]
    engine = open_engine(base)
    answers = engine.answer([Request((Message("user", q),), Generation(max_new_tokens=12)) for q in asked])
    expected = plain_answers(Path(base.location), [f"<|bos|><|user|>{q}<|end|><|assistant|>" for q in asked])
    assert [a.text for a in answers if isinstance(a, Completion)] == [e.strip() for e in expected]
    assert len(set(expected)) > 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["full", "lora"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_learns(family: str, kind: Any, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = make(tmp_path / "model", family)
    options = TrainingOptions(kind, epochs=12, batch_tokens=256, rank=8, learning_rate=1e-2 if kind == "lora" else 2e-3)
    record = train(Path(base.location), ROWS, ROWS, options, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    dev = [loss for _, _, loss in record.curve if loss == loss]
    assert min(dev) < dev[0] - 0.3
    folder = base.location if kind == "lora" else str(tmp_path / "out")
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    if kind == "lora":
        model = PeftModel.from_pretrained(model, str(tmp_path / "out"))
    assert bool(torch.isfinite(model(torch.tensor([[1, 3, 40, 5]])).logits).all())


def test_an_instruction_opens_the_question_where_a_template_knows_no_system_turn(tmp_path: Path) -> None:
    base = make(tmp_path / "model", "Gemma 2", GEMMA_2)
    engine = open_engine(base)
    apart = (Message("system", "Be brief."), Message("user", "Colour of Ada?"))
    joined = (Message("user", "Be brief.\n\nColour of Ada?"),)
    one, two = engine.answer([Request(m, Generation(max_new_tokens=12)) for m in (apart, joined)])
    assert isinstance(one, Completion)
    assert isinstance(two, Completion)
    assert one.text == two.text
    assert one.usage.prompt_tokens == two.usage.prompt_tokens


def test_training_renders_as_answering_does(tmp_path: Path) -> None:
    base = make(tmp_path / "model", "Gemma 2", GEMMA_2)
    options = TrainingOptions("lora", epochs=1, rank=2)
    record = train(Path(base.location), ROWS, [], options, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    assert record.steps >= 1


def test_a_template_that_refuses_every_conversation_is_an_error(tmp_path: Path) -> None:
    base = make(tmp_path / "model", "Gemma 2", "{{ raise_exception('Never') }}")
    with pytest.raises(ModelError, match="Never"):
        train(
            Path(base.location), ROWS, [], TrainingOptions("lora", epochs=1, rank=2), seed=1,
            folder=tmp_path / "out", work=tmp_path / "work",
        )  # fmt: skip
