"""One base in memory, adapters switched on top of it, fully tuned models beside it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from tailor.errors import ArtifactError, ModelError
from tailor.files import read_json
from tailor.models.constraining import Grammars, Matcher
from tailor.models.decoding import end_ids
from tailor.models.engine import LoadedWeights
from tailor.models.loading import first_line, load_model, quiet
from tailor.records import Base, Constraint

KEPT_ADAPTERS = 16
KEPT_MODELS = 2
PREFIX = "base_model.model."


class SwitchedModel:
    """A base model and the weights that can take its place, for one thread."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self._tokenizer: Any = None
        self._model: Any = None
        self._active = ""
        self._adapters: OrderedDict[str, None] = OrderedDict()
        self._full: OrderedDict[str, Any] = OrderedDict()
        self._grammars: Grammars | None = None

    @property
    def tokenizer(self) -> Any:
        """Of the base, loaded at first use."""
        self._load()
        return self._tokenizer

    @property
    def context(self) -> int:
        """Most tokens of prompt and answer together; no limit where the model's configuration names none."""
        self._load()
        return getattr(self._model.config, "max_position_embeddings", None) or 1 << 30

    def use(self, weights: LoadedWeights | None) -> Any:
        """The model that answers with these weights from now on, until the next call. Cheap when nothing changes.

        Raises:
            ArtifactError: the weights' files are missing or damaged.
            ModelError: the base or the weights cannot be loaded, or were trained for another base.
        """
        self._load()
        if weights is not None and weights.kind == "full":
            return self._full_model(weights)
        wanted = _adapter_name(weights) if weights else ""
        if wanted != self._active:
            if weights is None:
                self._model.disable_adapter_layers()
            else:
                self._switch_on(weights, wanted)
            self._active = wanted
        return self._model

    def matcher(self, constraint: Constraint | None) -> Matcher | None:
        """What keeps one answer to a form, or None without one.

        Raises:
            MissingDependency: llguidance is not installed.
            ConfigError: the form cannot be followed.
        """
        if constraint is None:
            return None
        self._load()
        if self._grammars is None:
            width = self._model.get_output_embeddings().weight.shape[0]
            self._grammars = Grammars(self._tokenizer, width, end_ids(self._model, self._tokenizer))
        return self._grammars.matcher(constraint)

    def forget(self) -> None:
        """Free the memory; the next use loads again."""
        self._model = self._tokenizer = None
        self._active = ""
        self._grammars = None
        self._adapters.clear()
        self._full.clear()

    def _load(self) -> None:
        if self._model is None:
            self._tokenizer, self._model = load_model(self.base)

    def _switch_on(self, weights: LoadedWeights, name: str) -> None:
        if name not in self._adapters:
            self._load_adapter(weights, name)
        self._adapters[name] = None
        self._adapters.move_to_end(name)
        self._model.enable_adapter_layers()
        self._model.set_adapter(name, inference_mode=True)
        while len(self._adapters) > KEPT_ADAPTERS:
            self._model.delete_adapter(self._adapters.popitem(last=False)[0])

    def _load_adapter(self, weights: LoadedWeights, name: str) -> None:
        from peft import PeftModel

        layers = _adapter_layers(weights)
        _check_layers(layers, self._model, weights)
        try:
            with quiet():
                if self._adapters:
                    self._model.load_adapter(str(weights.folder), adapter_name=name)
                else:
                    self._model = PeftModel.from_pretrained(self._model, str(weights.folder), adapter_name=name)
            filled = {n for n, m in _base_of(self._model).named_modules() if name in getattr(m, "lora_A", {})}
            if filled != set(layers):
                raise _other_base(weights, f"it has weights for {len(layers)} layers of the base's {len(filled)}")
        except Exception as error:  # whatever it is
            # PEFT changes the base in place: what it left half-way is thrown away with the base.
            self.forget()
            if isinstance(error, ModelError):
                raise
            raise ModelError(f"The adapter {weights.folder} cannot be loaded: {first_line(error)}") from None
        self._model.eval()

    def _full_model(self, weights: LoadedWeights) -> Any:
        if weights.sha256 not in self._full:
            while len(self._full) >= KEPT_MODELS:
                self._full.popitem(last=False)
            folder = str(weights.folder)
            self._full[weights.sha256] = load_model(Base("folder", folder, folder, weights.sha256))[1]
        self._full.move_to_end(weights.sha256)
        return self._full[weights.sha256]


def _adapter_name(weights: LoadedWeights) -> str:
    return f"a{weights.sha256[:16]}"


def _base_of(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "peft_config") else model


def _adapter_layers(weights: LoadedWeights) -> dict[str, tuple[int, int]]:
    """Layer name -> (inputs, outputs) of a LoRA adapter's files, read without loading it."""
    from safetensors import SafetensorError, safe_open

    config = read_json(weights.folder / "adapter_config.json")
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        raise ArtifactError(f"{weights.folder} is not a LoRA adapter.", hint="Expected peft_type LORA in its config.")
    path = weights.folder / "adapter_model.safetensors"
    if not path.is_file():
        raise ArtifactError(f"{path} does not exist.", hint="An adapter's weights must be safetensors.")
    layers: dict[str, tuple[int, int]] = {}
    try:
        with safe_open(path, "np") as file:
            names = set(file.keys())
            for a in sorted(n for n in names if n.endswith(".lora_A.weight")):
                layer = a.removesuffix(".lora_A.weight")
                inputs = file.get_slice(a).get_shape()[1]
                outputs = file.get_slice(f"{layer}.lora_B.weight").get_shape()[0]
                layers[layer.removeprefix(PREFIX)] = (inputs, outputs)
    except (SafetensorError, OSError, IndexError) as error:
        raise ArtifactError(f"{path} is damaged: {first_line(error)}", hint="Train it again.") from None
    return layers


def _check_layers(layers: dict[str, tuple[int, int]], model: Any, weights: LoadedWeights) -> None:
    """Refuse an adapter that does not fit before PEFT touches the base."""
    known = dict(_base_of(model).named_modules())
    for name, (inputs, outputs) in layers.items():
        if name not in known:
            raise _other_base(weights, f"the base has no layer {name}")
        shape = _shape(known[name])
        if sorted(shape) != sorted((inputs, outputs)):
            raise _other_base(weights, f"{name} has {inputs} inputs and {outputs} outputs, the base's has {shape}")


def _shape(module: Any) -> tuple[int, ...]:
    """Outputs and inputs of a linear layer; in 4 bits its weight is a packed column and does not tell."""
    if hasattr(module, "in_features"):
        return (module.out_features, module.in_features)
    weight = getattr(module, "weight", None)
    return tuple(weight.shape) if weight is not None else ()


def _other_base(weights: LoadedWeights, found: str) -> ModelError:
    return ModelError(
        f"The adapter {weights.folder} was trained for another base model: {found}.",
        hint="Use it with the base it was trained on, or train it again.",
    )
