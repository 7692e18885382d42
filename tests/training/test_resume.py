"""A training that was stopped goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_llama import row

from tailor.training import Progress, TrainingOptions, TrainingRow, train

OPTIONS = TrainingOptions("lora", epochs=4, batch_tokens=256, rank=4, learning_rate=5e-3)

PROGRAM = """
import sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[4])
from tiny_llama import colour_rows, row
from tailor.training import TrainingOptions, train
options = TrainingOptions(sys.argv[5], epochs=4, batch_tokens=256, rank=4, learning_rate=5e-3, replay=0.2)
rows = colour_rows()
general = [row(f"What comes after {n}?", str(n + 1)) for n in range(30)]
train(Path(sys.argv[1]), rows, rows[:8], options, seed=1, folder=Path(sys.argv[2]), work=Path(sys.argv[3]),
      general=general, on_progress=lambda progress: time.sleep(0.1), checkpoint_seconds=0)
"""


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(next(folder.glob("*.safetensors"))))


def assert_equal(a: Path, b: Path) -> None:
    import torch

    first, second = weights(a), weights(b)
    assert first.keys() == second.keys()
    for name in first:
        torch.testing.assert_close(first[name], second[name], atol=1e-6, rtol=0)


class Interrupted(Exception):
    pass


def interrupt_at(step: int) -> Any:
    def on_progress(progress: Progress) -> None:
        if progress.step >= step:
            raise Interrupted

    return on_progress


@pytest.mark.parametrize("at", [2, 7])
def test_an_interrupted_training_ends_as_an_undisturbed_one(
    base: Path, rows: list[TrainingRow], tmp_path: Path, at: int
) -> None:
    whole = train(base, rows, rows[:8], OPTIONS, seed=1, folder=tmp_path / "a", work=tmp_path / "wa")
    with pytest.raises(Interrupted):
        train(
            base, rows, rows[:8], OPTIONS, seed=1, folder=tmp_path / "b", work=tmp_path / "wb",
            on_progress=interrupt_at(at), checkpoint_seconds=0,
        )  # fmt: skip
    assert not (tmp_path / "b").exists()
    steps: list[int] = []
    record = train(
        base, rows, rows[:8], OPTIONS, seed=1, folder=tmp_path / "b", work=tmp_path / "wb",
        on_progress=lambda p: steps.append(p.step),
    )  # fmt: skip
    assert min(steps) >= at, "the steps before were not taken again"
    assert_equal(tmp_path / "a", tmp_path / "b")
    for ours, theirs in zip(record.curve, whole.curve, strict=True):
        assert ours == pytest.approx(theirs, nan_ok=True)
    assert (record.best_step, record.tokens, record.steps) == (whole.best_step, whole.tokens, whole.steps)
    assert any("continued from a checkpoint 1 time" in note for note in record.notes)


@pytest.mark.parametrize("kind", ["lora", "full"])
def test_general_rows_go_on_where_they_were(base: Path, rows: list[TrainingRow], tmp_path: Path, kind: Any) -> None:
    options = replace(OPTIONS, kind=kind, replay=0.3)
    general = [row(f"What comes after {n}?", str(n + 1)) for n in range(30)]

    def run(name: str, **more: Any) -> Any:
        folder, work = tmp_path / name, tmp_path / f"w-{name}"
        return train(base, rows, rows[:8], options, seed=1, folder=folder, work=work, general=general, **more)

    whole = run("a")
    with pytest.raises(Interrupted):
        run("b", on_progress=interrupt_at(5), checkpoint_seconds=0)
    resumed = run("b")
    assert_equal(tmp_path / "a", tmp_path / "b")
    assert resumed.rehearsal_tokens == whole.rehearsal_tokens > 0
    [course] = [n for n in whole.notes if n.startswith("protected")]
    assert course in resumed.notes, "the divergence is the same to four digits"


@pytest.mark.parametrize("change", ["general", "seed", "options", "rows", "dev"])
def test_another_call_never_continues_a_foreign_checkpoint(
    base: Path, rows: list[TrainingRow], tmp_path: Path, change: str
) -> None:
    with pytest.raises(Interrupted):
        train(
            base, rows, rows[:8], OPTIONS, seed=1, folder=tmp_path / "a", work=tmp_path / "w",
            on_progress=interrupt_at(5), checkpoint_seconds=0,
        )  # fmt: skip
    options = replace(OPTIONS, learning_rate=4e-3) if change == "options" else OPTIONS
    record = train(
        base,
        rows[1:] if change == "rows" else rows,
        rows[:7] if change == "dev" else rows[:8],
        options,
        general=rows[:3] if change == "general" else (),
        seed=2 if change == "seed" else 1,
        folder=tmp_path / "b",
        work=tmp_path / "w",
    )
    assert not any("continued" in note for note in record.notes)
    assert record.curve[0][0] == 1


def start(arguments: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], env={**os.environ, "OMP_NUM_THREADS": "1"})


def wait_for_step(work: Path, step: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        if any(int(p.name[5:]) >= step for p in work.glob("*/step-*")):
            return
        time.sleep(0.01)
    raise AssertionError(f"step {step} was never checkpointed (exit {process.poll()})")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lora", "full"])
def test_a_process_killed_twice_ends_as_an_undisturbed_one(base: Path, tmp_path: Path, kind: str) -> None:
    here = str(Path(__file__).parent)
    work, out = tmp_path / "wb", tmp_path / "b"
    for step in (3, 9):
        process = start([str(base), str(out), str(work), here, kind])
        wait_for_step(work, step, process)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not out.exists()
    assert start([str(base), str(out), str(work), here, kind]).wait() == 0
    assert start([str(base), str(tmp_path / "a"), str(tmp_path / "wa"), here, kind]).wait() == 0
    assert_equal(tmp_path / "a", out)
    assert len(list(work.glob("*/*"))) == 1, "only the last checkpoint is left, no torn one"
