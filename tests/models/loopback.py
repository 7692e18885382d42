"""A server on the loopback that replays replies and keeps what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """What the server sends; `drop` bytes fewer than it announces, `wait` seconds late."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drop: int = 0
    wait: float = 0.0


def good(text: Any = "Hello!", finish: str = "stop", **more: Any) -> Reply:
    message = {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": finish}], **more}
    return Reply(body=json.dumps(message).encode())


def events(*values: Any, done: bool = True) -> Reply:
    lines = [f"data: {v if isinstance(v, str) else json.dumps(v)}\n\n" for v in values]
    body = "".join([*lines, "data: [DONE]\n\n" if done else ""]).encode()
    return Reply(body=body, headers={"content-type": "text/event-stream"})


def delta(text: Any, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": finish}]}


class Server:
    """Replays a list of replies, the last one for ever, or replies by `rule` (the request's body in, a reply out), and
    keeps what it was asked."""

    def __init__(self, rule: Callable[[Any], Reply] | None = None) -> None:
        self.replies: list[Reply] = [good()]
        self.rule = rule
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.times: list[float] = []
        lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with lock:
                    headers = {k.lower(): v for k, v in self.headers.items()}
                    server.asked.append((self.path, headers, body))
                    server.times.append(time.monotonic())
                    if server.rule:
                        reply = server.rule(body)
                    else:
                        reply = server.replies.pop(0) if len(server.replies) > 1 else server.replies[0]
                time.sleep(reply.wait)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body[: len(reply.body) - reply.drop])
                self.close_connection = bool(reply.drop)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
