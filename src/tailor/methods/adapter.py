"""A LoRA adapter that was made elsewhere with PEFT, as an arm."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailor.errors import ArtifactError, ModelError
from tailor.files import locked, new_folder, sha256_of, sha256_of_file, sha256_of_tree
from tailor.methods.base import FitContext
from tailor.records import Adaptation, Artifact, Fitted, Weights

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
CHANGES_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga", "milora")
"""Ways of beginning an adapter that leave another base behind; PEFT would change it again when it loads one."""


@dataclass(frozen=True)
class AdapterOptions:
    """`path` of a folder with adapter_config.json and adapter_model.safetensors, relative to tailor.yaml; `system` an
    instruction before every conversation."""

    path: str = ""
    system: str | None = None

    def files(self, workspace: Path) -> list[Path]:
        """What the plan's hash covers beside the options.

        Raises:
            ArtifactError: the folder or one of its files is missing.
        """
        return [Path(self.path) / name for name in _present(workspace / self.path)]


class Adapter:
    """Trained somewhere else, compared here on the same questions as everything else."""

    options = AdapterOptions
    complexity = 45
    uses_seed = False
    trains_weights = False
    needs_documents = False
    needs_weights = True
    required = ("path",)

    def fit(self, context: FitContext, options: AdapterOptions) -> Fitted:
        """Check the adapter and keep a copy in the store. Whether it fits the base is found out when it is loaded.

        Raises:
            ArtifactError: it is no LoRA adapter, or one that cannot be used on the base as it is.
            ModelError: the base's weights are not here.
        """
        if context.base.kind == "endpoint":
            raise ModelError(
                f"adapter: {context.base.name} is behind an endpoint and takes no adapter.",
                hint="Use a folder or a Hugging Face name as base.",
            )
        source = context.workspace / options.path
        files = _present(source)
        check_adapter(source)
        name = f"adapter-{sha256_of([sha256_of_file(source / f) for f in files])[:16]}"
        target = context.store / name
        with locked(context.store / "locks" / name):
            if not target.is_dir():
                with new_folder(target) as temporary:
                    for file in files:
                        shutil.copyfile(source / file, temporary / file)
        weights = Weights("adapter", Artifact(name, sha256_of_tree(target)))
        return Fitted(Adaptation(context.base, system=options.system, weights=weights))


def _present(folder: Path) -> tuple[str, str]:
    """The two files of an adapter, which are there."""
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            pickled = name == WEIGHTS and (folder / "adapter_model.bin").is_file()
            raise ArtifactError(
                f"adapter: {folder} has no {name}.",
                hint="Pickled weights (.bin) can run code; save them again with PEFT's save_pretrained."
                if pickled
                else "Name the folder that PEFT's save_pretrained wrote.",
            )
    return CONFIG, WEIGHTS


def check_adapter(folder: Path) -> None:
    """Refuse an adapter that would not answer here as it did where it was trained.

    Raises:
        ArtifactError: another kind of adapter, one that belongs to a changed base, or one that brings whole layers.
    """
    config = _config(folder / CONFIG)
    if config.get("peft_type") != "LORA":
        raise ArtifactError(
            f"adapter: {folder} is of the kind {config.get('peft_type')}, expected LORA.",
            hint="LoRA, rsLoRA and DoRA adapters can be used.",
        )
    begun = str(config.get("init_lora_weights") or "").lower()
    if begun.startswith(CHANGES_BASE):
        raise ArtifactError(
            f"adapter: {folder} was begun with {begun}, so it belongs to a changed base.",
            hint="Convert it: save_pretrained(..., path_initial_model_for_weight_conversion=...) in PEFT.",
        )
    if config.get("modules_to_save") or config.get("trainable_token_indices"):
        raise ArtifactError(
            f"adapter: {folder} brings whole layers or tokens beside its matrices.",
            hint="Merge it into its base (merge_and_unload in PEFT) and use the result as a base.",
        )


def _config(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise ArtifactError(f"adapter: {path} cannot be read: {error}.") from None
    if not isinstance(value, dict):
        raise ArtifactError(f"adapter: {path} is not the configuration of an adapter.")
    return value
