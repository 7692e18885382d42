"""From a Hugging Face folder to a network ready to train, and from trained weights to a folder that loads alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tailor import families
from tailor.errors import MissingDependency, ModelError
from tailor.families import decoder_start
from tailor.files import new_folder
from tailor.quantising import differentiable, nf4
from tailor.training.adapters import save_adapters, with_adapters
from tailor.training.batches import Network
from tailor.training.encoder_decoder import EncoderDecoderNetwork
from tailor.training.freezing import freeze_all_but_last, untie
from tailor.training.options import TrainingOptions
from tailor.training.rendering import Encoded

PROBE_TOKENS = 24
SHORT = 256
"""Examples up to this length are attended to with plain matrix products on a CPU: backward through PyTorch's fused
kernel with a mask took a third of a step. Medians of ten steps on a shared machine, real tokens per processor second,
fused to plain: 2253 to 3774 at rows of 64, 2702 to 3255 at 128, 2241 to 3140 at 256. Longer ones take much memory."""


def load_tokenizer(base_folder: Path) -> Any:
    """The tokenizer of a local folder.

    Raises:
        ModelError: the folder is missing or holds no tokenizer that can be read.
    """
    _check_folder(base_folder)
    try:
        return families.load_tokenizer(base_folder, local_files_only=True)
    except Exception as error:  # a broken or foreign tokenizer file may raise anything
        raise ModelError(
            f"the tokenizer in {base_folder} cannot be loaded: {error}", hint="Download the model again."
        ) from error


def load_config(base_folder: Path) -> Any:
    """The configuration of a local folder; ModelError if there is none."""
    from transformers import AutoConfig

    _check_folder(base_folder)
    return AutoConfig.from_pretrained(base_folder, local_files_only=True).get_text_config()


def _check_folder(base_folder: Path) -> None:
    if not (base_folder / "config.json").is_file():
        raise ModelError(
            f"{base_folder} holds no Hugging Face model: config.json is missing.",
            hint="Name the folder that holds config.json, tokenizer.json and model.safetensors.",
        )


def context_length(config: Any) -> int | None:
    """Most tokens the model was built for, or None where it does not say."""
    value = getattr(config, "max_position_embeddings", None)
    return int(value) if value else None


def end_tokens(tokenizer: Any, base_folder: Path, config: Any) -> frozenset[int]:
    """Ids that end an answer, from tokenizer, configuration and generation_config.json."""
    generation = base_folder / "generation_config.json"
    stored = json.loads(generation.read_text(encoding="utf-8")) if generation.is_file() else {}
    found: set[int] = set()
    for value in (tokenizer.eos_token_id, getattr(config, "eos_token_id", None), stored.get("eos_token_id")):
        if value is not None:
            found.update(value if isinstance(value, (list, tuple)) else [value])
    return frozenset(found) | families.turn_ends(tokenizer, config)


def choose_device() -> tuple[Any, bool]:
    """Where to train, and whether matrix products are computed in bfloat16: on a GPU or CPU that has instructions for
    it (packed training on a CPU with them was 2.2 times as fast as in float32)."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda"), torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.device("cpu"), bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())


def load_network(base_folder: Path, options: TrainingOptions, examples: Sequence[Encoded], *, bf16: bool) -> Network:
    """Load the base, find out how it can be driven, attach adapters. Trained weights are float32 in any case.

    Raises:
        ModelError: the model cannot be loaded or is no language model.
    """
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()  # the caller has its own
    device, _ = choose_device()
    try:
        held = nf4(torch.bfloat16 if bf16 else torch.float32, device) if options.quantise else {}
        model = families.load_weights(base_folder, dtype="auto", local_files_only=True, **held)
    except MissingDependency:
        raise
    except Exception as error:  # Transformers and the model's own files raise anything
        raise ModelError(
            f"the model in {base_folder} cannot be loaded for training: {error}",
            hint="A language model in Hugging Face format with safetensors is needed.",
        ) from error
    model.config.use_cache = False
    if options.quantise:
        differentiable(model)
    else:
        if options.kind == "full" or not bf16:
            model.float()
        model.to(device)
    model.eval()
    if device.type == "cpu" and max(len(e.tokens) for e in examples) <= SHORT:
        model.set_attn_implementation("eager")
    pairs = families.family_of(model.config).encoder_decoder
    trunk = getattr(model, model.base_model_prefix, None)
    split, packed = (False, False) if pairs else _probe(model, trunk, examples)
    compute = torch.bfloat16 if bf16 else torch.float32
    if bf16:
        _round_once(model)
    if options.kind == "lora":
        model = with_adapters(model, options, compute=compute)
    elif options.kind == "last-layers":
        freeze_all_but_last(model, options.blocks, compute)
    inner = model.get_base_model() if options.kind == "lora" else model
    model.train()
    if pairs:
        return EncoderDecoderNetwork(model, None, None, False, bf16, device, decoder_start(model.config))
    return Network(model, trunk, inner.get_output_embeddings() if split else None, packed, bf16, device)


def _round_once(model: Any) -> None:
    """Turn the input of attention and MLP into bfloat16 once instead of once for each of their layers, which autocast
    does (three times for queries, keys and values, and three times back): 7 % more tokens a processor second. The
    products are the same; the gradients of the layers meet in bfloat16."""
    import torch

    def entering(_module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        if args and torch.is_tensor(args[0]) and args[0].is_floating_point():
            return (args[0].to(torch.bfloat16), *args[1:]), kwargs
        if torch.is_tensor(kwargs.get("hidden_states")):
            return args, {**kwargs, "hidden_states": kwargs["hidden_states"].to(torch.bfloat16)}
        return args, kwargs

    for module in model.modules():
        if sum(isinstance(child, torch.nn.Linear) for child in module.children()) > 1:
            module.register_forward_pre_hook(entering, with_kwargs=True)


def _probe(model: Any, trunk: Any, examples: Sequence[Encoded]) -> tuple[bool, bool]:
    """Whether head(trunk(x)) are the model's logits, and whether restarting positions keep packed examples apart.

    Asked of the model itself on two short pieces, because class names do not tell: architectures with soft caps,
    scales, state-space layers or learned positions answer no and are trained on the slower, general path.
    """
    import torch

    pieces = [torch.tensor(e.tokens[:PROBE_TOKENS], device=model.device)[None] for e in (examples[0], examples[-1])]
    tokens = torch.cat(pieces, dim=1)
    positions = torch.cat([torch.arange(p.shape[1], device=model.device)[None] for p in pieces], dim=1)
    with torch.no_grad():
        alone = torch.cat([model(input_ids=p, use_cache=False).logits for p in pieces], dim=1).float()
        # Rounding of what was stored in 16 bits is about 1 % of the largest logit; a leak between examples is far more.
        tolerance = float(alone.abs().max()) * (1e-3 if model.dtype == torch.float32 else 5e-2)

        def equal(compute: Any) -> bool:
            try:
                return bool((compute().float() - alone).abs().max() <= tolerance)
            except (TypeError, ValueError, RuntimeError, AttributeError):
                return False  # the architecture has no such way in

        head = model.get_output_embeddings()
        split = trunk is not model and equal(
            lambda: torch.cat([head(trunk(input_ids=p, use_cache=False).last_hidden_state) for p in pieces], dim=1)
        )
        packed = equal(lambda: model(input_ids=tokens, position_ids=positions, use_cache=False).logits)
    return split, packed


def trainable(network: Network) -> dict[str, Any]:
    """The parameters that are trained, by name."""
    return {name: p for name, p in network.model.named_parameters() if p.requires_grad}


def save(network: Network, base_folder: Path, tokenizer: Any, options: TrainingOptions, folder: Path) -> None:
    """Write the result: a PEFT adapter, or a whole model in the base's data type with tokenizer and chat template. The
    folder appears complete or not at all.

    Raises:
        ModelError: a weight is not a finite number.
    """
    import torch

    if not all(bool(torch.isfinite(p).all()) for p in trainable(network).values()):
        raise diverged("a weight that is NaN or infinite after the last step")
    with new_folder(folder) as temporary:
        if options.kind == "lora":
            save_adapters(network.model, options, base_folder.name, temporary, lambda: _base(base_folder))
        else:
            model = _whole(network, base_folder, options)
            model.config.use_cache = True
            model.save_pretrained(temporary)
            tokenizer.save_pretrained(temporary)
            if (base_folder / "generation_config.json").is_file():
                shutil.copy(base_folder / "generation_config.json", temporary)
        temporary.chmod(0o755)


def _whole(network: Network, base_folder: Path, options: TrainingOptions) -> Any:
    """The model to store, in the base's data type. What was frozen is read again: it was held in the type it was
    multiplied in, and a frozen weight must not have changed in its last bit."""
    if options.kind == "full":
        return network.model.to(_stored_type(base_folder))
    model = _base(base_folder)
    untie(model)
    model.load_state_dict({n: p.detach() for n, p in trainable(network).items()}, strict=False)
    return model


def _base(folder: Path) -> Any:
    """The base as it is stored."""
    return families.load_weights(folder, dtype="auto", local_files_only=True)


def _stored_type(base_folder: Path) -> Any:
    """The data type of the base's stored weights."""
    from safetensors import safe_open

    first = min(base_folder.glob("*.safetensors"))
    with safe_open(first, framework="pt") as tensors:
        types = [tensors.get_slice(name).get_dtype() for name in tensors.keys()]  # noqa: SIM118 - no dict
    import torch

    known = {"BF16": torch.bfloat16, "F16": torch.float16}
    return known.get(max(set(types), key=types.count), torch.float32)


def diverged(found: str) -> ModelError:
    """The error for a training whose numbers are no longer finite."""
    return ModelError(
        f"training diverged: expected finite numbers, found {found}.",
        hint="Set learning_rate to a third of what it was. No model was written.",
    )
