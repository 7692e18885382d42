"""Killed and interrupted at any moment, a study ends with the numbers of one that was left alone."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tiny_workspace import command, environment, save_workspace, tailor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc to find the workers"),
]
# What a clock or the machine decides; everything else must be equal.
MEASURED = {
    "ledger",
    "p_frontier",
    "economics",
    "created",
    "timing",
    "peak_memory_mb",
    "latency_ms",
    "answer_seconds",
    "train_seconds",
    "rehearsal_seconds",
    "fit_seconds",
    "sentence",
    "reasons",
    "doubts",
    "changes",
}


def without_clocks(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_clocks(v) for k, v in value.items() if k not in MEASURED}
    return [without_clocks(v) for v in value] if isinstance(value, list) else value


def results_of(folder: Path) -> dict[str, Any]:
    [study] = (folder / ".tailor" / "studies").iterdir()
    return dict(json.loads((study / "results.json").read_text(encoding="utf-8")))


def answers_of(folder: Path) -> dict[str, dict[str, str]]:
    """cell -> item -> answer."""
    answers: dict[str, dict[str, str]] = {}
    for path in folder.glob(".tailor/studies/*/answers/*.jsonl"):
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert len({line["item"] for line in lines}) == len(lines)  # nothing was asked twice
        answers[path.name] = {line["item"]: line["completion"] for line in lines}
    return answers


def below(parent: int) -> set[int]:
    """All living processes that descend from one."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, ppid = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                parents[int(entry.name)] = int(ppid)
    found = {parent}
    while more := {p for p, up in parents.items() if up in found} - found:
        found |= more
    return found - {parent}


def start(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("compare", folder, *(options or ("--workers", "2"))),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
        # Whoever started the tests may have turned Ctrl-C off, which is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def is_running(running: subprocess.Popen[bytes], folder: Path) -> bool:
    """Whether this process, and not one before it, has begun to work on the study."""
    lock = folder / ".tailor" / "running"
    return lock.is_file() and lock.read_text().strip() == str(running.pid)


def wait_for(running: subprocess.Popen[bytes], met: Callable[[], bool]) -> None:
    """Until the condition holds or the process has ended."""
    until = time.monotonic() + 240
    while running.poll() is None and not met():
        assert time.monotonic() < until
        time.sleep(0.02)


def fits(folder: Path) -> int:
    return len(list(folder.glob(".tailor/studies/*/fits/*.json")))


INTERRUPTED = "Interrupted. Finished work is kept; the same command continues."


def test_killed_and_interrupted_again_and_again(compared: Path, tmp_path: Path, tiny_base: Path) -> None:
    """At a random moment of its work. A process that has ended before the signal must have finished the study: a
    loaded machine may hold up the test, not the study."""
    folder = save_workspace(tmp_path / "tiny", tiny_base)
    chance = random.Random(7)
    stopped = 0
    for stop, more in [(signal.SIGINT, 0), (signal.SIGKILL, 1), (signal.SIGINT, 2), (signal.SIGKILL, 2)]:
        wanted = fits(folder) + more
        running = start(folder)
        wait_for(running, lambda p=running, n=wanted: is_running(p, folder) and fits(folder) >= n)
        time.sleep(chance.uniform(0.05, 0.4))
        workers = below(running.pid)
        with contextlib.suppress(ProcessLookupError):
            if stop == signal.SIGINT:
                os.killpg(running.pid, stop)  # what a terminal does
            else:
                running.kill()
        out, err = running.communicate(timeout=240)
        assert b"Traceback" not in out + err, (out + err).decode()
        if running.returncode == 0:
            assert results_of(folder)["status"] == "complete"
        elif stop == signal.SIGINT:
            assert (running.returncode, err.decode().strip()) == (130, INTERRUPTED)
            stopped += 1
        else:
            assert running.returncode == -signal.SIGKILL
            stopped += 1
        until = time.monotonic() + 60
        while left := workers & _alive(workers):
            assert time.monotonic() < until, f"workers outlive the command: {left}"
            time.sleep(0.05)
    assert stopped
    torn = sorted(folder.glob(".tailor/studies/*/answers/*.jsonl"))[0]
    lines = torn.read_bytes().splitlines(keepends=True)
    torn.write_bytes(b"".join(lines[:-2]) + lines[-2][:17])
    ran = tailor("compare", folder)
    assert ran.code == 0, ran.err
    assert answers_of(folder) == answers_of(compared)
    assert without_clocks(results_of(folder)) == without_clocks(results_of(compared))


def test_an_interrupt_does_not_wait_for_the_cell_at_work(tmp_path: Path, tiny_base: Path) -> None:
    """Two arms ask a program that never answers; it is stopped too."""
    folder = save_workspace(tmp_path / "tiny", tiny_base)
    text = (folder / "tailor.yaml").read_text(encoding="utf-8")
    before, after = text.split("arms:\n")[0], text.split("seeds:")[1]
    arms = "arms:\n" + "".join(f"  - {n}: {{command: ./never.sh {n}}}\n" for n in ("one", "two"))
    (folder / "tailor.yaml").write_text(f"{before}{arms}  - zero-shot\nseeds:{after}", encoding="utf-8")
    (folder / "never.sh").write_text("#!/bin/sh\necho $$ > pid-$1\nexec sleep 3000\n", encoding="utf-8")
    (folder / "never.sh").chmod(0o755)
    running = start(folder)
    pids = [folder / "pid-one", folder / "pid-two"]
    wait_for(running, lambda: all(p.is_file() and p.read_text().endswith("\n") for p in pids))
    programs = {int(p.read_text()) for p in pids}
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=240)
    assert (running.returncode, err.decode().strip()) == (130, INTERRUPTED), (out + err).decode()
    assert not _alive(programs)


def _alive(pids: set[int]) -> set[int]:
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.add(pid)
    return found


def test_two_at_once(workspace: Path) -> None:
    """The second is refused at once; the first goes on."""
    running = start(workspace)
    try:
        wait_for(running, lambda: is_running(running, workspace) and fits(workspace) >= 1)
        ran = tailor("compare", workspace)
        assert ran.code == 5
        assert f"process {running.pid}" in ran.err
        assert running.poll() is None
    finally:
        running.kill()
        running.communicate(timeout=120)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="a small disk needs mount")
def test_a_full_disk(workspace: Path) -> None:
    text = (workspace / "tailor.yaml").read_text(encoding="utf-8").split("arms:\n")[0]
    (workspace / "tailor.yaml").write_text(
        text + "arms: [zero-shot, {full: {epochs: 1}}]\nseeds: [1]\n", encoding="utf-8"
    )
    state = workspace / ".tailor"
    state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=120k", "tmpfs", str(state)], capture_output=True, timeout=60, check=False
    )
    if mounted.returncode:
        pytest.skip("mount is not allowed here")
    try:
        ran = tailor("compare", workspace, "--workers", "1")
        assert ran.code == 5
        assert ran.err.startswith("The disk is full")
        assert "run the same command" in ran.err
        assert "Traceback" not in ran.err
        subprocess.run(["mount", "-o", "remount,size=50m", str(state)], timeout=60, check=True)
        ran = tailor("compare", workspace, "--workers", "1", "--json")
        assert ran.code == 0, ran.err
        assert json.loads(ran.out)["status"] == "complete"
    finally:
        subprocess.run(["umount", "-l", str(state)], timeout=60, check=False)
