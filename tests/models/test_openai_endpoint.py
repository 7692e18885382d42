"""A real server on the loopback replays what providers send; the client makes answers or says what is wrong."""

from __future__ import annotations

import dataclasses
import json
import re
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from loopback import Reply, Server, delta, events, good

from tailor.errors import ModelError
from tailor.models import LoadedWeights, Request, http_endpoint, open_engine
from tailor.models.openai_endpoint import OpenAIEndpoint
from tailor.records import Base, Completion, Failure, Generation, Message, TokenLogprob, Usage

CASSETTES = Path(__file__).parents[3] / "shared" / "data" / "provider_cassettes"
KEY = "sk-very-secret-0123456789"
QUESTION = Request((Message("system", "Be brief."), Message("user", "Grüße?")), Generation(max_new_tokens=7))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(http_endpoint, "FIRST_WAIT", 0.01)
    server = Server()
    yield server
    server.close()


@pytest.fixture
def endpoint(server: Server) -> Iterator[OpenAIEndpoint]:
    endpoint = OpenAIEndpoint(Base("endpoint", "small-1", server.url, "small-1"))
    yield endpoint
    endpoint.close()


def answer(endpoint: OpenAIEndpoint) -> Completion:
    [completion] = endpoint.answer([QUESTION])
    assert isinstance(completion, Completion), completion
    return completion


def failure(endpoint: OpenAIEndpoint) -> Failure:
    [found] = endpoint.answer([QUESTION])
    assert isinstance(found, Failure), found
    return found


def test_an_answer_and_what_was_asked(server: Server, endpoint: OpenAIEndpoint) -> None:
    server.replies = [good("  Hello!\n", usage={"prompt_tokens": 12, "completion_tokens": 3})]
    completion = answer(endpoint)
    assert (completion.text, completion.finish) == ("Hello!", "stop")
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (12, 3)
    assert 0 < completion.usage.seconds < 10
    [(path, headers, body)] = server.asked
    assert path == "/v1/chat/completions"
    assert "authorization" not in headers
    assert body == {
        "model": "small-1",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Grüße?"}],
        "max_tokens": 7,
        "temperature": 0.0,
        "seed": 0,
    }


def test_stop_strings_and_sampling_are_passed_on(server: Server, endpoint: OpenAIEndpoint) -> None:
    endpoint.answer([Request(QUESTION.messages, Generation(9, 0.7, 42, ("\n", "END")))])
    body = server.asked[0][2]
    assert (body["max_tokens"], body["temperature"], body["seed"], body["stop"]) == (9, 0.7, 42, ["\n", "END"])


def test_log_probabilities_are_asked_for_and_read(server: Server, endpoint: OpenAIEndpoint) -> None:
    token = {"token": "Hi", "logprob": -0.25, "bytes": None, "top_logprobs": [{"token": "Ho", "logprob": -1.5}]}
    message = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop", "logprobs": {"content": [token]}}]}
    server.replies = [Reply(body=json.dumps(message).encode())]
    [found] = endpoint.answer([dataclasses.replace(QUESTION, top_logprobs=1)])
    assert isinstance(found, Completion)
    assert found.logprobs == (TokenLogprob("Hi", -0.25, (("Ho", -1.5),)),)
    body = server.asked[0][2]
    assert (body["logprobs"], body["top_logprobs"]) == (True, 1)
    for odd in (None, {"content": None}, {"content": [{"token": "Hi"}]}, {"tokens": ["Hi"]}):
        message["choices"][0]["logprobs"] = odd
        server.replies = [Reply(body=json.dumps(message).encode())]
        assert answer(endpoint).logprobs == ()


def test_an_answer_cut_at_the_limit_says_so(server: Server, endpoint: OpenAIEndpoint) -> None:
    server.replies = [good("Hel", finish="length")]
    assert answer(endpoint).finish == "length"


def test_many_answers_keep_their_order(server: Server, endpoint: OpenAIEndpoint) -> None:
    server.replies = [Reply(wait=0.1, body=good("slow").body), good("fast")]
    seen: list[int] = []
    asked = [Request((Message("user", str(n)),), Generation()) for n in range(12)]
    answers = endpoint.answer(asked, on_progress=seen.append)
    assert sorted(a.text for a in answers if isinstance(a, Completion)) == ["fast"] * 11 + ["slow"]
    assert seen == list(range(1, 13))
    # The one that was slow is the one that the server saw first.
    slow = next(n for n, a in enumerate(answers) if isinstance(a, Completion) and a.text == "slow")
    assert server.asked[0][2]["messages"][0]["content"] == str(slow)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_passes_is_tried_again(server: Server, endpoint: OpenAIEndpoint, status: int) -> None:
    server.replies = [Reply(status), Reply(status), Reply(status), good("at last")]
    assert answer(endpoint).text == "at last"
    assert len(server.asked) == 4


def test_waits_grow(server: Server, endpoint: OpenAIEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_endpoint, "FIRST_WAIT", 0.1)
    server.replies = [Reply(500), Reply(500), Reply(500), good()]
    answer(endpoint)
    gaps = [b - a for a, b in zip(server.times, server.times[1:], strict=False)]
    assert all(gap >= least for gap, least in zip(gaps, (0.1, 0.2, 0.4), strict=True))


def test_after_four_tries_it_is_a_failure(server: Server, endpoint: OpenAIEndpoint) -> None:
    server.replies = [Reply(500, b'{"error": {"message": "out of order"}}')]
    found = failure(endpoint)
    assert (found.kind, found.retryable) == ("endpoint", True)
    assert "500" in found.cause
    assert "out of order" in found.cause
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        (lambda: "0.4", 0.4, 5),
        (lambda: "0", 0.0, 0.35),
        (lambda: "-5", 0.0, 0.35),
        (lambda: formatdate(time.time() + 2, usegmt=True), 0.9, 5),
        (lambda: formatdate(time.time() - 60, usegmt=True), 0.0, 0.35),
        (lambda: "soon", 0.4, 5),
        (lambda: "nan", 0.4, 5),
    ],
)
def test_retry_after_is_honoured(
    server: Server,
    endpoint: OpenAIEndpoint,
    monkeypatch: pytest.MonkeyPatch,
    value: Callable[[], str],
    least: float,
    most: float,
) -> None:
    monkeypatch.setattr(http_endpoint, "FIRST_WAIT", 0.4)
    server.replies = [Reply(429, headers={"retry-after": value()}), good()]
    answer(endpoint)
    assert least <= server.times[1] - server.times[0] < most


def test_a_far_retry_after_is_cut(server: Server, endpoint: OpenAIEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_endpoint, "LONGEST_WAIT", 0.05)
    server.replies = [Reply(429, headers={"retry-after": "86400"}), good()]
    assert answer(endpoint).text == "Hello!"


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422])
def test_what_does_not_pass_is_not_tried_again(server: Server, endpoint: OpenAIEndpoint, status: int) -> None:
    server.replies = [Reply(status, b'{"error": {"message": "no such model"}}', {"location": "http://127.0.0.1:9/"})]
    found = failure(endpoint)
    assert not found.retryable
    assert f"answered {status}: no such model" in found.cause
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>busy</html>",
        b"\xff\xfe\x00",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [null]}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"message": {"content": 5}}]}',
        b'{"choices": [{"message": {"content": [7]}}]}',
        b'{"error": {"message": "busy"}}',
    ],
)
def test_garbage_is_a_failure_and_no_crash(server: Server, endpoint: OpenAIEndpoint, body: bytes) -> None:
    for status, words in ((200, "not a chat completion"), (400, "answered 400")):
        server.replies = [Reply(status, body)]
        assert words in failure(endpoint).cause


@pytest.mark.parametrize("usage", [None, [], 5, "many", {"prompt_tokens": "x", "completion_tokens": -3}, {}])
def test_odd_usage_counts_nothing(server: Server, endpoint: OpenAIEndpoint, usage: Any) -> None:
    server.replies = [good(usage=usage)]
    found = answer(endpoint).usage
    assert (found.prompt_tokens, found.completion_tokens) == (0, 0)


def test_no_content_is_an_empty_answer(server: Server, endpoint: OpenAIEndpoint) -> None:
    server.replies = [good(None)]
    assert answer(endpoint).text == ""


def test_a_broken_connection_is_tried_again(server: Server, endpoint: OpenAIEndpoint) -> None:
    server.replies = [Reply(body=good().body, drop=5), good("whole")]
    assert answer(endpoint).text == "whole"
    server.replies = [Reply(body=good().body, drop=5)]
    found = failure(endpoint)
    assert (found.kind, found.retryable) == ("endpoint", True)


def test_nobody_there_is_a_failure(server: Server, endpoint: OpenAIEndpoint) -> None:
    server.close()
    found = failure(endpoint)
    assert found.retryable
    assert "Is the server running?" in found.hint


def test_a_slow_server_is_a_timeout(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_endpoint, "TIMEOUT", httpx.Timeout(0.1))
    endpoint = OpenAIEndpoint(Base("endpoint", "m", server.url, "m"))
    server.replies = [Reply(body=good().body, wait=0.5)]
    found = failure(endpoint)
    assert (found.kind, found.retryable) == ("timeout", True)
    with pytest.raises(ModelError, match="did not answer"):
        list(endpoint.stream(QUESTION))
    endpoint.close()


def with_key(server: Server, monkeypatch: pytest.MonkeyPatch, value: str = KEY) -> OpenAIEndpoint:
    monkeypatch.setenv("THE_KEY", value)
    return OpenAIEndpoint(Base("endpoint", "m", server.url, "m", "THE_KEY"))


def test_the_key_is_sent_when_it_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(with_key(server, monkeypatch, f" {KEY}\n"))
    assert server.asked[0][1]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("value", ["", "  ", "schlüssel", "two\nlines"])
def test_what_is_no_key_is_refused_without_showing_it(
    server: Server, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    with pytest.raises(ModelError, match="THE_KEY") as caught:
        with_key(server, monkeypatch, value)
    assert not value.strip() or value not in str(caught.value)


def test_the_key_is_in_no_message_even_if_the_server_repeats_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = with_key(server, monkeypatch)
    echo = f"Incorrect API key provided: {KEY}."
    for reply in (
        Reply(401, json.dumps({"error": {"message": echo}}).encode()),
        Reply(500, echo.encode()),
        Reply(200, echo.encode()),
    ):
        server.replies = [reply]
        found = failure(endpoint)
        assert "Incorrect API key" in found.cause
        assert KEY not in repr(found)
        with pytest.raises(ModelError) as caught:
            list(endpoint.stream(QUESTION))
        assert KEY not in str(caught.value)
    server.replies = [events({"error": {"message": echo}})]
    with pytest.raises(ModelError) as caught:
        list(endpoint.stream(QUESTION))
    assert KEY not in str(caught.value)
    server.close()
    assert KEY not in repr(failure(endpoint))


def test_an_address_that_is_no_url_is_an_error() -> None:
    with pytest.raises(ModelError, match="not a URL"):
        open_engine(Base("endpoint", "m", "http://[::bad", "m"))


def test_trained_weights_are_refused(endpoint: OpenAIEndpoint, tmp_path: Path) -> None:
    request = Request(QUESTION.messages, Generation(), LoadedWeights("adapter", tmp_path, "0"))
    with pytest.raises(ModelError, match="takes no local weights"):
        endpoint.answer([request])
    with pytest.raises(ModelError, match="takes no local weights"):
        list(endpoint.stream(request))


def streamed(endpoint: OpenAIEndpoint) -> tuple[str, Completion]:
    *pieces, last = endpoint.stream(QUESTION)
    assert isinstance(last, Completion)
    return "".join(p for p in pieces if isinstance(p, str)), last


def test_a_stream_is_its_pieces(server: Server, endpoint: OpenAIEndpoint) -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 4}}
    server.replies = [events(delta("\n Grüß"), delta("e, "), delta(None), delta("日😀 \n"), delta("", "stop"), usage)]
    text, last = streamed(endpoint)
    assert text == last.text == "Grüße, 日😀"
    assert (last.usage.prompt_tokens, last.usage.completion_tokens, last.finish) == (5, 4, "stop")
    body = server.asked[0][2]
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}


def test_a_stream_cut_at_the_limit_says_so(server: Server, endpoint: OpenAIEndpoint) -> None:
    server.replies = [events(delta("Hel"), delta("", "length"), done=False)]
    assert streamed(endpoint)[1].finish == "length"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (events(delta("Hel"), done=False), "ended the stream before"),
        (events(delta("Hel"), "{not json"), "no chat completion"),
        (events(delta("Hel"), {"error": {"message": "overloaded"}}), "overloaded"),
        (events(delta("Hel"), "[1]"), "no chat completion"),
        (Reply(body=events(delta("Hel"), delta("lo", "stop")).body, drop=30), "did not answer"),
        (Reply(body=b"<html>"), "ended the stream before"),
        (Reply(429, b'{"error": {"message": "slow down"}}'), "answered 429: slow down"),
        (Reply(500, b"\xff"), "answered 500"),
    ],
)
def test_a_stream_that_goes_wrong_is_no_answer(
    server: Server, endpoint: OpenAIEndpoint, reply: Reply, words: str
) -> None:
    server.replies = [reply]
    with pytest.raises(ModelError, match=words):
        list(endpoint.stream(QUESTION))


def recorded() -> list[tuple[str, Any]]:
    """Every successful chat completion that providers really sent, and a name for it."""
    found = []
    for path in sorted(CASSETTES.glob("*/*.yaml")):
        for n, exchange in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]):
            body = exchange["response"].get("parsed_body")
            if isinstance(body, dict) and "choices" in body and exchange["response"]["status"]["code"] == 200:
                found.append((f"{path.stem}-{n}", body))
    return found


@pytest.mark.skipif(not CASSETTES.is_dir(), reason="the recorded replies of providers are not on this machine")
def test_recorded_replies_of_providers_are_understood(server: Server, endpoint: OpenAIEndpoint) -> None:
    replies = recorded()
    assert len(replies) >= 8
    for name, body in replies:
        server.replies = [Reply(body=json.dumps(body, default=str).encode())]
        completion = answer(endpoint)
        expected = body["usage"]
        counted = (completion.usage.prompt_tokens, completion.usage.completion_tokens)
        assert counted == (expected["prompt_tokens"], expected["completion_tokens"]), name
        content = body["choices"][0]["message"].get("content") or ""
        if isinstance(content, list):  # reasoning models send parts; the thinking is no part of the answer
            content = "".join(p["text"] for p in content if p["type"] == "text")
        assert completion.text == content.strip(), name


@pytest.mark.skipif(not CASSETTES.is_dir(), reason="the recorded replies of providers are not on this machine")
def test_a_recorded_stream_is_understood(server: Server, endpoint: OpenAIEndpoint) -> None:
    text = (CASSETTES / "test_mistral" / "test_mistral_model_thinking_part_iter.yaml").read_text(encoding="utf-8")
    exchanges = yaml.safe_load(text)["interactions"]
    bodies = [e["response"]["body"]["string"] for e in exchanges if "body" in e["response"]]
    assert bodies
    for body in bodies:
        server.replies = [Reply(body=body.encode())]
        joined, last = streamed(endpoint)
        assert joined == last.text != ""
        tokens = int(re.findall(r'"completion_tokens":(\d+)', body)[-1])
        assert last.usage == Usage(last.usage.prompt_tokens, tokens, last.usage.seconds)
