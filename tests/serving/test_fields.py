"""Every field that OpenAI's description of its API knows is answered as the reference page says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tailor.serving.chat_request import FIELDS, parse_chat
from tailor.serving.fields import Fields
from tailor.serving.problem import Problem
from tailor.serving.text_request import COMPLETION, EMBEDDING, parse_completion, parse_embedding

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "openai-fields.md"
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
CHAT = {"messages": [{"role": "user", "content": "Hi"}]}

# A value of each field that OpenAI's description allows and that asks for something.
ASKED: Mapping[str, Any] = {
    "audio": {"voice": "ash", "format": "mp3"},
    "best_of": 3,
    "dimensions": 384,
    "echo": True,
    "encoding_format": "base64",
    "frequency_penalty": 0.5,
    "function_call": "auto",
    "functions": [{"name": "f"}],
    "input": ["a"],
    "logit_bias": {"50256": -100},
    "logprobs": True,
    "max_completion_tokens": 9,
    "max_tokens": 9,
    "messages": CHAT["messages"],
    "metadata": {"a": "b"},
    "modalities": ["text", "audio"],
    "model": "champion",
    "moderation": {"model": "omni"},
    "n": 2,
    "parallel_tool_calls": False,
    "prediction": {"type": "content", "content": "x"},
    "presence_penalty": 0.5,
    "prompt": "Hi",
    "prompt_cache_key": "k",
    "prompt_cache_options": {},
    "prompt_cache_retention": "24h",
    "reasoning_effort": "low",
    "response_format": {"type": "json_object"},
    "safety_identifier": "u",
    "seed": 3,
    "service_tier": "auto",
    "stop": ["x"],
    "store": True,
    "stream": True,
    "stream_options": {"include_usage": True},
    "suffix": "!",
    "temperature": 0.5,
    "tool_choice": "auto",
    "tools": [TOOL],
    "top_logprobs": 2,
    "top_p": 0.5,
    "user": "u",
    "verbosity": "low",
    "web_search_options": {},
}
WITH: Mapping[str, Mapping[str, Any]] = {"stream_options": {"stream": True}, "top_logprobs": {"logprobs": True}}
"""What a field cannot do without."""


def embedding(raw: bytes) -> Any:
    return parse_embedding(raw, width=384)


ROUTES: Mapping[str, tuple[str, Fields, Callable[[bytes], Any], Mapping[str, Any]]] = {
    "/v1/chat/completions": ("CreateChatCompletionRequest", FIELDS, parse_chat, CHAT),
    "/v1/completions": ("CreateCompletionRequest", COMPLETION, parse_completion, {"prompt": "Hi"}),
    "/v1/embeddings": ("CreateEmbeddingRequest", EMBEDDING, embedding, {"input": "Hi", "model": "all-MiniLM-L6-v2"}),
}


def published(name: str) -> set[str]:
    places = [p / "shared" / "data" / "openai_openapi" / "openapi.json" for p in Path(__file__).parents]
    path = next((p for p in places if p.exists()), None)
    if path is None:
        pytest.skip("OpenAI's API description is not there (shared/data/openai_openapi)")
    schemas = json.loads(path.read_text())["components"]["schemas"]

    def fields(schema: Any) -> set[str]:
        if "$ref" in schema:
            return fields(schemas[schema["$ref"].rpartition("/")[2]])
        return set(schema.get("properties", {})).union(*(fields(s) for s in schema.get("allOf", [])))

    return fields(schemas[name])


def documented(route: str) -> dict[str, str]:
    """Field -> honoured, ignored or refused."""
    section = PAGE.read_text().split(f"`POST {route}`")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", section, re.MULTILINE))


@pytest.mark.parametrize("route", ROUTES)
def test_the_page_knows_every_published_field_and_no_other(route: str) -> None:
    name, fields, _, _ = ROUTES[route]
    page = documented(route)
    assert set(page) == published(name)
    assert set(page) == {*fields.honoured, *fields.ignored, *fields.neutral}


@pytest.mark.parametrize(("route", "field"), [(r, f) for r in ROUTES for f in documented(r)])
def test_a_field_is_answered_as_the_page_says(route: str, field: str) -> None:
    _, _, parse, body = ROUTES[route]
    value = 2 if (route, field) == ("/v1/completions", "logprobs") else ASKED[field]
    raw = json.dumps({**body, **WITH.get(field, {}), field: value}).encode()
    kind = documented(route)[field]
    if kind == "refused":
        with pytest.raises(Problem) as refused:
            parse(raw)
        assert (refused.value.status, refused.value.param) == (400, field)
        assert refused.value.code == "unsupported_parameter"
        assert parse(json.dumps({**body, field: None}).encode()) == parse(json.dumps(body).encode())
        return
    same = parse(raw) == parse(json.dumps({**body, **WITH.get(field, {})}).encode())
    # What is honoured reaches whoever answers; what is ignored does not. These ask for what is there anyway.
    silent = field in ("messages", "prompt", "dimensions", "tool_choice", "parallel_tool_calls")
    if not silent:
        assert same == (kind == "ignored")


def test_an_unknown_field_is_named_with_its_neighbour() -> None:
    with pytest.raises(Problem, match="max_tokens") as refused:
        parse_chat(json.dumps({**CHAT, "max_token": 3}).encode())
    assert refused.value.code == "unknown_parameter"
