"""Disks that are full or read-only, databases that are locked, clocks that jump: answers go on, nothing is confirmed
that is not kept, and all is well again afterwards."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tailor.serving.feedback import FeedbackStore
from tailor.serving.keys import serving_folder
from tailor.serving.tuning.files import FileStore
from tailor.serving.tuning.jobs import JobStore

ROW = json.dumps({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}).encode()
UNWRITTEN = (503, "storage_failed")


def ask(url: str) -> str:
    """A chat that must succeed; its id."""
    body = {"messages": [{"role": "user", "content": "hi"}]}
    reply = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60)
    assert (reply.status_code, reply.json()["choices"][0]["message"]["content"]) == (200, "new: HI")
    return str(reply.json()["id"])


def outcome(reply: httpx.Response) -> tuple[int, str | None]:
    return reply.status_code, reply.json().get("error", {}).get("code")


def praise(url: str, request: str) -> tuple[int, str | None]:
    return outcome(httpx.post(f"{url}/v1/feedback", json={"request_id": request, "thumbs": "up"}, timeout=60))


def upload(url: str) -> tuple[int, str | None]:
    files, data = {"file": ("t.jsonl", ROW)}, {"purpose": "fine-tune"}
    return outcome(httpx.post(f"{url}/v1/files", files=files, data=data, timeout=60))


def create_job(url: str, file: str) -> tuple[int, str | None]:
    asked = {"model": "builtin/small", "training_file": file}
    return outcome(httpx.post(f"{url}/v1/fine_tuning/jobs", json=asked, timeout=60))


def praised(workspace: Path) -> list[str]:
    folder = serving_folder(workspace)
    return [f["request_id"] for f in FeedbackStore(folder / "feedback.db").joined(folder / "none.db")]


def test_a_write_that_fails_is_told_and_not_kept(
    workspace: Path, run_server: Any, rule_runtime: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file of ours goes through `os.replace` or `os.fsync`: what a disk says there reaches the client as 503."""
    with run_server(workspace, rule_runtime()) as url:
        assert upload(url) == (200, None)
        [file] = FileStore(workspace).all()
        for number in (errno.ENOSPC, errno.EIO, errno.EROFS):

            def fail(*_arguments: Any, number: int = number) -> None:
                raise OSError(number, os.strerror(number))

            with monkeypatch.context() as patch:
                for name in ("fsync", "replace"):
                    patch.setattr(os, name, fail)
                assert upload(url) == UNWRITTEN
                assert create_job(url, file.id) == UNWRITTEN
                ask(url)
        assert len(FileStore(workspace).all()) == 1
        assert JobStore(workspace).all() == []
        assert upload(url) == (200, None)


@pytest.mark.slow
def test_a_locked_database_stops_no_answer(workspace: Path, run_server: Any, rule_runtime: Any) -> None:
    folder = serving_folder(workspace)
    with run_server(workspace, rule_runtime()) as url:
        first = ask(url)
        assert praise(url, first) == (200, None)
        with closing(sqlite3.connect(folder / "feedback.db")) as feedback:
            feedback.execute("BEGIN IMMEDIATE")
            second = ask(url)
            assert praise(url, second) == UNWRITTEN
            feedback.rollback()
        assert praise(url, second) == (200, None)
    assert praised(workspace) == [first.rpartition("-")[2], second.rpartition("-")[2]]


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="a small disk needs mount")
@pytest.mark.slow
def test_a_full_and_a_read_only_disk(workspace: Path, run_server: Any, rule_runtime: Any) -> None:
    folder = serving_folder(workspace)
    folder.mkdir(parents=True)
    mounted = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(mounted, capture_output=True, timeout=60, check=False).returncode:
        pytest.skip("mount is not allowed here")
    try:
        with run_server(workspace, rule_runtime()) as url:
            first = ask(url)
            assert praise(url, first) == (200, None)
            fill(folder / "filler")
            kept = [first, *refused_until_there_is_room(url, (folder / "filler").unlink)]
            assert upload(url) == (200, None)
        assert praised(workspace) == [k.rpartition("-")[2] for k in kept]
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], timeout=60, check=True)
        with run_server(workspace, rule_runtime()) as url:
            last = ask(url)
            assert praise(url, last)[0] == 503
            assert upload(url) == UNWRITTEN
            subprocess.run(["mount", "-o", "remount,rw", str(folder)], timeout=60, check=True)
            assert praise(url, last) == (200, None)
    finally:
        subprocess.run(["umount", "-l", str(folder)], timeout=60, check=False)


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(b"x" * 4096):
            pass


def refused_until_there_is_room(url: str, make_room: Callable[[], None]) -> list[str]:
    """Ask and praise on a full disk, and again with room: the praise that was confirmed."""
    requests = [ask(url) for _ in range(5)]
    # A journal may still have a page to itself: what is confirmed then is kept, the rest is refused.
    confirmed = [r for r in requests if praise(url, r) == (200, None)]
    assert upload(url) == UNWRITTEN
    make_room()
    late = [r for r in requests if r not in confirmed]
    assert late, "a full disk took everything"
    assert {praise(url, r) for r in late} == {(200, None)}
    return confirmed + late


def test_a_clock_that_jumps_gives_no_negative_time(
    workspace: Path, run_server: Any, rule_runtime: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every look at the clock of the day says another hour; durations are measured with one that only runs."""
    hours = itertools.cycle([0, 1, -1, 5, -5])
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600 * next(hours))

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.fromtimestamp(time.time(), tz)

    for module in ("trace", "request_log"):
        monkeypatch.setattr(f"tailor.serving.{module}.datetime", Jumping)
    with run_server(workspace, rule_runtime()) as url:
        for _ in range(6):
            ask(url)
    with closing(sqlite3.connect(serving_folder(workspace) / "requests.db")) as database:
        times = database.execute("SELECT ms, first_text_ms FROM requests").fetchall()
    assert len(times) == 6
    assert all(0 <= first <= whole < 3_600_000 for whole, first in times)
