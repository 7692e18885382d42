"""Answers that were given before, so that nothing is paid for twice: not by the next study, not after a kill.

One file for each adaptation, one line for each answer, forced to disk before the next is waited for. The name of an
answer is the hash of what it depends on: the adaptation, the messages as the model saw them, the number of the sample,
and Tailor's version. Only answers are kept; a failure is asked again.

What may be paid for is written down before it is sent, too. A request without an answer was under way when the process
was killed: its answer is lost, nobody here can know whether it was billed, and it has to be asked for again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tailor
from tailor.files import append_lines, read_lines, sha256_of
from tailor.models import Request
from tailor.records import Adaptation, Completion, Usage
from tailor.runtime.adaptation import adaptation_sha256


class AnswerMemory:
    """What is remembered below a folder. Several processes may use it at once.

    Args:
        folder: made where it is not there yet; deleting it means asking everything anew.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked = folder.with_name(f"{folder.name}-asked")
        self._known: dict[Path, tuple[int, dict[str, Any]]] = {}

    def names(self, adaptation: Adaptation, requests: Sequence[Request], sample: int) -> list[str]:
        """What each answer is called: 24 characters of the adaptation's hash, a slash, the hash of the rest."""
        identity = adaptation_sha256(adaptation)
        rest = [sha256_of([identity, r.messages, sample, tailor.__version__]) for r in requests]
        return [f"{identity[:24]}/{name}" for name in rest]

    def recall(self, names: Sequence[str]) -> dict[str, Completion]:
        """The answers that are known, by name."""
        found = {}
        for name in names:
            line = self._lines(name).get(name.partition("/")[2])
            if line is not None:
                found[name] = Completion(line["completion"], Usage(**line["usage"]), finish=line["finish"])
        return found

    def keep(self, answers: Mapping[str, Completion]) -> None:
        """Write answers down; when this returns they are on disk."""
        for path in {self._path(name) for name in answers}:
            lines = [
                {"name": name.partition("/")[2], "completion": a.text, "finish": a.finish, "usage": a.usage}
                for name, a in answers.items()
                if self._path(name) == path
            ]
            append_lines(path, lines)

    def intend(self, name: str) -> None:
        """An answer is about to be asked for; when this returns that is on disk."""
        append_lines(self._path(name, self.asked), [{"name": name.partition("/")[2]}])

    def refused(self, name: str) -> None:
        """A failure came back: nothing is under way any more."""
        append_lines(self._path(name, self.asked), [{"name": name.partition("/")[2], "failed": True}])

    def lost(self, names: Sequence[str]) -> list[str]:
        """Those that were asked for before and to which nothing came back."""
        known, found = self.recall(names), []
        for name in names:
            last = self._lines(name, self.asked).get(name.partition("/")[2])
            if name not in known and last is not None and not last.get("failed"):
                found.append(name)
        return found

    def _path(self, name: str, folder: Path | None = None) -> Path:
        return (folder or self.folder) / f"{name.partition('/')[0]}.jsonl"

    def _lines(self, name: str, folder: Path | None = None) -> dict[str, Any]:
        """The lines of a file, read again only when it has grown."""
        path = self._path(name, folder)
        size = path.stat().st_size if path.is_file() else 0
        known = self._known.get(path)
        if known is None or known[0] != size:
            known = size, {line["name"]: line for line in read_lines(path)}
            self._known[path] = known
        return known[1]
