"""Tools go through to a model behind an endpoint and come back as it asked for them; local weights take none."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openai
import pytest

from tailor.records import Adaptation, Base, Demonstration, Interval, Message, Passage, ToolTurn
from tailor.registry import Evidence, Lineage, ReleaseStore
from tailor.runtime import Runtime
from tailor.runtime.prompt import build_messages

TOOLS = [
    {
        "type": "function",
        "function": {"name": "opening_hours", "parameters": {"type": "object", "properties": {"day": {}}}},
    }
]
CALL = {"id": "call_1", "type": "function", "function": {"name": "opening_hours", "arguments": '{"day": "Monday"}'}}
USAGE = {"prompt_tokens": 10, "completion_tokens": 5}


class Provider:
    """An endpoint that calls the tool it was given, and answers from what the tool returned."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                provider.asked.append(body)
                returned = body["messages"][-1]["role"] == "tool"
                content = provider.events(returned) if body.get("stream") else provider.whole(returned)
                self.send_response(200)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def whole(self, returned: bool) -> bytes:
        if returned:
            message, finish = {"role": "assistant", "content": "From 9 to 5."}, "stop"
        else:
            message, finish = {"role": "assistant", "content": None, "tool_calls": [CALL]}, "tool_calls"
        return json.dumps({"choices": [{"message": message, "finish_reason": finish}], "usage": USAGE}).encode()

    def events(self, returned: bool) -> bytes:
        assert not returned
        function = CALL["function"]
        first = {**CALL, "index": 0, "function": {**function, "arguments": ""}}
        arguments = function["arguments"]
        pieces = [first, *({"index": 0, "function": {"arguments": a}} for a in (arguments[:6], arguments[6:]))]
        values: list[Any] = [{"choices": [{"delta": {"tool_calls": [p]}, "finish_reason": None}]} for p in pieces]
        values += [{"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}, {"choices": [], "usage": USAGE}]
        return "".join([*(f"data: {json.dumps(v)}\n\n" for v in values), "data: [DONE]\n\n"]).encode()


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.http.shutdown()
    provider.http.server_close()


@pytest.fixture
def client(workspace: Path, provider: Provider, run_server: Any) -> Iterator[openai.OpenAI]:
    """`shop@3` asks the endpoint; `rag+lora@2` is on weights of this machine."""
    evidence = Evidence(Interval(0.8, 0.7, 0.9), "adopt", True)
    lineage = Lineage("d" * 64, "e" * 64, {"arm": "shop"}, "0.1.0", evidence)
    adaptation = Adaptation(Base("endpoint", "m", provider.url, "m"), system="Be brief.")
    ReleaseStore(workspace).promote(adaptation, arm="shop", seed=0, study="s", lineage=lineage, by="a", why="b")
    with run_server(workspace, Runtime) as url:
        yield openai.OpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0, timeout=20)


ASK: list[Any] = [{"role": "user", "content": "When do you open on Monday?"}]


def test_a_whole_round_of_a_tool(client: openai.OpenAI, provider: Provider, check: Any) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="champion",
        messages=ASK,
        tools=TOOLS,
        tool_choice={"type": "function", "function": {"name": "opening_hours"}},
        parallel_tool_calls=False,
    )
    check("CreateChatCompletionResponse", raw.http_response.json())
    [choice] = raw.parse().choices
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", None)
    [call] = choice.message.tool_calls or []
    assert call.model_dump() == CALL
    asked = provider.asked[-1]
    assert (asked["tools"], asked["parallel_tool_calls"]) == (TOOLS, False)
    assert asked["tool_choice"] == {"type": "function", "function": {"name": "opening_hours"}}
    turns = [*ASK, choice.message, {"role": "tool", "tool_call_id": call.id, "content": "9 to 5"}]
    final = client.chat.completions.create(model="champion", messages=turns, tools=TOOLS)
    assert final.choices[0].message.content == "From 9 to 5."
    assert provider.asked[-1]["messages"] == [
        {"role": "system", "content": "Be brief."},
        ASK[0],
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "9 to 5"},
    ]


def test_a_streamed_call_is_whole(client: openai.OpenAI) -> None:
    chunks = list(client.chat.completions.create(model="champion", messages=ASK, tools=TOOLS, stream=True))
    calls = [c for chunk in chunks for c in chunk.choices[0].delta.tool_calls or []]
    assert [c.model_dump() for c in calls] == [{**CALL, "index": 0}]
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_weights_of_this_machine_take_no_tools(client: openai.OpenAI, provider: Provider) -> None:
    for turns in (ASK, [*ASK, {"role": "tool", "tool_call_id": "c", "content": "9"}]):
        with pytest.raises(openai.BadRequestError, match="measured without tools") as refused:
            client.chat.completions.create(model="rag+lora@2", messages=turns, tools=TOOLS)
        assert (refused.value.param, refused.value.code) == ("tools", "unsupported_parameter")
    assert provider.asked == []


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"tools": {}}, "tools"),
    ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0]"),
    ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0]"),
    ({"tools": TOOLS * 129}, "tools"),
    ({"tools": [{"type": "function", "function": {"name": "a", "description": "x" * 70_000}}]}, "tools"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "other"}}}, "tool_choice"),
    ({"tools": TOOLS, "parallel_tool_calls": 1}, "parallel_tool_calls"),
    ({"messages": [*ASK, {"role": "tool", "content": "9"}]}, "messages[1].tool_call_id"),
    ({"messages": [*ASK, {"role": "assistant", "tool_calls": [{"id": 1}]}, *ASK]}, "messages[1].tool_calls"),
    ({"messages": [{"role": "tool", "tool_call_id": "c", "content": "9"}]}, "messages"),
    ({"messages": [{"role": "user", "content": "a", "tool_calls": [CALL]}]}, "messages[0].tool_calls"),
]


@pytest.mark.parametrize(("change", "param"), WRONG)
def test_wrong_tools_are_refused(change: dict[str, Any], param: str) -> None:
    from tailor.serving.chat_request import parse_chat
    from tailor.serving.problem import Problem

    with pytest.raises(Problem) as refused:
        parse_chat(json.dumps({"messages": ASK, **change}).encode())
    assert (refused.value.status, refused.value.param) == (400, param)


def test_passages_stand_with_the_question_also_behind_a_tools_result() -> None:
    turns = [Message("user", "When?"), ToolTurn("assistant", "", "{}"), ToolTurn("user", "9 to 5", "{}")]
    built = build_messages(
        turns, system=None, demonstrations=[Demonstration("q", "a")], passages=[Passage("p", "d.md", "", "Monday.")]
    )
    assert built[2] == Message("user", "[1] Monday.\n\nQuestion: When?")
    assert built[3:] == tuple(turns[1:])
