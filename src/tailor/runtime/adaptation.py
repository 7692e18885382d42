"""An Adaptation as JSON, its hash, and the joining of two into one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tailor.errors import ArtifactError, ConfigError
from tailor.files import sha256_of, to_plain
from tailor.records import Adaptation, Generation

FORMAT_VERSION = 2
ADDED = {"constraint": 2}  # parts that came later, and with which format: what does not use them stays as it was

LATER_OF_A_BASE = ("quantised", "api")  # came with format 2


@cache
def _adapter() -> TypeAdapter[Adaptation]:
    return TypeAdapter(Adaptation)


def adaptation_to_json(adaptation: Adaptation) -> dict[str, Any]:
    """Plain values: what `adaptation.json` of a release holds. Parts that came with a later format are left out where
    they are not used, so that older Tailors read what they can answer with, and hashes stay."""
    plain: dict[str, Any] = to_plain(adaptation)
    unused = [part for part in ADDED if plain[part] is None]
    version = max([1, *(v for part, v in ADDED.items() if part not in unused)])
    if adaptation.demonstrations and adaptation.demonstrations.kind == "nearest-first":
        version = max(version, 2)
    for name in LATER_OF_A_BASE:
        if plain["base"][name]:
            version = max(version, 2)
        else:
            plain["base"].pop(name)
    return {**{k: v for k, v in plain.items() if k not in unused}, "format_version": version}


def adaptation_from_json(value: Mapping[str, Any]) -> Adaptation:
    """The record again.

    Raises:
        ArtifactError: written by a newer Tailor, or not an adaptation.
    """
    version = value.get("format_version") if isinstance(value, Mapping) else None
    if not isinstance(version, int) or version < 1:
        raise ArtifactError("This is not an adaptation: format_version is missing.")
    if version > FORMAT_VERSION:
        raise ArtifactError(
            f"This adaptation has format {version}; this Tailor reads up to {FORMAT_VERSION}.", hint="Upgrade Tailor."
        )
    try:
        adaptation = _adapter().validate_python(dict(value))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(p) for p in first["loc"])
        raise ArtifactError(f"This is not an adaptation: {place}: {first['msg']}.") from None
    # A part that is passed over would give other answers than those that were measured.
    if unknown := _unknown(value, to_plain(adaptation)):
        raise ArtifactError(f"This adaptation has parts unknown to this Tailor: {', '.join(unknown)}.")
    return adaptation


def without_help(adaptation: Adaptation) -> Adaptation:
    """The model alone: its weights, without instruction, demonstrations, retrieval or constraint.

    General ability is asked of it: what tuning did to the model shows there. An instruction to answer from passages
    only, obeyed, is no loss of ability.
    """
    return dataclasses.replace(adaptation, system=None, demonstrations=None, retriever=None, constraint=None)


def _unknown(value: Any, known: Any, place: str = "") -> list[str]:
    """Dotted names of keys in `value` that `known` has not."""
    if isinstance(value, Mapping) and isinstance(known, Mapping):
        extra = [f"{place}{k}" for k in value if k not in known]
        return extra + [u for k in known if k in value for u in _unknown(value[k], known[k], f"{place}{k}.")]
    if isinstance(value, (list, tuple)) and isinstance(known, (list, tuple)):
        return [u for a, b in zip(value, known, strict=True) for u in _unknown(a, b, place)]
    return []


def adaptation_sha256(adaptation: Adaptation) -> str:
    """Identity of what will answer: equal hashes give equal answers."""
    # Read back, so that a temperature of 0 and one of 0.0 are the same.
    value = adaptation_to_json(adaptation_from_json(adaptation_to_json(adaptation)))
    # Where a base lies on this machine does not change its answers; its revision does. The model at another address
    # may be another one under the same name.
    if adaptation.base.revision and adaptation.base.kind != "endpoint":
        value["base"].pop("location")
    return sha256_of(value)


def join(adaptations: Sequence[Adaptation], names: Sequence[str]) -> Adaptation:
    """One adaptation with the parts of all: what `rag+lora` means.

    Args:
        adaptations: fitted on the same base.
        names: what each is called, for the message.

    Raises:
        ConfigError: two of them want to set the same part, or they have different bases.
    """
    owner: dict[str, str] = {}
    # A quantised base is the same model held in fewer bits; what joins with it is answered with it too.
    plain = Adaptation(next((a.base for a in adaptations if a.base.quantised), adaptations[0].base))
    if any(a.base not in (plain.base, dataclasses.replace(plain.base, quantised="")) for a in adaptations):
        raise ConfigError(f"{'+'.join(names)}: the parts were fitted on different base models.")
    for adaptation, name in zip(adaptations, names, strict=True):
        for part in ("system", "demonstrations", "retriever", "weights", "generation", "constraint"):
            value = getattr(adaptation, part)
            if value is None or value == Generation():
                continue
            if part in owner and getattr(plain, part) != value:
                raise ConfigError(
                    f"{'+'.join(names)}: both {owner[part]} and {name} set the {part}.",
                    hint="Join arms that change different things, like rag+lora or few-shot+full.",
                )
            owner[part] = name
            plain = dataclasses.replace(plain, **{part: value})
    return plain
