"""A release from elsewhere, made at home: unpacked, verified, and its base model found on this machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tailor.errors import ArtifactError, ConfigError
from tailor.files import write_json
from tailor.models.base import resolve_base
from tailor.models.hub import pinned
from tailor.records import Base
from tailor.registry.archive import unpack
from tailor.registry.manifest import MANIFEST, verify, write_manifest
from tailor.registry.pointer import ALIASES
from tailor.registry.release import ADAPTATION, ReleaseRecord, load_release
from tailor.study.settings_file import CONFIG_NAME, read_settings


def settle(source: Path, folder: Path, workspace: Path) -> tuple[ReleaseRecord, str]:
    """Unpack an archive into an empty folder; returns the release's record and the SHA-256 of its manifest here.

    All of it stays as it was but one thing: where the base model lies on this machine.

    Raises:
        ArtifactError: the archive was changed, holds what a release may not hold, or its base model is not here.
    """
    from tailor.runtime.adaptation import adaptation_to_json

    unpack(source, folder)
    release = load_release(folder)
    arm = release.record.arm
    if not (arm and arm.isprintable() and len(arm) <= 200) or arm in ALIASES:
        raise ArtifactError(f"{source} is refused: its arm is called {arm[:50]!r}.")
    base = base_here(release.adaptation.base, workspace)
    if base != release.adaptation.base:
        write_json(folder / ADAPTATION, adaptation_to_json(replace(release.adaptation, base=base)))
        (folder / MANIFEST).unlink()
        write_manifest(folder)
    return release.record, verify(folder)


def base_here(base: Base, workspace: Path) -> Base:
    """The same base on this machine: one that ships with Tailor, or the `base` of the workspace's `tailor.yaml`.

    Any other is refused: a release from elsewhere must not make this machine load, fetch or ask a model that nobody
    here named.

    Raises:
        ArtifactError: it is another model, or the same one with other weights.
    """
    own = _own(base, workspace)
    same = (own.kind, own.revision) == (base.kind, base.revision)
    if base.kind in ("endpoint", "hub"):
        same = same and (own.name, own.location) == (base.name, base.location)
    if not same:
        raise ArtifactError(
            f"The release was made on {_words(base)}; found {_words(own)}.",
            hint=f"Its base must be the base of {CONFIG_NAME}, with the same weights.",
        )
    return replace(own, quantised=base.quantised)


def _own(base: Base, workspace: Path) -> Base:
    try:
        if base.kind == "builtin":
            return resolve_base(base.name, workspace)
        own = resolve_base(read_settings(workspace).value.get("base", ""), workspace)
    except ConfigError as error:
        raise ArtifactError(
            f"The release was made on {_words(base)}, which is not known here: {error.message}",
            hint=f"Set 'base' in {CONFIG_NAME} to it: a release from elsewhere may not choose what is asked here.",
        ) from None
    if own.kind == base.kind == "hub" and own.name == base.name:
        return pinned(own if own.revision else replace(own, revision=base.revision))
    return own


def _words(base: Base) -> str:
    place = f" at {base.location}" if base.kind == "endpoint" else ""
    revision = f" ({base.revision[:16]})" if base.kind != "endpoint" else ""
    return f"the {base.kind} {base.name}{place}{revision}"
