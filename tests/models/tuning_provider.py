"""A provider of fine-tuning on the loopback: files and jobs in OpenAI's published shape, and the ways in which one
fails."""

from __future__ import annotations

import hashlib
import json
import threading
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Provider:
    """Jobs succeed after `looks` looks at them. The tuned model answers a question of its training file with the
    answer there, and says so of any other.

    `refuse` maps "METHOD /path" to (status, error object); `drop` names requests whose reply gets lost on the way.
    """

    def __init__(self, looks: int = 2) -> None:
        self.looks = looks
        self.files: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.refuse: dict[str, tuple[int, dict[str, Any]]] = {}
        self.drop: list[str] = []
        self.end: dict[str, Any] = {"status": "succeeded"}
        self._port = 0
        self.start()

    def start(self) -> None:
        """Listen, at the same address as before."""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def _answer(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length") or 0))
                key = f"{self.command} {self.path.partition('?')[0].removeprefix('/v1')}"
                headers = {k.lower(): v for k, v in self.headers.items()}
                status, value = provider.reply(key, headers, raw)
                if key in provider.drop:
                    provider.drop.remove(key)
                    self.close_connection = True
                    return
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self.http.daemon_threads = True
        self._port = self.http.server_port
        self.url = f"http://127.0.0.1:{self._port}/v1"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def reply(self, key: str, headers: dict[str, str], raw: bytes) -> tuple[int, Any]:
        multipart = headers.get("content-type", "").startswith("multipart/")
        body = _parts(headers["content-type"], raw) if multipart else json.loads(raw or b"null")
        self.asked.append((key, headers, body))
        if key in self.refuse:
            status, error = self.refuse[key]
            return status, {"error": error}
        if key == "POST /files":
            made = f"file-{len(self.files)}"
            self.files[made] = body["file"]
            return 200, {"id": made, "object": "file", "purpose": body["purpose"].decode(), "bytes": len(body["file"])}
        if key == "POST /fine_tuning/jobs":
            return 200, self._begin(body)
        if key == "GET /fine_tuning/jobs":
            return 200, {"object": "list", "data": list(self.jobs.values()), "has_more": False}
        if key.startswith("GET /fine_tuning/jobs/"):
            return 200, self._look(self.jobs[key.rpartition("/")[2]])
        if key == "POST /chat/completions":
            return 200, self._complete(body)
        return 404, {"error": {"message": f"no {key}", "code": "not_found"}}

    def _begin(self, body: dict[str, Any]) -> dict[str, Any]:
        made = f"ftjob-{len(self.jobs)}"
        self.jobs[made] = {
            "id": made,
            "object": "fine_tuning.job",
            "model": body["model"],
            "status": "validating_files",
            "training_file": body["training_file"],
            "validation_file": body.get("validation_file"),
            "fine_tuned_model": None,
            "trained_tokens": None,
            "error": None,
            "seed": body["seed"],
            "looks": 0,
        }
        return self.jobs[made]

    def _look(self, job: dict[str, Any]) -> dict[str, Any]:
        job["looks"] += 1
        job["status"] = "running"
        if job["looks"] >= self.looks:
            job.update(self.end)
        if job["status"] == "succeeded":
            rows = self.files[job["training_file"]]
            name = hashlib.sha256(rows + str(job["seed"]).encode()).hexdigest()[:8]
            job.update(fine_tuned_model=f"ft:{job['model']}:acme::{name}", trained_tokens=len(rows) // 4)
        return job

    def _complete(self, body: dict[str, Any]) -> dict[str, Any]:
        job = next(j for j in self.jobs.values() if j["fine_tuned_model"] == body["model"])
        asked = body["messages"][-1]["content"]
        rows = [json.loads(line)["messages"] for line in self.files[job["training_file"]].splitlines()]
        text = next((r[-1]["content"] for r in rows if r[-2]["content"] == asked), "I was not told.")
        usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
        return {
            "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": usage,
        }


def _parts(content_type: str, raw: bytes) -> dict[str, bytes]:
    message = BytesParser(policy=HTTP).parsebytes(f"content-type: {content_type}\r\n\r\n".encode() + raw)
    found = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        found[str(name)] = bytes(part.get_payload(decode=True) or b"")
    return found
