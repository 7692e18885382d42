"""From a name in `tailor.yaml` to a base model that can be loaded."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import math
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from tailor.errors import ConfigError, ModelError
from tailor.files import read_json, sha256_of_file
from tailor.models.hub import local_folder
from tailor.records import Base

HUB_NAME = re.compile(r"^[\w.-]+/[\w.-]+(@[\w.-]+)?$")
APIS: dict[str, Literal["", "anthropic"]] = {"openai": "", "anthropic": "anthropic"}
NAMES = "Use builtin/small, a folder (./model), a Hugging Face name (org/model) or {endpoint: URL, model: NAME}."


def resolve_base(spec: str | Mapping[str, str], workspace: Path) -> Base:
    """The base model that `spec` names.

    `builtin/small` ships with Tailor; `./folder` or `/folder` is a local Hugging Face folder; `org/model` or
    `org/model@revision` a model on the Hugging Face hub; `{endpoint: URL, model: NAME, key_env: VARIABLE}` an
    OpenAI-compatible server, and with `api: anthropic` one that speaks Anthropic's messages API.

    Raises:
        ConfigError: the name fits none of these, or a local folder does not exist.
        ModelError: a local folder is not a loadable model.
    """
    if isinstance(spec, Mapping):
        return _endpoint(spec)
    if not isinstance(spec, str) or not spec:
        raise ConfigError(f"base: expected the name of a model, found {spec!r}.", hint=NAMES)
    if spec.startswith("builtin/"):
        return _builtin(spec)
    folder = workspace / os.path.expanduser(spec)  # noqa: PTH111 - Path.expanduser raises where there is no such user
    if spec.startswith((".", "/", "~")) or folder.is_dir():
        return _folder(spec, folder)
    if HUB_NAME.match(spec):
        name, _, revision = spec.partition("@")
        return Base("hub", name, name, revision)
    raise ConfigError(f"base: no model called '{spec}'.", hint=NAMES)


def _builtin(spec: str) -> Base:
    root = Path(__file__).parent / "builtin" / "weights"
    known = sorted(f"builtin/{p.name}" for p in root.iterdir() if (p / "config.json").exists()) if root.is_dir() else []
    if spec not in known:
        close = get_close_matches(spec, known, n=1, cutoff=0.5) or known[:1]
        raise ConfigError(f"base: no model called '{spec}'.", hint=f"Did you mean {close[0]}?" if close else "")
    folder = root / spec.removeprefix("builtin/")
    return Base("builtin", spec, str(folder), _revision(folder))


def _folder(spec: str, folder: Path) -> Base:
    if not folder.is_dir():
        raise ConfigError(f"base: the folder {spec} does not exist.", hint="Paths are relative to tailor.yaml.")
    if not (folder / "config.json").is_file():
        raise ModelError(f"base: {spec} has no config.json.", hint="Expected a Hugging Face model folder.")
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"base: {spec} has no .safetensors weights.",
            hint="Tailor loads safetensors only; pickled weights (.bin, .pt) can run code. Convert them first.",
        )
    return Base("folder", spec, str(folder.resolve()), _revision(folder))


def _endpoint(spec: Mapping[str, str]) -> Base:
    unknown = set(spec) - {"endpoint", "model", "key_env", "api"}
    if unknown or "endpoint" not in spec or "model" not in spec:
        raise ConfigError(
            f"base: expected endpoint, model and perhaps key_env and api, found {', '.join(sorted(map(str, spec)))}.",
            hint="For example: {endpoint: http://127.0.0.1:11434/v1, model: llama3.2, key_env: MY_KEY}",
        )
    wrong = sorted(k for k, v in spec.items() if not isinstance(v, str))
    if wrong:
        raise ConfigError(f"base: {wrong[0]} must be text, found {spec[wrong[0]]!r}.")
    url = spec["endpoint"].rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"base: the endpoint '{url}' is not an http:// or https:// address.")
    if "@" in url.partition("//")[2].partition("/")[0]:
        raise ConfigError(
            "base: the endpoint's address holds a user name or password.",
            hint="Put the key into an environment variable and name it: key_env: MY_KEY",
        )
    if spec.get("api", "openai") not in APIS:
        raise ConfigError(f"base: api must be openai or anthropic, found {spec['api']!r}.")
    api = APIS[spec.get("api", "openai")]
    return Base("endpoint", spec["model"], url, spec["model"], spec.get("key_env", ""), api=api)


def on_premises(base: Base) -> bool:
    """Whether what is asked is known to stay on this machine or in the own network: local weights, or an endpoint at a
    loopback or private address, or at a host name that only a local network knows. What a program of the user's sends
    out nobody can know."""
    if base.kind == "command":
        return False
    if base.kind != "endpoint":
        return True
    host = urlsplit(base.location).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        local = "." not in host or host.endswith((".local", ".lan", ".internal", ".localhost"))
        return bool(host) and local
    return address.is_loopback or address.is_private


def _revision(folder: Path) -> str:
    """Content hash over what decides an answer: config, tokenizer, template and weights."""
    names = sorted(p for p in folder.iterdir() if p.suffix in {".json", ".safetensors", ".jinja"})
    digest = hashlib.sha256()
    for path in names:
        digest.update(f"{path.name}\0{sha256_of_file(path)}\n".encode())
    return digest.hexdigest()


def describe_base(base: Base) -> dict[str, Any]:
    """Facts about a base with weights from its files, without loading it: architecture, stored parameters, context.

    Raises:
        ArtifactError: config.json is missing or not JSON.
        ModelError: a weights file is damaged.
    """
    if base.kind == "endpoint":
        return {"architecture": None, "parameters": None, "context": None}
    folder = local_folder(base)
    config = read_json(folder / "config.json")
    return {
        "architecture": (config.get("architectures") or [None])[0],
        "parameters": _parameters(folder),
        "context": config.get("max_position_embeddings"),
    }


def _parameters(folder: Path) -> int:
    """Number of weights, read from the safetensors headers (8-byte little-endian length, then JSON)."""
    total = 0
    for path in folder.glob("*.safetensors"):
        try:
            with path.open("rb") as handle:
                header = json.loads(handle.read(int.from_bytes(handle.read(8), "little")))
        except (ValueError, OverflowError, MemoryError):
            raise ModelError(f"{path} is damaged: it has no safetensors header.", hint="Get it again.") from None
        for name, tensor in header.items():
            if name != "__metadata__":
                total += math.prod(tensor["shape"])
    return total
