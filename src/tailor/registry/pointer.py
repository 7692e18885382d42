"""`current.json`: which releases there are and which one is champion - all that a server needs to know.

One small file, replaced by rename: a reader sees both aliases before a move or both after it, never one of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tailor.errors import ArtifactError, ConfigError
from tailor.files import read_json, write_json
from tailor.plugins import did_you_mean

FORMAT_VERSION = 1
ALIASES = ("champion", "previous", "challenger")


@dataclass(frozen=True)
class ReleaseInfo:
    """One line of the list of releases."""

    version: int
    arm: str
    created: str
    manifest_sha256: str
    aliases: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """`lora@3`"""
        return f"{self.arm}@{self.version}"


@dataclass(frozen=True)
class Pointer:
    """The state after all moves so far. `challenger` is a release that is to be tried beside the champion."""

    champion: int | None = None
    previous: int | None = None
    releases: Mapping[int, ReleaseInfo] = field(default_factory=dict)
    challenger: int | None = None

    def aliases(self) -> dict[str, int | None]:
        """Alias -> version, None where it is not set."""
        return {"champion": self.champion, "previous": self.previous, "challenger": self.challenger}

    def alias(self, name: str) -> int | None:
        return self.aliases()[name]

    def listed(self) -> list[ReleaseInfo]:
        """All releases, oldest first, with the aliases they carry."""
        return [self._named(self.releases[version]) for version in sorted(self.releases)]

    def resolve(self, reference: str) -> ReleaseInfo:
        """The release that "champion", "previous", "challenger", "3" or "lora@3" means.

        Raises:
            ConfigError: there is no such release.
        """
        if reference in ALIASES:
            version = self.alias(reference)
            if version is None:
                more = " ARM --as challenger" if reference == "challenger" else ""
                raise ConfigError(f"there is no {reference} release yet.", hint=f"Promote one: tailor promote{more}")
            return self._named(self.releases[version])
        for info in self.releases.values():
            if reference in (info.id, str(info.version)):
                return self._named(info)
        raise ConfigError(f"there is no release called '{reference}'.{did_you_mean(reference, self.references())}")

    def references(self) -> list[str]:
        """Every name that a client may use: the aliases that are set, then the ids, newest first."""
        set_aliases = [name for name in ALIASES if self.alias(name) is not None]
        return [*set_aliases, *(info.id for info in reversed(self.listed()))]

    def _named(self, info: ReleaseInfo) -> ReleaseInfo:
        aliases = tuple(name for name in ALIASES if self.alias(name) == info.version)
        return ReleaseInfo(info.version, info.arm, info.created, info.manifest_sha256, aliases)


def replay(history: Iterable[Mapping[str, Any]]) -> Pointer:
    """The state that a history of moves leads to.

    A move may bring a `release`; `promote` and `rollback` move the champion, `challenge` the challenger, `import`
    neither. A challenger that becomes champion is none any more.
    """
    champion: int | None = None
    previous: int | None = None
    challenger: int | None = None
    releases: dict[int, ReleaseInfo] = {}
    for move in history:
        if found := move.get("release"):
            releases[found["version"]] = ReleaseInfo(**found)
        if move["action"] == "challenge":
            challenger = move["to"]
        elif move["action"] != "import":
            champion, previous = move["to"], move["from"]
            challenger = None if challenger == champion else challenger
    return Pointer(champion, previous, releases, challenger)


def write_pointer(path: Path, pointer: Pointer) -> None:
    """Replace `current.json` atomically."""
    releases = {str(i.version): entry(i) for i in pointer.listed()}
    write_json(path, {"format_version": FORMAT_VERSION, **pointer.aliases(), "releases": releases})


def entry(info: ReleaseInfo) -> dict[str, Any]:
    """A release as it stands in `current.json` and in the history; aliases are kept apart, because they move."""
    return {
        "version": info.version,
        "arm": info.arm,
        "created": info.created,
        "manifest_sha256": info.manifest_sha256,
    }


def read_pointer(path: Path) -> Pointer:
    """Read `current.json`; no file means no release yet.

    Raises:
        ArtifactError: the file is damaged or from a newer Tailor.
    """
    if not path.exists():
        return Pointer()
    value = read_json(path)
    try:
        if value["format_version"] != FORMAT_VERSION:
            raise ArtifactError(
                f"{path} has format version {value['format_version']}; this Tailor reads {FORMAT_VERSION}.",
                hint="Update Tailor.",
            )
        releases = {int(version): ReleaseInfo(**fields) for version, fields in value["releases"].items()}
        pointer = Pointer(value["champion"], value["previous"], releases, value.get("challenger"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(
            f"{path} is damaged: {error!r}", hint="Delete it; it is rebuilt from history.jsonl."
        ) from None
    if any(v is not None and v not in releases for v in pointer.aliases().values()):
        raise ArtifactError(f"{path} is damaged: an alias names no release.", hint="Delete it; it will be rebuilt.")
    return pointer
