"""What the ways of adapting are, for a reader of the memo who never heard of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MEANINGS: Mapping[str, str] = {
    "zero-shot": "the model as it is, asked the plain question",
    "quantised": "the model as it is, held in 4 bits to need less memory",
    "constrained": "the model may only answer in a given form",
    "prompt": "an instruction that was searched for is put before the question",
    "few-shot": "the same few solved examples stand before every question",
    "few-shot-diverse": "solved examples that cover the kinds of questions stand before every question",
    "few-shot-nearest": "the solved examples most like the question stand before it",
    "rag": "passages looked up in the documents stand before the question",
    "endpoint": "another model, asked over the network",
    "command": "a program of the team's answers",
    "last-layers": "the last layers of the model trained on the team's examples",
    "adapter": "a small addition to the model that was trained elsewhere",
    "api-tuned": "a model that its provider trained on the team's examples",
    "lora": "a small addition to the model trained on the team's examples",
    "qlora": "a small addition trained beside the model held in 4 bits",
    "distill": "a small addition trained on the answers of a teacher",
    "full": "the whole model trained on the team's examples",
    "predictions": "answers that were given elsewhere",
}


def glossary(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(way, meaning) for every way of adapting in the study, in the order of its arms; `+` joins two. What a plugin
    adds has no words here and is left out."""
    named = [part for arm in (results.get("arms") or {}).values() for part in str(arm.get("method")).split("+")]
    return [(name, MEANINGS[name]) for name in dict.fromkeys(named) if name in MEANINGS]
