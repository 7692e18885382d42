"""The tiny base model of the training tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tiny_llama import colour_rows, llama_config, save_model, save_tokenizer

from tailor.training import TrainingRow


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_model(folder, llama_config())
    save_tokenizer(folder)
    return folder


@pytest.fixture(scope="session")
def rows() -> list[TrainingRow]:
    return colour_rows()
