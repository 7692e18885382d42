"""One base in memory, adapters switched on top of it, fully tuned models beside it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from tailor.errors import ArtifactError, ModelError
from tailor.families import family_of
from tailor.files import read_json
from tailor.models.constraining import Grammars, Matcher
from tailor.models.decoding import end_ids
from tailor.models.engine import LoadedWeights
from tailor.models.loading import first_line, load_model, quiet
from tailor.models.prefixes import KEPT_BYTES, PrefixTree, keeps_everything
from tailor.records import Base, Constraint

KEPT_ADAPTERS = 32  # as many as a batch has rows: each may have its own
NO_ADAPTER = "__base__"  # PEFT's name for rows of a mixed batch that have none
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
        self._trees: OrderedDict[str, PrefixTree] = OrderedDict()

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

    def tree(self, weights: LoadedWeights | None) -> PrefixTree:
        """What was read before with these weights. All trees together keep at most `KEPT_BYTES` and one more batch."""
        key, model = weights.sha256 if weights else "", self.use(weights)
        # Beside each other they share the room, the one used least lately goes first.
        while len(self._trees) > 1 and sum(t.kept_bytes for t in self._trees.values()) > KEPT_BYTES:
            self._trees.popitem(last=False)
        known = self._trees.get(key)
        if known is None or _base_of(known.model) is not _base_of(model):
            known = self._trees[key] = PrefixTree(model)
        self._trees.move_to_end(key)
        return known

    def company(self, weights: LoadedWeights | None) -> str:
        """Requests of equal value can be answered in the same batch: those of the base and of plain adapters on it.
        DoRA scales the base's weights and cannot be mixed row by row; nor can models whose caches cannot be padded."""
        self._load()
        own = weights.sha256 if weights else NO_ADAPTER
        if weights is not None and (weights.kind == "full" or not _is_mixable(weights)):
            return own
        mixes = keeps_everything(self._model) and not family_of(self._model.config).encoder_decoder
        return "" if mixes else own

    def together(self, weights: Sequence[LoadedWeights | None]) -> tuple[Any, dict[str, Any]]:
        """The model for a batch with these weights row by row, all of one company, and what to call it with."""
        distinct = {w.sha256: w for w in weights if w is not None}
        if len(distinct) + (None in weights) == 1:
            return self.use(weights[0]), {}
        for one in distinct.values():
            self.use(one)
        return self._model, {"adapter_names": [_adapter_name(w) if w else NO_ADAPTER for w in weights]}

    def forget_prompts(self) -> None:
        """Free what was read; prompts under way keep theirs."""
        self._trees.clear()

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
        self._trees.clear()
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
                left, _ = self._full.popitem(last=False)
                self._trees.pop(left, None)  # it would keep the model in memory
            folder = str(weights.folder)
            self._full[weights.sha256] = load_model(Base("folder", folder, folder, weights.sha256))[1]
        self._full.move_to_end(weights.sha256)
        return self._full[weights.sha256]


def _is_mixable(weights: LoadedWeights) -> bool:
    config = read_json(weights.folder / "adapter_config.json")
    return isinstance(config, dict) and not config.get("use_dora") and not config.get("modules_to_save")


def _adapter_name(weights: LoadedWeights) -> str:
    return f"a{weights.sha256[:16]}"


def _base_of(model: Any) -> Any:
    # The base inside has a `peft_config` too, once an adapter was put into it.
    return model.get_base_model() if hasattr(model, "get_base_model") else model


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
