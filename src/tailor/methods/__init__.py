"""The ways of adapting, and their composition by `+`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailor.plugins import Registry

if TYPE_CHECKING:
    from tailor.methods.base import Method

BUILTIN = {
    "zero-shot": "tailor.methods.zero_shot:ZeroShot",
    "quantised": "tailor.methods.quantised:Quantised",
    "constrained": "tailor.methods.constrained:Constrained",
    "prompt": "tailor.methods.prompt:Prompt",
    "few-shot": "tailor.methods.few_shot:FewShot",
    "few-shot-diverse": "tailor.methods.few_shot_diverse:FewShotDiverse",
    "few-shot-nearest": "tailor.methods.few_shot_nearest:FewShotNearest",
    "rag": "tailor.methods.rag:Rag",
    "endpoint": "tailor.methods.endpoint:Endpoint",
    "command": "tailor.methods.command:Command",
    "last-layers": "tailor.methods.last_layers:LastLayers",
    "adapter": "tailor.methods.adapter:Adapter",
    "api-tuned": "tailor.methods.api_tuned:ApiTuned",
    "lora": "tailor.methods.lora:LoRA",
    "qlora": "tailor.methods.qlora:QLoRA",
    "distill": "tailor.methods.distill:Distill",
    "full": "tailor.methods.full:Full",
    "predictions": "tailor.methods.predictions:Predictions",
}
METHODS = Registry("arm", BUILTIN)


def load_method(name: str) -> Method:
    """A method by its name.

    Raises:
        ConfigError: no such method.
    """
    method: Method = METHODS.load(name)()
    return method
