"""The rule of every route: who may use it and what its body is. A request that no rule covers is refused, so a route
that somebody adds without one does not answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Scope = Literal["chat", "feedback", "tune", "metrics"]
SCOPES: tuple[Scope, ...] = ("chat", "feedback", "tune", "metrics")


@dataclass(frozen=True)
class Rule:
    """`path` may hold `{name}` for one part and `{name:path}` for the rest; `scope` None needs no key; `body` is the
    content type that is taken, None where there is no body."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    scope: Scope | None
    body: Literal["application/json", "multipart/form-data"] | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        parts = re.split(r"(\{\w+(?::path)?\})", self.path)
        return re.compile("".join(_part(p) for p in parts))


def _part(text: str) -> str:
    if text.startswith("{"):
        return ".+" if text.endswith(":path}") else "[^/]+"
    return re.escape(text)


JSON: Literal["application/json"] = "application/json"
FORM: Literal["multipart/form-data"] = "multipart/form-data"

RULES: tuple[Rule, ...] = (
    Rule("POST", "/v1/chat/completions", "chat", JSON),
    Rule("POST", "/v1/completions", "chat", JSON),
    Rule("POST", "/v1/embeddings", "chat", JSON),
    Rule("GET", "/v1/models", "chat"),
    Rule("GET", "/v1/models/{name:path}", "chat"),
    Rule("POST", "/v1/feedback", "feedback", JSON),
    Rule("POST", "/v1/files", "tune", FORM),
    Rule("GET", "/v1/files", "tune"),
    Rule("GET", "/v1/files/{id}", "tune"),
    Rule("GET", "/v1/files/{id}/content", "tune"),
    Rule("DELETE", "/v1/files/{id}", "tune"),
    Rule("POST", "/v1/fine_tuning/jobs", "tune", JSON),
    Rule("GET", "/v1/fine_tuning/jobs", "tune"),
    Rule("GET", "/v1/fine_tuning/jobs/{id}", "tune"),
    Rule("POST", "/v1/fine_tuning/jobs/{id}/cancel", "tune", JSON),
    Rule("POST", "/v1/fine_tuning/jobs/{id}/pause", "tune", JSON),
    Rule("POST", "/v1/fine_tuning/jobs/{id}/resume", "tune", JSON),
    Rule("GET", "/v1/fine_tuning/jobs/{id}/events", "tune"),
    Rule("GET", "/v1/fine_tuning/jobs/{id}/checkpoints", "tune"),
    Rule("GET", "/metrics", "metrics"),
    Rule("GET", "/healthz", None),
    Rule("GET", "/readyz", None),
)


def rules_for(path: str) -> list[Rule]:
    """The rules of a path, one per method; none where there is no such path."""
    return [rule for rule in RULES if rule.pattern.fullmatch(path)]
