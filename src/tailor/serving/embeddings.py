"""POST /v1/embeddings with the sentence encoder that retrieval uses."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from tailor.retrieval import embedding
from tailor.serving.problem import Problem
from tailor.serving.text_request import parse_embedding

NAME = embedding.MODEL.rpartition("/")[2]
"""`all-MiniLM-L6-v2`"""


def embedding_models() -> list[dict[str, Any]]:
    """The entries of GET /v1/models for what is installed."""
    if not embedding.installed():
        return []
    return [{"id": NAME, "object": "model", "created": 0, "owned_by": "tailor", "root": embedding.MODEL}]


async def embed(raw: bytes) -> dict[str, Any]:
    """The reply to a body.

    Raises:
        Problem: 400 for the body, 404 for the model, 501 where no encoder is installed.
    """
    asked = parse_embedding(raw, width=embedding.WIDTH)
    if not embedding.installed():
        raise Problem(501, "No encoder is installed here: pip install 'tailor[rag]'.", code="no_encoder", param="model")
    if asked.model not in (NAME, embedding.MODEL):
        raise Problem(404, f"The encoder here is called {NAME}.", code="model_not_found", param="model")
    vectors, tokens = await asyncio.to_thread(_encoded, list(asked.texts))
    data = [
        {
            "object": "embedding",
            "index": i,
            "embedding": base64.b64encode(v.astype("<f4").tobytes()).decode() if asked.base64 else v.tolist(),
        }
        for i, v in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": NAME, "usage": usage}


def _encoded(texts: list[str]) -> tuple[embedding.Vectors, int]:
    return embedding.encode(texts), embedding.count_tokens(texts)
