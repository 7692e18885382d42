"""Another model behind an OpenAI-compatible or Anthropic address as an arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tailor.methods.base import FitContext
from tailor.records import Adaptation, Fitted


@dataclass(frozen=True)
class EndpointOptions:
    """`url` of a server; `model` is a name there; `key_env` names the environment variable that
    holds the key; `api` how it is spoken to; `system` is an instruction before every conversation."""

    url: str = ""
    model: str = ""
    key_env: str | None = None
    api: Literal["openai", "anthropic"] = "openai"
    system: str | None = None


class Endpoint:
    """A model that is not the study's base: a larger one, or what answers today."""

    options = EndpointOptions
    complexity = 35
    uses_seed = False
    trains_weights = False
    needs_documents = False
    required = ("url", "model")
    own_base = True

    def fit(self, context: FitContext, options: EndpointOptions) -> Fitted:
        """Nothing to fit.

        Raises:
            ConfigError: the address is none.
        """
        from tailor.models import resolve_base

        spec = {"endpoint": options.url, "model": options.model, "api": options.api}
        base = resolve_base({**spec, **({"key_env": options.key_env} if options.key_env else {})}, context.workspace)
        return Fitted(Adaptation(base, system=options.system))
