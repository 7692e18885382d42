"""The names that a client may ask for, and what is behind each of them now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tailor.errors import ArtifactError, ConfigError
from tailor.files import read_json
from tailor.plugins import did_you_mean
from tailor.registry.pointer import ALIASES, Pointer, read_pointer
from tailor.registry.store import NAME, pointer_file


@dataclass(frozen=True)
class Served:
    """A model of the door. `folder` is relative to `.tailor`; `created` is ISO 8601 in UTC."""

    id: str
    folder: str
    manifest_sha256: str
    created: str


def tuned_models(workspace: Path) -> Path:
    """The file that names the models of the fine-tuning API."""
    return workspace / ".tailor" / "tuned" / "models.json"


class Catalogue:
    """Releases, and models of the fine-tuning API, as of now: the files that list them are looked at before every
    request and read again when they were replaced. A rollback is therefore seen by the next request, at the price of
    two stat calls.

    Raises (all methods):
        ArtifactError: the file is damaged.
    """

    def __init__(self, workspace: Path) -> None:
        self._path = pointer_file(workspace)
        self._seen: tuple[int, int] | None = None
        self._pointer = Pointer()
        self._tuned_path = tuned_models(workspace)
        self._tuned_seen: tuple[int, int] | None = None
        self._tuned: dict[str, Served] = {}

    def resolve(self, name: str) -> Served:
        """What a model name means now.

        Raises:
            ConfigError: there is none of that name.
        """
        pointer = self._current()
        if name in pointer.references() or name.isdigit():
            info = pointer.resolve(name)
            return Served(info.id, f"releases/{NAME}/{info.version}", info.manifest_sha256, info.created)
        if name in (tuned := self._tuned_now()):
            return tuned[name]
        if name in ALIASES:
            pointer.resolve(name)
        raise ConfigError(f"there is no model called '{name}'.{did_you_mean(name, self.names())}")

    def names(self) -> list[str]:
        """Every name: the aliases that are set, then the releases, newest first, then tuned models, newest first."""
        return [*self._current().references(), *reversed(self._tuned_now())]

    def _tuned_now(self) -> dict[str, Served]:
        seen = _stamp(self._tuned_path)
        if seen != self._tuned_seen:
            self._tuned = _read_tuned(self._tuned_path) if seen else {}
            self._tuned_seen = seen
        return self._tuned

    def _current(self) -> Pointer:
        now = _stamp(self._path)
        if now != self._seen:
            self._pointer = read_pointer(self._path)
            self._seen = now
        return self._pointer


def _stamp(path: Path) -> tuple[int, int] | None:
    """Changes when the file is replaced; None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def _read_tuned(path: Path) -> dict[str, Served]:
    try:
        return {
            name: Served(name, m["folder"], m["manifest_sha256"], datetime.fromtimestamp(m["created"], UTC).isoformat())
            for name, m in read_json(path).items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(f"{path} is damaged: {error!r}.") from None
