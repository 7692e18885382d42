"""Where the releases of a workspace lie, and what is done to them: promote, roll back, take one in from elsewhere.

    .tailor/releases/
      history.jsonl        who moved the champion when and why, append-only        the truth
      current.json         aliases and list of releases                            its projection, for readers
      assistant/<version>/ the release folders
      .lock                held by whoever writes
    .tailor/tracking.db    MLflow, or a server of it                                a mirror, for people

What is authoritative, and why. The history is: one fsynced line is one move, so a move has happened or has not, and
there is a person and a reason for every one. `current.json` can always be recomputed from it, and is whenever somebody
gets the lock; it exists because a server must learn of a rollback within a second without MLflow (4 s to import), and
because one rename moves both aliases where MLflow needs two transactions. MLflow is neither: an alias moved in its
pages went through no gate and left no reason, so it is set back at the next promotion or rollback.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from tailor.errors import ArtifactError, ConfigError, GateError
from tailor.files import append_lines, new_folder, read_lines
from tailor.records import Adaptation
from tailor.registry.archive import manifest_of, pack
from tailor.registry.moving import settle
from tailor.registry.pointer import Pointer, ReleaseInfo, entry, read_pointer, replay, write_pointer
from tailor.registry.release import (
    Lineage,
    Release,
    ReleaseRecord,
    base_identity,
    load_release,
    read_record,
    write_release,
)

Alias = Literal["champion", "challenger"]
ACTION: dict[Alias, str] = {"champion": "promote", "challenger": "challenge"}

MLFLOW_VARIABLE = "TAILOR_MLFLOW_URI"
"""Address of an MLflow server that the mirror goes to. Not MLflow's own variable, which may stand for other work."""

NAME = "assistant"
"""The registered model of a workspace: versions count over all arms, because one of them is champion."""


def releases_folder(workspace: Path) -> Path:
    """Where the numbered release folders lie."""
    return workspace / ".tailor" / "releases" / NAME


def pointer_file(workspace: Path) -> Path:
    """The file that tells a server what to serve."""
    return workspace / ".tailor" / "releases" / "current.json"


class ReleaseStore:
    """The releases of one workspace.

    Args:
        workspace: the folder with `tailor.yaml`.
        on_progress: told in one sentence when something slow starts or the MLflow mirror falls behind.
    """

    def __init__(self, workspace: Path, *, on_progress: Callable[[str], None] = lambda _message: None) -> None:
        self.workspace = workspace
        self._on_progress = on_progress
        self._root = workspace / ".tailor" / "releases"
        self._history = self._root / "history.jsonl"
        self._pointer = pointer_file(workspace)
        self._tracking: Any = None

    def promote(
        self,
        adaptation: Adaptation,
        *,
        arm: str,
        seed: int,
        study: str,
        lineage: Lineage,
        by: str,
        why: str,
        force: bool = False,
        alias: Alias = "champion",
    ) -> Release:
        """Make an adaptation the champion; the champion so far becomes `previous`. Or make it the challenger, which
        moves no champion.

        Args:
            adaptation: its artifact paths relative to `.tailor/models`.
            force: promote an arm although its evidence does not recommend it; the history says so. Lineage cannot be
                forced: nobody could say later what it was.

        Raises:
            GateError: lineage is incomplete, or the evidence is against the arm.
            ConfigError: nobody or no reason is given.
            ArtifactError: trained weights or the index are missing or changed.
            MissingDependency: mlflow is not installed.
        """
        _signed(by, why)
        _pass_gates(adaptation, arm, lineage, force=force)
        with self._locked() as state:
            self._open_tracking()
            version = max(state.releases, default=0) + 1
            parent = state.releases[state.champion].id if state.champion else None
            created = _now()
            base = base_identity(adaptation)
            record = ReleaseRecord(NAME, version, created, arm, seed, study, lineage, base, parent)
            # A folder of this number that no history line names is what a killed promotion left; it is replaced.
            folder = releases_folder(self.workspace) / str(version)
            release = write_release(folder, adaptation, self.workspace / ".tailor" / "models", record)
            info = ReleaseInfo(version, arm, created, release.manifest_sha256)
            move = {"by": by, "why": why, "forced": force, "release": entry(info)}
            self._commit(state, {"action": ACTION[alias], **move}, to=version)
            self._mirror()
        return release

    def name(self, reference: str, alias: Alias, *, by: str, why: str, force: bool = False) -> Release:
        """Give an alias to a release that there is already: a challenger becomes champion, say.

        Raises:
            ConfigError: there is no such release, it carries the alias already, or nobody or no reason is given.
            GateError: its evidence does not recommend it.
            ArtifactError: it was changed.
        """
        _signed(by, why)
        with self._locked() as state:
            info = state.resolve(reference)
            if alias in info.aliases:
                raise ConfigError(f"{info.id} is the {alias} already.")
            release = self._load(info)
            _pass_gates(release.adaptation, info.arm, release.record.lineage, force=force)
            self._commit(state, {"action": ACTION[alias], "by": by, "why": why, "forced": force}, to=info.version)
            self._mirror()
        return release

    def export(self, reference: str, target: Path) -> Release:
        """Write a verified release to one file (`archive.py`).

        Raises:
            ConfigError: there is no such release.
            ArtifactError: it was changed, or the target is taken.
        """
        info = self._state().resolve(reference)
        pack(releases_folder(self.workspace) / str(info.version), target, manifest_sha256=info.manifest_sha256)
        return self._load(info)

    def take_in(self, source: Path, *, by: str, why: str) -> Release:
        """Add the release of an archive, under a number of this workspace and without an alias. Its record stays as it
        was. The same archive twice is one release.

        Raises:
            ArtifactError: the archive was changed or holds what a release may not hold, or its base model is not here.
            ConfigError: nobody or no reason is given.
        """
        _signed(by, why)
        with self._locked() as state:
            origin = manifest_of(source)
            if (known := self._imported(origin, state)) is not None:
                return self._load(known)
            version = max(state.releases, default=0) + 1
            with new_folder(releases_folder(self.workspace) / str(version)) as temporary:
                record, digest = settle(source, temporary, self.workspace)
            info = ReleaseInfo(version, record.arm, record.created, digest)
            move = {"action": "import", "by": by, "why": why, "origin": {"id": record.id, "manifest_sha256": origin}}
            self._commit(state, {**move, "release": entry(info)}, to=None)
            self._mirror()
            return self._load(info)

    def rollback(self, by: str, why: str) -> Release:
        """Swap champion and previous. Servers follow within a second; a second rollback swaps back.

        Raises:
            ArtifactError: there is nothing to go back to, or the previous release does not verify.
            ConfigError: nobody or no reason is given.
        """
        _signed(by, why)
        with self._locked() as state:
            if state.previous is None:
                raise ArtifactError(
                    "there is no previous release to roll back to.", hint="It appears with the second promotion."
                )
            release = self._load(state.releases[state.previous])
            self._commit(state, {"action": "rollback", "by": by, "why": why}, to=state.previous)
            self._mirror()
        return release

    def release(self, reference: str) -> Release:
        """The verified release that "champion", "previous", "challenger", "3" or "lora@3" names.

        Raises:
            ConfigError: there is no such release.
            ArtifactError: it was changed.
        """
        return self._load(self._state().resolve(reference))

    def releases(self) -> list[ReleaseInfo]:
        """All releases, oldest first, with their aliases."""
        return self._state().listed()

    def records(self) -> list[tuple[ReleaseInfo, ReleaseRecord]]:
        """All releases with their lineage, oldest first; read without comparing every byte of them.

        Raises:
            ArtifactError: a record is missing or damaged.
        """
        folder = releases_folder(self.workspace)
        return [(info, read_record(folder / str(info.version))) for info in self.releases()]

    def history(self) -> list[dict[str, Any]]:
        """Every move, oldest first: action, by, why, when, from, to (versions)."""
        with self._locked():
            return read_lines(self._history)

    def _imported(self, manifest_sha256: str, state: Pointer) -> ReleaseInfo | None:
        """The release with this manifest, here or where it came from."""
        origins = {m["release"]["version"]: m["origin"] for m in read_lines(self._history) if m["action"] == "import"}
        for info in state.listed():
            if manifest_sha256 in (info.manifest_sha256, origins.get(info.version, {}).get("manifest_sha256")):
                return info
        return None

    def _state(self) -> Pointer:
        """What readers go by: brought up to date when nobody is writing, else as it stands."""
        if not self._history.exists():
            return read_pointer(self._pointer)
        try:
            with self._locked(wait=False) as state:
                return state
        except BlockingIOError:
            return read_pointer(self._pointer)

    @contextmanager
    def _locked(self, *, wait: bool = True) -> Iterator[Pointer]:
        """Alone with the store, pointer and history agreeing. However the process ends, the lock goes with it."""
        self._root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._root / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield self._reconciled()
        finally:
            os.close(descriptor)

    def _reconciled(self) -> Pointer:
        state = replay(read_lines(self._history))
        try:
            current = read_pointer(self._pointer)
        except ArtifactError:
            current = None
        if state != current:
            write_pointer(self._pointer, state)
        return state

    def _commit(self, state: Pointer, move: dict[str, Any], *, to: int | None) -> None:
        """The move has happened once its line is on disk; then readers are told."""
        since = {"challenge": state.challenger, "import": None}.get(move["action"], state.champion)
        append_lines(self._history, [{**move, "when": _now(), "from": since, "to": to}])
        write_pointer(self._pointer, replay(read_lines(self._history)))

    def _load(self, info: ReleaseInfo) -> Release:
        folder = releases_folder(self.workspace) / str(info.version)
        release = load_release(folder, manifest_sha256=info.manifest_sha256)
        return release if release.version == info.version else replace(release, number=info.version)

    def _open_tracking(self) -> Any:
        from tailor.registry.tracking import Tracking

        if self._tracking is None:
            database = self.workspace / ".tailor" / "tracking.db"
            self._tracking = Tracking(
                database,
                releases_folder(self.workspace),
                server=os.environ.get(MLFLOW_VARIABLE, "").strip(),
                on_progress=self._on_progress,
            )
        return self._tracking

    def _mirror(self) -> None:
        """MLflow after the fact. What people wait for is done; MLflow costs seconds to import and must not undo it, so
        whatever goes wrong with it is reported and made good at the next move."""
        state = read_pointer(self._pointer)
        try:
            self._open_tracking().mirror(NAME, state.listed(), state.aliases(), load=self._load)
        except Exception as error:  # any of MLflow's, SQLAlchemy's or SQLite's, or a damaged old release
            self._on_progress(f"MLflow was not updated ({type(error).__name__}); the next promotion tries again.")


def _signed(by: str, why: str) -> None:
    if not by.strip() or not why.strip():
        raise ConfigError("a release moves in somebody's name and for a reason; one of them is empty.")


def _pass_gates(adaptation: Adaptation, arm: str, lineage: Lineage, *, force: bool) -> None:
    missing = lineage.missing()
    if not adaptation.base.revision:
        missing.append("base.revision")
    if missing:
        raise GateError(
            f"gate lineage: {arm} cannot be released without {', '.join(missing)}.",
            hint="Promote from a finished study; it records all of them.",
        )
    if not lineage.evidence.recommended and not force:
        raise GateError(
            f"gate evidence: the study does not recommend {arm} (verdict: {lineage.evidence.verdict}).",
            hint="Read the report. To promote it all the same, use --force; the history will say so.",
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
