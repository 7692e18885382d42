"""Models by their Hugging Face name: found in the local cache, else downloaded once; pinned to a commit."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from tailor.errors import MissingDependency, ModelError
from tailor.records import Base

# Weights as safetensors only; pickled ones (.bin, .pt) can run code and are not even fetched.
FILES = ("*.json", "*.safetensors", "*.jinja", "*.model", "*.txt")


def pinned(base: Base) -> Base:
    """A hub base with the commit it stands at as its revision; any other base as it is.

    A name alone means another model tomorrow: a study and a release must say which one they used.

    Raises:
        MissingDependency: huggingface_hub is not installed.
        ModelError: the model is neither in the cache nor to be had.
    """
    return dataclasses.replace(base, revision=local_folder(base).name) if base.kind == "hub" else base


def local_folder(base: Base) -> Path:
    """The folder with the files of a local or hub base; what is missing is downloaded to the Hugging Face cache.

    Raises:
        MissingDependency: huggingface_hub is not installed.
        ModelError: the model is neither in the cache nor to be had, or has no safetensors.
    """
    if base.kind != "hub":
        return Path(base.location)
    folder = _cached(base) or _downloaded(base)
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"The base model {base.name} has no .safetensors weights.",
            hint="Tailor loads safetensors only; pickled weights (.bin, .pt) can run code.",
        )
    return folder


def _cached(base: Base) -> Path | None:
    """The snapshot in the cache where it is complete enough to load, else None."""
    try:
        from huggingface_hub.errors import LocalEntryNotFoundError
    except ImportError:
        raise MissingDependency(f"The base model {base.name}", "train") from None
    try:
        folder = Path(_snapshot(base, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    return folder if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")) else None


def _downloaded(base: Base) -> Path:
    try:
        return Path(_snapshot(base, local_files_only=False))
    except Exception as error:  # of the hub's library and the network below it
        where = f"{base.name}@{base.revision}" if base.revision else base.name
        raise ModelError(
            f"The base model {where} is neither in the local cache nor to be had: {first_words(error)}",
            hint="A Hugging Face name needs a network or an earlier download. Offline, use builtin/small or a folder.",
        ) from None


def first_words(error: Exception) -> str:
    """An error of a library in one line of at most 200 characters."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _snapshot(base: Base, *, local_files_only: bool) -> str:
    from huggingface_hub import snapshot_download

    settings: dict[str, Any] = {"revision": base.revision or None, "allow_patterns": list(FILES)}
    return str(snapshot_download(base.location, local_files_only=local_files_only, **settings))
