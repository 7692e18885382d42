"""What was answered is not asked again: not by another runtime, not after a kill."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tailor.models import Request
from tailor.records import Adaptation, Base, Completion, Failure, Generation, Message
from tailor.runtime import AnswerMemory, Runtime

PARALLEL = 8  # requests of an endpoint that are under way at once


class Echo:
    """A server that answers every question with itself, and keeps what it was asked."""

    def __init__(self, wait: float = 0.0) -> None:
        self.asked: list[str] = []
        self.keys: list[tuple[str, str]] = []
        self.refuse: set[str] = set()
        echo = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                question = body["messages"][-1]["content"]
                echo.asked.append(question)
                echo.keys.append((question, self.headers.get("idempotency-key", "")))
                time.sleep(wait)
                message = {"role": "assistant", "content": f"{question} {body['seed']}"}
                reply = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
                self.send_response(400 if question in echo.refuse else 200)
                self.send_header("content-length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_: object) -> None:
                pass

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except ConnectionError:  # the asking process was killed
                    self.close_connection = True

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/v1"

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


def texts(answers: list[Completion | Failure]) -> list[str | None]:
    return [a.text if isinstance(a, Completion) else None for a in answers]


def conversations(*questions: str) -> list[tuple[Message, ...]]:
    return [(Message("user", q),) for q in questions]


def test_each_question_is_asked_once(echo: Echo, tmp_path: Path) -> None:
    adaptation = Adaptation(Base("endpoint", "m", echo.url, "m"))
    first = Runtime(tmp_path, AnswerMemory(tmp_path / "memory"))
    assert texts(first.answer(adaptation, conversations("a", "b", "a"))) == ["a 0", "b 0", "a 0"]
    again = Runtime(tmp_path, AnswerMemory(tmp_path / "memory"))
    assert texts(again.answer(adaptation, conversations("b", "c"))) == ["b 0", "c 0"]
    assert Counter(echo.asked) == {"a": 1, "b": 1, "c": 1}
    assert texts(again.answer(adaptation, conversations("a"), fresh=True)) == ["a 0"]
    assert echo.asked.count("a") == 2


def test_what_may_give_another_answer_is_asked_anew(echo: Echo, tmp_path: Path) -> None:
    """Another sample, another setting, another instruction; and a failure, which is no answer."""
    base = Base("endpoint", "m", echo.url, "m")
    runtime = Runtime(tmp_path, AnswerMemory(tmp_path / "memory"))
    plain = Adaptation(base)
    samples = [texts(runtime.answer(plain, conversations("a"), sample=n)) for n in (0, 1, 2, 1)]
    assert samples == [["a 0"], ["a 1"], ["a 2"], ["a 1"]]
    for other in (Adaptation(base, system="Be brief."), Adaptation(base, generation=Generation(seed=5))):
        runtime.answer(other, conversations("a"))
    assert echo.asked == ["a"] * 5
    echo.refuse.add("x")
    assert texts(runtime.answer(plain, conversations("x"))) == [None]
    echo.refuse.clear()
    assert texts(runtime.answer(plain, conversations("x"))) == ["x 0"]


class Ledger:
    """A meter without limits that keeps what it is told of lost answers."""

    portion = None

    def __init__(self) -> None:
        self.lost: list[int] = []

    def admit(self, base: Base, requests: Sequence[Request]) -> None: ...

    def count(self, base: Base, answers: Sequence[Completion | Failure]) -> None: ...

    def again(self, requests: int) -> None:
        self.lost.append(requests)


def test_what_was_under_way_at_a_kill_is_known_and_comes_with_the_same_key(echo: Echo, tmp_path: Path) -> None:
    """Known is what was sent and not answered; a refusal ends it, and what was never sent costs nothing."""
    adaptation = Adaptation(Base("endpoint", "m", echo.url, "m"))
    runtime, memory = Runtime(tmp_path), AnswerMemory(tmp_path / "memory")
    questions = conversations("a", "b", "c", "x")
    names = memory.names(adaptation, runtime.prepare(adaptation, questions)[0], 0)
    runtime.memory, runtime.meter = memory, (ledger := Ledger())
    echo.refuse.add("x")
    runtime.answer(adaptation, conversations("a", "x"))
    memory.intend(names[1])  # as a process does that is killed before the answer comes
    assert AnswerMemory(tmp_path / "memory").lost(names) == [names[1]]
    echo.refuse.clear()
    runtime.answer(adaptation, questions)
    assert ledger.lost == [1]
    assert memory.lost(names) == []
    keys = dict(echo.keys)
    assert [keys[q] for q in "abcx"] == [n.partition("/")[2] for n in names]
    assert Counter(echo.asked) == {"a": 1, "b": 1, "c": 1, "x": 2}
    assert len(set(echo.keys)) == 4, "a refused one keeps its key"
    runtime.answer(adaptation, conversations("a"), fresh=True)
    assert echo.keys[-1] == ("a", ""), "a new answer is wanted"


ASK = """
import sys
from pathlib import Path
from tailor.records import Adaptation, Base, Message
from tailor.runtime import AnswerMemory, Runtime
url, folder = sys.argv[1:]
runtime = Runtime(Path(folder), AnswerMemory(Path(folder) / "memory"))
questions = [(Message("user", f"q{n}"),) for n in range(120)]
print("ready", flush=True)
print([a.text for a in runtime.answer(Adaptation(Base("endpoint", "m", url, "m")), questions)])
"""


def test_killed_at_many_moments_no_answer_is_paid_for_twice(tmp_path: Path) -> None:
    """What a kill can cost is what was under way: at most eight requests each time."""
    echo, chance, kills = Echo(wait=0.02), random.Random(3), 0
    command = [sys.executable, "-c", ASK, echo.url, str(tmp_path)]
    try:
        while True:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            before = len(echo.asked)
            until = time.monotonic() + 20
            while len(echo.asked) == before and process.poll() is None and time.monotonic() < until:
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.06))
            if kills >= 8:
                out, _ = process.communicate(timeout=60)
                break
            process.kill()
            process.wait()
            process.stdout.close()
            kills += 1
    finally:
        echo.close()
    assert out.strip() == str([f"q{n} 0" for n in range(120)])
    assert len(echo.asked) <= 120 + PARALLEL * kills
    # What came again came with its first key, so that who knows the header makes each answer once.
    assert len(set(echo.keys)) == len({key for _, key in echo.keys}) == 120
    # An answer that is on disk was never asked for again: lines are as many as questions, each name once.
    [path] = (tmp_path / "memory").iterdir()
    names = [json.loads(line)["name"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(names) == len(set(names)) == 120
