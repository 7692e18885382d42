"""The processes that a load test is made of: engine, doors, and a workspace whose releases ask that engine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Door:
    """A running server: its address, the model to ask for and its process."""

    url: str
    model: str
    pid: int

    def processor_seconds(self) -> float:
        """What it has computed so far, with the processes that it started."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(f) for f in fields[11:15]) / os.sysconf("SC_CLK_TCK")

    def usage(self) -> dict[str, int]:
        """Resident bytes and open descriptors."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return {
            "rss": pages * os.sysconf("SC_PAGE_SIZE"),
            "fds": sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir()),
        }


@contextmanager
def beside() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that end with the block."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _started(processes: list[subprocess.Popen[bytes]], command: list[str], url: str, path: str) -> int:
    """Start it and wait until it answers; returns the process id."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    processes.append(process)
    deadline = time.monotonic() + 300
    while True:
        try:
            urllib.request.urlopen(f"{url}{path}", timeout=30).close()
            return process.pid
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{' '.join(command)} does not answer on {url}") from None
            time.sleep(0.2)


def engine(processes: list[subprocess.Popen[bytes]], *options: str) -> str:
    """A mock engine; returns its address."""
    url = f"http://127.0.0.1:{(port := _free_port())}"
    _started(
        processes, [sys.executable, str(HERE / "mock_engine.py"), "--port", str(port), *options], url, "/v1/models"
    )
    return url


def make_workspace(workspace: Path, engine_url: str) -> Path:
    """Two releases that ask the engine; the system prompt of each is its own name, so that its answers name it."""
    from tailor.records import Adaptation, Base, Interval
    from tailor.registry import Evidence, Lineage, ReleaseStore

    workspace.mkdir()
    store = ReleaseStore(workspace)
    lineage = Lineage("d" * 64, "e" * 64, {"arm": "benchmark"}, "0", Evidence(Interval(0.8, 0.7, 0.9), "adopt", True))
    base = Base("endpoint", "mock", f"{engine_url}/v1", "mock")
    for version, arm in ((1, "old"), (2, "new")):
        adaptation = Adaptation(base, system=f"{arm}@{version}")
        store.promote(adaptation, arm=arm, seed=0, study="s", lineage=lineage, by="benchmark", why="load")
    return workspace


def door(processes: list[subprocess.Popen[bytes]], workspace: Path) -> Door:
    """`tailor serve` as it is started by its users."""
    url = f"http://127.0.0.1:{(port := _free_port())}"
    command = [sys.executable, "-m", "tailor.cli.main", "serve", str(workspace), "--port", str(port)]
    return Door(url, "champion", _started(processes, command, url, "/readyz"))


def litellm(processes: list[subprocess.Popen[bytes]], folder: Path, program: Path, engine_url: str) -> Door:
    """LiteLLM's proxy with its defaults, one worker, before the same engine."""
    config = folder / "litellm.yaml"
    config.write_text(
        "model_list:\n- model_name: mock\n  litellm_params:\n"
        f"    {{model: openai/mock, api_base: '{engine_url}/v1', api_key: none}}\n"
        "litellm_settings: {telemetry: false}\n"
        "general_settings: {dangerously_permit_weak_or_unset_master_key: true}\n"
    )
    url = f"http://127.0.0.1:{(port := _free_port())}"
    command = [str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    return Door(url, "mock", _started(processes, command, url, "/health/liveliness"))
