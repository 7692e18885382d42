"""Versions of a data set: what it holds by content hash, which files and versions it was made from, and how."""

from __future__ import annotations

import datetime
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tailor.data.frozen import TRAINED_SUFFIX, key_of
from tailor.data.split import dataset_sha256
from tailor.errors import ArtifactError, DataError
from tailor.files import new_folder, read_json, to_plain, write_json
from tailor.records import Example, Message

FORMAT_VERSION = 1
SHORT = 12  # characters of a hash that people type; 2^48 versions until two are likely to share them


CONTENT = ("answer", "aliases", "rejected", "source")
PLACE = ("fact", "framing", "group", "split", "cell")


@dataclass(frozen=True)
class DatasetVersion:
    """One version. `version` is the SHA-256 of its rows, whatever their order; `files` the SHA-256 of what was read and
    `output` of what was written, by name; `how` the settings that made it; `parents` the versions it comes from."""

    version: str
    created: str
    made_by: str
    how: Mapping[str, Any]
    files: Mapping[str, str]
    rows: int
    facts: int
    parents: tuple[str, ...] = ()
    output: Mapping[str, str] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION


@dataclass(frozen=True)
class Change:
    """One question that differs. `fields` holds before and after of what changed; empty where it is new or gone."""

    kind: str  # added, removed, changed
    question: str
    fields: Mapping[str, tuple[Any, Any]]


class VersionStore:
    """The versions of a workspace, in `.tailor/datasets`; each a folder with its rows, so that any two can be compared.

    Args:
        folder: `.tailor/datasets`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def record(
        self,
        examples: Sequence[Example],
        *,
        made_by: str,
        how: Mapping[str, Any],
        files: Mapping[str, str],
        output: Mapping[str, str] | None = None,
    ) -> DatasetVersion:
        """Keep a version. The same rows are one version: recording them again gives the one there is.

        Its parents are the versions that were written to the files it was read from; without any, the latest version
        that was made by the same command.
        """
        version = dataset_sha256(examples)
        known = self.log()
        for old in known:
            if old.version == version:
                return old
        written = [v.version for v in known if set(v.output.values()) & set(files.values())]
        latest = [v.version for v in known if v.made_by == made_by][-1:]
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
        made = DatasetVersion(
            version=version,
            created=now,
            made_by=made_by,
            how=dict(how),
            files=dict(files),
            rows=len(examples),
            facts=len({e.fact for e in examples if e.fact}),
            parents=tuple(written or latest),
            output=dict(output or {}),
        )
        with new_folder(self.folder / version[:SHORT]) as folder:
            with gzip.GzipFile(folder / "rows.jsonl.gz", "wb", mtime=0) as handle:
                for example in sorted(examples, key=lambda e: e.id):
                    line = json.dumps(to_plain(example), ensure_ascii=False) + "\n"
                    handle.write(line.encode("utf-8", "backslashreplace"))
            write_json(folder / "manifest.json", made)
        return made

    def log(self) -> list[DatasetVersion]:
        """All versions, oldest first.

        Raises:
            ArtifactError: a manifest is damaged, or comes from a newer Tailor.
        """
        found = [_manifest(p) for p in sorted(self.folder.glob("*/manifest.json"))]
        return sorted(found, key=lambda v: v.created)

    def find(self, name: str) -> DatasetVersion:
        """A version by the beginning of its hash.

        Raises:
            DataError: none, or several.
        """
        hits = [v for v in self.log() if v.version.startswith(name)]
        if len(hits) != 1:
            what = "No version begins" if not hits else f"{len(hits)} versions begin"
            raise DataError(f"{what} with {name!r}.", hint="tailor data log lists them.")
        return hits[0]

    def rows(self, version: DatasetVersion) -> list[Example]:
        """The rows of a version.

        Raises:
            ArtifactError: they are not those that were recorded.
        """
        path = self.folder / version.version[:SHORT] / "rows.jsonl.gz"
        try:
            lines = gzip.decompress(path.read_bytes()).decode().splitlines()
            examples = [_example(json.loads(line)) for line in lines]
        except (OSError, EOFError, ValueError, TypeError, KeyError) as error:
            raise ArtifactError(f"{path} cannot be read: {error}") from None
        if dataset_sha256(examples) != version.version:
            raise ArtifactError(f"{path} was changed after it was written.", hint="Delete its folder.")
        return examples


def diff(before: Sequence[Example], after: Sequence[Example]) -> list[Change]:
    """What differs between two data sets, question by question (case and outer punctuation aside), in the order of the
    second, then what is gone. Facts and splits are compared only where both were split: a file may not name them."""
    old, new = _by_question(before), _by_question(after)
    split = all(any(e.split for e in rows) for rows in (before, after))
    names = (*CONTENT, *PLACE) if split else CONTENT
    changes = []
    for key, example in new.items():
        if key not in old:
            changes.append(Change("added", example.question, {}))
        elif fields := _differences(old[key], example, names):
            changes.append(Change("changed", example.question, fields))
    changes += [Change("removed", example.question, {}) for key, example in old.items() if key not in new]
    return changes


def _by_question(examples: Sequence[Example]) -> dict[str, Example]:
    found: dict[str, Example] = {}
    for example in examples:
        if not example.id.endswith(TRAINED_SUFFIX):
            found.setdefault(key_of(example), example)
    return found


def _differences(a: Example, b: Example, names: tuple[str, ...]) -> dict[str, tuple[Any, Any]]:
    return {n: (getattr(a, n), getattr(b, n)) for n in names if getattr(a, n) != getattr(b, n)}


def _manifest(path: Path) -> DatasetVersion:
    value = read_json(path)
    try:
        if value["format_version"] > FORMAT_VERSION:
            raise ArtifactError(f"{path} comes from a newer Tailor.", hint="Update Tailor.")
        return DatasetVersion(**{**value, "parents": tuple(value["parents"])})
    except (KeyError, TypeError) as error:
        raise ArtifactError(f"{path} is damaged: {error}", hint="Delete its folder.") from None


def _example(value: dict[str, Any]) -> Example:
    fields = dict(value)
    for name in ("aliases", "rejected"):
        fields[name] = tuple(fields.get(name, ()))
    fields["messages"] = tuple(Message(**m) for m in value["messages"])
    return Example(**fields)
