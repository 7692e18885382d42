"""The OpenAI-compatible server over the releases of a workspace."""

from tailor.serving.server import serve

__all__ = ["serve"]
