"""What differs between families of language models: which class loads them, a chat template where the tokenizer brings
none, the tokens that end an answer. The facts are data: `families.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FACTS = Path(__file__).with_name("families.yaml")
ENCODER_DECODER = "encoder-decoder"


@dataclass(frozen=True)
class Family:
    """Models that are loaded and spoken to alike.

    Attributes:
        encoder_decoder: an encoder reads the prompt as a whole and a decoder writes the answer (T5); otherwise prompt
            and answer are one sequence.
        loader: the class of Transformers that loads its weights.
        task: PEFT's word for what adapters are trained for.
        template: chat template for tokenizers without one, or None.
        ends: tokens that end a turn.
    """

    encoder_decoder: bool
    loader: str
    task: str
    template: str | None = None
    ends: tuple[str, ...] = ()


def family_of(config: Any) -> Family:
    """The family of a model.

    Args:
        config: of Transformers, or config.json as read.
    """

    def get(name: str) -> Any:
        return config.get(name) if isinstance(config, dict) else getattr(config, name, None)

    facts = _facts()
    own = facts.get(str(get("model_type")), {})
    ends = tuple(own.get("ends", ()))
    if get("is_encoder_decoder"):
        template = own.get("template") or facts[ENCODER_DECODER]["template"]
        return Family(True, "AutoModelForSeq2SeqLM", "SEQ_2_SEQ_LM", template, ends)
    return Family(False, "AutoModelForCausalLM", "CAUSAL_LM", own.get("template"), ends)


@cache
def _facts() -> dict[str, dict[str, Any]]:
    value: dict[str, dict[str, Any]] = yaml.safe_load(FACTS.read_text(encoding="utf-8"))
    return value


def load_tokenizer(folder: Path, **settings: Any) -> Any:
    """The tokenizer of a model's folder, with its family's chat template where it brings none. What it raises is the
    library's.

    Args:
        folder: in Hugging Face format.
        settings: of `from_pretrained`.
    """
    from transformers import AutoConfig, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, **settings)
    if not tokenizer.chat_template:
        tokenizer.chat_template = family_of(AutoConfig.from_pretrained(folder, **settings)).template
    return tokenizer


def load_weights(folder: Path, **settings: Any) -> Any:
    """The model of a folder, whatever its family; what comes back and what it raises is the library's.

    Args:
        folder: in Hugging Face format.
        settings: of `from_pretrained`.
    """
    import transformers

    own = {k: settings[k] for k in ("local_files_only", "trust_remote_code") if k in settings}
    family = family_of(transformers.AutoConfig.from_pretrained(folder, **own))
    return getattr(transformers, family.loader).from_pretrained(folder, **settings)


def turn_ends(tokenizer: Any, config: Any) -> frozenset[int]:
    """Ids of the family's end tokens that this tokenizer has and its chat template writes."""
    template = str(tokenizer.chat_template or "")
    found = (tokenizer.convert_tokens_to_ids(t) for t in family_of(config).ends if t in template)
    return frozenset(int(i) for i in found if i is not None and i != tokenizer.unk_token_id)


def decoder_start(config: Any) -> int:
    """The token that every answer of an encoder-decoder begins after: the configuration's, else the padding token, as
    in T5."""
    start = getattr(config, "decoder_start_token_id", None)
    return int((start if start is not None else config.pad_token_id) or 0)
