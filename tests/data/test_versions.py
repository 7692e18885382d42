"""Versions of a data set: recorded once, told apart by content, compared question by question."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from tailor.data.split import dataset_sha256
from tailor.data.versions import VersionStore, diff
from tailor.errors import ArtifactError, DataError
from tailor.records import Example, Message


def ask(question: str, answer: str | None = "x", **fields: object) -> Example:
    return replace(Example(question, (Message("user", question),), answer), **fields)


ROWS = [ask("Who?", "Tim", aliases=("T.",), split="train"), ask("Half \ud800?", None), ask("When?", "2006")]


def test_a_version_is_recorded_once_and_read_back(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "datasets")
    first = store.record(ROWS, made_by="tailor compare", how={"split_seed": 0}, files={"a.csv": "1" * 64})
    again = store.record(ROWS[::-1], made_by="tailor compare", how={}, files={})
    assert again == first
    assert first.version == dataset_sha256(ROWS)
    assert (first.rows, first.files, first.how) == (3, {"a.csv": "1" * 64}, {"split_seed": 0})
    second = store.record(ROWS[:2], made_by="tailor compare", how={}, files={})
    assert second.parents == (first.version,)
    assert [v.version for v in store.log()] == [first.version, second.version]
    assert {e.id for e in store.rows(second)} == {e.id for e in ROWS[:2]}
    assert store.find(first.version[:6]) == first


def test_what_was_written_to_a_file_is_the_parent_of_what_is_read_from_it(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    made = store.record(ROWS, made_by="tailor augment", how={}, files={}, output={"more.jsonl": "f" * 64})
    store.record(ROWS[:1], made_by="tailor compare", how={}, files={"old.csv": "0" * 64})
    later = store.record(ROWS[1:], made_by="tailor compare", how={}, files={"moved.jsonl": "f" * 64})
    assert later.parents == (made.version,)


def test_damaged_and_unknown_versions(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    made = store.record(ROWS, made_by="x", how={}, files={})
    with pytest.raises(DataError, match="No version begins with 'zz'"):
        store.find("zz")
    path = tmp_path / made.version[:12] / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"Tim", b"Tom")))
    with pytest.raises(ArtifactError, match="changed after it was written"):
        store.rows(made)
    path.write_bytes(b"x")
    with pytest.raises(ArtifactError, match="cannot be read"):
        store.rows(made)


def test_what_differs() -> None:
    before = [ask("Who?", "Tim"), ask("When?", "2006"), ask("Why?", "Fun"), ask("Who?#trained", "Tim")]
    after = [ask("who ?", "Tim"), ask("When?", "2007", aliases=("07",)), ask("Where?", "Here")]
    after[0] = replace(after[0], messages=(Message("user", "who"),))
    changes = [(c.kind, c.question, c.fields) for c in diff(before, after)]
    assert changes == [
        ("changed", "When?", {"answer": ("2006", "2007"), "aliases": ((), ("07",))}),
        ("added", "Where?", {}),
        ("removed", "Why?", {}),
    ]
    placed = [replace(e, split="train", fact="f") for e in before]
    assert diff(placed, before) == []
    moved = [replace(e, split="test", fact="f") for e in before]
    assert {c.fields["split"] for c in diff(placed, moved)} == {("train", "test")}
