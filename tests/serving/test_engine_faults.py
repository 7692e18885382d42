"""An engine that dies, stalls or never answers, behind the real runtime: the client is told, and nothing is mined."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tailor.records import Adaptation, Base, Interval
from tailor.registry import Evidence, Lineage, ReleaseStore
from tailor.runtime import Runtime
from tailor.serving.candidates import candidates
from tailor.serving.feedback import FeedbackStore
from tailor.serving.keys import serving_folder
from tailor.serving.request_log import LogSettings


class Engine(BaseHTTPRequestHandler):
    """Two words of a stream, and then what the question says: "dies", "stalls", "nonsense", or "hangs" at once."""

    over = threading.Event()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        question = body["messages"][-1]["content"]
        if "hangs" in question:
            self.over.wait(300)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for word in ("one", " two"):
            chunk = {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()
        if "stalls" in question:
            self.over.wait(300)
        if "nonsense" in question:
            self.wfile.write(b"data: {{{\n\n")

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def promoted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace whose champion is behind such an engine."""
    workspace = tmp_path_factory.mktemp("behind")
    with ThreadingHTTPServer(("127.0.0.1", 0), Engine) as engine:
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        base = Base("endpoint", "mock", f"http://127.0.0.1:{engine.server_port}/v1", "mock")
        lineage = Lineage("d" * 64, "e" * 64, {"arm": "a"}, "0", Evidence(Interval(0.8, 0.7, 0.9), "adopt", True))
        store = ReleaseStore(workspace)
        store.promote(Adaptation(base), arm="a", seed=0, study="s", lineage=lineage, by="ada", why="test")
        yield workspace
        engine.shutdown()


@pytest.fixture
def behind(promoted: Path, tmp_path: Path) -> Iterator[Path]:
    Engine.over.clear()
    shutil.copytree(promoted, tmp_path / "workspace")
    yield tmp_path / "workspace"
    Engine.over.set()


def events(url: str, question: str) -> tuple[str, list[dict[str, Any]]]:
    """The id of a streamed reply and its events."""
    body = {"messages": [{"role": "user", "content": question}], "stream": True}
    reply = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60)
    found = [json.loads(line[6:]) for line in reply.text.splitlines() if line.startswith("data: {")]
    return reply.headers["x-request-id"], found


@pytest.mark.parametrize(
    ("question", "code"), [("dies", "model_error"), ("nonsense", "model_error"), ("stalls", "timeout")]
)
def test_a_stream_whose_engine_fails_ends_with_an_error_and_is_never_mined(
    question: str, code: str, behind: Path, run_server: Any
) -> None:
    settings = LogSettings(contents=True)
    with run_server(behind, Runtime, stalled_seconds=0.5, log_settings=settings) as url:
        request, found = events(url, question)
        assert "".join(e["choices"][0]["delta"].get("content", "") for e in found[:-1]) == "one two"
        assert found[-1]["error"]["code"] == code
        assert not any(e["choices"][0]["finish_reason"] for e in found[:-1])
        said = {"request_id": request, "thumbs": "down", "correction": "better"}
        assert httpx.post(f"{url}/v1/feedback", json=said, timeout=60).status_code == 200
        Engine.over.set()
    folder = serving_folder(behind)
    with closing(sqlite3.connect(folder / "requests.db")) as database:
        [row] = database.execute("SELECT complete, code, output FROM requests WHERE id = ?", (request,))
    assert row == (0, code, "one two")
    found_candidates, left_out = candidates(FeedbackStore(folder / "feedback.db").joined(folder / "requests.db"))
    assert (found_candidates, sum(left_out.values())) == ([], 1)


@pytest.mark.parametrize("stream", [False, True])
def test_an_engine_that_never_answers_is_a_timeout(stream: bool, behind: Path, run_server: Any) -> None:
    with run_server(behind, Runtime, answer_seconds=0.5) as url:
        body = {"messages": [{"role": "user", "content": "hangs"}], "stream": stream}
        reply = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60)
        assert (reply.status_code, reply.json()["error"]["code"]) == (504, "timeout")
        Engine.over.set()
