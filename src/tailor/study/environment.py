"""Where the numbers were made: versions and hardware, for every result."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "transformers", "peft", "sentence-transformers", "numpy", "scipy")


@cache
def environment() -> dict[str, Any]:
    """Python, packages (None where not installed), processor, cores usable by this process, bfloat16 support."""
    return {
        "python": platform.python_version(),
        **{name: installed(name) for name in PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": processor(),
        "cores": cores(),
        "bf16": has_bfloat16(),
    }


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def installed(package: str) -> str | None:
    """A package's version, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def processor() -> str:
    """The processor's name."""
    for line in _cpuinfo():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def has_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 matrices in hardware (AVX-512, AMX, Arm): training is twice as fast."""
    flags = {f for line in _cpuinfo() if line.startswith(("flags", "Features")) for f in line.split()}
    return bool(flags & {"avx512_bf16", "amx_bf16", "bf16"})


@cache
def _cpuinfo() -> tuple[str, ...]:
    try:
        return tuple(Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines())
    except OSError:
        return ()
