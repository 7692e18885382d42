"""`.tailor/serving/feedback.db`: what people say about an answer, on disk before it is confirmed.

Nothing here trains anything. A corrected answer is a candidate that a person has to review: `tailor feedback export`
writes candidates to a file, and what becomes of them is decided there.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tailor.files import sha256_of
from tailor.serving.fields import Fields, number, string
from tailor.serving.problem import Problem
from tailor.serving.request_log import open_log

LONGEST = 20_000
"""Characters of a correction or comment."""

FIELDS = Fields(
    honoured=("request_id", "thumbs", "score", "label", "correction", "comment"), ignored=("user",), neutral={}
)

OF_REQUEST = ("release", "unit", "experiment", "phase", "arm", "complete", "input", "output")
"""What is joined of the request."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
    id TEXT PRIMARY KEY, request_id TEXT NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL,
    thumbs TEXT, score REAL, label TEXT, correction TEXT, comment TEXT
);
CREATE INDEX IF NOT EXISTS feedback_request ON feedback (request_id);
PRAGMA user_version = 1;
"""


@dataclass(frozen=True)
class Feedback:
    """What was said about one answer. `thumbs` is up or down, `score` in [0, 1]."""

    request_id: str
    thumbs: str | None = None
    score: float | None = None
    label: str | None = None
    correction: str | None = None
    comment: str | None = None

    @property
    def id(self) -> str:
        """The same said twice is one feedback."""
        return f"fb-{sha256_of(asdict(self))[:24]}"


def parse_feedback(raw: bytes) -> Feedback:
    """Bytes from the network to feedback. `request_id` is the response's `x-request-id` or the reply's `id`.

    Raises:
        Problem: 400, naming the field.
    """
    body = FIELDS.read(raw)
    request_id = string(body, "request_id", longest=64)
    if not request_id:
        raise Problem(400, "'request_id' is missing; it is the reply's id.", param="request_id")
    if body.get("thumbs") not in (None, "up", "down"):
        raise Problem(400, "'thumbs' must be up or down.", param="thumbs")
    feedback = Feedback(
        request_id.rpartition("-")[2],
        body.get("thumbs"),
        number(body, "score", 0, 1),
        string(body, "label", longest=200),
        string(body, "correction", longest=LONGEST),
        string(body, "comment", longest=LONGEST),
    )
    if feedback == Feedback(feedback.request_id):
        raise Problem(400, "Feedback needs one of thumbs, score, label, correction, comment.")
    return feedback


class FeedbackStore:
    """The feedback of a workspace. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, feedback: Feedback, key: str) -> bool:
        """Keep it; false where the very same was kept before. It is on disk when this returns.

        Raises:
            sqlite3.Error: it cannot be written.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        row = (feedback.id, feedback.request_id, key, now, *list(asdict(feedback).values())[1:])
        with contextlib.closing(self._open()) as database, database:
            done = database.execute("INSERT OR IGNORE INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            return done.rowcount == 1

    def joined(self, log: Path) -> list[dict[str, Any]]:
        """All feedback, oldest first, with the request it is about (null where that is gone)."""
        if not self._path.exists():
            return []
        with contextlib.closing(self._open()) as database:
            if log.exists():
                open_log(log).close()  # a server killed while it made the log leaves a file without tables
                database.execute("ATTACH DATABASE ? AS log", (str(log),))
            else:
                database.execute("ATTACH DATABASE ':memory:' AS log")
                database.execute(
                    "CREATE TABLE log.requests (id, release, unit, experiment, phase, arm, complete, input, output)"
                )
            database.row_factory = sqlite3.Row
            rows = database.execute(
                f"SELECT f.*, {', '.join(f'r.{name}' for name in OF_REQUEST)} FROM feedback f "
                "LEFT JOIN log.requests r ON r.id = f.request_id ORDER BY f.at, f.id"
            ).fetchall()
        return [dict(row) for row in rows]

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, timeout=5)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.executescript(SCHEMA)
            self._path.chmod(0o600)
        except BaseException:
            database.close()
            raise
        return database
