"""`.tailor/serving/audit.jsonl`: who changed what about the server, a line that is on disk before the change is told.

Promotions and rollbacks by hand are in `.tailor/releases/history.jsonl`; nothing of a conversation or a key is here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tailor.files import append_lines, read_lines
from tailor.serving.keys import serving_folder


def audit(workspace: Path, action: str, by: str, **details: object) -> None:
    """Append one line."""
    when = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"when": when, "action": action, "by": by, **details}
    append_lines(serving_folder(workspace) / "audit.jsonl", [line])


def audited(workspace: Path) -> list[dict[str, object]]:
    """Every line, oldest first."""
    return read_lines(serving_folder(workspace) / "audit.jsonl")
