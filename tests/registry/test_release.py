"""A release says everything about itself, and nothing of it can be changed unnoticed."""

from __future__ import annotations

import json
import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.errors import ArtifactError
from tailor.files import sha256_of_file, sha256_of_tree
from tailor.records import Adaptation, Artifact, Weights
from tailor.registry import Lineage, Release, ReleaseRecord, load_release, write_release
from tailor.registry.manifest import check_inside


@pytest.fixture
def release(workspace: Path, adaptation: Adaptation, lineage: Lineage) -> Release:
    return write(workspace, adaptation, lineage)


def write(workspace: Path, adaptation: Adaptation, lineage: Lineage) -> Release:
    record = ReleaseRecord("assistant", 3, "2026-11-23T07:00:00+00:00", "rag+lora", 1, "s-1", lineage, {"name": "b"})
    return write_release(workspace / "release", adaptation, workspace / ".tailor" / "models", record)


def rewrite_manifest(folder: Path) -> None:
    """What somebody who tampers would do next."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] = {
        p.relative_to(folder).as_posix(): {"sha256": sha256_of_file(p), "size": p.stat().st_size}
        for p in folder.rglob("*")
        if p.is_file() and p.name != "manifest.json"
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_loads_as_it_was_written(release: Release, adaptation: Adaptation) -> None:
    loaded = load_release(release.folder)
    assert loaded == release
    assert loaded.id == "rag+lora@3"
    assert loaded.adaptation.weights is not None
    assert adaptation.weights is not None
    assert loaded.adaptation.weights.artifact == Artifact("adapter", adaptation.weights.artifact.sha256)
    assert sha256_of_tree(release.folder / "adapter") == adaptation.weights.artifact.sha256
    assert loaded.adaptation.system == "Be brief."


def test_holds_nothing_but_the_named_files(release: Release) -> None:
    names = {p.relative_to(release.folder).as_posix() for p in release.folder.rglob("*") if p.is_file()}
    inside = {"adapter_model.safetensors", "adapter_config.json", "nested/scores.npy"}
    expected = {"release.json", "adaptation.json", "manifest.json"}
    assert names == expected | {f"adapter/{n}" for n in inside} | {f"index/{n}" for n in inside}


def test_full_weights_lie_in_model(workspace: Path, adaptation: Adaptation, lineage: Lineage) -> None:
    assert adaptation.weights is not None
    full = replace(adaptation, weights=Weights("full", adaptation.weights.artifact), retriever=None)
    assert (write(workspace, full, lineage).folder / "model" / "adapter_model.safetensors").is_file()


def test_every_single_changed_byte_is_found(release: Release) -> None:
    for path in sorted(p for p in release.folder.rglob("*") if p.is_file()):
        original = path.read_bytes()
        for position in range(0, len(original), 7):
            changed = bytearray(original)
            changed[position] ^= 1
            path.write_bytes(changed)
            with pytest.raises(ArtifactError):
                load_release(release.folder, manifest_sha256=release.manifest_sha256)
        path.write_bytes(original[:-1])
        with pytest.raises(ArtifactError, match=path.name):
            load_release(release.folder, manifest_sha256=release.manifest_sha256)
        path.write_bytes(original)
    assert load_release(release.folder, manifest_sha256=release.manifest_sha256) == release


def test_names_the_changed_file(release: Release) -> None:
    (release.folder / "adapter" / "adapter_config.json").write_text('{"r": 3}')
    with pytest.raises(ArtifactError, match=r"adapter/adapter_config\.json was changed"):
        load_release(release.folder)


def test_a_manifest_that_was_rewritten_too_is_found(release: Release) -> None:
    (release.folder / "adapter" / "adapter_config.json").write_text('{"r": 3}')
    rewrite_manifest(release.folder)
    with pytest.raises(ArtifactError, match=r"manifest\.json was changed"):
        load_release(release.folder, manifest_sha256=release.manifest_sha256)


def test_missing_and_foreign_files(release: Release) -> None:
    extra = release.folder / "notes.txt"
    extra.write_text("hello")
    with pytest.raises(ArtifactError, match=r"notes\.txt is not part of the release"):
        load_release(release.folder)
    extra.unlink()
    (release.folder / "index" / "adapter_config.json").unlink()
    with pytest.raises(ArtifactError, match=r"index/adapter_config\.json is missing"):
        load_release(release.folder)


def test_refuses_links(release: Release, tmp_path: Path) -> None:
    target = release.folder / "adapter" / "adapter_config.json"
    (tmp_path / "elsewhere.json").write_bytes(target.read_bytes())
    target.unlink()
    target.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(ArtifactError, match="link"):
        load_release(release.folder)


class Tripwire:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def hostile(tripwire: Path) -> dict[str, bytes]:
    payload = pickle.dumps(Tripwire(tripwire))
    header = b"\x93NUMPY\x01\x00" + b"v\x00" + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(118)
    return {
        "weights.bin": payload,
        "weights.pt": payload,
        "weights.pkl": payload,
        "model.ckpt": payload,
        "modeling.py": b"import os",
        "noextension": b"x",
        "objects.npy": header + payload,
        "short.npy": b"\x93NUMPY",
        "renamed.safetensors": payload,
        "huge.safetensors": (2**63).to_bytes(8, "little") + b"{}",
        "empty.safetensors": b"",
        "config.json": b'{"auto_map": {"AutoModel": "modeling.Evil"}}',
        "broken.json": b"{",
    }


@pytest.mark.parametrize("name", list(hostile(Path())))
def test_refuses_what_could_run_code(name: str, release: Release, tmp_path: Path) -> None:
    tripwire = tmp_path / "executed"
    (release.folder / "adapter" / name).write_bytes(hostile(tripwire)[name])
    rewrite_manifest(release.folder)
    with pytest.raises(ArtifactError, match=name):
        load_release(release.folder)
    assert not tripwire.exists()


@pytest.mark.parametrize("name", list(hostile(Path())))
def test_never_writes_what_it_would_not_load(
    name: str, workspace: Path, adaptation: Adaptation, lineage: Lineage, tmp_path: Path
) -> None:
    assert adaptation.weights is not None
    folder = workspace / ".tailor" / "models" / adaptation.weights.artifact.path
    (folder / name).write_bytes(hostile(tmp_path / "executed")[name])
    weights = Weights("adapter", Artifact(folder.name, sha256_of_tree(folder)))
    with pytest.raises(ArtifactError, match=name):
        write(workspace, replace(adaptation, weights=weights), lineage)
    assert not (workspace / "release").exists()


def test_refuses_an_artifact_changed_since_training(workspace: Path, adaptation: Adaptation, lineage: Lineage) -> None:
    path = workspace / ".tailor" / "models" / "adapter-1" / "adapter_config.json"
    path.write_text('{"r": 4}')
    with pytest.raises(ArtifactError, match="adapter-1 was changed after it was trained"):
        write(workspace, adaptation, lineage)
    assert list(workspace.glob("*release*")) == []


@pytest.mark.parametrize(
    "path", ["../adapter", "/etc", "adapter/../..", "C:\\x", "a\\b", "a\0b", "", ".", "a//b", "a/"]
)
def test_refuses_paths_that_leave_the_folder(path: str, release: Release) -> None:
    value = json.loads((release.folder / "adaptation.json").read_text())
    value["weights"]["artifact"]["path"] = path
    (release.folder / "adaptation.json").write_text(json.dumps(value))
    rewrite_manifest(release.folder)
    with pytest.raises(ArtifactError, match="outside its folder"):
        load_release(release.folder)


@given(st.text(alphabet="./\\:a\0~", max_size=12))
def test_a_path_that_passes_stays_inside(name: str) -> None:
    try:
        check_inside(name, Path("manifest.json"))
    except ArtifactError:
        return
    root = os.path.normpath("/root/release")
    assert os.path.normpath(os.path.join(root, name)).startswith(root + "/")  # noqa: PTH118 - an independent check


def test_a_newer_format_is_refused(release: Release) -> None:
    for name in ("release.json", "manifest.json"):
        path = release.folder / name
        before = path.read_text()
        path.write_text(before.replace('"format_version": 1', '"format_version": 2'))
        if name != "manifest.json":
            rewrite_manifest(release.folder)
        with pytest.raises(ArtifactError, match=f"{name} has format version 2"):
            load_release(release.folder)
        path.write_text(before)
        rewrite_manifest(release.folder)


def test_nan_in_an_array_is_no_obstacle(workspace: Path, adaptation: Adaptation, lineage: Lineage) -> None:
    assert adaptation.weights is not None
    folder = workspace / ".tailor" / "models" / adaptation.weights.artifact.path
    np.save(folder / "more.npy", np.full((2, 2), np.nan))
    weights = Weights("adapter", Artifact(folder.name, sha256_of_tree(folder)))
    release = write(workspace, replace(adaptation, weights=weights), lineage)
    assert load_release(release.folder) == release
