"""Releases that are loaded and verified, and the runtimes that answer with them."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tailor.records import Adaptation, Base, Completion, Failure, Message
from tailor.registry.release import load_release, rebased
from tailor.serving.options import Options

if TYPE_CHECKING:
    from tailor.runtime.runtime import Begun

KEPT_WARM = 8


class Answering(Protocol):
    """What the server needs of `tailor.runtime.Runtime`."""

    def takes_threads(self, adaptation: Adaptation, /) -> bool: ...

    def answer(
        self, adaptation: Adaptation, conversations: Sequence[tuple[Message, ...]], /, *, tools: str = ""
    ) -> list[Completion | Failure]: ...

    def stream(
        self, adaptation: Adaptation, messages: tuple[Message, ...], /, *, tools: str = ""
    ) -> Iterator[str | Completion]: ...

    def begin(
        self, adaptation: Adaptation, conversations: Sequence[tuple[Message, ...]], /, *, top_logprobs: int | None
    ) -> list[Begun]: ...

    def step(self) -> None: ...

    def close(self) -> None: ...


RuntimeFactory = Callable[[Path], Answering]


@dataclass(frozen=True)
class Target:
    """Which release answers and with which options. `folder` is relative to `.tailor`."""

    id: str
    folder: str
    manifest_sha256: str
    options: Options


class WarmReleases:
    """The releases used last, each verified once, when it was loaded.

    Releases on one base share a runtime, and with it the base model in memory; a runtime is closed when none of the
    warm releases needs it any more. A release that answers is never dropped.

    Args:
        state: `.tailor` of the workspace.
        runtime_factory: makes what answers from the folder that artifact paths are relative to.
    """

    def __init__(self, state: Path, runtime_factory: RuntimeFactory) -> None:
        self._state = state
        self._factory = runtime_factory
        self._warm: OrderedDict[tuple[str, str], Adaptation] = OrderedDict()
        self._leases: Counter[tuple[str, str]] = Counter()
        self._runtimes: dict[Base, Answering] = {}
        self._lock = threading.Lock()

    def lease(self, target: Target) -> tuple[Adaptation, Answering]:
        """The release with the target's options and what answers with it, loaded first where needed; kept until as
        many `release` calls.

        Raises:
            TailorError: the release was changed, or is from a newer Tailor.
        """
        key = (target.folder, target.manifest_sha256)
        if key not in self._warm:
            found = load_release(self._state / target.folder, manifest_sha256=target.manifest_sha256)
            self._warm[key] = rebased(found.adaptation, target.folder)
        adaptation = self._warm[key]
        if adaptation.base not in self._runtimes:
            self._runtimes[adaptation.base] = self._factory(self._state)
        with self._lock:
            self._leases[key] += 1
            self._warm.move_to_end(key)
            self._drop_oldest()
        return target.options.applied_to(adaptation), self._runtimes[adaptation.base]

    def adapted(self, target: Target) -> Adaptation:
        """The adaptation of a leased target."""
        return target.options.applied_to(self._warm[target.folder, target.manifest_sha256])

    def release(self, target: Target) -> None:
        """Give a lease back."""
        with self._lock:
            self._leases[target.folder, target.manifest_sha256] -= 1

    def step(self) -> None:
        """A token for every answer under way on a local base."""
        for runtime in self._runtimes.values():
            runtime.step()

    def close(self) -> None:
        """Free everything."""
        self._warm.clear()
        for runtime in self._runtimes.values():
            runtime.close()
        self._runtimes.clear()

    def _drop_oldest(self) -> None:
        idle = [key for key in self._warm if self._leases[key] <= 0]
        for key in idle[: max(0, len(self._warm) - KEPT_WARM)]:
            del self._warm[key]
        used = {adaptation.base for adaptation in self._warm.values()}
        for base in [b for b in self._runtimes if b not in used]:
            self._runtimes.pop(base).close()
