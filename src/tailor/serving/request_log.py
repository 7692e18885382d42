"""`.tailor/serving/requests.db`: a row per answer. Written beside serving, never in its way.

Rows are queued and committed together, at the latest 100 ms after they came or 500 at a time. A kill loses at most the
last 100 ms; a full queue (20,000 rows) or a disk that fails loses rows too, and `dropped` counts them. Whatever must
not be lost (feedback, jobs, keys) is written elsewhere, before it is confirmed.

What was said is kept only where contents are logged; then personal data is masked first (`data.pii`) unless that is
turned off. Rows older than `keep_days` are deleted. What each key spent in a month (`spending`) stays.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tailor.serving.trace import Trace

log = logging.getLogger("tailor.serving")

QUEUE = 20_000
TOGETHER = 500
SECONDS = 0.1
SWEEP_SECONDS = 3600.0
REMEMBERED = 20_000
SCHEMA_VERSION = 2

COLUMNS = (
    "id", "at", "route", "key", "model", "release", "unit", "experiment", "phase", "arm", "shadow_of", "status", "code",
    "stream", "complete", "refused", "finish", "prompt_tokens", "completion_tokens", "first_text_ms", "ms", "input",
    "output", "usd",
)  # fmt: skip

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS requests ({", ".join(COLUMNS)}, PRIMARY KEY (id));
CREATE INDEX IF NOT EXISTS requests_at ON requests (at);
CREATE INDEX IF NOT EXISTS requests_experiment ON requests (experiment, phase, at);
CREATE TABLE IF NOT EXISTS exposures
  (experiment, phase, unit, arm, at, propensity, PRIMARY KEY (experiment, phase, unit, arm));
CREATE TABLE IF NOT EXISTS spending (key, month, usd, PRIMARY KEY (key, month));
"""

FROM_VERSION = {1: "ALTER TABLE requests ADD COLUMN usd; ALTER TABLE exposures ADD COLUMN propensity;"}
"""Schema -> what makes the next one of it. New columns come last, so rows are written alike."""


@dataclass(frozen=True)
class LogSettings:
    """What is kept of requests, and for how long."""

    contents: bool = False
    scrub: bool = True
    keep_days: int = 30


@dataclass(frozen=True)
class Exposure:
    """A unit that fell into an arm, which it did with probability `propensity`: written before its request is
    answered."""

    experiment: str
    phase: int
    unit: str
    arm: str
    propensity: float = 1.0


class RequestLog:
    """The queue, its writer and the database behind it.

    Args:
        path: of the database.
    """

    def __init__(self, path: Path, settings: LogSettings) -> None:
        self._path, self._settings = path, settings
        self._queue: queue.Queue[Trace | Exposure | threading.Event | None] = queue.Queue(QUEUE)
        self._recent: OrderedDict[str, str] = OrderedDict()
        self._thread = threading.Thread(target=self._run, name="tailor-request-log", daemon=True)
        self.dropped = 0
        """Rows that are in no database."""

    def start(self) -> None:
        self._thread.start()

    def ended(self, trace: Trace) -> None:
        """Queue a row for a request that got as far as a release; never waits."""
        if not trace.release:
            return
        self._recent[trace.id] = trace.key
        if len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        self._put(trace)

    def exposed(self, exposure: Exposure) -> None:
        """Queue an exposure; never waits."""
        self._put(exposure)

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait until what was queued so far is committed or dropped."""
        done = threading.Event()
        try:
            self._queue.put(done, timeout=seconds)
        except queue.Full:
            return False
        return done.wait(seconds)

    def key_of(self, request_id: str) -> str | None:
        """The key that a request came with, None where no such request is known."""
        if request_id in self._recent:
            return self._recent[request_id]
        with contextlib.suppress(sqlite3.Error), contextlib.closing(open_log(self._path)) as database:
            found = database.execute("SELECT key FROM requests WHERE id = ?", (request_id,)).fetchone()
            return str(found[0]) if found else None
        return None

    def assignments(self, experiment: str) -> dict[str, str]:
        """Unit -> the arm it first fell into; nothing where the database cannot be read."""
        self.flush(1.0)
        with contextlib.suppress(sqlite3.Error), contextlib.closing(open_log(self._path)) as database:
            found = database.execute(
                "SELECT unit, arm FROM exposures WHERE experiment = ? ORDER BY at DESC", (experiment,)
            ).fetchall()
            return {str(unit): str(arm) for unit, arm in found}
        return {}

    def close(self) -> None:
        """Commit what is queued."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(timeout=10)

    def _put(self, item: Trace | Exposure) -> None:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.dropped += 1

    def _run(self) -> None:
        database: sqlite3.Connection | None = None
        swept = -SWEEP_SECONDS
        going = True
        while going:
            items, waiters, going = self._together()
            try:
                database = database or open_log(self._path)
                self._write(database, items)
                if time.monotonic() - swept > SWEEP_SECONDS:
                    swept = time.monotonic()
                    sweep(database, self._settings.keep_days)
            except (sqlite3.Error, OSError) as error:
                # Serving goes on; the next rows try again with a new connection.
                self.dropped += len(items)
                log.error("The request log cannot be written: %s", error)
                if database is not None:
                    with contextlib.suppress(sqlite3.Error):
                        database.close()
                database = None
            for waiter in waiters:
                waiter.set()
        if database is not None:
            database.close()

    def _together(self) -> tuple[list[Trace | Exposure], list[threading.Event], bool]:
        """What is committed next, who waits for it, and whether more may come."""
        items: list[Trace | Exposure] = []
        waiters: list[threading.Event] = []
        until = None
        while len(items) < TOGETHER:
            try:
                left = None if until is None else max(0.0, until - time.monotonic())
                item = self._queue.get(timeout=left)
            except queue.Empty:
                break
            until = until or time.monotonic() + SECONDS
            if item is None:
                return items, waiters, False
            if isinstance(item, threading.Event):
                waiters.append(item)
                until = time.monotonic()
            else:
                items.append(item)
        return items, waiters, True

    def _write(self, database: sqlite3.Connection, items: Sequence[Trace | Exposure]) -> None:
        marks = ", ".join("?" * len(COLUMNS))
        rows = [self._row(i) for i in items if isinstance(i, Trace)]
        exposures = [
            (e.experiment, e.phase, e.unit, e.arm, _now(), e.propensity) for e in items if isinstance(e, Exposure)
        ]
        spent: dict[tuple[str, str], float] = defaultdict(float)
        for trace in items:
            if isinstance(trace, Trace) and trace.usd and not trace.shadow_of:
                spent[trace.key, trace.at[:7]] += trace.usd
        with database:
            database.executemany(f"INSERT OR REPLACE INTO requests VALUES ({marks})", rows)
            database.executemany("INSERT OR IGNORE INTO exposures VALUES (?, ?, ?, ?, ?, ?)", exposures)
            database.executemany(
                "INSERT INTO spending VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET usd = usd + excluded.usd",
                [(*of, usd) for of, usd in spent.items()],
            )

    def _row(self, trace: Trace) -> tuple[Any, ...]:
        first = None if trace.first_text is None else round(1000 * (trace.first_text - trace.started), 2)
        values = {
            **{name: getattr(trace, name) for name in COLUMNS if hasattr(trace, name)},
            "first_text_ms": first,
            "ms": round(1000 * trace.seconds, 2),
            "input": self._content(trace.input),
            "output": self._content(trace.output),
        }
        return tuple(values[name] for name in COLUMNS)

    def _content(self, text: str) -> str | None:
        from tailor.data.pii import scrub

        if not self._settings.contents:
            return None
        return scrub(text) if self._settings.scrub else text


def open_log(path: Path) -> sqlite3.Connection:
    """The database of a request log, made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, timeout=5)
    try:
        _prepare(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    """Bring it to today's schema. Whoever only reads writes nothing here, or a locked database could not be read."""
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version == SCHEMA_VERSION:
        return
    if version in FROM_VERSION:
        database.executescript(f"BEGIN; {FROM_VERSION[version]} PRAGMA user_version = {version + 1}; COMMIT;")
        version += 1
    if version not in (0, SCHEMA_VERSION):
        raise sqlite3.DatabaseError(f"{path} has schema {version}; this Tailor writes {SCHEMA_VERSION}")
    database.executescript(SCHEMA)
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    path.chmod(0o600)


def sweep(database: sqlite3.Connection, keep_days: int) -> int:
    """Delete rows older than so many days; returns how many."""
    before = (datetime.now(UTC) - timedelta(days=keep_days)).isoformat(timespec="milliseconds")
    with database:
        return int(database.execute("DELETE FROM requests WHERE at < ?", (before,)).rowcount)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
