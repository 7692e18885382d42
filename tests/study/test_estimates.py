"""`tailor compare --estimate` on a base that is here: trainings are tried, and what cannot fit is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tailor.errors import StudyError
from tailor.records import Failure
from tailor.study.config import load_workspace
from tailor.study.estimate import estimate
from tailor.study.inputs import read_inputs
from tailor.study.plan import plan_study
from tailor.study.run import run_study
from tailor.training import footprint
from tiny_workspace import save_base, save_workspace

pytestmark = pytest.mark.slow


class Quiet:
    def cell_progress(self, cell: str, phase: str, fraction: float, words: str) -> None: ...

    def cell_done(self, cell: str, failure: Failure | None, seconds: float) -> None: ...


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("estimates")
    return save_workspace(root / "team", save_base(root / "base"))


def test_trainings_are_tried_and_one_that_two_arms_share_counts_once(folder: Path) -> None:
    workspace = load_workspace(folder)
    found = {a.arm: a for a in estimate(workspace, read_inputs(workspace)).arms}
    assert {name: a.basis for name, a in found.items()} == {
        "zero-shot": "calculated",
        "few-shot": "calculated",
        "rag": "calculated",
        "lora": "tried",
        "full": "tried",
        "rag+lora": "tried",
    }
    assert found["rag+lora"].training_seconds == 0
    for name in ("lora", "full"):
        trained: Any = found[name]
        assert 0 < trained.training_seconds < trained.seconds
        assert trained.fits
        assert 0.2 < trained.memory_gb < 4
    assert not (folder / ".tailor" / "studies").exists()


def test_an_arm_that_cannot_fit_is_refused_before_anything_is_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = load_workspace(folder)
    study = plan_study(workspace, read_inputs(workspace))
    monkeypatch.setattr(footprint, "free_memory", lambda: 1 << 20)
    with pytest.raises(
        StudyError, match=r"^(lora|full|rag\+lora) does not fit: .* needs about .* GB for this base"
    ) as caught:
        run_study(study, Quiet())
    assert "fits here" in caught.value.hint
    assert not (study.folder / "answers").exists()
