"""API keys: made once, shown once, kept as HMAC-SHA-256 under a secret of this workspace.

    .tailor/serving/keys.json      id, name, scopes, limit and HMAC of every key, also of revoked ones
    .tailor/serving/hmac.secret    32 random bytes, mode 0600

A key is looked up by its HMAC, so neither the file nor the time an answer takes tells what a key is.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tailor.errors import ArtifactError, ConfigError
from tailor.files import locked, read_json, write_json
from tailor.plugins import did_you_mean
from tailor.serving.rules import SCOPES, Scope

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Key:
    """Who may do what. `per_minute` bounds requests a minute, `usd_per_month` what their answers cost in a month of
    UTC, in US dollars; None does not. `revoked` is when, "" if it is not."""

    id: str
    name: str
    hmac: str
    scopes: tuple[Scope, ...]
    created: str
    per_minute: int | None = None
    revoked: str = ""
    usd_per_month: float | None = None


def serving_folder(workspace: Path) -> Path:
    """Where the server keeps what is its own."""
    return workspace / ".tailor" / "serving"


class KeyStore:
    """The keys of a workspace."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._folder = serving_folder(workspace)
        self._path = self._folder / "keys.json"

    def keys(self) -> list[Key]:
        """All keys, oldest first.

        Raises:
            ArtifactError: the file is damaged or from a newer Tailor.
        """
        if not self._path.exists():
            return []
        value = read_json(self._path)
        try:
            if value["format_version"] != FORMAT_VERSION:
                raise ArtifactError(f"{self._path} is from another Tailor.", hint="Update Tailor.")
            return [_key(entry) for entry in value["keys"]]
        except (KeyError, TypeError) as error:
            raise ArtifactError(f"{self._path} is damaged: {error!r}.", hint="Restore it, or make keys anew.") from None

    def add(
        self,
        name: str,
        scopes: Sequence[str] = SCOPES,
        per_minute: int | None = None,
        usd_per_month: float | None = None,
    ) -> tuple[Key, str]:
        """Make a key; the second value is the key itself, which is stored nowhere.

        Raises:
            ConfigError: a name that is empty or taken, an unknown scope, an impossible limit.
        """
        if not name.strip():
            raise ConfigError("a key needs a name.", hint="Say who or what it is for: tailor keys add billing-bot")
        for scope in scopes:
            if scope not in SCOPES:
                raise ConfigError(f"there is no scope '{scope}'.{did_you_mean(scope, list(SCOPES))}")
        if not scopes:
            raise ConfigError(f"a key without a scope opens nothing.\nknown: {', '.join(SCOPES)}")
        if per_minute is not None and per_minute < 1:
            raise ConfigError(f"per minute must be 1 or more, found {per_minute}.")
        if usd_per_month is not None and not 0 < usd_per_month < math.inf:
            raise ConfigError(f"US dollars a month must be above 0, found {usd_per_month}.")
        secret = workspace_secret(self._workspace)
        with locked(self._folder / ".lock"):
            keys = self.keys()
            if any(k.name == name and not k.revoked for k in keys):
                raise ConfigError(f"there is a key called '{name}' already.", hint=f"tailor keys revoke '{name}'")
            token = f"tlr-{secrets.token_urlsafe(32)}"
            key = Key(
                secrets.token_hex(4),
                name,
                _hmac(secret, token),
                tuple(s for s in SCOPES if s in scopes),
                datetime.now(UTC).isoformat(timespec="seconds"),
                per_minute,
                usd_per_month=usd_per_month,
            )
            self._write([*keys, key])
        return key, token

    def revoke(self, reference: str) -> Key:
        """Revoke the key with this id or name; a running server refuses it from the next request.

        Raises:
            ConfigError: there is none.
        """
        with locked(self._folder / ".lock"):
            keys = self.keys()
            found = next((k for k in keys if not k.revoked and reference in (k.id, k.name)), None)
            if found is None:
                known = [k.name for k in keys if not k.revoked]
                raise ConfigError(f"there is no key called '{reference}'.{did_you_mean(reference, known)}")
            gone = replace(found, revoked=datetime.now(UTC).isoformat(timespec="seconds"))
            self._write([gone if k.id == found.id else k for k in keys])
        return gone

    def find(self, token: str, keys: Sequence[Key]) -> Key | None:
        """The key that this token is, among `keys`."""
        given = _hmac(workspace_secret(self._workspace), token)
        return next((k for k in keys if not k.revoked and hmac.compare_digest(k.hmac, given)), None)

    def seen(self) -> tuple[int, int] | None:
        """Changes when the file does."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    def _write(self, keys: Sequence[Key]) -> None:
        write_json(self._path, {"format_version": FORMAT_VERSION, "keys": list(keys)})
        self._path.chmod(0o600)


def workspace_secret(workspace: Path) -> bytes:
    """32 random bytes of this workspace, made at first use."""
    path = serving_folder(workspace) / "hmac.secret"
    if not path.exists():
        with locked(path.parent / ".lock"):
            if not path.exists():
                write_secret(path, secrets.token_bytes(32))
    return path.read_bytes()


def write_secret(path: Path, value: bytes) -> None:
    """Write a new file that only its owner may read; complete or not at all."""
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(value)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


class KeyRing:
    """The keys that open a running server: those of the workspace, as of now, and one from the environment.

    Without any key, not even a revoked one, everything is open: that is for this machine alone.
    """

    def __init__(self, store: KeyStore, environment: str | None = None) -> None:
        self._store = store
        self._environment = None if environment is None else hashlib.sha256(environment.encode()).digest()
        self._seen: tuple[int, int] | None = None
        self._keys: list[Key] = []

    @property
    def open(self) -> bool:
        """Whether requests need no key."""
        return self._environment is None and not self._current()

    def find(self, token: str) -> Key | None:
        """The key, None where it is unknown or revoked."""
        given = hashlib.sha256(token.encode("latin-1", "replace")).digest()
        if self._environment is not None and hmac.compare_digest(given, self._environment):
            return Key("environment", "environment", "", SCOPES, "")
        return self._store.find(token, self._current()) if self._current() else None

    def _current(self) -> list[Key]:
        seen = self._store.seen()
        if seen != self._seen:
            self._keys = self._store.keys()
            self._seen = seen
        # A file that was deleted does not open the door.
        return self._keys


def _hmac(secret: bytes, token: str) -> str:
    return hmac.new(secret, token.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _key(entry: dict[str, Any]) -> Key:
    return Key(**{**entry, "scopes": tuple(entry["scopes"])})
