"""A workspace with something to release: an adapter and an index in real formats, made by hand."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tailor.files import sha256_of_tree, write_text
from tailor.records import Adaptation, Artifact, Base, Demonstration, Demonstrations, Interval, Retriever, Weights
from tailor.registry import Evidence, Lineage, ReleaseStore

MakeAdaptation = Callable[..., Adaptation]


@pytest.fixture
def lineage() -> Lineage:
    metrics = {"cost/rag+lora": 0.25}
    evidence = Evidence(Interval(0.8, 0.7, 0.9, 100, 40), "adopt", True, metrics)
    return Lineage("d" * 64, "e" * 64, {"base": "builtin/small", "k": 3}, "0.1.0", evidence)


def _artifact(store: Path, name: str) -> Artifact:
    from safetensors.numpy import save_file

    folder = store / name
    (folder / "nested").mkdir(parents=True)
    save_file({"w": np.arange(6, dtype=np.float32)}, folder / "adapter_model.safetensors")
    write_text(folder / "adapter_config.json", '{"r": 2}')
    np.save(folder / "nested" / "scores.npy", np.ones(3))
    return Artifact(name, sha256_of_tree(folder))


@pytest.fixture
def adaptation(workspace: Path) -> Adaptation:
    """Every part that an adaptation can have."""
    store = workspace / ".tailor" / "models"
    return Adaptation(
        Base("builtin", "builtin/small", "/somewhere", "abc"),
        system="Be brief.",
        demonstrations=Demonstrations("fixed", 1, (Demonstration("Wer?", "Ich – ja."),)),
        retriever=Retriever(_artifact(store, "index-1"), 2),
        weights=Weights("adapter", _artifact(store, "adapter-1")),
    )


@pytest.fixture(scope="session")
def mlflow_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables: making one takes 3 to 14 s, copying it none."""
    folder = tmp_path_factory.mktemp("template")
    evidence = Evidence(Interval(1.0, 1.0, 1.0), "adopt", True)
    ReleaseStore(folder).promote(
        Adaptation(Base("builtin", "b", "/b", "r")),
        arm="a",
        seed=0,
        study="s",
        lineage=Lineage("d", "p", {"a": 1}, "0", evidence),
        by="a",
        why="b",
    )
    return folder / ".tailor" / "tracking.db"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def store(workspace: Path, mlflow_template: Path) -> ReleaseStore:
    """A store without releases whose MLflow database is set up and empty of our model."""
    import sqlite3

    (workspace / ".tailor").mkdir(exist_ok=True)
    database = workspace / ".tailor" / "tracking.db"
    shutil.copyfile(mlflow_template, database)
    with sqlite3.connect(database) as connection:
        for table in ("registered_model_aliases", "model_version_tags", "model_versions", "registered_models"):
            connection.execute(f"DELETE FROM {table}")
    return ReleaseStore(workspace)
