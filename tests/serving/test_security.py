"""Who may talk to the server, and what it makes of malformed requests."""

from __future__ import annotations

import http.client
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tailor.serving.chat_request import parse_chat
from tailor.serving.problem import Problem

BODY = {"messages": [{"role": "user", "content": "hi"}]}
ROUTES = [
    ("POST", "/v1/chat/completions"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/champion"),
    ("POST", "/v1/completions"),
    ("POST", "/v1/embeddings"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/nowhere"),
]


def call(url: str, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, Any, Any]:
    """A request with exactly these headers."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    content = json.dumps(BODY).encode() if body is None and method == "POST" else body or b""
    for name, value in {"Content-Length": str(len(content)), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(content)
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    return reply.status, json.loads(text) if text else None, reply.headers


def good(url: str) -> dict[str, str]:
    return {"Host": urlsplit(url).netloc, "Content-Type": "application/json"}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8484", "localhost.evil.example", "127.0.0.1.nip.io", "", "127.0.0.1@evil.example",
     "10.0.0.1", "[::1", "localhost/evil", "127.0.0.1:x", "0.0.0.0"],
)  # fmt: skip
def test_other_hosts_are_refused_everywhere(host: str, route: tuple[str, str], server: Any) -> None:
    status, body, _ = call(server.url, *route, {**good(server.url), "Host": host})
    assert status == 403
    assert body["error"]["code"] == "host_not_allowed"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8484", "[::1]:8484"])
def test_our_own_names_are_accepted(host: str, server: Any) -> None:
    assert call(server.url, "GET", "/v1/models", {**good(server.url), "Host": host})[0] == 200


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000", "file://", "http://["])
def test_pages_of_other_sites_are_refused(origin: str, route: tuple[str, str], server: Any) -> None:
    status, body, headers = call(server.url, *route, {**good(server.url), "Origin": origin})
    assert status == 403
    assert body["error"]["code"] == "origin_not_allowed"
    assert "access-control-allow-origin" not in headers


def test_our_own_page_is_accepted(server: Any) -> None:
    assert call(server.url, *ROUTES[0], {**good(server.url), "Origin": server.url})[0] == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_must_be_declared_json(kind: str, server: Any) -> None:
    status, body, _ = call(server.url, *ROUTES[0], {**good(server.url), "Content-Type": kind})
    assert status == 415
    assert body["error"]["code"] == "unsupported_media_type"


def test_errors_and_headers_have_one_shape(server: Any) -> None:
    for method, path, expected in [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/models", 405),
        ("GET", "/v1/models/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/healthz", 200),
    ]:
        status, body, headers = call(server.url, method, path, good(server.url))
        assert status == expected
        if status != 200:
            assert set(body["error"]) == {"message", "type", "param", "code"}
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert len(headers["x-request-id"]) == 24


def test_large_bodies_are_refused(server: Any) -> None:
    large = json.dumps({"messages": [{"role": "user", "content": "x" * 1_000_000}]}).encode()
    assert call(server.url, *ROUTES[0], good(server.url), large)[0] == 413

    def chunks() -> Any:
        for _ in range(300):
            yield b"x" * 10_000

    headers = {"Content-Type": "application/json"}
    try:
        reply = httpx.post(f"{server.url}{ROUTES[0][1]}", content=chunks(), headers=headers, timeout=60)
        assert reply.status_code == 413
    except httpx.WriteError:
        pass  # the server answered and closed before everything was sent


def test_a_key_is_asked_for_where_there_is_one(workspace: Path, run_server: Any, rule_runtime: Any) -> None:
    import openai

    key = "k" * 32
    with run_server(workspace, rule_runtime(), api_key=key) as url:
        for method, path in ROUTES[:2]:  # more wrong keys a minute are not looked at
            for header in (
                {},
                {"Authorization": "Bearer wrong"},
                {"Authorization": key},
                {"Authorization": "Bearer é"},
            ):
                status, body, _ = call(url, method, path, {**good(url), **header})
                assert status == (200 if path in ("/healthz", "/readyz") else 401)
                assert status == 200 or body["error"]["code"] == "invalid_api_key"
        client = openai.OpenAI(base_url=f"{url}/v1", api_key=key)
        assert client.models.list().data[0].id == "champion"
        with pytest.raises(openai.AuthenticationError):
            openai.OpenAI(base_url=f"{url}/v1", api_key="wrong").models.list()


def test_a_public_server_takes_addresses_and_its_own_name_only(
    workspace: Path, run_server: Any, rule_runtime: Any
) -> None:
    with run_server(workspace, rule_runtime(), api_key="k" * 32, any_address=True, hosts={"box.local"}) as url:
        hosts = {"10.1.2.3:80": 200, "box.local": 200, "[fe80::1]": 200, "evil.example": 403}
        for host, expected in hosts.items():
            headers = {**good(url), "Host": host, "Authorization": f"Bearer {'k' * 32}"}
            assert call(url, "GET", "/v1/models", headers)[0] == expected


MALFORMED = [
    b"", b"null", b"[]", b"{", b'"x"', b"\xff\xfe", b"NaN", b'{"messages": NaN}', b"[" * 100_000, b"9" * 10_000,
    b'{"a":' * 200 + b"1" + b"}" * 200, b'{"messages": [], "messages": []}', b"{}",
]  # fmt: skip

MALFORMED_MESSAGES = [
    "[]", "{}", '"hi"', '["hi"]', '[{"role": "user"}]', '[{"role": "tool", "content": "x"}]',
    '[{"role": ["user"], "content": "x"}]', '[{"role": "user", "content": "\\ud800"}]',
    '[{"role": "user", "content": "a\\u0000"}]', '[{"role": "user", "content": []}]',
    '[{"role": "user", "content": [{"type": "image_url"}]}]', '[{"role": "user", "content": 1e400}]',
    '[{"role": "assistant", "content": "x"}]', '[{"role": "system", "content": "x"}]',
    '[{"role":"user","content":"x"},{"role":"system","content":"x"},{"role":"user","content":"x"}]',
    '[{"role": "user", "content": "x", "tool_calls": [1]}]',
    json.dumps([{"role": "user", "content": "x"}] * 201),
]  # fmt: skip

MALFORMED_FIELDS = [
    '"model": 5', '"n": true', '"stream": 1', '"temperature": 1e400', '"max_tokens": 1, "max_completion_tokens": 2',
    '"seed": 1e3', '"stop": {}', '"max_tokens": true', '"stream": true, "stream_options": []',
]  # fmt: skip


def test_malformed_bodies_are_the_clients_fault(server: Any) -> None:
    bodies = [f'{{"messages": {messages}}}' for messages in MALFORMED_MESSAGES]
    bodies += [f'{{{fields}, "messages": [{{"role": "user", "content": "x"}}]}}' for fields in MALFORMED_FIELDS]
    for body in [*MALFORMED, *(b.encode() for b in bodies)]:
        status, reply, _ = call(server.url, *ROUTES[0], good(server.url), body)
        assert status == 400, body[:80]
        assert reply["error"]["type"] == "invalid_request_error"
    assert server.runtime.asked == []


FIELDS = st.sampled_from(
    ["messages", "role", "content", "model", "n", "stop", "seed", "stream", "tools", "type", "text"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["user", "system"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS, inner, max_size=5),
    max_leaves=10,
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(FIELDS, JSON, max_size=6).map(lambda v: json.dumps(v).encode()) | st.binary(max_size=60))
def test_any_bytes_are_a_request_or_a_named_problem(raw: bytes) -> None:
    try:
        last = parse_chat(raw).conversations[0][-1].role
    except Problem as problem:
        json.dumps(problem.body()).encode()
        last = {400: "user"}[problem.status]
    assert last == "user"


def test_nasty_strings_come_back_as_they_went(server: Any) -> None:
    path = Path(__file__).parents[2].parent / "shared" / "data" / "blns" / "blns.json"
    nasty = [
        "../../etc/passwd",
        "\u202etest",
        "<script>",
        "'; DROP TABLE",
        "data: [DONE]\n\n",
        "🏳️‍🌈",
        "\r\n\r\n",
        "\x07",
    ]
    if path.exists():
        nasty = [s for s in json.loads(path.read_text()) if "\0" not in s]
    client = server.client()
    stops = ("crash", "long", "upstream", "wait", "endless", "die", "cite")
    for text in [s for s in nasty if not any(word in s for word in stops)][:: 1 if len(nasty) < 20 else 5]:
        messages = [{"role": "user", "content": text}]
        reply = client.chat.completions.create(model="champion", messages=messages, max_tokens=4000)
        assert reply.choices[0].message.content == f"new: {text.upper()}"
        stream = client.chat.completions.create(model="champion", messages=messages, max_tokens=4000, stream=True)
        assert "".join(c.choices[0].delta.content or "" for c in stream) == f"new: {text.upper()}"


def test_importing_the_server_loads_no_model_library() -> None:
    import subprocess
    import sys

    code = (
        "import sys, tailor.serving.gateway; "
        "assert not {'torch', 'mlflow', 'transformers', 'uvicorn'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env={**os.environ})
