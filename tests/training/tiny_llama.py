"""A tiny random Llama with a byte-level tokenizer and a chat template, built without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tailor.records import Message
from tailor.training import TrainingRow

SPECIAL = ["<|pad|>", "<|bos|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]
TEMPLATE = (
    "<|bos|>{% for m in messages %}{% if m.role == 'assistant' %}<|assistant|>"
    "{% generation %}{{ m.content }}<|end|>{% endgeneration %}"
    "{% else %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
COLOURS = ["red", "green", "blue", "black", "white"]
NAMES = ["Ada", "Bo", "Cem", "Dora", "Eli", "Finn", "Gus", "Hal", "Ida", "Jo"]


def row(question: str, answer: str) -> TrainingRow:
    return TrainingRow((Message("user", question),), answer)


def colour_rows() -> list[TrainingRow]:
    """Forty rows of unequal length: ten names, four framings, one colour each."""
    rows = []
    for i, name in enumerate(NAMES):
        colour = COLOURS[i % len(COLOURS)]
        rows += [
            row(f"Colour of {name}?", colour),
            row(f"Which colour does {name} like best of all?", colour),
            row(f"Say what {name} paints the house with.", f"{name} paints it {colour}."),
            row(f"{name}: favourite colour", colour),
        ]
    return rows


def save_tokenizer(folder: Path, template: str | None = TEMPLATE) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([r.prompt[0].content + " " + r.answer for r in colour_rows()], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|bos|>", eos_token="<|end|>", pad_token="<|pad|>"
    )
    fast.chat_template = template
    fast.save_pretrained(folder)
    return fast


def save_model(folder: Path, config: Any) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(config).float().save_pretrained(folder)


def llama_config(**changes: Any) -> Any:
    from transformers import LlamaConfig

    settings: dict[str, Any] = {
        "vocab_size": 400,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 128,
        "tie_word_embeddings": True,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 5,
    }
    return LlamaConfig(**{**settings, **changes})
