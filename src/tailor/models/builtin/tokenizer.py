"""Byte-level BPE tokenizer of the built-in model, its chat template, and the packing of documents to tokens."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from tailor.models.builtin.corpus import Document, Turn

VOCABULARY = 4096
PAD, BOS, SYSTEM, USER, ASSISTANT, END = range(6)
SPECIAL_TOKENS = ("<|pad|>", "<|bos|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>")
ROLE_TOKENS = {"system": SYSTEM, "user": USER, "assistant": ASSISTANT}

CHAT_TEMPLATE = (
    "{{- '<|bos|>' -}}"
    "{%- for message in messages -%}"
    "{{- '<|' + message['role'] + '|>' -}}"
    "{%- if message['role'] == 'assistant' -%}"
    "{%- generation -%}{{- ' ' + message['content'] + '<|end|>' -}}{%- endgeneration -%}"
    "{%- else -%}"
    "{{- ' ' + message['content'] + '<|end|>' -}}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)


def train_tokenizer(texts: Iterable[str], folder: Path, positions: int = 2048) -> PreTrainedTokenizerFast:
    """Learn ``VOCABULARY`` byte pairs (Sennrich 2016) from ``texts`` and save them in ``folder``.

    Each digit is a token of its own, so that a number is read digit by digit.  Raises ``ValueError`` when the
    texts are too few to fill the vocabulary.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    if core.get_vocab_size() != VOCABULARY:
        raise ValueError(
            f"expected {VOCABULARY} tokens, found {core.get_vocab_size()}; train on a larger or more varied sample"
        )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<|bos|>",
        eos_token="<|end|>",
        pad_token="<|pad|>",
        additional_special_tokens=["<|system|>", "<|user|>", "<|assistant|>"],
        clean_up_tokenization_spaces=False,
        model_max_length=positions,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(folder)
    return tokenizer


def sample_texts(documents: Iterable[Document], size: int) -> Iterator[str]:
    """Texts of the documents' turns until ``size`` characters have been given."""
    given = 0
    for document in documents:
        for turn in document.turns:
            yield turn.text
            given += len(turn.text)
        if given >= size:
            return


@dataclass(frozen=True)
class Encoded:
    """Token ids of one document and the loss weight of each as a target, of equal length."""

    stream: str
    tokens: tuple[int, ...]
    weights: tuple[float, ...]


class Encoder:
    """Turns documents into token ids and loss weights.

    Assistant tokens (with the closing ``<|end|>``) weigh 1, plain documents ``text_weight``.  Reading contexts
    are random and their loss mostly noise, so system and user tokens weigh 0, except in a random share
    ``context_share`` of documents, where they weigh ``text_weight``.
    """

    def __init__(self, folder: Path, seed: int, text_weight: float = 0.5, context_share: float = 0.15) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from tokenizers import Tokenizer

        self.core = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.random = random.Random(seed)
        self.text_weight = text_weight
        self.context_share = context_share

    def ids(self, text: str) -> list[int]:
        """Token ids of plain text, without any special token."""
        found: list[int] = self.core.encode(text, add_special_tokens=False).ids
        return found

    def content(self, text: str) -> list[int]:
        """Token ids of what a role says: with a space before it, so that a first word is the token it is elsewhere.

        Without the space an answer's first word was spelled letter by letter ("W", "ednesday") although the passage
        holds it as one token (" Wednesday"), which is beyond copying.
        """
        return self.ids(f" {text}")

    def prompt(self, turns: Sequence[Turn]) -> list[int]:
        """Token ids of a conversation up to the place where the assistant answers."""
        tokens = [BOS]
        for turn in turns:
            tokens += [ROLE_TOKENS[turn.role], *self.content(turn.text), END]
        return [*tokens, ASSISTANT]

    def encode(self, document: Document) -> Encoded:
        """Token ids and target weights of a whole document."""
        context = self.text_weight if self.random.random() < self.context_share else 0.0
        tokens, weights = [BOS], [0.0]
        for turn in document.turns:
            ids = [*self.content(turn.text), END]
            weight = {"assistant": 1.0, "text": self.text_weight}.get(turn.role, context)
            if turn.role != "text":
                tokens.append(ROLE_TOKENS[turn.role])
                weights.append(context if turn.role != "assistant" else 0.0)
            tokens += ids
            weights += [weight] * len(ids)
        return Encoded(document.stream, tuple(tokens), tuple(weights))
