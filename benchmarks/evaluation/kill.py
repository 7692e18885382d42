"""Kill a study (SIGKILL) at many random moments and see what it costs.

    python benchmarks/evaluation/kill.py --kills 100 --output result.json

A study over an endpoint on the loopback is run once undisturbed and once killed again and again, each time after a few
more answers. What may be asked again is only what was under way when a kill came, at most eight requests, and each
comes with the `Idempotency-Key` of its first asking. Counted: how many requests came again, which is what a provider
that does not know the header may bill twice, and how many answers one that knows it would make more than in the
undisturbed run. At the end both results must be equal but for clocks.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PARALLEL = 8
FRAMINGS = ("Where is {}?", "In which town is {}?", "{}: town?", "Name the town of {}.", "What town houses {}?")
CLOCKS = {
    "created",
    "timing",
    "peak_memory_mb",
    "latency_ms",
    "answer_seconds",
    "fit_seconds",
    "environment",
    "ledger",
    "economics",
    "p_frontier",
}
WORDS = {"sentence", "reasons", "doubts", "changes", "base"}  # name milliseconds or the port
YAML = """\
name: killed
data: {{questions: questions.jsonl, documents: docs}}
base: {{endpoint: {url}, model: echo}}
arms: [zero-shot, {{few-shot: {{k: 2}}}}, {{rag: {{k: 2, dense: false}}}}]
seeds: [1]
"""


class Endpoint:
    """Answers with a word that depends on the question alone, after 5 ms, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.keys: dict[str, set[str]] = {}
        lock, asked, keys = threading.Lock(), self.asked, self.keys

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if not body:  # killed while it was asking
                    return
                messages = json.loads(body)["messages"]
                with lock:
                    asked[json.dumps(messages)] += 1
                    keys.setdefault(json.dumps(messages), set()).add(self.headers.get("idempotency-key", ""))
                time.sleep(0.005)
                digest = int(sha256(messages[-1]["content"].encode()).hexdigest(), 16)
                text = f"town {digest % 40}" if digest % 3 else "I don't know."
                reply = json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except ConnectionError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/v1"


def workspace(folder: Path, url: str) -> Path:
    """40 facts in five wordings, each in a document of its own."""
    (folder / "docs").mkdir(parents=True)
    rows = []
    for n in range(40):
        name, source = f"house {n}", f"docs/{n}.md#House {n}"
        rows += [
            {"id": f"{n}-{i}", "fact": name, "question": f.format(name), "answer": f"town {n}", "source": source}
            for i, f in enumerate(FRAMINGS)
        ]
        (folder / "docs" / f"{n}.md").write_text(f"# House {n}\n\nThe house {n} is in town {n}.\n", encoding="utf-8")
    (folder / "questions.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    (folder / "tailor.yaml").write_text(YAML.format(url=url), encoding="utf-8")
    return folder


def start(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tailor.cli.main", "compare", str(folder), "--workers", "1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)


def finish(folder: Path) -> dict[str, Any]:
    process = start(folder)
    _, errors = process.communicate()
    if process.returncode:
        sys.exit(errors.decode())
    [study] = (folder / ".tailor" / "studies").iterdir()
    return dict(json.loads((study / "results.json").read_text(encoding="utf-8")))


def comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: comparable(v) for k, v in value.items() if k not in CLOCKS | WORDS}
    return [comparable(v) for v in value] if isinstance(value, list) else value


def different(a: Any, b: Any, place: str = "") -> list[str]:
    """Where two results differ, so that a surprise can be looked into."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [p for k in sorted({*a, *b}) for p in different(a.get(k), b.get(k), f"{place}.{k}")]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [p for i, (x, y) in enumerate(zip(a, b, strict=True)) for p in different(x, y, f"{place}[{i}]")]
    return [] if a == b else [place]


def timed(folder: Path, asked: Counter[str]) -> Counter[str]:
    """Asks of what no clock is measured on: latency asks dev questions again on purpose."""
    [study] = (folder / ".tailor" / "studies").iterdir()
    lines = (study / "test.jsonl").read_text(encoding="utf-8").splitlines()
    test = {json.loads(line)["messages"][-1]["content"] for line in lines}
    return Counter({k: n for k, n in asked.items() if any(json.loads(k)[-1]["content"].endswith(q) for q in test)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        endpoint = Endpoint()
        whole = finish(workspace(Path(name) / "whole", endpoint.url))
        once = timed(Path(name) / "whole", endpoint.asked)
        needed = sum(len(endpoint.keys[k]) for k in once)
        endpoint.asked.clear()
        endpoint.keys.clear()
        folder, kills = workspace(Path(name) / "killed", endpoint.url), 0
        share = max(1, round(1.2 * sum(once.values()) / arguments.kills))
        while kills < arguments.kills:
            process, before = start(folder), sum(endpoint.asked.values())
            enough = chance.randint(0, 2 * share)
            while process.poll() is None and sum(endpoint.asked.values()) <= before + enough:
                time.sleep(0.001)
            if process.poll() is not None:
                break  # it was finished before it could be killed
            time.sleep(chance.uniform(0, 0.02))
            process.kill()
            process.communicate()
            kills += 1
        killed = finish(folder)
        asked = timed(folder, endpoint.asked)
        made = sum(len(endpoint.keys[k]) for k in asked)
        [*files] = (folder / ".tailor" / "memory").iterdir()
        names = [json.loads(line)["name"] for f in files for line in f.read_text(encoding="utf-8").splitlines()]
    result = {
        "kills": kills,
        "test_questions_asked_undisturbed": sum(once.values()),
        "test_questions_asked_when_killed": sum(asked.values()),
        "lost_with_a_kill": sum(asked.values()) - sum(once.values()),
        "written_down_as_asked_again": round(killed["ledger"]["asked_again"]),
        "answers_made_twice_where_the_key_is_known": made - needed,
        "most_that_could_be_under_way": PARALLEL * kills,
        "answers_written_twice": len(names) - len(set(names)),
        "results_equal": comparable(killed) == comparable(whole),
        "different": different(comparable(whole), comparable(killed))[:20],
    }
    print(json.dumps(result, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    wrong = ("answers_written_twice", "answers_made_twice_where_the_key_is_known")
    sys.exit(not result["results_equal"] or any(result[k] for k in wrong))


if __name__ == "__main__":
    main()
