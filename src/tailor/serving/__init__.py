"""The OpenAI-compatible server over the releases of a workspace."""

from tailor.serving.gateway import create_app
from tailor.serving.server import serve

__all__ = ["create_app", "serve"]
