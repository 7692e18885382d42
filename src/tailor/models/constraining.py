"""Answers of a given form: a choice, a regular expression or a JSON schema decides which tokens may come next."""

from __future__ import annotations

import json
from typing import Any

from tailor.errors import ConfigError, MissingDependency
from tailor.records import Constraint

SPECIAL = frozenset("\\.+*?()|[]{}^$#&-~/")
KEPT = 256  # compiled constraints: whoever asks a server may bring ever new schemas
COMPACT: Any = {"whitespace_flexible": False}  # one line: the first line is what is scored, and space costs tokens


def grammar(constraint: Constraint) -> str:
    """A constraint in llguidance's terms.

    A choice or a pattern may follow one space: some tokenizers begin every word with it, and an answer is stripped.

    Raises:
        MissingDependency: llguidance is not installed.
        ConfigError: the pattern or the schema cannot be used.
    """
    try:
        from llguidance import LLMatcher
    except ImportError:
        raise MissingDependency("Answers of a given form", "constrain") from None
    try:
        if constraint.kind == "json-schema":
            made = str(LLMatcher.grammar_from_json_schema(constraint.text, overrides=COMPACT))
        else:
            made = str(LLMatcher.grammar_from_regex(f" ?({pattern(constraint)})"))
    except ValueError as error:
        raise _refused(constraint, str(error)) from None
    if wrong := LLMatcher.validate_grammar(made):
        raise _refused(constraint, wrong)
    return made


def pattern(constraint: Constraint) -> str:
    """The regular expression of a choice or a pattern."""
    if constraint.kind == "regex":
        return constraint.text
    return "|".join(_literal(choice) for choice in json.loads(constraint.text))


def _literal(text: str) -> str:
    return "".join(f"\\{c}" if c in SPECIAL else c for c in text)


def _refused(constraint: Constraint, cause: str) -> ConfigError:
    first = next((line.strip() for line in cause.splitlines() if line.strip()), "unknown")
    return ConfigError(
        f"constrained: the {constraint.kind} cannot be used: {first[:200]}",
        hint="Lookaround and back-references are not supported; of JSON schema the common parts are.",
    )


class Grammars:
    """Compiled constraints of one tokenizer.

    Args:
        tokenizer: of Transformers, backed by the tokenizers library.
        vocabulary: width of the model's logits.
        end_ids: tokens that end an answer.
    """

    def __init__(self, tokenizer: Any, vocabulary: int, end_ids: frozenset[int]) -> None:
        try:
            from llguidance.hf import from_tokenizer
        except ImportError:
            raise MissingDependency("Answers of a given form", "constrain") from None
        if not getattr(tokenizer, "is_fast", False):
            raise ConfigError(
                "constrained: the base's tokenizer is not backed by the tokenizers library.",
                hint="Use a base that has a tokenizer.json.",
            )
        self._tokenizer = from_tokenizer(tokenizer, n_vocab=vocabulary, eos_token=sorted(end_ids))
        self._grammars: dict[Constraint, str] = {}

    def matcher(self, constraint: Constraint) -> Matcher:
        """A matcher at the beginning of an answer."""
        if constraint not in self._grammars:
            if len(self._grammars) >= KEPT:
                self._grammars.pop(next(iter(self._grammars)))
            self._grammars[constraint] = grammar(constraint)
        return Matcher(self._tokenizer, self._grammars[constraint])


class Matcher:
    """How far one answer has come."""

    def __init__(self, tokenizer: Any, made: str) -> None:
        from llguidance import LLMatcher

        self._matcher = LLMatcher(tokenizer, made)
        self._vocabulary = tokenizer.vocab_size

    def restrict(self, logits: Any) -> None:
        """Set the logits of tokens that may not come next to minus infinity, in place; shape (vocabulary,)."""
        import numpy as np
        import torch

        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.unpackbits(bits, bitorder="little")[: logits.shape[0]].astype(bool)
        logits[torch.from_numpy(~allowed).to(logits.device)] = -torch.inf

    def take(self, token: int) -> bool:
        """Go on by a token; False where nothing may follow it: the answer is complete."""
        self._matcher.consume_token(token)
        return not self._matcher.is_stopped()
