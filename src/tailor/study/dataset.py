"""Which version of the data a study used: recorded when its plan is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tailor.data.places import find_files, relative_name
from tailor.data.versions import DatasetVersion, VersionStore
from tailor.errors import Problem
from tailor.files import sha256_of_file
from tailor.records import Example
from tailor.study.config import Workspace


def store(workspace_folder: Path) -> VersionStore:
    """The versions of a workspace."""
    return VersionStore(workspace_folder / ".tailor" / "datasets")


def record_dataset(workspace: Workspace, examples: Sequence[Example]) -> DatasetVersion:
    """Keep the data of a study with the files and settings that made it."""
    data = workspace.config.data
    how = {
        "questions": data.question_files,
        "unanswerable": data.unanswerable,
        "general": data.general,
        "columns": data.columns,
        "encoding": data.encoding,
        "split_seed": workspace.config.split_seed,
        "held_out_facts": data.held_out_facts,
        "test_framings": data.test_framings,
    }
    files = file_hashes(data.all_files, workspace.folder)
    return store(workspace.folder).record(examples, made_by="tailor compare", how=how, files=files)


def file_hashes(places: Sequence[str], root: Path) -> Mapping[str, str]:
    """SHA-256 of the files that are meant; data sets of a hub have none and are left out."""
    found: dict[str, str] = {}
    for where in places:
        files = find_files(where, root)
        for file in [] if isinstance(files, Problem) else files:
            if isinstance(file, Path) and file.is_file():
                found[relative_name(file, root)] = sha256_of_file(file)
    return found
