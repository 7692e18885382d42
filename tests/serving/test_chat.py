"""The official client against a running server."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tailor.registry import ReleaseStore


def ask(client: Any, question: str = "what time is it", model: str = "champion", **options: Any) -> Any:
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": question}], **options)


def test_an_answer_with_its_usage_and_its_release(server: Any) -> None:
    reply = ask(server.client())
    assert reply.choices[0].message.content == "new: WHAT TIME IS IT"
    assert reply.choices[0].message.role == "assistant"
    assert reply.choices[0].finish_reason == "stop"
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.total_tokens) == (4, 5, 9)
    assert reply.system_fingerprint == reply.model == "rag+lora@2"
    assert reply.tailor == {"release": "rag+lora@2", "passages": []}
    assert abs(reply.created - time.time()) < 60


@pytest.mark.parametrize(
    ("model", "answer"),
    [
        ("champion", "new: HI"),
        ("previous", "old: HI"),
        ("prompt@1", "old: HI"),
        ("rag+lora@2", "new: HI"),
        ("1", "old: HI"),
    ],
)
def test_every_release_can_be_asked(model: str, answer: str, server: Any) -> None:
    assert ask(server.client(), "hi", model).choices[0].message.content == answer


@pytest.mark.parametrize("question", ["what time is it", "cite", "", "Grüße 👋🏽  double  space\nline", "x " * 300])
def test_streaming_equals_not_streaming(question: str, server: Any) -> None:
    client = server.client()
    whole = ask(client, question)
    chunks = list(ask(client, question, stream=True, stream_options={"include_usage": True}))
    *texts, end, usage = chunks
    assert "".join(c.choices[0].delta.content or "" for c in texts) == whole.choices[0].message.content
    assert texts[0].choices[0].delta.role == "assistant"
    assert all(c.choices[0].finish_reason is None and c.usage is None for c in texts)
    assert end.choices[0].finish_reason == whole.choices[0].finish_reason
    assert end.tailor == whole.tailor
    assert usage.choices == []
    assert usage.usage == whole.usage
    assert len({c.id for c in chunks}) == 1


def test_no_usage_chunk_unless_asked(server: Any) -> None:
    chunks = list(ask(server.client(), stream=True))
    assert all(c.choices for c in chunks)


def test_citations(server: Any) -> None:
    passage = {"n": 1, "reference": "docs/pricing.md#Rates", "text": "Ten per hour."}
    assert ask(server.client(), "cite").tailor["passages"] == [passage]


def test_options_reach_the_model(server: Any) -> None:
    client = server.client()
    assert ask(client, "a b c d", max_tokens=3).choices[0].message.content == "new: A B"
    cut = ask(client, "a b c d", max_completion_tokens=2, temperature=0.5, seed=7, stop=["X", "Y"])
    assert cut.choices[0].finish_reason == "length"
    generation = server.runtime.asked[-1].generation
    assert (generation.max_new_tokens, generation.temperature, generation.seed) == (2, 0.5, 7)
    assert generation.stop == ("X", "Y")


def test_sampling_without_a_seed_draws_one(server: Any) -> None:
    for _ in range(2):
        ask(server.client(), temperature=1)
    first, second = [a.generation.seed for a in server.runtime.asked]
    assert first != second


def test_a_system_message_replaces_the_releases_own(server: Any) -> None:
    messages = [
        {"role": "system", "content": "mine"},
        {"role": "developer", "content": [{"type": "text", "text": "too"}]},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "eins", "refusal": None, "annotations": []},
        {"role": "user", "content": [{"type": "text", "text": "two"}, {"type": "text", "text": "lines"}]},
    ]
    reply = server.client().chat.completions.create(model="champion", messages=messages)
    assert reply.choices[0].message.content == "mine\n\ntoo: TWO\nLINES"


def test_an_answer_can_be_sent_back(server: Any) -> None:
    client = server.client()
    messages: list[Any] = [{"role": "user", "content": "one"}]
    messages.append(client.chat.completions.create(model="champion", messages=messages).choices[0].message)
    messages.append({"role": "user", "content": "two"})
    reply = client.chat.completions.create(model="champion", messages=messages)
    assert reply.choices[0].message.content == "new: TWO"


def test_models(server: Any) -> None:
    client = server.client()
    listed = [m for m in client.models.list().data if "MiniLM" not in m.id]
    assert [m.id for m in listed] == ["champion", "previous", "rag+lora@2", "prompt@1"]
    assert [m.root for m in listed] == ["rag+lora@2", "prompt@1", "rag+lora@2", "prompt@1"]
    assert client.models.retrieve("rag+lora@2").id == "rag+lora@2"
    assert client.models.retrieve("champion").root == "rag+lora@2"
    assert str(server.workspace) not in client.models.list().model_dump_json()


def test_unknown_model(server: Any) -> None:
    for call in (lambda c: ask(c, model="gpt-4"), lambda c: c.models.retrieve("gpt-4")):
        with pytest.raises(openai.NotFoundError) as caught:
            call(server.client())
        assert caught.value.code == "model_not_found"
        assert caught.value.param == "model"
        assert caught.value.type == "invalid_request_error"


@pytest.mark.parametrize(
    "options",
    [
        {"n": 9},
        {"logprobs": True},
        {"logprobs": True, "stream": True},
        {"top_logprobs": 2},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "nonsense"}}}},
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {"enum": ["x" * 70_000]}}}},
        {"response_format": {"type": "xml"}},
        {"top_p": 0.5},
        {"presence_penalty": 1},
        {"logit_bias": {"1": 5}},
        {"max_tokens": 0},
        {"max_tokens": 100_000},
        {"temperature": 3},
        {"temperature": "hot"},
        {"seed": 1.5},
        {"stop": ["a", "b", "c", "d", "e"]},
        {"stop": ""},
        {"stream_options": {"include_usage": True}},
        {"extra_body": {"temprature": 1}},
    ],
)
def test_what_cannot_be_done_is_refused_by_name(options: dict[str, Any], server: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(server.client(), **options)
    name = next(iter(options.get("extra_body", options)))
    assert caught.value.param == name
    assert name in caught.value.message
    assert server.runtime.asked == []


def test_what_changes_nothing_is_accepted(server: Any) -> None:
    neutral = {"n": 1, "logprobs": False, "top_p": 1.0, "presence_penalty": 0, "response_format": {"type": "text"}}
    ignored = {"user": "u", "metadata": {"a": "b"}, "store": True, "parallel_tool_calls": False}
    assert ask(server.client(), "hi", **neutral, **ignored).choices[0].message.content == "new: HI"


@pytest.mark.parametrize("stream", [False, True])
def test_a_crash_says_nothing_of_the_inside(stream: bool, server: Any) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        ask(server.client(), "crash", stream=stream)
    assert caught.value.status_code == 500
    assert "secret" not in str(caught.value.body)
    assert "Traceback" not in str(caught.value.body)
    assert ask(server.client(), "hi").choices[0].message.content == "new: HI"


def test_failures_have_their_status(server: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="9000 tokens") as caught:
        ask(server.client(), "long")
    assert caught.value.code == "context_length_exceeded"
    with pytest.raises(openai.InternalServerError) as upstream:
        ask(server.client(), "upstream")
    assert upstream.value.status_code == 502
    assert "inner" not in str(upstream.value.body)


def test_a_stream_that_dies_says_so(server: Any) -> None:
    texts = []
    with pytest.raises(openai.APIError, match="could not answer"):
        texts.extend(c.choices[0].delta.content for c in ask(server.client(), "die now", stream=True))
    assert texts == ["new:"]


def test_a_client_that_leaves_stops_its_stream(server: Any) -> None:
    stream = ask(server.client(), "endless", stream=True, max_tokens=400)
    next(iter(stream))
    stream.close()
    deadline = time.monotonic() + 60
    while httpx.get(f"{server.url}/readyz", timeout=60).json()["active"]:
        assert time.monotonic() < deadline
    stopped_at = server.runtime.pieces
    assert stopped_at < 400, "it would have had 400 words"
    assert ask(server.client(), "hi").choices[0].message.content == "new: HI"
    assert server.runtime.pieces == stopped_at


def test_several_answers_to_one_request(server: Any) -> None:
    reply = ask(server.client(), "a b", n=3, temperature=0.5, seed=7)
    assert [c.index for c in reply.choices] == [0, 1, 2]
    assert [c.message.content for c in reply.choices] == ["new: A B"] * 3
    # The prompt is read once, three answers of three words are made.
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (2, 9)
    assert sorted(a.generation.seed for a in server.runtime.asked) == [7, 8, 9]
    streamed: dict[int, str] = {}
    for chunk in ask(server.client(), "a b", n=2, stream=True):
        for choice in chunk.choices:
            streamed[choice.index] = streamed.get(choice.index, "") + (choice.delta.content or "")
    assert streamed == {0: "new: A B", 1: "new: A B"}


def test_text_completions(server: Any) -> None:
    client = server.client()
    reply = client.completions.create(model="previous", prompt=["one two", "three"], max_tokens=2)
    assert [c.text for c in reply.choices] == ["old: ONE", "old: THREE"]
    assert [c.finish_reason for c in reply.choices] == ["length", "stop"]
    assert (reply.object, reply.model) == ("text_completion", "prompt@1")
    chunks = list(client.completions.create(model="previous", prompt="one two", stream=True))
    assert "".join(c.choices[0].text for c in chunks) == "old: ONE TWO"
    assert chunks[-1].choices[0].finish_reason == "stop"
    for wrong in ({"echo": True}, {"best_of": 2}, {"suffix": "x"}, {"prompt": [1, 2]}, {"n": 9}):
        with pytest.raises(openai.BadRequestError) as caught:
            client.completions.create(**{"model": "previous", "prompt": "x", **wrong})
        assert caught.value.param == next(iter(wrong))


def test_the_reply_and_the_response_share_an_id(server: Any) -> None:
    raw = server.client().chat.completions.with_raw_response.create(
        model="champion", messages=[{"role": "user", "content": "hi"}]
    )
    assert raw.parse().id == f"chatcmpl-{raw.headers['x-request-id']}"


@pytest.mark.slow
def test_embeddings_are_those_of_retrieval(server: Any) -> None:
    import numpy as np

    from tailor.retrieval import embedding

    if not embedding.installed():
        pytest.skip("the sentence encoder is not installed")
    texts = ["How long is the guarantee?", "a", "a"]
    expected = embedding.encode(texts)  # loads the encoder, which may take longer than a client waits
    client = server.client()
    reply = client.embeddings.create(model="all-MiniLM-L6-v2", input=texts)  # asks for base64
    plain = client.embeddings.create(model="all-MiniLM-L6-v2", input=texts, encoding_format="float", dimensions=384)
    for answer in (reply, plain):
        np.testing.assert_allclose([d.embedding for d in answer.data], expected, atol=1e-6)
    assert reply.usage.prompt_tokens > 9
    for wrong in ({"dimensions": 100}, {"input": []}, {"input": [[1]]}, {"input": ""}):
        with pytest.raises(openai.BadRequestError):
            client.embeddings.create(**{"model": "all-MiniLM-L6-v2", "input": "x", **wrong})
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="champion", input="x")


def test_a_full_queue_asks_to_come_back(server: Any) -> None:
    body = {"model": "champion", "messages": [{"role": "user", "content": "wait"}]}
    with ThreadPoolExecutor(340) as pool, httpx.Client(timeout=120, limits=httpx.Limits(max_connections=400)) as http:
        calls = [pool.submit(http.post, f"{server.url}/v1/chat/completions", json=body) for _ in range(340)]
        while sum(c.done() for c in calls) < 340 - 256 - 64:
            time.sleep(0.02)
        with pytest.raises(openai.RateLimitError) as caught:
            ask(server.client())
        assert 1 <= int(caught.value.response.headers["retry-after"]) <= 30
        assert caught.value.code == "queue_full"
        server.runtime.go.set()
        statuses = [c.result().status_code for c in calls]
    # 256 wait for an endpoint at once and 64 wait for their turn.
    assert (statuses.count(200), statuses.count(429)) == (320, 20)
    assert ask(server.client(), "hi").choices[0].message.content == "new: HI"


def test_a_rollback_changes_the_next_answer(server: Any) -> None:
    client = server.client()
    assert ask(client, "hi").choices[0].message.content == "new: HI"
    ReleaseStore(server.workspace).rollback("bob", "complaints")
    reply = ask(client, "hi")
    assert reply.choices[0].message.content == "old: HI"
    assert reply.system_fingerprint == "prompt@1"
    assert client.models.retrieve("champion").root == "prompt@1"


def test_a_tampered_release_is_not_served(server: Any) -> None:
    path = server.workspace / ".tailor" / "releases" / "assistant" / "2" / "adaptation.json"
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"new")] ^= 1
    path.write_bytes(raw)
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError, match="integrity") as caught:
            ask(server.client(), stream=stream)
        assert caught.value.status_code == 503
        assert caught.value.code == "release_damaged"
        assert str(server.workspace) not in str(caught.value.body)
    assert server.runtime.asked == []
    assert ask(server.client(), "hi", "previous").choices[0].message.content == "old: HI"


def test_without_a_release_there_is_no_server(tmp_path: Path) -> None:
    from tailor.errors import ConfigError
    from tailor.serving.gateway import create_app

    with pytest.raises(ConfigError, match="no champion release yet"):
        create_app(tmp_path)


def test_replies_fit_openais_own_description(server: Any, check: Any) -> None:
    import json

    client = server.client()
    check(
        "CreateChatCompletionResponse",
        json.loads(
            client.chat.completions.with_raw_response.create(
                model="champion", messages=[{"role": "user", "content": "cite"}]
            ).text
        ),
    )
    with client.chat.completions.with_streaming_response.create(
        model="champion",
        messages=[{"role": "user", "content": "cite"}],
        stream=True,
        stream_options={"include_usage": True},
    ) as stream:
        lines = [line for line in stream.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    for line in lines[:-1]:
        check("CreateChatCompletionStreamResponse", json.loads(line.removeprefix("data: ")))
    check("ListModelsResponse", json.loads(client.models.with_raw_response.list().text))
    check("Model", json.loads(client.models.with_raw_response.retrieve("champion").text))
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, model="x")
    check("ErrorResponse", caught.value.response.json())
    check(
        "CreateCompletionResponse",
        json.loads(client.completions.with_raw_response.create(model="previous", prompt="x").text),
    )
