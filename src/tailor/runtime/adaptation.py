"""An Adaptation as JSON, its hash, and the joining of two into one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tailor.errors import ArtifactError, ConfigError
from tailor.files import sha256_of, to_plain
from tailor.records import Adaptation

FORMAT_VERSION = 1


@cache
def _adapter() -> TypeAdapter[Adaptation]:
    return TypeAdapter(Adaptation)


def adaptation_to_json(adaptation: Adaptation) -> dict[str, Any]:
    """Plain values: what `adaptation.json` of a release holds."""
    plain: dict[str, Any] = to_plain(adaptation)
    return plain


def adaptation_from_json(value: Mapping[str, Any]) -> Adaptation:
    """The record again.

    Raises:
        ArtifactError: written by a newer Tailor, or not an adaptation.
    """
    version = value.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise ArtifactError("This is not an adaptation: format_version is missing.")
    if version > FORMAT_VERSION:
        raise ArtifactError(
            f"This adaptation has format {version}; this Tailor reads up to {FORMAT_VERSION}.", hint="Upgrade Tailor."
        )
    try:
        return _adapter().validate_python(dict(value))
    except ValidationError as error:
        raise ArtifactError(
            f"This is not an adaptation: {error.errors()[0]['msg']} at {error.errors()[0]['loc']}"
        ) from None


def adaptation_sha256(adaptation: Adaptation) -> str:
    """Identity of what will answer: equal hashes give equal answers."""
    value = adaptation_to_json(adaptation)
    # Where a base lies on this machine does not change its answers; its revision does.
    if adaptation.base.revision:
        value["base"].pop("location")
    return sha256_of(value)


def join(adaptations: Sequence[Adaptation], names: Sequence[str]) -> Adaptation:
    """One adaptation with the parts of all: what `rag+lora` means.

    Args:
        adaptations: fitted on the same base.
        names: what each is called, for the message.

    Raises:
        ConfigError: two of them want to set the same part.
    """
    owner: dict[str, str] = {}
    plain = Adaptation(adaptations[0].base)
    for adaptation, name in zip(adaptations, names, strict=True):
        for part in ("system", "demonstrations", "retriever", "weights"):
            value = getattr(adaptation, part)
            if value is None:
                continue
            if part in owner and getattr(plain, part) != value:
                raise ConfigError(
                    f"{'+'.join(names)}: both {owner[part]} and {name} set the {part}.",
                    hint="Join arms that change different things, like rag+lora or few-shot+full.",
                )
            owner[part] = name
            plain = dataclasses.replace(plain, **{part: value})
    longest = max((a.generation for a in adaptations), key=lambda g: g.max_new_tokens)
    return dataclasses.replace(plain, generation=longest)
