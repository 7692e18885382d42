"""An adapter worked into its base: one model folder that plain Transformers loads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tailor.errors import ModelError
from tailor.models.engine import LoadedWeights
from tailor.models.hub import local_folder
from tailor.models.loading import first_line, load_model, quiet
from tailor.models.switching import SwitchedModel
from tailor.records import Base


def write_merged(base: Base, weights: LoadedWeights, folder: Path) -> None:
    """Write base plus adapter as one model, in the base's stored data type, with tokenizer and chat template.

    The product is made in float32 and rounded once. In a base stored in 16 bits that can change an answer that was a
    near-tie; in float32 it changes the last bits of the logits.

    Args:
        base: a local or hub base.
        weights: an adapter for it.
        folder: an empty folder.

    Raises:
        ModelError: base or adapter cannot be loaded, or do not fit each other.
    """
    if base.quantised:
        raise ModelError(
            f"{weights.folder} was trained and measured beside a base in 4 bits; merged it would be another model.",
            hint="Export the adapter without --merged.",
        )
    source = local_folder(base)
    models = SwitchedModel(base)
    model = models.use(weights)
    try:
        with quiet():
            merged = model.merge_and_unload(safe_merge=True)
            merged.config.use_cache = True
            merged.to(_stored_type(source)).save_pretrained(folder)
            models.tokenizer.save_pretrained(folder)
    except ValueError as error:  # what safe_merge raises for numbers that are not finite
        raise ModelError(f"The adapter {weights.folder} cannot be merged: {first_line(error)}") from None
    if (source / "generation_config.json").is_file():
        shutil.copyfile(source / "generation_config.json", folder / "generation_config.json")
    load_model(Base("folder", folder.name, str(folder)))  # what does not load again is not written


def _stored_type(folder: Path) -> Any:
    """The data type of most of a model's stored tensors."""
    import torch
    from safetensors import safe_open

    types: list[str] = []
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as tensors:
            types += [tensors.get_slice(name).get_dtype() for name in tensors.keys()]  # noqa: SIM118 - no dict
    known = {"BF16": torch.bfloat16, "F16": torch.float16}
    return known.get(max(set(types), key=types.count), torch.float32)
