"""Every route against everybody who may not use it; keys, scopes and limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tailor.errors import ConfigError
from tailor.serving.keys import KeyStore
from tailor.serving.limits import Buckets
from tailor.serving.rules import RULES, SCOPES, Rule, rules_for

PUBLIC = {("GET", "/healthz"), ("GET", "/readyz")}
IDS = [f"{r.method} {r.path}" for r in RULES]


def path_of(rule: Rule) -> str:
    return rule.path.replace("{name:path}", "champion").replace("{id}", "x")


def good(url: str, rule: Rule, token: str = "") -> dict[str, str]:
    headers = {"Host": urlsplit(url).netloc}
    if rule.body:
        headers["Content-Type"] = rule.body
    return {**headers, "Authorization": f"Bearer {token}"} if token else headers


@pytest.fixture(scope="module")
def keyed(released: Path, tmp_path_factory: pytest.TempPathFactory, run_server: Any, rule_runtime: Any) -> Any:
    """A server with a key of every single scope."""
    import shutil

    workspace = tmp_path_factory.mktemp("keyed") / "workspace"
    shutil.copytree(released, workspace)
    store = KeyStore(workspace)
    tokens = {scope: store.add(scope, [scope])[1] for scope in SCOPES}
    with pytest.MonkeyPatch.context() as patch, run_server(workspace, rule_runtime()) as url:
        patch.setattr("tailor.serving.limits.GUESSES", 10_000)  # here everybody guesses
        yield url, tokens


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_route_refuses_everybody_without_a_right(rule: Rule, keyed: Any, call: Any) -> None:
    url, tokens = keyed
    public = (rule.method, rule.path) in PUBLIC
    assert public == (rule.scope is None), "a route is public only where this test says so"
    wrong = [scope for scope in SCOPES if scope != rule.scope]
    right = good(url, rule, "" if public else tokens[rule.scope])
    refused = [
        (403, "host_not_allowed", {**right, "Host": "evil.example"}),
        (403, "origin_not_allowed", {**right, "Origin": "https://evil.example"}),
    ]
    if not public:
        refused += [
            (401, "invalid_api_key", good(url, rule)),
            (401, "invalid_api_key", good(url, rule, "tlr-wrong")),
            (401, "invalid_api_key", {**right, "Authorization": tokens[rule.scope or "chat"]}),
            (401, "invalid_api_key", {**right, "Authorization": f"Basic {tokens[rule.scope or 'chat']}"}),
            *((403, "scope_missing", good(url, rule, tokens[scope])) for scope in wrong),
        ]
    if rule.body:
        refused.append((415, "unsupported_media_type", {**right, "Content-Type": "text/plain"}))
    for status, code, headers in refused:
        reply = call(url, rule.method, path_of(rule), headers, b"{}" if rule.body else None)
        assert (reply.status, reply.body["error"]["code"]) == (status, code), headers
    passed = call(url, rule.method, path_of(rule), right, b"{}" if rule.body else None)
    assert passed.status not in (401, 403, 415), "who may, gets through"
    assert passed.headers["x-content-type-options"] == "nosniff"


def test_no_state_changes_by_get_and_no_route_lacks_a_rule(workspace: Path, rule_runtime: Any) -> None:
    from tailor.serving.gateway import create_app

    app = create_app(workspace, runtime_factory=rule_runtime())
    routed = {(m, r.path) for r in app.routes for m in r.methods if m != "HEAD"}
    assert routed == {(r.method, r.path) for r in RULES}
    assert len(RULES) == len(routed), "one rule each"


def test_a_route_without_a_rule_does_not_answer(workspace: Path, rule_runtime: Any) -> None:
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient

    from tailor.serving import gateway

    app = gateway.create_app(workspace, runtime_factory=rule_runtime())
    app.router.routes.append(Route("/hidden", lambda _request: PlainTextResponse("secret")))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        reply = client.get("/hidden")
        assert (reply.status_code, "secret" in reply.text) == (404, False)
        assert client.get("/healthz").status_code == 200
        assert client.delete("/v1/models").status_code == 405


def test_guessing_keys_is_slowed_down(
    workspace: Path, run_server: Any, rule_runtime: Any, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tailor.serving.limits.GUESSES", 10)  # as it is, whatever the server above was given
    _, token = KeyStore(workspace).add("app")
    with run_server(workspace, rule_runtime()) as url:
        rule = rules_for("/v1/models")[0]
        statuses = [call(url, "GET", "/v1/models", good(url, rule, f"guess-{n}")).status for n in range(12)]
        assert statuses == [401] * 10 + [429] * 2
        reply = call(url, "GET", "/v1/models", good(url, rule, token))
        assert (reply.status, reply.body["error"]["code"]) == (429, "too_many_failures")
        assert 1 <= int(reply.headers["retry-after"]) <= 60
        assert call(url, "GET", "/healthz", good(url, rule)).status == 200


def test_a_key_has_its_limit_and_can_be_revoked_while_serving(
    workspace: Path, run_server: Any, rule_runtime: Any, call: Any
) -> None:
    store = KeyStore(workspace)
    _, slow = store.add("slow", ["chat"], per_minute=3)
    _, other = store.add("other", ["chat"])
    rule = rules_for("/v1/models")[0]
    with run_server(workspace, rule_runtime()) as url:
        asked = [call(url, "GET", "/v1/models", good(url, rule, slow)) for _ in range(4)]
        assert [a.status for a in asked] == [200, 200, 200, 429]
        assert asked[-1].body["error"]["code"] == "rate_limit_exceeded"
        assert 1 <= int(asked[-1].headers["retry-after"]) <= 20
        assert call(url, "GET", "/v1/models", good(url, rule, other)).status == 200
        store.revoke("other")
        assert call(url, "GET", "/v1/models", good(url, rule, other)).status == 401
        store.revoke("slow")
        assert call(url, "GET", "/v1/models", good(url, rule)).status == 401, "no key left is not an open door"


def test_a_bucket_fills_up_evenly() -> None:
    now = [100.0]
    buckets = Buckets(lambda: now[0])
    assert [buckets.take("a", 2) for _ in range(2)] == [0.0, 0.0]
    assert buckets.take("a", 2) == pytest.approx(30)  # one every 30 s
    now[0] += 29
    assert buckets.take("a", 2) == pytest.approx(1)
    now[0] += 1
    assert buckets.take("a", 2) == 0
    assert buckets.take("b", 2) == 0
    now[0] += 1000
    assert buckets.left("a", 2) == 2


def test_a_key_is_nowhere_on_disk(tmp_path: Path) -> None:
    store = KeyStore(tmp_path)
    key, token = store.add("bot")
    with pytest.raises(ConfigError, match="already"):
        store.add("bot")
    with pytest.raises(ConfigError, match="Did you mean 'chat'"):
        store.add("x", ["chatt"])
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert all(token.encode() not in p.read_bytes() for p in files)
    assert {p.stat().st_mode & 0o777 for p in files if p.suffix in (".json", ".secret")} == {0o600}
    assert store.find(token, store.keys()) == key
    assert store.find(token[:-1], store.keys()) is None
    assert json.loads((tmp_path / ".tailor" / "serving" / "keys.json").read_text())["keys"][0]["name"] == "bot"
