"""A model folder for CTranslate2, an engine for CPUs and GPUs without PyTorch."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

from tailor.errors import MissingDependency, ModelError
from tailor.models.loading import first_line, quiet

BESIDE = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json")


def write_ctranslate2(source: Path, target: Path) -> None:
    """Convert a model folder, in float32; CTranslate2 rounds to int8 while loading where asked to.

    Args:
        source: a Hugging Face folder with weights and tokenizer.
        target: an empty folder; gets the tokenizer and chat template too.

    Raises:
        MissingDependency: ctranslate2 is not installed.
        ModelError: it has no converter for this kind of model.
    """
    if importlib.util.find_spec("ctranslate2") is None:
        raise MissingDependency("Writing for CTranslate2", "export")
    if json.loads((source / "config.json").read_text(encoding="utf-8")).get("is_encoder_decoder"):
        raise ModelError(
            f"{source.name} reads with an encoder, which Tailor does not write for CTranslate2.",
            hint="Export with --merged and run ct2-transformers-converter --model FOLDER --output_dir OUT.",
        )
    import torch
    from ctranslate2.converters import TransformersConverter

    try:
        with quiet():
            converter = TransformersConverter(str(source), load_as_float16=False)
            converter.convert(str(target), quantization="float32", force=True)
    except (ValueError, KeyError, AttributeError, NotImplementedError, torch.OutOfMemoryError) as error:
        raise ModelError(
            f"{source.name} cannot be converted for CTranslate2: {first_line(error)}",
            hint="It knows Llama, Mistral, Qwen, Gemma, Phi, GPT-2, T5 and some others. Export with --merged instead.",
        ) from None
    for name in BESIDE:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
