"""Completions in OpenAI's shapes. What is ours stands under one key, `tailor`: the release and the passages shown."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from tailor.records import Completion, TokenLogprob
from tailor.serving.catalogue import Catalogue, Served

Shape = Literal["chat", "text"]
PREFIX: Mapping[Shape, str] = {"chat": "chatcmpl", "text": "cmpl"}


@dataclass(frozen=True)
class Reply:
    """The answers to one request under way; `release` answers it. `shape` is that of chat completions or of (text)
    completions."""

    release: str
    shape: Shape = "chat"
    id: str = ""
    created: int = field(default_factory=lambda: int(time.time()))

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", f"{PREFIX[self.shape]}-{secrets.token_hex(12)}")

    def whole(self, completions: Sequence[Completion], n: int) -> dict[str, Any]:
        """`chat.completion` or `text_completion`; the first `n` completions answer the first conversation, and so
        on."""
        return {
            **self._head(""),
            "choices": [self._choice(i, c) for i, c in enumerate(completions)],
            "usage": _usage(completions, n),
            "tailor": self._ours(completions[0]),
        }

    def piece(self, index: int, text: str, *, first: bool, usage: bool) -> dict[str, Any]:
        """A chunk with some text; the first of a chat names the role."""
        return self._chunk(index, text, None, first=first, usage=usage)

    def end(self, index: int, completion: Completion, *, usage: bool) -> dict[str, Any]:
        """The chunk that ends an answer; the calls of tools that it asks for come with it, whole."""
        chunk = self._chunk(index, None, completion.finish, first=False, usage=usage)
        if completion.tool_calls and self.shape == "chat":
            calls = enumerate(json.loads(completion.tool_calls))
            chunk["choices"][0]["delta"]["tool_calls"] = [{"index": i, **call} for i, call in calls]
        return {**chunk, "tailor": self._ours(completion)}

    def count(self, completions: Sequence[Completion], n: int) -> dict[str, Any]:
        """The chunk that counts tokens, where the client asked for it."""
        return {**self._head(".chunk"), "choices": [], "usage": _usage(completions, n)}

    def _choice(self, index: int, completion: Completion) -> dict[str, Any]:
        if self.shape == "text":
            logprobs = _text_logprobs(completion.logprobs)
            return {"index": index, "text": completion.text, "logprobs": logprobs, "finish_reason": completion.finish}
        message: dict[str, Any] = {"role": "assistant", "content": completion.text, "refusal": None}
        if completion.tool_calls:
            message |= {"content": completion.text or None, "tool_calls": json.loads(completion.tool_calls)}
        logprobs = _chat_logprobs(completion.logprobs)
        return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": completion.finish}

    def _chunk(self, index: int, text: str | None, finish: str | None, *, first: bool, usage: bool) -> dict[str, Any]:
        choice: dict[str, Any] = {"index": index, "logprobs": None, "finish_reason": finish}
        if self.shape == "text":
            choice["text"] = text or ""
        else:
            choice["delta"] = {
                **({"role": "assistant"} if first else {}),
                **({} if text is None else {"content": text}),
            }
        chunk = {**self._head(".chunk"), "choices": [choice]}
        return {**chunk, "usage": None} if usage else chunk

    def _head(self, chunk: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": f"chat.completion{chunk}" if self.shape == "chat" else "text_completion",
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


def _usage(completions: Sequence[Completion], n: int) -> dict[str, int]:
    """A prompt that is answered n times is read and counted once."""
    prompt = sum(c.usage.prompt_tokens for c in completions[::n])
    made = sum(c.usage.completion_tokens for c in completions)
    return {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}


def _chat_logprobs(tokens: Sequence[TokenLogprob]) -> dict[str, Any] | None:
    if not tokens:
        return None

    def entry(text: str, logprob: float) -> dict[str, Any]:
        return {"token": text, "logprob": logprob, "bytes": list(text.encode())}

    content = [{**entry(t.text, t.logprob), "top_logprobs": [entry(*other) for other in t.top]} for t in tokens]
    return {"content": content, "refusal": None}


def _text_logprobs(tokens: Sequence[TokenLogprob]) -> dict[str, Any] | None:
    if not tokens:
        return None
    offsets, place = [], 0
    for token in tokens:
        offsets.append(place)
        place += len(token.text)
    return {
        "tokens": [t.text for t in tokens],
        "token_logprobs": [t.logprob for t in tokens],
        "top_logprobs": [dict(t.top) for t in tokens],
        "text_offset": offsets,
    }


def sse(value: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


DONE = b"data: [DONE]\n\n"


def model_card(name: str, served: Served) -> dict[str, Any]:
    """An entry of GET /v1/models. `root` is the release behind an alias; no local path is told."""
    created = int(datetime.fromisoformat(served.created).timestamp())
    return {"id": name, "object": "model", "created": created, "owned_by": "tailor", "root": served.id}


def model_list(catalogue: Catalogue, others: Iterable[dict[str, Any]] = ()) -> dict[str, Any]:
    """GET /v1/models: the aliases, then every release, newest first, then what else can be asked."""
    own = [model_card(name, catalogue.resolve(name)) for name in catalogue.names()]
    return {"object": "list", "data": [*own, *others]}
