"""Corrected answers as candidates for the questions of a workspace. A person reviews them; nothing here decides."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


def candidates(joined: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Candidates, and how many corrections cannot be one and why.

    Args:
        joined: of `FeedbackStore.joined`.

    An answer that broke off is never mined: what the person corrected is not what the model would have said.
    """
    found: list[dict[str, Any]] = []
    left_out: Counter[str] = Counter()
    for row in joined:
        if not row["correction"]:
            continue
        if row["release"] is None:
            left_out["the request is not in the log any more"] += 1
        elif not row["complete"]:
            left_out["the answer broke off"] += 1
        elif row["input"] is None:
            left_out["what was asked is not kept (tailor serve --log-contents)"] += 1
        else:
            found.append(_candidate(row))
    return found, left_out


def _candidate(row: Mapping[str, Any]) -> dict[str, Any]:
    turns = json.loads(row["input"])
    last = turns[-1][-1] if isinstance(turns[-1], list) else turns[-1]
    return {
        "question": last["content"],
        "answer": row["correction"],
        "status": "to review",
        "answered": row["output"],
        "release": row["release"],
        "request_id": row["request_id"],
        "feedback_id": row["id"],
        "at": row["at"],
        "comment": row["comment"],
    }
