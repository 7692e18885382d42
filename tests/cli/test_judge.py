"""`tailor judge` over an endpoint on the loopback: graded, calibrated on people, asked in both orders."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tailor.study.human import open_round
from tailor.study.items import StudyItems
from tiny_workspace import tailor


class Model:
    """A judge whose replies are made by `reply` from what it is asked."""

    def __init__(self) -> None:
        self.reply: Callable[[str], str] = lambda _: ""
        self.asked = 0
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                model.asked += 1
                message = {"content": model.reply(body["messages"][-1]["content"])}
                reply = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def model() -> Iterator[Model]:
    server = Model()
    yield server
    server.http.shutdown()
    server.http.server_close()


def with_judge(folder: Path, model: Model, name: str = "prometheus-7b") -> None:
    url = f"http://127.0.0.1:{model.http.server_port}/v1"
    text = (folder / "tailor.yaml").read_text(encoding="utf-8")
    judge = f"judge:\n  base: {{endpoint: {url}, model: {name}}}\n  rubric: Be fair.\n"
    (folder / "tailor.yaml").write_text(text + judge, encoding="utf-8")


def long_enough(asked: str) -> bool:
    """What this judge goes by: an answer of an even number of letters is right."""
    answer = re.search(r"<answer>\n(.*)\n</answer>", asked, re.DOTALL)
    return answer is not None and len(answer[1]) % 2 == 0


def test_grades_with_calibration_on_what_people_said(finished: Path, model: Model) -> None:
    with_judge(finished, model)
    model.reply = lambda asked: f"Well.\nVERDICT: {'PASS' if long_enough(asked) else 'FAIL'}"
    items = StudyItems(finished)
    found = open_round(items, ["rag"], 100)
    for task in found.tasks.values():
        text = items.answer(items.items[task.item], "rag", 1).answer.text
        found.judge(task.id, "ann", "right" if len(text) % 2 == 0 else "wrong")
    result = json.loads(tailor("judge", "rag", "-w", finished, "--json").out)
    assert result["n_unreadable"] == 0
    assert result["calibration"]["n"] == sum(t.role == "task" for t in found.tasks.values())
    rates = [result["calibration"][k]["value"] for k in ("tpr", "tnr")]
    assert all(rate in (1, None) for rate in rates)
    assert not result["calibration"]["passed"]  # fewer than 100 labels
    graded = result["grades"]
    assert result["judged"]["value"] == pytest.approx(sum(graded.values()) / len(graded))
    asked = model.asked
    ran = tailor("judge", "rag", "-w", finished)
    assert (ran.code, model.asked) == (0, asked)  # remembered: not asked, and not paid for, again
    assert "Below the gate" in ran.out


def test_pairs_are_asked_in_both_orders(finished: Path, model: Model) -> None:
    """A judge that always takes the first answer agrees with itself never, and prefers nobody."""
    with_judge(finished, model)
    model.reply = lambda _: "VERDICT: A"
    result = json.loads(tailor("judge", "zero-shot", "rag", "-n", "12", "-w", finished, "--json").out)
    assert (result["swap_consistency"], result["prefers_second"]["value"]) == (0, 0.5)
    assert model.asked == 2 * result["n_asked"]


def test_a_reply_that_cannot_be_read_grades_nothing(finished: Path, model: Model) -> None:
    with_judge(finished, model)
    model.reply = lambda _: "It passes, I think."
    result = json.loads(tailor("judge", "rag", "-n", "10", "-w", finished, "--json").out)
    assert (result["n_unreadable"], result["grades"], result["judged"]) == (10, {}, None)
    assert "does not end with VERDICT" in result["failures"][0]
    assert "unknown" in tailor("judge", "rag", "-n", "10", "-w", finished).out


def test_no_judge_and_one_of_the_family(finished: Path, model: Model) -> None:
    ran = tailor("judge", "rag", "-w", finished)
    assert (ran.code, "names no judge" in ran.err) == (2, True)
    name = StudyItems(finished).plan["base"]["name"].rpartition("/")[2]
    with_judge(finished, model, f"{name}-instruct")
    ran = tailor("judge", "rag", "-w", finished)
    assert (ran.code, "of the family" in ran.err, model.asked) == (2, True, 0)
