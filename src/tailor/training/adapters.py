"""Low-rank adapters by PEFT: LoRA, rsLoRA, DoRA and PiSSA, on all linear layers or on named ones."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tailor.errors import ConfigError
from tailor.families import family_of
from tailor.files import write_json
from tailor.plugins import did_you_mean
from tailor.training.options import ALL_LINEAR, TrainingOptions


def with_adapters(model: Any, options: TrainingOptions, *, compute: Any) -> Any:
    """Freeze a model and put trainable adapters beside its layers.

    Args:
        model: a language model of Transformers; changed in place. With PiSSA its matrices become what is left of
            them without their largest components.
        options: `rank`, `alpha`, `targets`, `rslora`, `dora`, `pissa`.
        compute: torch data type that frozen matrices are held in.

    Raises:
        ConfigError: a target is no linear layer of the model.
    """
    import torch
    from peft import get_peft_model

    config = adapter_config(model, options)
    if options.pissa:
        model.float()  # the decomposition and what it leaves are exact to 24 bits only in float32
    adapted = get_peft_model(model, config)
    # Frozen matrices are kept in the type they are multiplied in: autocast would convert them in every pass. What is
    # not multiplied (embeddings, norms) stays float32, so the residual stream does too.
    linear = {id(m.weight) for m in adapted.modules() if isinstance(m, torch.nn.Linear)}
    for parameter in adapted.parameters():
        if not parameter.is_floating_point():
            continue  # packed numbers of a base in 4 bits
        frozen_matrix = not parameter.requires_grad and id(parameter) in linear
        parameter.data = parameter.data.to(compute if frozen_matrix else torch.float32)
    for module in adapted.modules():
        if hasattr(module, "cast_input_dtype_enabled"):
            module.cast_input_dtype_enabled = False  # autocast does it once instead of twice
    return adapted


def adapter_config(model: Any, options: TrainingOptions) -> Any:
    """PEFT's configuration for these options.

    Raises:
        ConfigError: a target is no linear layer of the model.
    """
    from peft import LoraConfig

    return LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,
        lora_dropout=0.0,
        target_modules=_targets(model, options.targets),
        use_rslora=options.rslora,
        use_dora=options.dora,
        init_lora_weights="pissa" if options.pissa else True,
        task_type=family_of(model.config).task,
    )


def _targets(model: Any, wanted: str) -> str | list[str]:
    if wanted == ALL_LINEAR:
        return wanted
    import torch
    from transformers.pytorch_utils import Conv1D

    head = model.get_output_embeddings()
    linear = [n for n, m in model.named_modules() if isinstance(m, (torch.nn.Linear, Conv1D)) and m is not head]
    known = sorted({n.rpartition(".")[2] for n in linear})
    names = wanted.replace(",", " ").split()
    for name in names:
        if name not in known:
            raise ConfigError(
                f"lora: the base has no linear layer called '{name}'.{did_you_mean(name, [*known, ALL_LINEAR])}"
            )
    return names


def save_adapters(model: Any, options: TrainingOptions, base: str, folder: Path, fresh: Callable[[], Any]) -> None:
    """Write an adapter that plain PEFT loads on the unchanged base.

    Args:
        model: with its trained adapters.
        options: how they were trained.
        base: name of the base, for the adapter's configuration.
        folder: an empty folder.
        fresh: loads the base again as it was, for PiSSA.
    """
    model.peft_config["default"].base_model_name_or_path = base
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)  # an empty model card
    path = folder / "adapter_config.json"
    config = {**json.loads(path.read_text(encoding="utf-8")), "base_model_name_or_path": base}
    if options.pissa:
        _relative_to_base(folder, options, with_adapters(fresh(), options, compute=_float32()))
        config |= {"r": 2 * options.rank, "lora_alpha": 2 * options.rank, "use_rslora": False}
        config["init_lora_weights"] = True
    write_json(path, config)


def _relative_to_base(folder: Path, options: TrainingOptions, start: Any) -> None:
    """Make a PiSSA adapter one for the base. It was trained beside W - s B0 A0; beside W it is the update
    s (B A - B0 A0), of twice the rank (Meng et al. 2024, arXiv 2404.02948, appendix on conversion to LoRA). The scale
    s goes into B."""
    import torch
    from peft import get_peft_model_state_dict
    from safetensors.torch import load_file, save_file

    path = folder / "adapter_model.safetensors"
    trained, first = load_file(path), get_peft_model_state_dict(start, save_embedding_layers=False)
    scale = options.alpha / (math.sqrt(options.rank) if options.rslora else options.rank)
    joined = {}
    for name, value in trained.items():
        old = first[name].detach().to(value)
        if ".lora_A." in name:
            joined[name] = torch.cat([value, old], 0)
        else:
            joined[name] = scale * torch.cat([value, -old], 1)
    save_file({n: v.contiguous() for n, v in joined.items()}, path, metadata={"format": "pt"})


def _float32() -> Any:
    import torch

    return torch.float32
