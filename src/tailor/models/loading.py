"""A Hugging Face folder or hub name becomes a tokenizer and a model ready to answer."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tailor import families
from tailor.errors import MissingDependency, ModelError
from tailor.models.hub import local_folder
from tailor.quantising import differentiable, nf4
from tailor.records import Base

# False, not unset: unset asks at the terminal whether to run the code of a model.
LOCAL: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}


def load_model(base: Base) -> tuple[Any, Any]:
    """Tokenizer and model, ready for inference on the best device of this machine.

    Code that lies in a model's folder is never run, and pickled weights are never read.

    Raises:
        MissingDependency: torch or transformers is not installed.
        ModelError: the model cannot be loaded, lacks weights, or has no chat template.
    """
    try:
        import torch
        import transformers  # noqa: F401 - only whether it is there
    except ImportError:
        raise MissingDependency(f"The base model {base.name}", "train") from None
    folder = _folder(base)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        with quiet():
            tokenizer = families.load_tokenizer(folder, **LOCAL)
            model, report = families.load_weights(
                folder,
                dtype=torch.float32 if device == "cpu" else "auto",
                use_safetensors=True,
                output_loading_info=True,
                **(nf4(torch.float32 if device == "cpu" else torch.bfloat16, device) if base.quantised else {}),
                **LOCAL,
            )
    except (ModelError, MissingDependency):
        raise
    except Exception as error:  # Transformers and the model's own files raise anything
        raise _not_loadable(base, error) from None
    # Transformers fills weights that a file does not hold with random numbers and only warns.
    if missing := sorted(str(k) for k in report["missing_keys"]):
        raise ModelError(
            f"The base model {base.name} lacks {len(missing)} of its weights, the first is {missing[0]}.",
            hint="Its files are damaged or belong to another model. Get it again.",
        )
    if not tokenizer.chat_template:
        raise ModelError(
            f"The base model {base.name} has no chat template.",
            hint="Use the instruction-tuned variant, or add chat_template.jinja to its folder.",
        )
    return tokenizer, (differentiable(model) if base.quantised else model.to(device)).eval()


def _folder(base: Base) -> Path:
    folder = local_folder(base)
    if not folder.is_dir():
        raise ModelError(f"The folder {folder} of the model {base.name} does not exist.")
    return folder


def _not_loadable(base: Base, error: Exception) -> ModelError:
    if "trust_remote_code" in str(error):
        return ModelError(
            f"The base model {base.name} brings its own Python code, which Tailor does not run.",
            hint="Use a model whose architecture is part of the transformers package.",
        )
    return ModelError(
        f"The base model {base.name} cannot be loaded: {first_line(error)}",
        hint="Expected a Hugging Face folder of a language model with safetensors weights.",
    )


def first_line(error: Exception) -> str:
    """An error of a library in at most 300 characters."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


@contextmanager
def quiet() -> Iterator[None]:
    """Loading prints progress bars and advice that mean nothing to a reader of ours."""
    from transformers.utils import logging as transformers_logging

    loggers = [logging.getLogger(name) for name in ("transformers", "peft")]
    levels = [logger.level for logger in loggers]
    transformers_logging.disable_progress_bar()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
