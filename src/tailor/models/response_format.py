"""A constraint in the terms of an OpenAI-compatible server: `response_format` with a JSON schema.

Servers take JSON schemas only. A choice or a pattern is asked for as the one field of an object, and taken out of it
again.
"""

from __future__ import annotations

import json
from typing import Any

from tailor.records import Constraint

FIELD = "answer"


def response_format(constraint: Constraint) -> dict[str, Any]:
    """The value of `response_format` in a request."""
    if constraint.kind == "json-schema":
        schema = json.loads(constraint.text)
    else:
        one = {"enum": json.loads(constraint.text)} if constraint.kind == "choice" else {"pattern": constraint.text}
        schema = {
            "type": "object",
            "properties": {FIELD: {"type": "string", **one}},
            "required": [FIELD],
            "additionalProperties": False,
        }
    return {"type": "json_schema", "json_schema": {"name": FIELD, "schema": schema, "strict": True}}


def taken_out(constraint: Constraint | None, text: str) -> str | None:
    """The answer in what the server wrote, or None where it did not keep to the form."""
    if constraint is None or constraint.kind == "json-schema":
        return text
    try:
        value = json.loads(text)[FIELD]
    except (ValueError, KeyError, TypeError):
        return None
    return value if isinstance(value, str) else None
