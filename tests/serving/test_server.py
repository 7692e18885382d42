"""Starting and stopping: which addresses are allowed, and what a signal does to requests under way."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from tailor.errors import ConfigError
from tailor.serving import serve

SLOW_SERVER = """
import sys, time
from pathlib import Path
from tailor.records import Completion
from tailor.serving import serve

class Slow:
    def __init__(self, root): pass
    def takes_threads(self, adaptation): return True
    def step(self): pass
    def answer(self, adaptation, conversations):
        print("answering", flush=True)
        time.sleep(1)
        return [Completion("done") for _ in conversations]
    def stream(self, adaptation, messages):
        for n in range(10):
            if n == 1: print("answering", flush=True)
            time.sleep(0.1)
            yield f"{n} "
        yield Completion("0 1 2 3 4 5 6 7 8 9 ")
    def close(self): print("closed", flush=True)

serve(Path(sys.argv[1]), port=0, runtime_factory=Slow, on_ready=lambda url: print(url, flush=True))
print("returned", flush=True)
"""


def start(workspace: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_SERVER, str(workspace)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("stream", [False, True])
def test_a_signal_lets_requests_finish(number: signal.Signals, stream: bool, workspace: Path) -> None:
    process, url = start(workspace)
    replies: list[str] = []
    body = {"messages": [{"role": "user", "content": "hi"}], "stream": stream}
    request = threading.Thread(
        target=lambda: replies.append(httpx.post(f"{url}/v1/chat/completions", json=body, timeout=120).text)
    )
    request.start()
    assert process.stdout is not None
    assert process.stdout.readline() == "answering\n"
    process.send_signal(number)
    out, errors = process.communicate(timeout=120)
    request.join()
    assert (process.returncode, out, errors) == (0, "closed\nreturned\n", "")
    assert replies[0].endswith("data: [DONE]\n\n") if stream else '"content":"done"' in replies[0]


def test_a_signal_right_after_the_start_counts(workspace: Path) -> None:
    process, _url = start(workspace)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=120)[0] == "returned\n"
    assert process.returncode == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_other_addresses_need_a_key(host: str, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAILOR_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="TAILOR_API_KEY"):
        serve(workspace, host=host)
    monkeypatch.setenv("TAILOR_API_KEY", "short")
    with pytest.raises(ConfigError, match="5 characters"):
        serve(workspace, host=host)


def test_a_port_in_use_is_named(workspace: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port}"):
            serve(workspace, port=port)


def test_the_runtime_gets_the_folder_that_paths_are_relative_to(
    workspace: Path, run_server: Any, rule_runtime: Any
) -> None:
    runtime = rule_runtime()
    with run_server(workspace, runtime) as url:
        httpx.post(f"{url}/v1/chat/completions", json={"messages": [{"role": "user", "content": "hi"}]}, timeout=60)
    assert runtime.root == workspace / ".tailor"


def test_it_is_ready_once_the_champion_is_loaded(workspace: Path, run_server: Any, rule_runtime: Any) -> None:
    import time

    runtime = rule_runtime()
    answering = runtime.answer

    def slow(*arguments: Any) -> Any:
        assert runtime.go.wait(120)
        return answering(*arguments)

    runtime.answer = slow
    with run_server(workspace, runtime, warm_up=True) as url:
        assert httpx.get(f"{url}/healthz", timeout=60).status_code == 200
        assert httpx.get(f"{url}/readyz", timeout=60).status_code == 503
        runtime.go.set()
        deadline = time.monotonic() + 60
        while httpx.get(f"{url}/readyz", timeout=60).status_code != 200:
            assert time.monotonic() < deadline
    assert [a.system for a in runtime.asked] == ["new"]
