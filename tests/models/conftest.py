"""The tiny models of the engine tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from tailor.models.transformers_engine import TransformersEngine
from tailor.records import Base
from tiny_models import make_base


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return make_base(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def engine(tiny_base: Base) -> Iterator[TransformersEngine]:
    engine = TransformersEngine(tiny_base)
    yield engine
    engine.close()
