"""Anthropic's messages API: a server on the loopback replays replies in its published shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback import Reply, Server

from tailor.errors import ConfigError, ModelError
from tailor.models import Request, http_endpoint, open_engine, resolve_base
from tailor.models.anthropic_endpoint import AnthropicEndpoint
from tailor.records import Adaptation, Base, Completion, Constraint, Failure, Generation, Message, Usage
from tailor.runtime import adaptation_from_json, adaptation_to_json

KEY = "sk-ant-very-secret-0123456789"
TURNS = (
    Message("system", "Be brief."),
    Message("user", "One?"),
    Message("assistant", "Two."),
    Message("user", "Grüße?"),
)
QUESTION = Request(TURNS, Generation(max_new_tokens=7))


def message(text: str = "Hello!", reason: str = "end_turn", **usage: Any) -> Reply:
    """As in the API reference."""
    value = {
        "id": "msg_013Zva2CMHLNnXjNJJKqJ2EF",
        "type": "message",
        "role": "assistant",
        "model": "small-1",
        "content": [{"type": "text", "text": text}],
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 12, "output_tokens": 3, **usage},
    }
    return Reply(body=json.dumps(value).encode())


def refusal(status: int, kind: str, words: str, **headers: str) -> Reply:
    body = {"type": "error", "error": {"type": kind, "message": words}, "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"}
    return Reply(status, json.dumps(body).encode(), headers)


def events(*values: dict[str, Any]) -> Reply:
    body = "".join(f"event: {v['type']}\ndata: {json.dumps(v)}\n\n" for v in values).encode()
    return Reply(body=body, headers={"content-type": "text/event-stream"})


def streamed(*pieces: str, reason: str = "end_turn") -> list[dict[str, Any]]:
    begun = {"input_tokens": 9, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 1, "output_tokens": 1}
    words = [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": p}} for p in pieces]
    return [
        {"type": "message_start", "message": {"id": "msg_1", "type": "message", "content": [], "usage": begun}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *words,
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 15}},
        {"type": "message_stop"},
    ]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(http_endpoint, "FIRST_WAIT", 0.01)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    server = Server()
    server.replies = [message()]
    yield server
    server.close()


def base_of(server: Server) -> Base:
    spec = {"endpoint": server.url, "model": "small-1", "key_env": "ANTHROPIC_API_KEY", "api": "anthropic"}
    return resolve_base(spec, Path())


@pytest.fixture
def endpoint(server: Server) -> Iterator[AnthropicEndpoint]:
    endpoint = open_engine(base_of(server))
    assert isinstance(endpoint, AnthropicEndpoint)
    yield endpoint
    endpoint.close()


def test_an_answer_and_what_was_asked(server: Server, endpoint: AnthropicEndpoint) -> None:
    server.replies = [message("  Hello!\n")]
    [completion] = endpoint.answer([Request(TURNS, Generation(7, 0.5, stop=("END",)))])
    assert isinstance(completion, Completion)
    assert (completion.text, completion.finish) == ("Hello!", "stop")
    [(path, headers, body)] = server.asked
    assert path == "/v1/messages"
    assert (headers["x-api-key"], headers["anthropic-version"]) == (KEY, "2023-06-01")
    assert "authorization" not in headers
    assert body == {
        "model": "small-1",
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "One?"},
            {"role": "assistant", "content": "Two."},
            {"role": "user", "content": "Grüße?"},
        ],
        "max_tokens": 7,
        "temperature": 0.5,
        "stop_sequences": ["END"],
    }


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({}, (12, 3, 0)),
        ({"cache_read_input_tokens": 100, "cache_creation_input_tokens": 30}, (142, 3, 100)),
        ({"cache_read_input_tokens": None, "cache_creation_input_tokens": None}, (12, 3, 0)),
        ({"input_tokens": "many", "output_tokens": None}, (0, 0, 0)),
    ],
)
def test_tokens_of_the_cache_are_part_of_the_prompt(
    usage: dict[str, Any], expected: tuple[int, int, int], server: Server, endpoint: AnthropicEndpoint
) -> None:
    server.replies = [message(**usage)]
    [completion] = endpoint.answer([QUESTION])
    assert isinstance(completion, Completion)
    used = completion.usage
    assert (used.prompt_tokens, used.completion_tokens, used.cached_tokens) == expected


def test_an_answer_cut_at_the_limit_and_thoughts_left_out(server: Server, endpoint: AnthropicEndpoint) -> None:
    reply = json.loads(message("Hel", "max_tokens").body)
    reply["content"].insert(0, {"type": "thinking", "thinking": "Hm.", "signature": "x"})
    server.replies = [Reply(body=json.dumps(reply).encode())]
    [completion] = endpoint.answer([QUESTION])
    assert isinstance(completion, Completion)
    assert (completion.text, completion.finish) == ("Hel", "length")


@pytest.mark.parametrize(("status", "kind"), [(429, "rate_limit_error"), (529, "overloaded_error"), (500, "api_error")])
def test_what_passes_is_tried_again(status: int, kind: str, server: Server, endpoint: AnthropicEndpoint) -> None:
    server.replies = [refusal(status, kind, "Later.", **{"retry-after": "0"}), message("at last")]
    [completion] = endpoint.answer([QUESTION])
    assert isinstance(completion, Completion)
    assert completion.text == "at last"
    assert len(server.asked) == 2


def test_what_stays_wrong_is_a_failure_without_the_key(server: Server, endpoint: AnthropicEndpoint) -> None:
    server.replies = [refusal(401, "authentication_error", f"invalid x-api-key: {KEY}")]
    [failure] = endpoint.answer([QUESTION])
    assert isinstance(failure, Failure)
    assert failure.cause == "127.0.0.1 answered 401: invalid x-api-key: ***"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"content": 3}', b'{"choices": []}', b'{"content": [{"type": "text"}]}']
)
def test_a_reply_of_another_shape_is_a_failure(body: bytes, server: Server, endpoint: AnthropicEndpoint) -> None:
    server.replies = [Reply(body=body)]
    [failure] = endpoint.answer([QUESTION])
    assert isinstance(failure, Failure)
    assert "is not a message" in failure.cause


def test_streamed_pieces_are_the_answer_and_the_last_counts_hold(server: Server, endpoint: AnthropicEndpoint) -> None:
    server.replies = [events(*streamed(" Hel", "lo ", "there! "))]
    *pieces, last = endpoint.stream(QUESTION)
    assert "".join(str(p) for p in pieces) == "Hello there!"
    assert isinstance(last, Completion)
    assert (last.text, last.finish) == ("Hello there!", "stop")
    assert last.usage == Usage(30, 15, last.usage.seconds, 20)
    assert server.asked[0][2]["stream"] is True


def test_a_stream_that_breaks_off_or_fails_is_an_error(server: Server, endpoint: AnthropicEndpoint) -> None:
    server.replies = [events(*streamed("Hel")[:-2])]
    with pytest.raises(ModelError, match="ended the stream before"):
        list(endpoint.stream(QUESTION))
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    server.replies = [events(*streamed("Hel")[:4], overloaded)]
    with pytest.raises(ModelError, match="Overloaded"):
        list(endpoint.stream(QUESTION))
    server.replies = [refusal(404, "not_found_error", "model: small-1")]
    with pytest.raises(ModelError, match="answered 404: model: small-1"):
        list(endpoint.stream(QUESTION))


def test_a_form_of_the_answer_cannot_be_asked_for(server: Server, endpoint: AnthropicEndpoint) -> None:
    told = list[int]()
    with pytest.raises(ModelError, match="takes no form of an answer"):
        endpoint.answer([Request(TURNS, Generation(), constraint=Constraint("regex", "a+"))], on_ask=told.append)
    assert not server.asked
    assert not told, "what is never sent is not written down as under way"


def test_a_base_says_how_it_is_spoken_to_and_older_ones_read_as_before(server: Server) -> None:
    base = base_of(server)
    stored = adaptation_to_json(Adaptation(base))
    assert stored["base"]["api"] == "anthropic"
    assert stored["format_version"] == 2
    assert adaptation_from_json(stored).base == base
    plain = resolve_base({"endpoint": server.url, "model": "small-1", "api": "openai"}, Path())
    assert "api" not in adaptation_to_json(Adaptation(plain))["base"]
    with pytest.raises(ConfigError, match="api must be openai or anthropic, found 'claude'"):
        resolve_base({"endpoint": server.url, "model": "small-1", "api": "claude"}, Path())
