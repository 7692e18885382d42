"""Reading `results.json` of a finished study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tailor.errors import ArtifactError, StudyError
from tailor.files import read_json

FORMAT_VERSION = 1
NEEDED = ("study", "name", "plan_sha256", "arms", "comparisons", "verdict", "dataset", "timing", "general_margin")


def read_results(study: Path) -> dict[str, Any]:
    """What a study found.

    Args:
        study: its folder.

    Raises:
        StudyError: it has no results yet.
        ArtifactError: they were damaged, or written by a newer Tailor.
    """
    path = study / "results.json"
    if not path.is_file():
        raise StudyError(f"The study {study.name} has no results yet.", hint="Run tailor compare to finish it.")
    results = read_json(path)
    version = results.get("format_version") if isinstance(results, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ArtifactError(
            f"{path} has format {version}; this Tailor reads up to {FORMAT_VERSION}.", hint="Upgrade Tailor."
        )
    missing = [key for key in NEEDED if key not in results] if version == FORMAT_VERSION else ["format_version"]
    if missing:
        raise ArtifactError(
            f"{path} is damaged: {missing[0]} is missing.",
            hint="Delete it and run tailor compare again; no answer is lost.",
        )
    found: dict[str, Any] = results
    return found
