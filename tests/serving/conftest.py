"""A real server on loopback over real releases; what answers is a rule, so that every expected text is known."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tailor.records import (
    Adaptation,
    Base,
    Completion,
    Failure,
    Interval,
    Message,
    Passage,
    Usage,
)
from tailor.registry import Evidence, Lineage, ReleaseStore


@dataclass
class RuleRuntime:
    """Answers with the system prompt and the question in capitals, a word at a time.

    "wait" blocks until `go`; "crash", "long" and "die" fail in the ways a model can; "cite" shows passages.
    """

    root: Path = Path()
    go: threading.Event = field(default_factory=threading.Event)
    batches: list[list[str]] = field(default_factory=list)
    asked: list[Adaptation] = field(default_factory=list)
    pieces: int = 0
    closed: bool = False

    def __call__(self, root: Path) -> RuleRuntime:
        self.root = root
        return self

    def takes_threads(self, _adaptation: Adaptation) -> bool:
        return True

    def step(self) -> None:
        pass

    def answer(
        self, adaptation: Adaptation, conversations: Sequence[tuple[Message, ...]]
    ) -> list[Completion | Failure]:
        self.batches.append([c[-1].content for c in conversations])
        return [self._one(adaptation, c) for c in conversations]

    def stream(self, adaptation: Adaptation, messages: tuple[Message, ...]) -> Iterator[str | Completion]:
        whole = self._one(adaptation, messages)
        assert isinstance(whole, Completion)
        for number, word in enumerate(whole.text.split(" ")):
            self.pieces += 1
            if "endless" in messages[-1].content:
                self.go.wait(0.02)
            yield word if number == 0 else f" {word}"
            if "die" in messages[-1].content:
                raise RuntimeError("secret /path")
        yield whole

    def _one(self, adaptation: Adaptation, messages: tuple[Message, ...]) -> Completion | Failure:
        self.asked.append(adaptation)
        question = messages[-1].content
        if "wait" in question:
            assert self.go.wait(120)
        if "crash" in question or adaptation.system == "broken":
            raise RuntimeError("secret /path")
        if "long" in question:
            return Failure("too-long", "the prompt has 9000 tokens, the context is 512")
        if "upstream" in question:
            return Failure("endpoint", "secret https://inner/")
        own = [m.content for m in messages if m.role == "system"]
        words = f"{own[0] if own else adaptation.system}: {question.upper()}".split(" ")
        if "endless" in question:
            words = words * 200
        kept = words[: adaptation.generation.max_new_tokens]
        finish = "stop" if kept == words else "length"
        passages = (Passage("p1", "docs/pricing.md", "Rates", "Ten per hour."),) if "cite" in question else ()
        usage = Usage(sum(len(m.content.split()) for m in messages), len(kept))
        return Completion(" ".join(kept), usage, passages, finish)

    def close(self) -> None:
        self.closed = True


def promote(workspace: Path, arm: str, system: str) -> None:
    store = ReleaseStore(workspace)
    evidence = Evidence(Interval(0.8, 0.7, 0.9), "adopt", True)
    lineage = Lineage("d" * 64, "e" * 64, {"arm": arm}, "0.1.0", evidence)
    adaptation = Adaptation(Base("builtin", "builtin/small", "/nowhere", "abc"), system=system)
    store.promote(adaptation, arm=arm, seed=0, study="s", lineage=lineage, by="ada", why="test")


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with `prompt@1` (previous, says "old: ...") and `rag+lora@2` (champion, "new: ...")."""
    workspace = tmp_path_factory.mktemp("released")
    promote(workspace, "prompt", "old")
    promote(workspace, "rag+lora", "new")
    return workspace


@pytest.fixture
def workspace(released: Path, tmp_path: Path) -> Path:
    shutil.copytree(released, tmp_path / "workspace")
    return tmp_path / "workspace"


@dataclass
class Server:
    url: str
    workspace: Path
    runtime: RuleRuntime

    def client(self, **options: Any) -> Any:
        from openai import OpenAI

        return OpenAI(base_url=f"{self.url}/v1", **{"api_key": "none", "max_retries": 0, "timeout": 60, **options})


@contextmanager
def running(workspace: Path, runtime_factory: Callable[[Path], Any], **options: Any) -> Iterator[str]:
    import uvicorn

    from tailor.serving.gateway import create_app

    app = create_app(workspace, runtime_factory=runtime_factory, **options)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=120)
    assert not thread.is_alive()


@dataclass
class Answer:
    status: int
    body: Any
    headers: Any


def call(url: str, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> Answer:
    """A request with exactly these headers (None: those that are right)."""
    import http.client
    import json
    from urllib.parse import urlsplit

    host = urlsplit(url).netloc
    headers = {"Host": host, "Content-Type": "application/json"} if headers is None else headers
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    content = body or b""
    for name, value in {"Content-Length": str(len(content)), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(content)
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    try:
        value = json.loads(text) if text else None
    except ValueError:
        value = text
    return Answer(reply.status, value, reply.headers)


@pytest.fixture(name="call", scope="session")
def call_fixture() -> Any:
    return call


@pytest.fixture
def server(workspace: Path) -> Iterator[Server]:
    runtime = RuleRuntime()
    with running(workspace, runtime) as url:
        yield Server(url, workspace, runtime)
        runtime.go.set()
    assert runtime.closed or not runtime.asked


@pytest.fixture(scope="session")
def run_server() -> Any:
    return running


@pytest.fixture(scope="session")
def rule_runtime() -> type[RuleRuntime]:
    return RuleRuntime


@pytest.fixture(scope="session")
def promote_release() -> Any:
    return promote


def with_null(schema: Any) -> Any:
    """The description mixes OpenAPI 3.0's `nullable` into JSON Schema, which does not know it,
    and its `exclusiveMinimum`, which is a boolean there."""
    if isinstance(schema, list):
        return [with_null(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: with_null(value) for key, value in schema.items() if key != "nullable"}
    if plain.get("exclusiveMinimum") is True:
        plain["exclusiveMinimum"] = plain.pop("minimum")
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


@pytest.fixture(scope="session")
def check() -> Any:
    """Fails where a value does not fit OpenAI's own description of the API."""
    import json

    jsonschema = pytest.importorskip("jsonschema")
    places = [p / "shared" / "data" / "openai_openapi" / "openapi.json" for p in Path(__file__).parents]
    path = next((p for p in places if p.exists()), None)
    if path is None:
        pytest.skip("OpenAI's API description is not there (shared/data/openai_openapi)")
    schemas = with_null(json.loads(path.read_text()))

    def fits(name: str, value: Any) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": schemas["components"]}
        jsonschema.Draft202012Validator(schema).validate(value)

    return fits
