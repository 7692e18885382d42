"""Whether a training fits into memory, by formula, before the base is loaded; and what would fit instead.

    weights       4 bytes a trained one, 2 (4 without bfloat16) a frozen matrix, 0.55 in 4 bits, 4 anything else
    gradients     4 bytes a trained weight
    moments       8 bytes a trained weight (AdamW)
    best, file    4 and 8 bytes a trained weight: the copy kept of the best step, and a checkpoint while it is written
    activations   tokens of a pass x blocks x (44 hidden + 10 intermediate + 10 heads x row length) bytes
                  + places that carry loss x vocabulary x 14 bytes
    process       0.6 GB: Python, PyTorch and Transformers

The activations are those of plain attention without recomputing, the constants of a Llama (what autograd keeps of each
operation, half of it in bfloat16). The trial of `tailor.training.forecast` is closer; this costs nothing and comes
before everything. A training is refused only where even this is more than what is free.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tailor.errors import ModelError
from tailor.training.options import TrainingOptions

PROCESS = 0.6e9
ROW, PLACES = 256, 0.3
"""Assumed length of a row, and share of the tokens that carry loss."""
LESS_TOKENS = 1024
MANY = 32
"""Bytes a stored byte of weights could at most turn into; a base smaller than free memory by that is not looked at."""


@dataclass(frozen=True)
class Footprint:
    """Bytes of a training, by what they are for."""

    weights: float
    gradients: float
    moments: float
    copies: float
    activations: float
    process: float = PROCESS

    @property
    def total(self) -> float:
        return self.weights + self.gradients + self.moments + self.copies + self.activations + self.process


def footprint(base_folder: Path, options: TrainingOptions, *, row: int = ROW, places: float = PLACES) -> Footprint:
    """The memory of a training at its peak.

    Args:
        base_folder: of the base; only its configuration is read.
        options: how to train.
        row: tokens of a packed row.
        places: share of the tokens that carry loss, in (0, 1].

    Raises:
        ConfigError, ModelError: the base has no such layers, or no configuration.
    """
    import torch
    import transformers

    from tailor.families import family_of
    from tailor.training.adapters import with_adapters
    from tailor.training.freezing import freeze_all_but_last
    from tailor.training.loading import choose_device, load_config

    config = load_config(base_folder)
    _, bf16 = choose_device()
    compute = torch.bfloat16 if bf16 else torch.float32
    with torch.device("meta"):
        model: Any = getattr(transformers, family_of(config).loader).from_config(config)
        if options.kind == "lora":
            # PiSSA looks at the weights, which are not there; its adapters have the same shapes.
            model = with_adapters(model, replace(options, pissa=False), compute=compute)
        elif options.kind == "last-layers":
            freeze_all_but_last(model, options.blocks, compute)
        else:
            model.float()
    matrices = {id(m.weight) for m in model.modules() if isinstance(m, torch.nn.Linear)}
    head = model.get_output_embeddings()
    weights, trained = 0.0, 0
    for parameter in model.parameters():
        trained += parameter.numel() if parameter.requires_grad else 0
        in_4_bits = options.quantise and id(parameter) in matrices and parameter is not head.weight
        frozen_in_4_bits = in_4_bits and not parameter.requires_grad
        weights += parameter.numel() * (0.55 if frozen_in_4_bits else parameter.element_size())
    tokens = min(options.micro_tokens, options.batch_tokens)
    kept, heads = _blocks_kept(model, config), getattr(config, "num_attention_heads", 0)
    inner = getattr(config, "intermediate_size", None) or 4 * config.hidden_size
    a_token = kept * (44 * config.hidden_size + 10 * inner + 10 * heads * min(row, tokens))
    activations = tokens * (a_token + places * 14 * config.vocab_size)
    return Footprint(weights, 4.0 * trained, 8.0 * trained, 12.0 * trained, activations)


def _blocks_kept(model: Any, config: Any) -> int:
    """Blocks that something is kept of for the backward pass: the first with anything to train, and all above it."""
    trained = [n for n, p in model.named_parameters() if p.requires_grad]
    numbers = [next((int(x) for x in n.split(".") if x.isdigit()), None) for n in trained]
    inside = [n for n in numbers if n is not None]
    below = any("embed" in n or "wte" in n for n in trained)
    total = int(config.num_hidden_layers)
    return total if below or not inside else total - min(inside)


def check_fits(base_folder: Path, options: TrainingOptions, *, row: int = ROW, places: float = PLACES) -> None:
    """Refuse a training that would not fit, before anything is loaded.

    Raises:
        ModelError: with what it needs, what is free, and which ways of training would fit.
    """
    free = available_bytes() if Path("/dev/nvidia0").exists() else free_memory()
    stored = sum(p.stat().st_size for p in base_folder.glob("*.safetensors"))
    if MANY * stored + 2 * PROCESS < free:
        return
    needed = footprint(base_folder, options, row=row, places=places).total
    if needed <= free:
        return
    found = [f"{name} ({size / 1e9:.1f} GB)" for name, size in _others(base_folder, options, row, places, free)]
    raise ModelError(
        f"{named(options)} needs about {needed / 1e9:.1f} GB for this base, {free / 1e9:.1f} GB are free.",
        hint=f"Would fit: {', '.join(found)}." if found else "No way of training fits here: take a smaller base.",
    )


def named(options: TrainingOptions) -> str:
    """A training in the words of `tailor.yaml`."""
    if options.quantise:
        return f"qlora of rank {options.rank}"
    return f"lora of rank {options.rank}" if options.kind == "lora" else options.kind


def _others(
    base_folder: Path, options: TrainingOptions, row: int, places: float, free: float
) -> Sequence[tuple[str, float]]:
    """Other ways of training that fit, nearest first, with their bytes."""
    lora = replace(options, kind="lora", quantise="", dora=False, pissa=False)
    choices = [
        (f"{options.kind} with {LESS_TOKENS} tokens a pass", replace(options, micro_tokens=LESS_TOKENS)),
        ("lora", lora),
        ("lora of rank 8", replace(lora, rank=8)),
        ("last-layers with 1 block", replace(options, kind="last-layers", blocks=1, quantise="", dora=False)),
        ("qlora", replace(lora, quantise="nf4")),
        ("qlora of rank 8", replace(lora, quantise="nf4", rank=8)),
    ]
    fitting = []
    for name, other in choices:
        size = footprint(base_folder, other, row=row, places=places).total
        if size <= free and other != options:
            fitting.append((name, size))
    return fitting


def available_bytes() -> float:
    """Free memory of where training happens: of the GPU, else of the machine or of the container that limits it."""
    import torch

    if torch.cuda.is_available():
        return float(torch.cuda.mem_get_info()[0])
    return float(free_memory())


def free_memory(group: Path = Path("/sys/fs/cgroup")) -> int:
    """Memory that a new process could have, in bytes; 4 GiB where nobody says.

    Args:
        group: files of the control group (version 2) that may limit it. What it holds of files that were read counts as
            free: the system gives it up first, and a container that has read its model is full of it.
    """
    free = 4 << 30
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError):
        limit = int((group / "memory.max").read_text(encoding="ascii"))  # "max" where there is none
        used = int((group / "memory.current").read_text(encoding="ascii"))
        for line in (group / "memory.stat").read_text(encoding="ascii").splitlines():
            name, _, size = line.partition(" ")
            used -= int(size) if name in ("active_file", "inactive_file") else 0
        free = min(free, limit - used)
    return free


def peak_bytes(device: Any) -> float:
    """Largest memory so far: of this process, or on a GPU of its device."""
    import torch

    from tailor.training.record import peak_memory_mb

    return float(torch.cuda.max_memory_reserved(device)) if device.type == "cuda" else peak_memory_mb() * 1e6
