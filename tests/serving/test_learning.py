"""The request log, feedback and metrics."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tailor.serving.candidates import candidates
from tailor.serving.feedback import Feedback, FeedbackStore
from tailor.serving.keys import KeyStore, serving_folder
from tailor.serving.request_log import Exposure, LogSettings, RequestLog, open_log, sweep
from tailor.serving.trace import Trace

MAIL = "Write to ada@example.com about 4111 1111 1111 1111"


def rows(workspace: Path) -> list[dict[str, Any]]:
    database = sqlite3.connect(serving_folder(workspace) / "requests.db")
    database.row_factory = sqlite3.Row
    found = [dict(r) for r in database.execute("SELECT * FROM requests ORDER BY at")]
    database.close()
    return found


def ask(client: Any, question: str, **options: Any) -> Any:
    return client.chat.completions.create(
        model="champion", messages=[{"role": "user", "content": question}], max_tokens=100, **options
    )


def client_of(url: str, key: str = "none") -> Any:
    from openai import OpenAI

    return OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=60)


def metrics_until(url: str, line: str) -> None:
    """Ask for the metrics until that is among them."""
    deadline = time.monotonic() + 60
    while line not in (page := httpx.get(f"{url}/metrics", timeout=60).text):
        assert time.monotonic() < deadline, page
        time.sleep(0.02)


def test_a_row_per_answer_without_its_words(workspace: Path, run_server: Any, rule_runtime: Any) -> None:
    with run_server(workspace, rule_runtime()) as url:
        client = client_of(url)
        whole = ask(client, MAIL, user="ada")
        list(ask(client, "two words", stream=True))
        with pytest.raises(Exception, match="500"):
            ask(client, "crash")
        client.models.list()
    first, second, third = rows(workspace)
    assert whole.id == f"chatcmpl-{first['id']}"
    assert (first["release"], first["status"], first["complete"], first["finish"]) == ("rag+lora@2", 200, 1, "stop")
    assert (first["prompt_tokens"], first["completion_tokens"]) == (8, 9)  # in words
    assert (second["stream"], second["complete"], second["route"]) == (1, 1, "/v1/chat/completions")
    assert (third["status"], third["complete"], third["code"]) == (500, 0, "model_error")
    assert all(0 <= r["first_text_ms"] <= r["ms"] for r in (first, second))
    assert all(r["input"] is None and r["output"] is None for r in rows(workspace))
    stored = (serving_folder(workspace) / "requests.db").read_bytes()
    assert b"ada@example.com" not in stored


@pytest.mark.parametrize("scrubbed", [True, False])
def test_contents_are_kept_where_asked_and_masked(
    scrubbed: bool, workspace: Path, run_server: Any, rule_runtime: Any
) -> None:
    settings = LogSettings(contents=True, scrub=scrubbed)
    with run_server(workspace, rule_runtime(), log_settings=settings) as url:
        ask(client_of(url), MAIL)
    [row] = rows(workspace)
    told = row["input"] + row["output"].lower()
    assert ("ada@example.com" in told, "4111 1111 1111 1111" in told) == (not scrubbed, not scrubbed)
    assert "about" in json.loads(row["input"])[0]["content"]


def test_a_log_that_cannot_be_written_stops_nobody(workspace: Path, run_server: Any, rule_runtime: Any) -> None:
    folder = serving_folder(workspace)
    folder.mkdir(parents=True)
    (folder / "requests.db").write_bytes(b"this is no database" * 100)
    with run_server(workspace, rule_runtime()) as url:
        for _ in range(3):
            assert ask(client_of(url), "hi").choices[0].message.content == "new: HI"
        metrics_until(url, "tailor_log_dropped 3.0")


def test_a_full_queue_drops_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tailor.serving.request_log.QUEUE", 10)
    log = RequestLog(tmp_path / "r.db", LogSettings())
    for n in range(25):
        log.ended(Trace(id=f"{n:024}", release="a@1"))
    assert log.dropped == 15
    log.start()
    log.close()
    assert sqlite3.connect(tmp_path / "r.db").execute("SELECT count(*) FROM requests").fetchone() == (10,)


def test_old_rows_go(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "r.db", LogSettings(keep_days=7))
    now = datetime.now(UTC)
    for age in (0, 6, 8, 400):
        log.ended(Trace(id=str(age), release="a@1", at=(now - timedelta(days=age)).isoformat(timespec="milliseconds")))
    log.exposed(Exposure("e", 1, "u", "a"))
    log.start()
    assert log.flush()
    log.close()
    database = open_log(tmp_path / "r.db")
    sweep(database, 7)
    assert sorted(r[0] for r in database.execute("SELECT id FROM requests")) == ["0", "6"]
    assert database.execute("SELECT experiment, phase, unit, arm FROM exposures").fetchall() == [("e", 1, "u", "a")]


def give(url: str, request_id: str, key: str = "", **fields: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.post(f"{url}/v1/feedback", json={"request_id": request_id, **fields}, headers=headers, timeout=60)


def test_feedback_is_joined_to_its_request_and_the_same_twice_is_one(
    workspace: Path, run_server: Any, rule_runtime: Any
) -> None:
    settings = LogSettings(contents=True)
    with run_server(workspace, rule_runtime(), log_settings=settings) as url:
        reply = ask(client_of(url), "what time")
        replies = [give(url, reply.id, thumbs="down", correction="Noon.") for _ in range(2)]
        assert [r.status_code for r in replies] == [200, 200]
        assert [r.json()["duplicate"] for r in replies] == [False, True]
        assert replies[0].json()["id"] == replies[1].json()["id"]
        assert give(url, reply.id, score=0.25, label="wrong hour").json()["duplicate"] is False
        refused = {
            "score": give(url, reply.id, score=2),
            "thumbs": give(url, reply.id, thumbs="sideways"),
            "request_id": give(url, "f" * 24, thumbs="up"),
            None: give(url, reply.id),
            "starz": give(url, reply.id, starz=5),
        }
        for param, answer in refused.items():
            assert (answer.status_code, answer.json()["error"]["param"]) == (
                404 if param == "request_id" else 400,
                param,
            )
    folder = serving_folder(workspace)
    joined = FeedbackStore(folder / "feedback.db").joined(folder / "requests.db")
    assert [(j["thumbs"], j["score"], j["label"], j["release"]) for j in joined] == [
        ("down", None, None, "rag+lora@2"),
        (None, 0.25, "wrong hour", "rag+lora@2"),
    ]
    [candidate], left_out = candidates(joined)
    assert (candidate["question"], candidate["answer"], candidate["answered"], candidate["status"]) == (
        "what time",
        "Noon.",
        "new: WHAT TIME",
        "to review",
    )
    assert not left_out


def test_feedback_about_somebody_elses_request_is_refused(workspace: Path, run_server: Any, rule_runtime: Any) -> None:
    store = KeyStore(workspace)
    mine, yours = (store.add(name)[1] for name in ("mine", "yours"))
    with run_server(workspace, rule_runtime()) as url:
        reply = ask(client_of(url, mine), "hi")
        assert give(url, reply.id, yours, thumbs="up").status_code == 404
        assert give(url, reply.id, mine, thumbs="up").status_code == 200


def test_what_cannot_be_a_candidate_is_counted(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "f.db")
    log = RequestLog(tmp_path / "r.db", LogSettings(contents=True))
    turns = json.dumps([{"role": "user", "content": "q"}])
    log.ended(Trace(id="whole", release="a@1", complete=True, input=turns, output="x"))
    log.ended(Trace(id="broken", release="a@1", complete=False, input=turns, output="x"))
    log.start()
    log.close()
    for request in ("whole", "broken", "gone"):
        store.add(Feedback(request, correction="better"), "")
    found, left_out = candidates(store.joined(tmp_path / "r.db"))
    assert [c["request_id"] for c in found] == ["whole"]
    assert sorted(left_out.values()) == [1, 1]
    assert candidates(store.joined(tmp_path / "none.db"))[0] == []


def test_feedback_survives_a_kill_once_it_was_confirmed(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom tailor.serving.feedback import Feedback, FeedbackStore\n"
        "store = FeedbackStore(Path(sys.argv[1]))\n"
        "for n in range(10**6):\n    store.add(Feedback(str(n), 'up'), '')\n    print(n, flush=True)\n"
    )
    confirmed = 0
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "f.db")], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(20):
            confirmed = max(confirmed, int(process.stdout.readline()))
        process.kill()
        confirmed = max([confirmed, *(int(line) for line in process.stdout.read().split("\n")[:-1])])
        process.wait()
        kept = {f["request_id"] for f in FeedbackStore(tmp_path / "f.db").joined(tmp_path / "none.db")}
        assert {str(n) for n in range(confirmed + 1)} <= kept
    assert sqlite3.connect(tmp_path / "f.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_metrics_count_and_name_nobody(server: Any) -> None:
    client = server.client()
    ask(client, "a secret question", user="ada")
    list(ask(client, "b", stream=True))
    page = httpx.get(f"{server.url}/metrics", timeout=60).text
    labels = 'arm="",release="rag+lora@2",route="/v1/chat/completions",status="200"'
    assert f"tailor_requests_total{{{labels}}} 2.0" in page
    assert 'tailor_tokens_total{release="rag+lora@2",type="completion"} 6.0' in page
    assert "tailor_inflight 1.0" in page  # this very request
    assert "tailor_time_to_first_token_seconds_count" in page
    assert "secret" not in page
    assert "ada" not in page


def test_a_client_that_goes_is_counted_as_gone(server: Any) -> None:
    done = threading.Event()

    def go() -> None:
        with httpx.Client() as http, pytest.raises(httpx.ReadTimeout):
            http.post(
                f"{server.url}/v1/chat/completions",
                json={"messages": [{"role": "user", "content": "wait"}]},
                timeout=0.5,
            )
        done.set()

    threading.Thread(target=go).start()
    assert done.wait(60)
    metrics_until(server.url, "tailor_inflight 1.0")  # this very request
    server.runtime.go.set()


def test_feedback_is_read_beside_a_log_that_a_kill_left_without_tables(tmp_path: Path) -> None:
    store, log = FeedbackStore(tmp_path / "f.db"), tmp_path / "requests.db"
    store.add(Feedback("chatcmpl-1", thumbs="up"), "key")
    sqlite3.connect(log).execute("PRAGMA journal_mode = WAL")
    [said] = store.joined(log)
    assert (said["request_id"], said["release"]) == ("chatcmpl-1", None)
