"""A release: a folder of JSON, safetensors and index files that a server can trust without asking anybody.

    release.json      what it is and where it came from (`ReleaseRecord`)
    adaptation.json   the adaptation, artifact paths relative to this folder
    adapter/ model/   trained weights, where there are any
    index/            the retrieval index, where there is one
    manifest.json     SHA-256 and size of all the above, written last

The base model is named by kind, name and revision, not copied.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tailor.errors import ArtifactError
from tailor.files import new_folder, read_json, sha256_of_tree, write_json
from tailor.records import Adaptation, Artifact, Interval
from tailor.registry.manifest import check_content, check_inside, files_below, verify, write_manifest

FORMAT_VERSION = 1
RELEASE = "release.json"
ADAPTATION = "adaptation.json"


@dataclass(frozen=True)
class Evidence:
    """Why this arm may serve.

    `quality` is the primary metric on the frozen test split in [0, 1]; `verdict` the decision's own word; `recommended`
    whether the decision was for this arm; `metrics` further numbers by name (cost, latency, retention).
    """

    quality: Interval
    verdict: str
    recommended: bool
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Lineage:
    """What a release was made from. The base model's identity is read from the adaptation."""

    dataset_sha256: str
    plan_sha256: str
    config: Mapping[str, object]
    code_version: str
    evidence: Evidence
    template_sha256: str | None = None

    def missing(self) -> list[str]:
        """Names of the fields without which nobody could say later where the release came from."""
        texts = {
            "dataset_sha256": self.dataset_sha256,
            "plan_sha256": self.plan_sha256,
            "code_version": self.code_version,
            "evidence.verdict": self.evidence.verdict,
        }
        names = [name for name, text in texts.items() if not text.strip()]
        if not self.config:
            names.append("config")
        if math.isnan(self.evidence.quality.value):
            names.append("evidence.quality")
        return names


@dataclass(frozen=True)
class ReleaseRecord:
    """`release.json`. `created` is ISO 8601 in UTC, `parent` the id of the release it replaced as champion."""

    name: str
    version: int
    created: str
    arm: str
    seed: int
    study: str
    lineage: Lineage
    base: Mapping[str, str]
    parent: str | None = None
    format_version: int = FORMAT_VERSION

    @property
    def id(self) -> str:
        """How a person and a client name it: `lora@3`."""
        return f"{self.arm}@{self.version}"


@dataclass(frozen=True)
class Release:
    """A verified release. The adaptation's artifact paths are relative to `folder`. `number` is its version in this
    workspace where that is not the one of its record: an imported release keeps its record as it was."""

    record: ReleaseRecord
    adaptation: Adaptation
    folder: Path
    manifest_sha256: str
    number: int | None = None

    @property
    def version(self) -> int:
        return self.record.version if self.number is None else self.number

    @property
    def id(self) -> str:
        """How a person and a client name it here: `lora@3`."""
        return f"{self.record.arm}@{self.version}"


def base_identity(adaptation: Adaptation) -> dict[str, str]:
    """Kind, name and revision of the base model: what a release says about a base it does not hold."""
    return {"kind": adaptation.base.kind, "name": adaptation.base.name, "revision": adaptation.base.revision}


def write_release(folder: Path, adaptation: Adaptation, store: Path, record: ReleaseRecord) -> Release:
    """Write a release; `folder` appears complete or not at all.

    Args:
        store: the folder that the adaptation's artifact paths are relative to now.

    Raises:
        ArtifactError: an artifact is missing, no longer has its recorded hash, or holds a forbidden file.
    """
    from tailor.runtime.adaptation import adaptation_to_json

    with new_folder(folder) as temporary:
        inside = _copy_artifacts(adaptation, store, temporary)
        write_json(temporary / ADAPTATION, adaptation_to_json(inside))
        write_json(temporary / RELEASE, record)
        digest = write_manifest(temporary)
        _sync_folders(temporary)
    _sync(folder.parent)
    return Release(record, inside, folder, digest)


def _copy_artifacts(adaptation: Adaptation, store: Path, target: Path) -> Adaptation:
    if adaptation.weights:
        name = "adapter" if adaptation.weights.kind == "adapter" else "model"
        artifact = _copy(adaptation.weights.artifact, store, target, name)
        adaptation = replace(adaptation, weights=replace(adaptation.weights, artifact=artifact))
    if adaptation.retriever:
        artifact = _copy(adaptation.retriever.index, store, target, "index")
        adaptation = replace(adaptation, retriever=replace(adaptation.retriever, index=artifact))
    return adaptation


def _copy(artifact: Artifact, store: Path, target: Path, name: str) -> Artifact:
    source = store / artifact.path
    if not source.is_dir():
        raise ArtifactError(f"{source} does not exist.", hint="Run the study again; its artifact was deleted.")
    for path in files_below(source):
        check_content(path)
        copy = target / name / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        _sync(copy)
    # The copy is hashed, not the source: what is compared is what will be served.
    found = sha256_of_tree(target / name)
    if found != artifact.sha256:
        raise ArtifactError(
            f"{source} was changed after it was trained: expected {artifact.sha256[:16]}, found {found[:16]}.",
            hint="Run the study again, then promote.",
        )
    return replace(artifact, path=name)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folders(folder: Path) -> None:
    """Make the names durable, not only the bytes, before the folder is renamed into place."""
    for path in [folder, *(p for p in folder.rglob("*") if p.is_dir())]:
        _sync(path)


def load_release(folder: Path, *, manifest_sha256: str | None = None) -> Release:
    """Verify every byte of a release folder, then read it.

    Args:
        manifest_sha256: what the manifest must hash to, if known from the store's history.

    Raises:
        ArtifactError: a file is missing, foreign, changed or forbidden, or comes from a newer Tailor.
    """
    from tailor.runtime.adaptation import adaptation_from_json

    digest = verify(folder, manifest_sha256=manifest_sha256)
    record = read_record(folder)
    adaptation = adaptation_from_json(read_json(folder / ADAPTATION))
    if adaptation.base.kind == "command":
        raise ArtifactError(f"{folder / ADAPTATION} names a program; a release never starts one.")
    for artifact in artifacts(adaptation):
        check_inside(artifact.path, folder / ADAPTATION)
        if not (folder / artifact.path).is_dir():
            raise ArtifactError(f"{folder / ADAPTATION} names {artifact.path}, which the release does not hold.")
    return Release(record, adaptation, folder, digest)


def artifacts(adaptation: Adaptation) -> list[Artifact]:
    """The folders that an adaptation needs."""
    found = [adaptation.weights.artifact] if adaptation.weights else []
    return [*found, adaptation.retriever.index] if adaptation.retriever else found


def rebased(adaptation: Adaptation, prefix: str) -> Adaptation:
    """The same adaptation with artifact paths relative to a folder further up: `adapter` -> `<prefix>/adapter`."""
    if adaptation.weights:
        artifact = adaptation.weights.artifact
        moved = replace(artifact, path=f"{prefix}/{artifact.path}")
        adaptation = replace(adaptation, weights=replace(adaptation.weights, artifact=moved))
    if adaptation.retriever:
        index = adaptation.retriever.index
        moved = replace(index, path=f"{prefix}/{index.path}")
        adaptation = replace(adaptation, retriever=replace(adaptation.retriever, index=moved))
    return adaptation


def read_record(folder: Path) -> ReleaseRecord:
    """What a release says about itself, without verifying the rest of it.

    Raises:
        ArtifactError: it is missing, damaged or from a newer Tailor.
    """
    path = folder / RELEASE
    value = read_json(path)
    version = value.get("format_version") if isinstance(value, dict) else None
    if version != FORMAT_VERSION:
        raise ArtifactError(
            f"{path} has format version {version!r}; this Tailor reads {FORMAT_VERSION}.", hint="Update Tailor."
        )
    try:
        return ReleaseRecord(**{**value, "lineage": _lineage(value["lineage"])})
    except (TypeError, KeyError) as error:
        raise ArtifactError(f"{path} is not a release record: {error}") from None


def _lineage(value: Mapping[str, Any]) -> Lineage:
    evidence = value["evidence"]
    quality = Interval(**_numbers(evidence["quality"]))
    read = Evidence(**{**evidence, "quality": quality, "metrics": _numbers(evidence["metrics"])})
    return Lineage(**{**value, "evidence": read})


def _numbers(value: Mapping[str, Any]) -> dict[str, Any]:
    """No data is NaN in a record and null in JSON."""
    return {key: math.nan if number is None else number for key, number in value.items()}
