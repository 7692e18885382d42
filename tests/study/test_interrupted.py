"""Killed and interrupted at any moment, a study ends with the numbers of one that was left alone."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
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


def start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("compare", folder, "--workers", "2"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    )


def wait_for_fits(running: subprocess.Popen[bytes], folder: Path, count: int, extra: float) -> None:
    """Until the study has begun and so many cells are fitted (and a while longer), or it has ended."""
    until = time.monotonic() + 240
    while time.monotonic() < until and running.poll() is None:
        begun = any(folder.glob(".tailor/studies/*/plan.json"))  # before, a signal would meet Python half awake
        if begun and len(list(folder.glob(".tailor/studies/*/fits/*.json"))) >= count:
            break
        time.sleep(0.02)
    time.sleep(extra)


def test_killed_and_interrupted_again_and_again(compared: Path, tmp_path: Path, tiny_base: Path) -> None:
    folder = save_workspace(tmp_path / "tiny", tiny_base)
    chance = random.Random(7)
    stops = [(signal.SIGINT, 0), (signal.SIGKILL, 1), (signal.SIGINT, 4), (signal.SIGKILL, 6)]
    for stop, fits in stops:
        running = start(folder)
        wait_for_fits(running, folder, fits, chance.uniform(0.05, 0.4))
        workers = below(running.pid)
        if stop == signal.SIGINT:
            os.killpg(running.pid, stop)  # what a terminal does
        else:
            running.kill()
        out, err = running.communicate(timeout=120)
        assert b"Traceback" not in out + err, (out + err).decode()
        if stop == signal.SIGINT:
            assert running.returncode == 130
            assert err.decode().strip() == "Interrupted. Finished work is kept; the same command continues."
        until = time.monotonic() + 20
        while left := workers & _alive(workers):
            assert time.monotonic() < until, f"workers outlive the command: {left}"
            time.sleep(0.05)
    torn = sorted(folder.glob(".tailor/studies/*/answers/*.jsonl"))[0]
    lines = torn.read_bytes().splitlines(keepends=True)
    torn.write_bytes(b"".join(lines[:-2]) + lines[-2][:17])
    ran = tailor("compare", folder)
    assert ran.code == 0, ran.err
    assert answers_of(folder) == answers_of(compared)
    assert without_clocks(results_of(folder)) == without_clocks(results_of(compared))


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
        wait_for_fits(running, workspace, 1, 0)
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
