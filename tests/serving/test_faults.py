"""Kills, changed bytes and nonsense: what was confirmed stays, nothing damaged answers, nobody gets a 5xx for it.

With TAILOR_FULL=1 in the counts of the acceptance list: 100 kills, 1,000 changed bytes, 5,000 pieces of nonsense.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tailor.errors import ArtifactError
from tailor.registry import ReleaseStore, load_release
from tailor.serving.feedback import FeedbackStore
from tailor.serving.keys import serving_folder
from tailor.serving.rules import RULES
from tailor.serving.tuning.jobs import JobStore

FULL = os.environ.get("TAILOR_FULL") == "1"
KILLS, CHANGES, NONSENSE = (100, 1000, 5000) if FULL else (3, 100, 400)

SERVER = """
import sys
from pathlib import Path
from tailor.records import Completion
from tailor.serving import serve

class Quick:
    def __init__(self, root): pass
    def takes_threads(self, adaptation): return True
    def step(self): pass
    def answer(self, adaptation, conversations): return [Completion("done") for _ in conversations]
    def close(self): pass

serve(Path(sys.argv[1]), port=0, runtime_factory=Quick, on_ready=lambda url: print(url, flush=True))
"""
ROW = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}


def write(url: str, confirmed: dict[str, list[str]], stop: threading.Event) -> None:
    """Ask, give feedback and upload until the server is gone; note what it confirmed."""
    with httpx.Client(base_url=url, timeout=60) as http:
        while not stop.is_set():
            try:
                body = {"messages": [{"role": "user", "content": "hi"}]}
                asked = http.post("/v1/chat/completions", json=body).json()
                said = http.post("/v1/feedback", json={"request_id": asked["id"], "thumbs": "up"})
                confirmed["feedback"].append(said.json()["id"])
                content = json.dumps(ROW).encode()
                file = http.post("/v1/files", files={"file": ("t.jsonl", content)}, data={"purpose": "fine-tune"})
                confirmed["files"].append(file.json()["id"])
                if len(confirmed["files"]) % 10 == 0:
                    asked = {"model": "builtin/small", "training_file": confirmed["files"][-1]}
                    confirmed["jobs"].append(http.post("/v1/fine_tuning/jobs", json=asked).json()["id"])
            except (httpx.HTTPError, ValueError, KeyError):
                return


@pytest.mark.slow
def test_a_killed_server_keeps_what_it_confirmed(workspace: Path) -> None:
    confirmed: dict[str, list[str]] = {"feedback": [], "files": [], "jobs": []}
    for n in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(workspace)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        before = len(confirmed["files"])
        stop = threading.Event()
        writers = [threading.Thread(target=write, args=(url, confirmed, stop)) for _ in range(4)]
        for writer in writers:
            writer.start()
        while len(confirmed["files"]) < before + 5 + n % 10:
            assert any(writer.is_alive() for writer in writers)
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        stop.set()
        for writer in writers:
            writer.join()
    folder = serving_folder(workspace)
    kept = {f["id"] for f in FeedbackStore(folder / "feedback.db").joined(folder / "requests.db")}
    assert set(confirmed["feedback"]) <= kept
    for file_id in confirmed["files"]:
        assert json.loads((folder / "files" / file_id / "content").read_bytes()) == ROW
    assert ReleaseStore(workspace).release("champion").id == "rag+lora@2"
    assert confirmed["jobs"]
    assert set(confirmed["jobs"]) <= {job.id for job in JobStore(workspace).all()}


def test_a_release_with_any_byte_changed_is_refused(workspace: Path) -> None:
    [_, info] = ReleaseStore(workspace).releases()
    folder = workspace / ".tailor" / "releases" / "assistant" / "2"
    chance = random.Random(1)
    for path in sorted(folder.iterdir()):
        raw = path.read_bytes()
        for _ in range(CHANGES):
            place, bit = chance.randrange(len(raw)), 1 << chance.randrange(8)
            path.write_bytes(raw[:place] + bytes([raw[place] ^ bit]) + raw[place + 1 :])
            with pytest.raises(ArtifactError):
                load_release(folder, manifest_sha256=info.manifest_sha256)
        for cut in (0, len(raw) // 2, len(raw) - 1):
            path.write_bytes(raw[:cut])
            with pytest.raises(ArtifactError):
                load_release(folder, manifest_sha256=info.manifest_sha256)
        path.write_bytes(raw)
    assert load_release(folder, manifest_sha256=info.manifest_sha256).id == "rag+lora@2"


PIECES = [
    "null", "true", "-1", "1e400", '"x"', "[]", "{}", "[[[[]]]]", '"\\ud800"', '"\\u0000"', "9" * 400, '{"a":{"a":{}}}',
    '"../../etc/passwd"', '"; DROP TABLE feedback; --"', "NaN", '{"type":"json_schema"}', '[{"role":"user"}]',
    '[{"role":"user","content":"hi"}]', "0.5", '"champion"', '"file-000000000000000000000000"',
]  # fmt: skip
NAMES = [
    "model", "messages", "prompt", "input", "stream", "n", "stop", "seed", "user", "logprobs", "top_logprobs",
    "temperature", "max_tokens", "response_format", "stream_options", "request_id", "thumbs", "score", "correction",
    "training_file", "hyperparameters", "method", "suffix", "metadata", "dimensions", "encoding_format", "nonsense",
]  # fmt: skip


def nonsense(chance: random.Random) -> tuple[str, str, dict[str, str], bytes]:
    """A method, path, headers and body that nobody should send."""
    rule = chance.choice(RULES)
    ids = ["x", "..%2f..%2fkeys.json", "%00", "a" * 300, "ftjob-" + "0" * 24, "%ff", "champion", "é".encode().hex()]
    path = rule.path.replace("{id}", chance.choice(ids)).replace("{name:path}", chance.choice(ids))
    query = chance.choice(["", "?limit=-1", "?limit=99999999999", "?after=x", "?limit=%ff", "?purpose=\\\\"])
    fields = ",".join(f'"{chance.choice(NAMES)}": {chance.choice(PIECES)}' for _ in range(chance.randrange(6)))
    body = chance.choice([f"{{{fields}}}".encode(), chance.randbytes(30), b"", b"[" * 5000])
    kind = rule.body or "application/json"
    if rule.body == "multipart/form-data" and chance.random() < 0.8:
        kind, mark = "multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name="
        body = (
            mark + chance.choice([b'"file"; filename="t"\r\n\r\n', b'"purpose"\r\n\r\n', b"\r\n"]) + body + b"\r\n--b--"
        )
    return rule.method, path + query, {"Content-Type": kind}, body


def test_nonsense_is_the_clients_fault(server: Any, call: Any) -> None:
    from urllib.parse import urlsplit

    chance = random.Random(7)
    statuses = set()
    for _ in range(NONSENSE):
        method, path, headers, body = nonsense(chance)
        reply = call(server.url, method, path, {"Host": urlsplit(server.url).netloc, **headers}, body)
        assert reply.status < 500 or reply.body["error"]["code"] == "no_encoder", (method, path, body, reply.body)
        statuses.add(reply.status)
    assert {200, 400, 404} <= statuses
    assert FeedbackStore(serving_folder(server.workspace) / "feedback.db").joined(Path("none")) == []
    assert (
        server.client()
        .chat.completions.create(model="champion", messages=[{"role": "user", "content": "hi"}])
        .choices[0]
        .message.content
        == "new: HI"
    )
