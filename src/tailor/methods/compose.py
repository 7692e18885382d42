"""Arms: one method, or several joined by `+`, with their options."""

from __future__ import annotations

import dataclasses
import itertools
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tailor.errors import ConfigError
from tailor.methods import METHODS, load_method
from tailor.methods.base import FitContext
from tailor.records import Fitted, TrainingRecord
from tailor.runtime import join


@dataclass(frozen=True)
class Part:
    """One method of an arm with its options as a record of the method's own class."""

    method: str
    options: Any


@dataclass(frozen=True)
class Arm:
    """A way of adapting to be compared: `rag`, `few-shot[k=2]`, `rag+lora`."""

    name: str
    parts: tuple[Part, ...]

    @property
    def method(self) -> str:
        """The name without options: `rag+lora`."""
        return "+".join(p.method for p in self.parts)

    @property
    def complexity(self) -> int:
        """Order from simple to involved; a hybrid comes after everything it joins."""
        orders = [load_method(p.method).complexity for p in self.parts]
        return orders[0] if len(orders) == 1 else 100 + sum(orders)

    @property
    def uses_seed(self) -> bool:
        """Whether two seeds can give different answers."""
        return any(load_method(p.method).uses_seed for p in self.parts)

    @property
    def trains_weights(self) -> bool:
        return any(load_method(p.method).trains_weights for p in self.parts)

    @property
    def needs_weights(self) -> bool:
        """Whether the base's weights must be here: to train them, to hold them in 4 bits, to put some beside them."""
        return self.trains_weights or any(getattr(load_method(p.method), "needs_weights", False) for p in self.parts)

    @property
    def needs_documents(self) -> bool:
        """Whether a part searches, or learns from an arm that does."""
        return any(
            load_method(p.method).needs_documents or getattr(p.options, "needs_documents", False) for p in self.parts
        )


def expand(name: str, options: Mapping[str, Any]) -> list[Arm]:
    """The arms that one entry of `tailor.yaml` means: an option that is a list becomes one arm per value.

    Args:
        name: a method, or several joined by `+`.
        options: of the method; for a hybrid, one mapping per method: `{rag: {k: 3}, lora: {rank: 8}}`.

    Raises:
        ConfigError: unknown method or option, or a value it cannot have.
    """
    if kind := _own_name(name, options):
        given = {FIRST[kind]: options[kind], **{k: v for k, v in options.items() if k != kind}}
        return [Arm(name + label, (part,)) for part, label in _variants(kind, given)]
    methods = name.split("+")
    for method in methods:
        METHODS.load(method)
    if len(methods) > len(set(methods)):
        raise ConfigError(f"{name}: an arm cannot be joined with itself.")
    if len(methods) == 1:
        choices = [_variants(name, options)]
    else:
        unknown = sorted(set(options) - set(methods))
        if unknown:
            raise ConfigError(
                f"{name}: options of a hybrid are given per part, found {', '.join(unknown)}.",
                hint=f"For example: {name}: {{{methods[0]}: {{...}}, {methods[-1]}: {{...}}}}",
            )
        choices = [_variants(m, {} if options.get(m) is None else options[m]) for m in methods]
    arms = []
    for combination in itertools.product(*choices):
        labels = [label for _, label in combination if label]
        _check_passages(name, [part for part, _ in combination])
        _check_bases(name, [part.method for part, _ in combination])
        arms.append(Arm(name + "".join(labels), tuple(part for part, _ in combination)))
    return arms


FIRST = {"command": "run", "endpoint": "url"}


def _own_name(name: str, options: Mapping[str, Any]) -> str | None:
    """`command` or `endpoint` where an entry gives one a name of its own: `our-bot: {command: "python bot.py"}`.

    Raises:
        ConfigError: the name has characters that no arm's name has.
    """
    kind = next((k for k in FIRST if k in options), None)
    if kind is None or set(name.split("+")) & set(METHODS.names()):
        return None
    if not re.fullmatch(r"[\w.-]+", name):
        raise ConfigError(f"{name}: an arm with a {kind} has a name of letters, digits, '.', '-' and '_'.")
    return kind


def _check_passages(name: str, parts: Sequence[Part]) -> None:
    """Training with passages needs a part that finds them."""
    asked = [p.method for p in parts if getattr(p.options, "train_with", None) == "passages"]
    if asked and not any(load_method(p.method).needs_documents for p in parts):
        raise ConfigError(
            f"{name}: train_with: passages needs a part that searches.",
            hint=f"For example: rag+{asked[0]}: {{{asked[0]}: {{train_with: passages}}}}",
        )


def _check_bases(name: str, methods: Sequence[str]) -> None:
    """An arm with a model of its own joins with none."""
    own = [m for m in methods if getattr(load_method(m), "own_base", False)]
    if own and len(methods) > 1:
        raise ConfigError(f"{name}: {own[0]} answers with a model of its own and joins with no other arm.")


def arm_from_plan(entry: Mapping[str, Any]) -> Arm:
    """An arm as a plan holds it: `{name, parts: [{method, options}]}`.

    Raises:
        ConfigError: a method or option that this Tailor does not know.
    """
    return Arm(entry["name"], tuple(Part(p["method"], _options(p["method"], p["options"])) for p in entry["parts"]))


def fit_arm(arm: Arm, context: FitContext) -> Fitted:
    """Fit every part and join what they set. Parts that train come last: they may want to see what the others set."""
    started = time.perf_counter()
    found: dict[str, Fitted] = {}
    for part in sorted(arm.parts, key=lambda p: load_method(p.method).trains_weights):
        beside = join([f.adaptation for f in found.values()], list(found)) if found else None
        found[part.method] = load_method(part.method).fit(dataclasses.replace(context, beside=beside), part.options)
    fitted = [found[p.method] for p in arm.parts]
    if len(fitted) == 1:
        seconds = max(fitted[0].seconds, time.perf_counter() - started)
        return dataclasses.replace(fitted[0], seconds=seconds)
    chosen = {f"{p.method}.{k}": v for p, f in zip(arm.parts, fitted, strict=True) for k, v in f.chosen.items()}
    training: TrainingRecord | None = next((f.training for f in fitted if f.training), None)
    adaptation = join([f.adaptation for f in fitted], [p.method for p in arm.parts])
    return Fitted(adaptation, chosen, training, max(time.perf_counter() - started, sum(f.seconds for f in fitted)))


def _variants(method: str, options: Mapping[str, Any]) -> list[tuple[Part, str]]:
    """Every combination of listed values, with the label that tells it from the others."""
    if not isinstance(options, Mapping):
        raise ConfigError(f"{method}: expected options like {{k: 3}}, found {options!r}.")
    listed = {k: v for k, v in options.items() if isinstance(v, list)}
    if any(not v for v in listed.values()):
        raise ConfigError(f"{method}: an option has an empty list of values.")
    for key, several in listed.items():
        if any(v in several[:i] for i, v in enumerate(several)):
            raise ConfigError(f"{method}: {key} lists a value twice: {several}.")
    variants = []
    for values in itertools.product(*listed.values()):
        one = {**options, **dict(zip(listed, values, strict=True))}
        label = ",".join(f"{k}={v}" for k, v in zip(listed, values, strict=True))
        variants.append((Part(method, _options(method, one)), f"[{label}]" if label else ""))
    return variants


def _options(method: str, values: Mapping[str, Any]) -> Any:
    record = load_method(method).options
    known = [f.name for f in dataclasses.fields(record)]
    for key in values:
        if key not in known:
            close = get_close_matches(str(key), known, n=1)
            guess = f" Did you mean '{close[0]}'?" if close else ""
            raise ConfigError(f"{method}: no option called '{key}'.{guess}", hint=f"known: {', '.join(known)}")
    for key in getattr(load_method(method), "required", ()):
        if not values.get(key):
            raise ConfigError(f"{method}: the option '{key}' is missing.", hint=f"known: {', '.join(known)}")
    try:
        return TypeAdapter(record).validate_python(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(p) for p in first["loc"])
        raise ConfigError(f"{method}: {place}: {first['msg']}, found {first['input']!r}.") from None
