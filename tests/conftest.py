"""Hypothesis without a clock: the machine is shared, and a first call may import a library. And a tiny workspace."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

from tiny_workspace import save_base, save_workspace, tailor

settings.register_profile("tailor", deadline=None)
settings.load_profile("tailor")


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random two-layer Llama as a Hugging Face folder."""
    return save_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture
def workspace(tmp_path: Path, tiny_base: Path) -> Path:
    """Eight facts and six arms; nothing has run yet."""
    return save_workspace(tmp_path / "tiny", tiny_base)


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory, tiny_base: Path) -> Path:
    """The same workspace after `tailor compare`. Read only: take `finished` to change it."""
    folder = save_workspace(tmp_path_factory.mktemp("compared") / "tiny", tiny_base)
    ran = tailor("compare", folder)
    assert ran.code == 0, ran.err
    (folder / "printed.txt").write_text(ran.out, encoding="utf-8")
    (folder / "errors.txt").write_text(ran.err, encoding="utf-8")
    return folder


@pytest.fixture
def finished(compared: Path, tmp_path: Path) -> Path:
    """A copy of the compared workspace."""
    return Path(shutil.copytree(compared, tmp_path / "tiny"))
