"""The bodies of POST /v1/completions and POST /v1/embeddings.

A completion's prompt is put to the model as a user's turn: the releases were measured as assistants, and what is
served is what was measured. `echo`, `suffix` and `best_of` above 1 are refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from tailor.records import Message
from tailor.serving.asked import Asked
from tailor.serving.fields import (
    MOST_ANSWERS,
    Fields,
    boolean,
    encodable,
    include_usage,
    integer,
    sampling,
    string,
)
from tailor.serving.problem import Problem

MOST_PROMPTS = 16
MOST_ALTERNATIVES = 5
MOST_INPUTS = 256

COMPLETION = Fields(
    honoured=(
        "model", "prompt", "stream", "stream_options", "max_tokens", "temperature", "seed", "stop", "n", "logprobs",
        "user",
    ),
    ignored=(),
    neutral={
        "best_of": (1,),
        "echo": (False,),
        "frequency_penalty": (0,),
        "logit_bias": ({},),
        "presence_penalty": (0,),
        "suffix": ("",),
        "top_p": (1,),
    },
)  # fmt: skip

EMBEDDING = Fields(honoured=("model", "input", "encoding_format", "dimensions"), ignored=("user",), neutral={})


def parse_completion(raw: bytes) -> Asked:
    """Bytes from the network to a request.

    Raises:
        Problem: 400, naming the field.
    """
    body = COMPLETION.read(raw)
    stream = boolean(body, "stream")
    top = integer(body, "logprobs", 0, MOST_ALTERNATIVES)
    if top is not None and stream:
        message = "'logprobs' are given with whole answers only; leave out 'stream'."
        raise Problem(400, message, param="logprobs", code="unsupported_parameter")
    prompts = _texts(body.get("prompt"), "prompt", MOST_PROMPTS)
    return Asked(
        model=string(body, "model"),
        conversations=tuple((Message("user", p),) for p in prompts),
        options=sampling(body, top_logprobs=top),
        n=integer(body, "n", 1, MOST_ANSWERS) or 1,
        stream=stream,
        include_usage=include_usage(body, stream),
        user=string(body, "user"),
    )


@dataclass(frozen=True)
class EmbeddingRequest:
    """Texts to embed; `base64` asks for little-endian float32 in base64 instead of numbers."""

    model: str
    texts: tuple[str, ...]
    base64: bool


def parse_embedding(raw: bytes, *, width: int) -> EmbeddingRequest:
    """Bytes from the network to a request; `width` is the only number of `dimensions` there is.

    Raises:
        Problem: 400, naming the field.
    """
    body = EMBEDDING.read(raw)
    model = string(body, "model")
    if not model:
        raise Problem(400, "'model' is missing.", param="model")
    if integer(body, "dimensions", 1, 100_000) not in (None, width):
        message = f"'dimensions' must be {width}: this encoder's vectors cannot be shortened."
        raise Problem(400, message, param="dimensions", code="unsupported_parameter")
    encoding = string(body, "encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise Problem(400, "'encoding_format' must be float or base64.", param="encoding_format")
    texts = _texts(body.get("input"), "input", MOST_INPUTS)
    if not all(texts):
        raise Problem(400, "'input' holds an empty text.", param="input")
    return EmbeddingRequest(model, texts, encoding == "base64")


def _texts(value: object, name: str, most: int) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
        raise Problem(400, f"'{name}' must be a text or a list of texts (not of token ids).", param=name)
    if len(texts) > most:
        raise Problem(400, f"'{name}' holds {len(texts)} texts; at most {most} are taken.", param=name)
    return tuple(encodable(t, name) for t in texts)
