"""Answers that can have no other form: one of several choices, a regular expression, or a JSON schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tailor.errors import ConfigError, DataError
from tailor.methods.base import FitContext
from tailor.records import ABSTENTION, Adaptation, Constraint, Fitted, Generation

MOST_CHOICES = 256
JSON_TOKENS = 256  # an object needs more room than the 48 tokens of a plain answer


@dataclass(frozen=True)
class ConstrainedOptions:
    """One of: `choice`, texts with | between them, or `answers` for all answers of the training split (the default);
    `regex`, a regular expression for the whole answer; `json_schema`, a schema as a mapping. `abstain` adds
    "I don't know." to the choices."""

    choice: str | None = None
    regex: str | None = None
    json_schema: Mapping[str, Any] | None = None
    abstain: bool = True

    def __post_init__(self) -> None:
        given = [n for n in ("choice", "regex", "json_schema") if getattr(self, n) is not None]
        if len(given) > 1:
            raise ConfigError(f"constrained: expected one of choice, regex and json_schema, found {', '.join(given)}.")
        if self.choice is not None and not _texts(self.choice):
            raise ConfigError("constrained: choice names nothing.", hint='For example: choice: "yes | no"')
        if self.regex is not None:
            try:
                re.compile(self.regex)
            except re.error as error:
                raise ConfigError(f"constrained: regex is no regular expression: {error}.") from None
        if self.json_schema is not None and not self.json_schema:
            raise ConfigError("constrained: json_schema is empty.", hint="For example: {type: object, properties: ...}")


class Constrained:
    """Constrained decoding: at every step only tokens that keep to the form may come. Changes neither weights nor
    prompt, so it joins with every other arm."""

    options = ConstrainedOptions
    complexity = 5
    uses_seed = False
    trains_weights = False
    needs_documents = False

    def fit(self, context: FitContext, options: ConstrainedOptions) -> Fitted:
        """Make the constraint; a local base must be able to follow it.

        Raises:
            ConfigError: the pattern or the schema cannot be used.
            DataError: choices were to be taken from the training split, and it has none or too many.
            MissingDependency: a local base, and llguidance is not installed.
        """
        chosen: dict[str, object] = {}
        generation = Generation()
        if options.regex is not None:
            constraint = Constraint("regex", options.regex)
        elif options.json_schema is not None:
            constraint = Constraint("json-schema", json.dumps(options.json_schema, ensure_ascii=False))
            generation = Generation(max_new_tokens=JSON_TOKENS)
        else:
            texts = _answers(context) if options.choice in (None, "answers") else _texts(str(options.choice))
            texts = [*texts, *([ABSTENTION] if options.abstain and ABSTENTION not in texts else [])]
            constraint = Constraint("choice", json.dumps(texts, ensure_ascii=False))
            chosen = {"choices": len(texts)}
        if context.base.kind != "endpoint":
            from tailor.models.constraining import grammar

            grammar(constraint)
        return Fitted(Adaptation(context.base, generation=generation, constraint=constraint), chosen)


def _texts(choice: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in choice.split("|") if part.strip()))


def _answers(context: FitContext) -> list[str]:
    found = sorted({e.answer.strip() for e in context.train if e.answer and e.answer.strip()})
    if not found:
        raise DataError("constrained: the training split is empty.", hint="Add questions with answers.")
    if len(found) > MOST_CHOICES:
        raise DataError(
            f"constrained: the training split has {len(found)} different answers; as choices at most {MOST_CHOICES}.",
            hint="Choices suit questions with few possible answers. Give choice, regex or json_schema.",
        )
    return found
