"""Names that want out, sizes beyond the documented limits, templates that want to run, secrets that should stay."""

from __future__ import annotations

import itertools
import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from tailor.serving.keys import KeyStore

HI = [{"role": "user", "content": "hi"}]

UP = ["../", "..\\", "%2e%2e/", "..%2f", "%2e%2e%2f", "....//", "..;/", "..%c0%af", "..%252f", "/", "//", "\\\\host\\",
      "file://", "hf://", "./../"]  # fmt: skip
WHERE = ["sentinel.txt", "etc/passwd", "keys.json", ".tailor/serving/keys.json", "proc/self/environ", "sentinel.txt%00",
         "con", "sentinel.txt#"]  # fmt: skip
HOSTILE = [
    *(f"{up * depth}{where}" for up, where, depth in itertools.product(UP, WHERE, (1, 4))),
    "a" * 300, "\x00", "champion\x00", "champion/..", "rag+lora@2/../1", "-1", "~", "~/x", "$HOME", "$(id)", "`id`",
    "' OR 1=1 --", "{{7*7}}", "\u202echampion", "ﬁle", "nul", "aux.txt", ".", "..",
]  # fmt: skip


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file() and ".tailor/serving" not in str(p)}


def test_no_name_leads_outside(server: Any, call: Any) -> None:
    sentinel = server.workspace.parent / "sentinel.txt"
    sentinel.write_text("tripwire-4711")
    (server.workspace / "sentinel.txt").write_text("tripwire-4711")
    before = everything(server.workspace.parent)
    host = {"Host": urlsplit(server.url).netloc}
    assert len(HOSTILE) >= 200
    for name in HOSTILE:
        body = json.dumps({"model": name, "messages": HI}).encode()
        job = json.dumps({"model": name, "training_file": name}).encode()
        kind = {**host, "Content-Type": "application/json"}
        path = quote(name, safe="/%\\")
        form = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{quote(name, safe="/%.")}"\r\n\r\n'
        parts = (
            form.encode() + b'{"a": 1}\r\n--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n'
        )
        replies = [
            call(server.url, "POST", "/v1/chat/completions", kind, body),
            call(server.url, "GET", f"/v1/models/{path}", host),
            call(server.url, "GET", f"/v1/files/{path}/content", host),
            call(server.url, "POST", "/v1/fine_tuning/jobs", kind, job),
            call(
                server.url,
                "POST",
                "/v1/files",
                {**host, "Content-Type": "multipart/form-data; boundary=b"},
                parts + b"--b--\r\n",
            ),
        ]
        for reply in replies:
            assert 400 <= reply.status < 500, name
            assert "tripwire" not in json.dumps(reply.body, default=str)
            assert "root:" not in json.dumps(reply.body, default=str)
    assert everything(server.workspace.parent) == before


def nested(depth: int) -> bytes:
    return b'{"messages": [{"role": "user", "content": "x"}], "metadata": ' + b"[" * depth + b"]" * depth + b"}"


def test_the_documented_limits_hold(server: Any) -> None:
    schema = {"type": "object", "properties": {"x" * 65_000: {"type": "string"}}}
    formed = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema, "strict": True}}
    beyond: list[tuple[int, Any]] = [
        (413, {"messages": [{"role": "user", "content": "x" * 1_000_001}]}),
        (400, {"messages": HI * 201}),
        (400, {"messages": HI, "n": 9}),
        (400, {"messages": HI, "stop": list("abcde")}),
        (400, {"messages": HI, "logprobs": True, "top_logprobs": 21}),
        (400, {"messages": HI, "max_tokens": 4097}),
        (400, {"messages": HI, "user": "u" * 257}),
        (400, {"messages": HI, "response_format": formed}),
        (400, nested(70)),
    ]
    for status, body in beyond:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        reply = httpx.post(f"{server.url}/v1/chat/completions", content=content, headers=headers, timeout=60)
        assert reply.status_code == status, content[:80]
    assert server.runtime.asked == []


ESCAPES = [
    "{{ cycler.__init__.__globals__.os.system('touch TRIPWIRE') }}",
    "{{ lipsum.__globals__['os'].system('touch TRIPWIRE') }}",
]


@pytest.mark.slow
def test_a_chat_template_runs_nothing(tmp_path: Path) -> None:
    import jinja2

    from tailor.errors import TailorError
    from tailor.models import Request, open_engine, resolve_base
    from tailor.records import Failure, Generation, Message

    source = Path(resolve_base("builtin/small", tmp_path).location)
    tripwire = tmp_path / "ran"
    for number, escape in enumerate(ESCAPES):
        attack = escape.replace("TRIPWIRE", str(tripwire))
        jinja2.Environment().from_string(attack).render()
        assert tripwire.exists(), "outside a sandbox it does what it is meant to do"
        tripwire.unlink()
        folder = tmp_path / f"model{number}"
        shutil.copytree(source, folder)
        template = folder / "chat_template.jinja"
        template.write_text(attack + template.read_text())
        try:
            engine = open_engine(resolve_base(str(folder), tmp_path))
            [answer] = engine.answer([Request((Message("user", "hi"),), Generation(1))])
            assert isinstance(answer, Failure)
        except TailorError:
            pass
        assert not tripwire.exists(), escape


def test_planted_secrets_are_nowhere(
    workspace: Path, run_server: Any, rule_runtime: Any, caplog: pytest.LogCaptureFixture
) -> None:
    _, token = KeyStore(workspace).add("app")
    planted = [token, *(f"sk-planted-{n:02}-{os.urandom(8).hex()}" for n in range(19))]
    caplog.set_level(logging.DEBUG, logger="tailor")
    with run_server(workspace, rule_runtime()) as url, httpx.Client(base_url=url, timeout=60) as http:
        for n, secret in enumerate(planted):
            right = {"Authorization": f"Bearer {token}"}
            word = ("crash", "long", "hi")[n % 3]
            content = {"messages": [{"role": "user", "content": f"{word} {secret}"}], "user": secret}
            http.post("/v1/chat/completions", json=content, headers=right)
            http.post("/v1/chat/completions", json={**content, "model": secret}, headers=right)
            http.get(f"/v1/models/{secret}", headers={**right, "X-Session-Id": secret, "X-Api-Key": secret})
            http.get(f"/{secret}?key={secret}", headers={"Cookie": f"a={secret}"})
        page = http.get("/metrics", headers={"Authorization": f"Bearer {token}"}).text
    kept = b"".join(p.read_bytes() for p in (workspace / ".tailor").rglob("*") if p.is_file()).decode("latin-1")
    for secret in planted:
        assert secret not in kept
        assert secret not in page
        assert secret not in caplog.text
