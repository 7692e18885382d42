"""The server's log lines as JSON on standard error: one object a line, nothing of a conversation."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime

from tailor.serving.trace import Trace

ACCESS = logging.getLogger("tailor.access")


class JsonLines(logging.Formatter):
    """`{"when", "level", "logger", "message"}`, the fields of an access line, and the traceback of a defect."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "when": when,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(*, access: bool) -> None:
    """Send what the server says to standard error; with `access` a line per request too."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger("tailor")
    root.handlers = [handler]
    root.propagate = False
    ACCESS.setLevel(logging.INFO if access else logging.WARNING)


def access(trace: Trace) -> None:
    """A line about a request that has ended."""
    if not ACCESS.isEnabledFor(logging.INFO):
        return
    fields = {
        "id": trace.id,
        "route": trace.route,
        "status": trace.status,
        "code": trace.code,
        "key": trace.key,
        "release": trace.release,
        "arm": trace.arm,
        "ms": round(1000 * trace.seconds, 1),
        "prompt_tokens": trace.prompt_tokens,
        "completion_tokens": trace.completion_tokens,
        "complete": trace.complete,
    }
    ACCESS.info("request", extra={"fields": fields})
