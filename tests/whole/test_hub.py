"""A base by its Hugging Face name: taken from the cache, pinned to its commit, trained and promoted like a folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tiny_workspace import save_workspace, tailor

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def cached(home: Path, name: str, folder: Path) -> Path:
    """The cache as `hf download` leaves it: a snapshot of a commit, and the branch that points to it."""
    model = home / "hub" / f"models--{name.replace('/', '--')}"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text(COMMIT)
    shutil.copytree(folder, model / "snapshots" / COMMIT)
    return model / "snapshots" / COMMIT


def workspace_of(tmp_path: Path, base: str) -> Path:
    folder = save_workspace(tmp_path / "tiny", base)
    text = (folder / "tailor.yaml").read_text()
    start, end = text.index("arms:"), text.index("seeds:")
    (folder / "tailor.yaml").write_text(
        text[:start] + "arms: [zero-shot, {lora: {rank: 2, epochs: 1}}]\n" + text[end:].replace("[1, 2]", "[1]")
    )
    return folder


@pytest.mark.slow
def test_a_hub_name_is_compared_trained_and_promoted(tmp_path: Path, tiny_base: Path) -> None:
    home = tmp_path / "hf"
    cached(home, "org/tiny", tiny_base)
    folder = workspace_of(tmp_path, "org/tiny")
    ran = tailor("compare", folder, HF_HOME=str(home))
    assert ran.code == 0, ran.err
    [study] = (folder / ".tailor" / "studies").iterdir()
    results = json.loads((study / "results.json").read_text())
    assert results["base"]["name"] == "org/tiny"
    assert results["base"]["revision"] == COMMIT
    assert results["base"]["parameters"] > 10_000
    assert {a["status"] for a in results["arms"].values()} == {"ok"}
    promoted = tailor("promote", "lora", "--workspace", folder, "--force", HF_HOME=str(home))
    assert promoted.code == 0, promoted.err + promoted.out


def test_a_name_that_is_not_to_be_had_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    folder = workspace_of(tmp_path, "org/absent")
    ran = tailor("compare", folder, HF_HOME=str(tmp_path / "hf"))
    assert ran.code != 0
    assert "org/absent is neither in the local cache nor to be had" in ran.err.replace("\n", " ")
    assert "Traceback" not in ran.err


def test_pickled_weights_in_the_cache_are_not_taken(tmp_path: Path, tiny_base: Path) -> None:
    snapshot = cached(tmp_path / "hf", "org/tiny", tiny_base)
    for weights in snapshot.glob("*.safetensors"):
        weights.rename(snapshot / "pytorch_model.bin")
    ran = tailor("compare", workspace_of(tmp_path, "org/tiny"), HF_HOME=str(tmp_path / "hf"))
    assert ran.code != 0
    assert "Traceback" not in ran.err
