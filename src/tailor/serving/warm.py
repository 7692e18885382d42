"""Releases that are loaded and verified, and the runtimes that answer with them. Used by the worker's thread only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tailor.records import Adaptation, Base, Completion, Failure, Message
from tailor.registry.pointer import Pointer, ReleaseInfo, read_pointer
from tailor.registry.release import load_release, rebased
from tailor.serving.chat_request import Options

KEPT_WARM = 3


class Answering(Protocol):
    """What the server needs of `tailor.runtime.Runtime`."""

    def answer(
        self, adaptation: Adaptation, conversations: Sequence[tuple[Message, ...]], /
    ) -> list[Completion | Failure]: ...

    def stream(self, adaptation: Adaptation, messages: tuple[Message, ...], /) -> Iterator[str | Completion]: ...

    def close(self) -> None: ...


RuntimeFactory = Callable[[Path], Answering]


@dataclass(frozen=True)
class Target:
    """Which release answers and with which options; requests with equal targets share a batch."""

    version: int
    manifest_sha256: str
    options: Options


class WarmReleases:
    """The releases used last, each verified once, when it was loaded.

    Releases on one base share a runtime, and with it the base model in memory; a runtime is closed when none of the
    warm releases needs it any more.

    Args:
        folder: where the numbered release folders lie.
        runtime_factory: makes what answers from the folder that artifact paths are relative to.
    """

    def __init__(self, folder: Path, runtime_factory: RuntimeFactory) -> None:
        self._folder = folder
        self._factory = runtime_factory
        self._warm: OrderedDict[tuple[int, str], Adaptation] = OrderedDict()
        self._runtimes: dict[Base, Answering] = {}

    def answer(self, target: Target, conversations: Sequence[tuple[Message, ...]]) -> list[Completion | Failure]:
        """Answer with a release, loading it first where needed.

        Raises:
            TailorError: the release was changed, or its base model cannot be loaded.
        """
        adaptation, runtime = self._get(target)
        return runtime.answer(adaptation, conversations)

    def stream(self, target: Target, messages: tuple[Message, ...]) -> Iterator[str | Completion]:
        """As `answer`, in pieces."""
        adaptation, runtime = self._get(target)
        yield from runtime.stream(adaptation, messages)

    def close(self) -> None:
        """Free everything."""
        self._warm.clear()
        self._close_unused()

    def _get(self, target: Target) -> tuple[Adaptation, Answering]:
        key = (target.version, target.manifest_sha256)
        if key not in self._warm:
            release = load_release(self._folder / str(target.version), manifest_sha256=target.manifest_sha256)
            self._warm[key] = rebased(release.adaptation, str(target.version))
        self._warm.move_to_end(key)
        if len(self._warm) > KEPT_WARM:
            self._warm.popitem(last=False)
            self._close_unused()
        adaptation = self._warm[key]
        if adaptation.base not in self._runtimes:
            self._runtimes[adaptation.base] = self._factory(self._folder)
        return target.options.applied_to(adaptation), self._runtimes[adaptation.base]

    def _close_unused(self) -> None:
        used = {adaptation.base for adaptation in self._warm.values()}
        for base in [b for b in self._runtimes if b not in used]:
            self._runtimes.pop(base).close()


class CurrentReleases:
    """`current.json` as of now: looked at before every request, read again when it was replaced. A rollback is
    therefore seen by the next request, at the price of one stat call.

    Raises (all methods):
        ArtifactError: the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._pointer = Pointer()

    def resolve(self, name: str) -> ReleaseInfo:
        """The release that a model name means now.

        Raises:
            ConfigError: there is none.
        """
        return self.pointer().resolve(name)

    def pointer(self) -> Pointer:
        """All releases and aliases."""
        try:
            status = self._path.stat()
            now = (status.st_ino, status.st_mtime_ns)
        except FileNotFoundError:
            now = None
        if now != self._seen:
            self._pointer = read_pointer(self._path)
            self._seen = now
        return self._pointer
