"""Checkpoints that survive a kill: tensors as safetensors, the rest as JSON, each complete or absent."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tailor.errors import ArtifactError
from tailor.files import new_folder, read_json, sha256_of, sha256_of_file, write_json
from tailor.training.development import DevScore
from tailor.training.options import TrainingOptions, TrainingRow

FORMAT = 2
SMALL_FILE = 1 << 30
"""Weights up to this size (1 GiB) are told apart by content, larger ones by size and time of change."""


@dataclass(frozen=True)
class State:
    """Where a training stands, without its tensors. `window`: loss sum and answer tokens since the last report;
    `rehearsed`: the same of the general rows; `rehearsal_curve`: their nats per token at each report."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    window: tuple[float, int] = (0.0, 0)
    curve: tuple[tuple[int, float, float | None], ...] = ()
    scores: tuple[DevScore, ...] = ()
    best: DevScore | None = None
    stale: int = 0
    resumed: int = 0
    rehearsal_tokens: int = 0
    rehearsal_seconds: float = 0.0
    rehearsed: tuple[float, int] = (0.0, 0)
    rehearsal_curve: tuple[tuple[int, float], ...] = ()


@dataclass
class Tensors:
    """The tensors of a training: weights and best weights by parameter name, AdamW moments, random states."""

    weights: dict[str, Any]
    best: dict[str, Any] = field(default_factory=dict)
    moments: dict[str, Any] = field(default_factory=dict)
    random: dict[str, Any] = field(default_factory=dict)


def identity(
    base_folder: Path,
    rows: Sequence[TrainingRow],
    dev: Sequence[TrainingRow],
    general: Sequence[TrainingRow],
    options: TrainingOptions,
    seed: int,
    bf16: bool,
) -> str:
    """What a checkpoint belongs to. A call that differs in anything that shapes the weights never sees it."""
    files = sorted(p for p in base_folder.iterdir() if p.is_file() and not p.name.startswith("."))
    base = {p.name: _fingerprint(p) for p in files}
    return sha256_of([FORMAT, base, rows, dev, general, options, seed, bf16])


def _fingerprint(path: Path) -> str:
    status = path.stat()
    return sha256_of_file(path) if status.st_size <= SMALL_FILE else f"{status.st_size} {status.st_mtime_ns}"


class Checkpoints:
    """The checkpoints of one training below `work`, in a folder named after its identity.

    A new one is complete before the old one goes, so there is always one to continue from.
    """

    def __init__(self, work: Path, name: str) -> None:
        self.folder = work / name[:16]
        self.name = name

    def save(self, state: State, tensors: Tensors) -> None:
        """Write a checkpoint and delete older ones."""
        from safetensors.torch import save_file

        target = self.folder / f"step-{state.step:09d}"
        groups = {
            "weights": tensors.weights,
            "best": tensors.best,
            "moments": tensors.moments,
            "random": tensors.random,
        }
        with new_folder(target) as temporary:
            for group, values in groups.items():
                save_file({k: v.detach().contiguous() for k, v in values.items()}, temporary / f"{group}.safetensors")
            write_json(temporary / "state.json", {"identity": self.name, **asdict(state)})
        for other in self.folder.iterdir():
            if other != target:
                shutil.rmtree(other)

    def load(self) -> tuple[State, Tensors] | None:
        """The newest checkpoint, or None."""
        from safetensors.torch import load_file

        found = sorted(self.folder.glob("step-*")) if self.folder.is_dir() else []
        if not found:
            return None
        stored = read_json(found[-1] / "state.json")
        if stored.pop("identity") != self.name:
            raise ArtifactError(
                f"the checkpoint {found[-1]} belongs to another training.",
                hint=f"Delete {self.folder} and start again.",
            )
        groups = {g: load_file(found[-1] / f"{g}.safetensors") for g in ("weights", "best", "moments", "random")}
        return _state(stored), Tensors(**groups)


def _state(stored: Mapping[str, Any]) -> State:
    state = State(**stored)
    return replace(
        state,
        window=(state.window[0], state.window[1]),
        rehearsed=(state.rehearsed[0], state.rehearsed[1]),
        rehearsal_curve=tuple((s, loss) for s, loss in stored["rehearsal_curve"]),
        curve=tuple((s, loss, dev) for s, loss, dev in stored["curve"]),
        scores=tuple(DevScore(**s) for s in stored["scores"]),
        best=DevScore(**stored["best"]) if stored["best"] else None,
        resumed=state.resumed + 1,
    )
