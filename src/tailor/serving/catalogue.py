"""The names that a client may ask for, and what is behind each of them now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tailor.errors import ConfigError
from tailor.plugins import did_you_mean
from tailor.registry.pointer import Pointer, read_pointer
from tailor.registry.store import NAME, pointer_file


@dataclass(frozen=True)
class Served:
    """A model of the door. `folder` is relative to `.tailor`; `created` is ISO 8601 in UTC."""

    id: str
    folder: str
    manifest_sha256: str
    created: str


class Catalogue:
    """`current.json` as of now: looked at before every request, read again when it was replaced. A rollback is
    therefore seen by the next request, at the price of one stat call.

    Raises (all methods):
        ArtifactError: the file is damaged.
    """

    def __init__(self, workspace: Path) -> None:
        self._path = pointer_file(workspace)
        self._seen: tuple[int, int] | None = None
        self._pointer = Pointer()

    def resolve(self, name: str) -> Served:
        """What a model name means now.

        Raises:
            ConfigError: there is none of that name.
        """
        pointer = self._current()
        if name in pointer.references() or name.isdigit():
            info = pointer.resolve(name)
            return Served(info.id, f"releases/{NAME}/{info.version}", info.manifest_sha256, info.created)
        if name in ("champion", "previous"):
            pointer.resolve(name)
        raise ConfigError(f"there is no model called '{name}'.{did_you_mean(name, self.names())}")

    def names(self) -> list[str]:
        """Every name: the aliases that are set, then the releases, newest first."""
        return self._current().references()

    def _current(self) -> Pointer:
        try:
            status = self._path.stat()
            now = (status.st_ino, status.st_mtime_ns)
        except FileNotFoundError:
            now = None
        if now != self._seen:
            self._pointer = read_pointer(self._path)
            self._seen = now
        return self._pointer
