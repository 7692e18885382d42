"""Completions in OpenAI's shapes. What is ours stands under one key, `tailor`: the release and the passages shown."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tailor.records import Completion
from tailor.registry.pointer import Pointer, ReleaseInfo


def _new_id() -> str:
    return f"chatcmpl-{secrets.token_hex(12)}"


@dataclass(frozen=True)
class Reply:
    """One answer under way; `release` answers it."""

    release: str
    id: str = field(default_factory=_new_id)
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, completion: Completion) -> dict[str, Any]:
        """`chat.completion`"""
        message = {"role": "assistant", "content": completion.text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": completion.finish}
        return {
            **self._head("chat.completion"),
            "choices": [choice],
            "usage": _usage(completion),
            "tailor": self._ours(completion),
        }

    def piece(self, text: str, *, first: bool, usage: bool) -> dict[str, Any]:
        """`chat.completion.chunk` with some text; the first names the role."""
        return self._chunk({"role": "assistant", "content": text} if first else {"content": text}, None, usage)

    def end(self, completion: Completion, *, usage: bool) -> Iterable[dict[str, Any]]:
        """The chunk that ends the answer and, where the client asked for it, the one that counts tokens."""
        yield {**self._chunk({}, completion.finish, usage), "tailor": self._ours(completion)}
        if usage:
            yield {**self._head("chat.completion.chunk"), "choices": [], "usage": _usage(completion)}

    def _chunk(self, delta: dict[str, Any], finish: str | None, usage: bool) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        chunk = {**self._head("chat.completion.chunk"), "choices": [choice]}
        return {**chunk, "usage": None} if usage else chunk

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.release,
            "system_fingerprint": self.release,
        }

    def _ours(self, completion: Completion) -> dict[str, Any]:
        passages = [
            {"n": n, "reference": passage.reference, "text": passage.text}
            for n, passage in enumerate(completion.passages, 1)
        ]
        return {"release": self.release, "passages": passages}


def _usage(completion: Completion) -> dict[str, int]:
    usage = completion.usage
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


def sse(value: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


DONE = b"data: [DONE]\n\n"


def model_card(name: str, info: ReleaseInfo) -> dict[str, Any]:
    """An entry of GET /v1/models. `root` is the release behind an alias; no local path is told."""
    created = int(datetime.fromisoformat(info.created).timestamp())
    return {"id": name, "object": "model", "created": created, "owned_by": "tailor", "root": info.id}


def model_list(pointer: Pointer) -> dict[str, Any]:
    """GET /v1/models: the aliases, then every release, newest first."""
    return {"object": "list", "data": [model_card(name, pointer.resolve(name)) for name in pointer.references()]}
