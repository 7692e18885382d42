"""A release as a file: what comes in is what went out, and nothing else comes in."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tailor.errors import ArtifactError, ConfigError, GateError
from tailor.files import sha256_of_tree, write_text
from tailor.models.base import resolve_base
from tailor.records import Adaptation, Base
from tailor.registry import Lineage, Release, ReleaseStore

Files = dict[str, bytes]


@pytest.fixture
def packed(store: ReleaseStore, adaptation: Adaptation, lineage: Lineage, tmp_path: Path) -> tuple[Release, Path]:
    """A release with every part, and its archive."""
    here = replace(adaptation, base=resolve_base("builtin/small", tmp_path))
    release = store.promote(here, arm="rag+lora", seed=1, study="s-1", lineage=lineage, by="ada", why="test")
    store.export("champion", tmp_path / "release.tar")
    return release, tmp_path / "release.tar"


@pytest.fixture
def elsewhere(tmp_path: Path) -> ReleaseStore:
    """Another workspace; without its MLflow, which is a mirror only."""
    return _no_mirror(ReleaseStore(tmp_path / "elsewhere"))


def _no_mirror(store: ReleaseStore) -> ReleaseStore:
    (store.workspace / ".tailor").mkdir(parents=True)
    (store.workspace / ".tailor" / "tracking.db").write_text("not a database: mirroring fails and is reported")
    return store


def read(archive: Path) -> Files:
    with tarfile.open(archive) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar.getmembers()}


def write(path: Path, files: Files, change: Callable[[tarfile.TarInfo], None] = lambda _m: None) -> Path:
    with tarfile.open(path, "w:", format=tarfile.GNU_FORMAT) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            change(member)
            tar.addfile(member, io.BytesIO(content))
    return path


def listed(files: Files) -> Files:
    """With a manifest that agrees with the files, as somebody who means harm would write it."""
    import hashlib

    others = {n: c for n, c in files.items() if n != "manifest.json"}
    entries = {n: {"sha256": hashlib.sha256(c).hexdigest(), "size": len(c)} for n, c in others.items()}
    manifest = json.dumps({"format_version": 1, "files": entries}).encode()
    return {"manifest.json": manifest, **others}


def test_what_comes_in_is_what_went_out(packed: tuple[Release, Path], elsewhere: ReleaseStore) -> None:
    release, archive = packed
    found = elsewhere.take_in(archive, by="bob", why="from the lab")
    assert sha256_of_tree(found.folder) == sha256_of_tree(release.folder)
    assert (found.record, found.manifest_sha256) == (release.record, release.manifest_sha256)
    assert found.id == "rag+lora@1"
    assert [i.aliases for i in elsewhere.releases()] == [()]
    [move] = elsewhere.history()
    assert (move["action"], move["by"], move["why"]) == ("import", "bob", "from the lab")
    assert move["origin"] == {"id": release.id, "manifest_sha256": release.manifest_sha256}
    assert elsewhere.take_in(archive, by="bob", why="again").id == found.id
    assert len(elsewhere.releases()) == 1


def test_one_release_is_one_sequence_of_bytes(
    packed: tuple[Release, Path], elsewhere: ReleaseStore, tmp_path: Path
) -> None:
    elsewhere.take_in(packed[1], by="bob", why="x")
    elsewhere.export("rag+lora@1", tmp_path / "second.tar")
    assert (tmp_path / "second.tar").read_bytes() == packed[1].read_bytes()


def test_a_number_that_is_taken_is_not_taken_again(
    packed: tuple[Release, Path], store: ReleaseStore, lineage: Lineage, tmp_path: Path
) -> None:
    other = ReleaseStore(tmp_path / "busy")
    (other.workspace / ".tailor").mkdir(parents=True)
    shutil.copyfile(store.workspace / ".tailor" / "tracking.db", other.workspace / ".tailor" / "tracking.db")
    base = Adaptation(Base("builtin", "builtin/small", "/x", "abc"))
    other.promote(base, arm="prompt", seed=0, study="s", lineage=lineage, by="a", why="b")
    found = other.take_in(packed[1], by="bob", why="x")
    assert (found.id, found.record.id) == ("rag+lora@2", "rag+lora@1")
    assert other.release("champion").id == "prompt@1"
    assert other.name("rag+lora@2", "challenger", by="bob", why="try it").id == "rag+lora@2"
    assert other.release("challenger").id == "rag+lora@2"


def test_every_changed_byte_is_refused(packed: tuple[Release, Path], elsewhere: ReleaseStore, tmp_path: Path) -> None:
    original = packed[1].read_bytes()
    bad = tmp_path / "bad.tar"
    files = read(packed[1])
    content = {i for n in files for i in _span(original, files[n])}
    for position in sorted(content)[::53]:
        changed = bytearray(original)
        changed[position] ^= 4
        bad.write_bytes(changed)
        with pytest.raises(ArtifactError):
            elsewhere.take_in(bad, by="a", why="b")
    for cut in range(0, max(content), 1021):
        bad.write_bytes(original[:cut])
        with pytest.raises(ArtifactError, match=r"bad\.tar"):
            elsewhere.take_in(bad, by="a", why="b")
    assert elsewhere.releases() == []
    assert not any((elsewhere.workspace / ".tailor" / "releases" / "assistant").iterdir())


def _span(archive: bytes, content: bytes) -> range:
    start = archive.index(content)
    return range(start, start + len(content))


OUTSIDE = ("../x.json", "/etc/x.json", "a/../../x.json", "C:x.json", "a\\x.json", "./x.json", "a//x.json", "..")


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_name_leads_outside(
    name: str, packed: tuple[Release, Path], elsewhere: ReleaseStore, tmp_path: Path
) -> None:
    archive = write(tmp_path / "bad.tar", listed({**read(packed[1]), name: b"{}"}))
    with pytest.raises(ArtifactError, match="outside"):
        elsewhere.take_in(archive, by="a", why="b")
    assert not list(tmp_path.rglob("x.json"))


KINDS = {
    "symbolic link": tarfile.SYMTYPE,
    "hard link": tarfile.LNKTYPE,
    "folder": tarfile.DIRTYPE,
    "device": tarfile.CHRTYPE,
    "pipe": tarfile.FIFOTYPE,
    "extended header": tarfile.XHDTYPE,
    "long name": tarfile.GNUTYPE_LONGNAME,
    "sparse file": tarfile.GNUTYPE_SPARSE,
}


@pytest.mark.parametrize("kind", KINDS)
def test_only_plain_files_come_in(
    kind: str, packed: tuple[Release, Path], elsewhere: ReleaseStore, tmp_path: Path
) -> None:
    def change(member: tarfile.TarInfo) -> None:
        if member.name == "release.json":
            member.type, member.linkname = KINDS[kind], "/etc/passwd"

    archive = write(tmp_path / "bad.tar", read(packed[1]), change)
    with pytest.raises(ArtifactError, match="not a plain file"):
        elsewhere.take_in(archive, by="a", why="b")


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("adapter/pytorch_model.bin", b"\x80\x04.", "safetensors"),
        ("adapter/modeling.py", b"import os", "safetensors"),
        ("index/x.pkl", b"\x80\x04.", "safetensors"),
        ("index/x.npy", b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "array"),
        ("adapter/config.json", b'{"auto_map": {"AutoModel": "modeling.X"}}', "auto_map"),
        ("adapter/big.safetensors", b"\xff" * 8 + b"{}", "header"),
        ("run.sh", b"#!/bin/sh", "safetensors"),
    ],
)
def test_what_can_run_code_is_refused(
    name: str, content: bytes, cause: str, packed: tuple[Release, Path], elsewhere: ReleaseStore, tmp_path: Path
) -> None:
    archive = write(tmp_path / "bad.tar", listed({**read(packed[1]), name: content}))
    with pytest.raises(ArtifactError, match=cause):
        elsewhere.take_in(archive, by="a", why="b")
    assert elsewhere.releases() == []


def test_sizes_are_what_the_manifest_says(
    packed: tuple[Release, Path], elsewhere: ReleaseStore, tmp_path: Path
) -> None:
    files = read(packed[1])
    manifest = json.loads(files["manifest.json"])
    manifest["files"]["release.json"]["size"] = 1 << 62
    bomb = {**files, "manifest.json": json.dumps(manifest).encode()}
    more = {**files, "extra.json": b"{}"}
    late = {n: files[n] for n in reversed(files)}
    for content, cause in ((bomb, "bytes"), (more, "does not list"), (late, "begin with"), ({}, "begin with")):
        with pytest.raises(ArtifactError, match=cause):
            elsewhere.take_in(write(tmp_path / "bad.tar", content), by="a", why="b")
    (tmp_path / "bad.tar").write_bytes(b"PK\x03\x04" * 1000)
    with pytest.raises(ArtifactError, match="not a tar"):
        elsewhere.take_in(tmp_path / "bad.tar", by="a", why="b")


ENDPOINT = Base("endpoint", "m", "http://127.0.0.1:9/v1", "m", "KEY")


def test_a_base_must_be_one_that_somebody_here_named(
    store: ReleaseStore, lineage: Lineage, elsewhere: ReleaseStore, tmp_path: Path
) -> None:
    store.promote(Adaptation(ENDPOINT), arm="prompt", seed=1, study="s", lineage=lineage, by="a", why="b")
    archive = tmp_path / "release.tar"
    store.export("champion", archive)
    with pytest.raises(ArtifactError, match=r"endpoint m at http://127\.0\.0\.1:9/v1"):
        elsewhere.take_in(archive, by="a", why="b")
    settings = elsewhere.workspace / "tailor.yaml"
    write_text(settings, "base: {endpoint: 'http://127.0.0.1:7/v1', model: m}\n")
    with pytest.raises(ArtifactError, match="found the endpoint m at"):
        elsewhere.take_in(archive, by="a", why="b")
    write_text(settings, "base: {endpoint: 'http://127.0.0.1:9/v1', model: m, key_env: MINE}\n")
    found = elsewhere.take_in(archive, by="a", why="b")
    # The variable is the importer's: a release may not choose which secret is sent.
    assert found.adaptation.base == replace(ENDPOINT, key_env="MINE")
    assert elsewhere.release(found.id) == found
    assert elsewhere.take_in(archive, by="a", why="again") == found


def test_another_builtin_is_refused(store: ReleaseStore, lineage: Lineage, elsewhere: ReleaseStore) -> None:
    old = Adaptation(Base("builtin", "builtin/small", "/x", "old weights"))
    store.promote(old, arm="prompt", seed=1, study="s", lineage=lineage, by="a", why="b")
    store.export("prompt@1", store.workspace / "release.tar")
    with pytest.raises(ArtifactError, match="same weights"):
        elsewhere.take_in(store.workspace / "release.tar", by="a", why="b")


def test_an_export_never_overwrites(packed: tuple[Release, Path], store: ReleaseStore) -> None:
    with pytest.raises(ArtifactError, match="there already"):
        store.export("champion", packed[1])


def test_a_challenger_moves_no_champion_and_becomes_it_by_promotion(store: ReleaseStore, lineage: Lineage) -> None:
    def promote(arm: str, **more: str) -> Release:
        base = Adaptation(Base("builtin", "builtin/small", "/x", "abc"))
        return store.promote(base, arm=arm, seed=1, study="s", lineage=lineage, by="a", why="b", **more)

    with pytest.raises(ConfigError, match="--as challenger"):
        store.release("challenger")
    promote("prompt"), promote("rag")
    tried = promote("lora", alias="challenger")
    assert tried.record.parent == "rag@2"
    assert [(i.id, i.aliases) for i in store.releases()] == [
        ("prompt@1", ("previous",)),
        ("rag@2", ("champion",)),
        ("lora@3", ("challenger",)),
    ]
    assert store.rollback("a", "b").id == "prompt@1"
    assert store.release("challenger") == tried
    assert store.name("challenger", "champion", by="a", why="won") == tried
    assert [(i.id, i.aliases) for i in store.releases()] == [
        ("prompt@1", ("previous",)),
        ("rag@2", ()),
        ("lora@3", ("champion",)),
    ]
    with pytest.raises(ConfigError, match="champion already"):
        store.name("lora@3", "champion", by="a", why="b")
    assert [(m["action"], m["from"], m["to"]) for m in store.history()][2:] == [
        ("challenge", None, 3),
        ("rollback", 2, 1),
        ("promote", 1, 3),
    ]


def test_a_challenger_passes_the_gates_too(store: ReleaseStore, lineage: Lineage) -> None:
    against = replace(lineage, evidence=replace(lineage.evidence, recommended=False))
    base = Adaptation(Base("builtin", "builtin/small", "/x", "abc"))
    with pytest.raises(GateError, match="does not recommend"):
        store.promote(base, arm="p", seed=1, study="s", lineage=against, by="a", why="b", alias="challenger")
    store.promote(base, arm="p", seed=1, study="s", lineage=against, by="a", why="b", alias="challenger", force=True)
    with pytest.raises(GateError, match="does not recommend"):
        store.name("challenger", "champion", by="a", why="b")
