"""The split of a workspace on disk: frozen by the first study that asks its test, the same ever after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tailor.data.frozen import FrozenSplit, load_split, save_split
from tailor.data.split import split_examples
from tailor.errors import SplitChanged
from tailor.records import Example
from tailor.study.config import Workspace
from tailor.study.settings_file import CONFIG_NAME

HINT = (
    "Put them back as they were, and add rows instead: new rows join without moving old ones. To go on with the changed"
    " test run tailor data accept-test; results until now then cannot be compared with later ones."
)


def split_file(workspace: Workspace) -> Path:
    """Where the split of these settings is kept."""
    config = workspace.config
    name = f"seed{config.split_seed}-held{config.data.held_out_facts:g}-framings{config.data.test_framings}.json"
    return workspace.state / "splits" / name


def split_workspace(workspace: Workspace, questions: Sequence[Example]) -> list[Example]:
    """Split the questions, around those of the frozen split if there is one.

    Raises:
        SplitChanged: the test was asked already and is not the same any more.
        ArtifactError: the frozen split was changed by hand.
    """
    frozen = load_split(split_file(workspace))
    rows = _split(workspace, questions, frozen)
    changes = frozen.changes(rows, CONFIG_NAME) if frozen else []
    if not changes:
        return rows
    if not _was_asked(workspace):
        return _split(workspace, questions, None)
    raise SplitChanged(
        f"The test was changed after it was asked: {len(changes)} question{'s' if len(changes) > 1 else ''}.",
        problems=tuple(changes),
        hint=HINT,
    )


def freeze(workspace: Workspace, rows: Sequence[Example]) -> None:
    """Keep this split. Where one is kept already, rows that are new join it."""
    path = split_file(workspace)
    old = load_split(path)
    keep = old.joined(rows) if old and _was_asked(workspace) else FrozenSplit.of(rows)
    if keep != old:
        save_split(path, keep)


def accept_test(workspace: Workspace, questions: Sequence[Example]) -> int:
    """Take the questions as they are now for the test; all others keep their places. Gives how many changed."""
    path = split_file(workspace)
    old = load_split(path)
    if old is None:
        return 0
    rows = _split(workspace, questions, old)
    changes = old.changes(rows, CONFIG_NAME)
    if changes:
        save_split(path, old.without_missing_tests(rows).joined(rows))
    return len(changes)


def _split(workspace: Workspace, questions: Sequence[Example], frozen: FrozenSplit | None) -> list[Example]:
    data = workspace.config.data
    return split_examples(
        questions,
        seed=workspace.config.split_seed,
        held_out_facts=data.held_out_facts,
        test_framings=data.test_framings,
        frozen=frozen,
    )


def _was_asked(workspace: Workspace) -> bool:
    return any(workspace.state.glob("studies/*/answers/*.jsonl"))
