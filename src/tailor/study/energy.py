"""Energy that the machine took while a study ran, by the counters of its processors (RAPL, as Linux shows them under
/sys/class/powercap) and of its NVIDIA GPUs (NVML, where nvidia-ml-py is installed).

It is the whole machine's: what else ran on it is in it, and memory, disks and fans are not. A machine that shows no
counter, or shows it to root only, has an unknown energy, never 0.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from tailor.files import append_lines, read_lines

POWERCAP = Path("/sys/class/powercap")
# A package's counter turns over at about 262 kJ: 11 minutes at 400 W.
LOOK_SECONDS = 60.0
JOULES_PER_KWH = 3.6e6


@contextlib.contextmanager
def measured(folder: Path, root: Path = POWERCAP) -> Iterator[None]:
    """Write what a run of the study in `folder` takes to `energy.jsonl` there, however it ends; a run that was killed
    leaves a line without an end."""
    path = folder / "energy.jsonl"
    append_lines(path, [{"run": "began"}])
    meter = _Meter(root)
    try:
        yield
    finally:
        append_lines(path, [{"run": "ended", "joules": meter.stop()}])


def energy_kwh(folder: Path) -> float | None:
    """Of all runs of a study, in kWh; None where it was not measured to the end in any of them."""
    lines = list(read_lines(folder / "energy.jsonl"))
    ended = [line.get("joules") for line in lines if line.get("run") == "ended"]
    if not ended or None in ended or 2 * len(ended) != len(lines):
        return None
    return float(sum(ended)) / JOULES_PER_KWH


class _Meter:
    """Adds up differences of the counters in a thread of its own, often enough that none turns over unseen."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._ranges = _ranges(root)
        self._last = _counters(root)
        self._joules = 0.0
        self._known = bool(self._last)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        if self._known:
            self._thread.start()

    def stop(self) -> float | None:
        """Joules since the beginning; None where a counter was not there all the time."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._look()
        return self._joules if self._known else None

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        now = _counters(self._root)
        self._known = self._known and now.keys() == self._last.keys()
        if not self._known:
            return
        for name, value in now.items():
            more = value - self._last[name]
            self._joules += more + self._ranges.get(name, 0.0) if more < 0 else more
        self._last = now


def _packages(root: Path) -> list[Path]:
    """One per processor. Below a package lie its parts, and `psys` holds the packages: both would count twice."""
    found = [p for p in root.glob("intel-rapl:*") if re.fullmatch(r"intel-rapl:\d+", p.name)]
    return sorted(p for p in found if _text(p / "name").startswith("package"))


def _counters(root: Path) -> Mapping[str, float]:
    """Joules by counter; empty where there is none, or one that may not be read."""
    packages = _packages(root)
    texts = [_text(p / "energy_uj") for p in packages]
    if not all(t.isdigit() for t in texts):
        return {}
    return {**{p.name: int(t) / 1e6 for p, t in zip(packages, texts, strict=True)}, **_gpus()}


def _ranges(root: Path) -> Mapping[str, float]:
    texts = {p.name: _text(p / "max_energy_range_uj") for p in _packages(root)}
    return {name: int(text) / 1e6 for name, text in texts.items() if text.isdigit()}


def _gpus() -> Mapping[str, float]:
    try:
        import pynvml

        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return {f"gpu {i}": pynvml.nvmlDeviceGetTotalEnergyConsumption(h) / 1e3 for i, h in enumerate(handles)}
    except Exception:  # not installed, no driver, or a card from before Volta: each has an error of its own
        return {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
