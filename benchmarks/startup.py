"""How long `tailor --help` takes, beside `python -c pass` and importing transformers.

    .venv/bin/python benchmarks/startup.py

Prints the median, fastest and slowest of 15 whole processes each, taken in turn. Goal: --help under 200 ms.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 15
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "tailor --help": [str(Path(sys.executable).parent / "tailor"), "--help"],
    "import transformers.AutoModel": [sys.executable, "-c", "from transformers import AutoModelForCausalLM"],
}


def seconds(command: list[str]) -> float:
    """Wall time of one process."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print a line per command."""
    for command in COMMANDS.values():
        seconds(command)  # warms the file cache
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, command in COMMANDS.items():
            times[name].append(1000 * seconds(command))
    for name, values in times.items():
        print(f"{name:<32} median {statistics.median(values):6.0f} ms   {min(values):.0f} to {max(values):.0f}")


if __name__ == "__main__":
    main()
