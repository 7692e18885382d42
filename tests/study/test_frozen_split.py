"""The test that a study asked stays: new rows join it, a changed one is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tailor.errors import ArtifactError, SplitChanged
from tailor.records import Example
from tailor.study.config import load_workspace
from tailor.study.inputs import read_inputs
from tailor.study.plan import plan_study
from tiny_workspace import tailor


def examples(workspace: Path) -> dict[str, Example]:
    return {e.id: e for e in read_inputs(load_workspace(workspace)).own}


def plan(workspace: Path, *, asked: bool = True) -> dict[str, Example]:
    loaded = load_workspace(workspace)
    study = plan_study(loaded, read_inputs(loaded))
    if asked:  # what the first answer leaves behind
        (study.folder / "answers").mkdir(exist_ok=True)
        (study.folder / "answers" / "zero-shot@1.jsonl").write_text("{}\n")
    return {e.id: e for e in study.inputs.own}


def rewrite(workspace: Path, change: dict[str, dict[str, object] | None]) -> None:
    """Replace rows by id, or take them out."""
    path = workspace / "questions.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    kept = [change.get(row["id"], row) for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in kept if row))


def place(rows: dict[str, Example]) -> dict[str, tuple[str | None, str | None]]:
    return {identity: (e.split, e.cell) for identity, e in rows.items()}


def test_new_rows_join_without_moving_old_ones(workspace: Path) -> None:
    before = plan(workspace)
    with (workspace / "questions.jsonl").open("a") as file:
        for n, fact in enumerate(("Alder", "Birch", "Alder", "Ivy", "Ivy", "Ivy", "Ivy")):
            row = {"id": f"new-{n}", "fact": fact, "question": f"New wording {n}: where is {fact}?"}
            file.write(json.dumps(row | {"answer": before[f"{fact}-0"].answer if fact != "Ivy" else "Rome"}) + "\n")
    after = plan(workspace)
    assert place(before).items() <= place(after).items()
    assert len(list((workspace / ".tailor" / "studies").iterdir())) == 2
    assert place(examples(workspace)) == place(after)


def test_a_changed_test_is_refused_with_a_remedy(workspace: Path) -> None:
    before = plan(workspace)
    test = next(e for e in before.values() if e.split == "test" and e.cell == "held-out-framing")
    rewrite(workspace, {test.id: {"id": test.id, "fact": test.fact, "question": test.question, "answer": "Elsewhere"}})
    with pytest.raises(SplitChanged) as caught:
        read_inputs(load_workspace(workspace))
    assert [p.found for p in caught.value.problems] == ["another answer"]
    ran = tailor("check", workspace)
    assert ran.code == 5
    assert test.question in ran.err
    assert "tailor data accept-test" in ran.err
    rewrite(workspace, {test.id: None})
    with pytest.raises(SplitChanged, match="it is gone"):
        read_inputs(load_workspace(workspace))
    ran = tailor("data", "accept-test", "-w", workspace)
    assert (ran.code, ran.out) == (0, "1 changed test question accepted; all others keep their places\n")
    after = examples(workspace)
    assert place(after) == {i: p for i, p in place(before).items() if i != test.id}


def test_what_was_not_asked_may_change(workspace: Path) -> None:
    before = plan(workspace, asked=False)
    test = next(e for e in before.values() if e.split == "test" and e.cell == "held-out-framing")
    rewrite(workspace, {test.id: None})
    assert test.id not in examples(workspace)
    # Train rows may be corrected and taken out at any time.
    now = plan(workspace)
    train = next(e for e in now.values() if e.split == "train")
    rewrite(workspace, {train.id: None})
    copy = f"{train.id}#trained"
    after = place(examples(workspace))
    assert {i: p for i, p in place(now).items() if i not in (train.id, copy)}.items() <= after.items()


def test_a_split_that_was_edited_is_refused(workspace: Path) -> None:
    plan(workspace)
    (path,) = (workspace / ".tailor" / "splits").iterdir()
    path.write_text(path.read_text().replace('"split": "test"', '"split": "train"', 1))
    with pytest.raises(ArtifactError, match="changed after it was frozen"):
        read_inputs(load_workspace(workspace))


def test_versions_of_the_data_are_listed_and_compared(workspace: Path) -> None:
    plan(workspace)
    with (workspace / "questions.jsonl").open("a") as file:
        file.write(json.dumps({"id": "n", "fact": "Ivy", "question": "Where is Ivy?", "answer": "Rome"}) + "\n")
    plan(workspace)
    new, old = json.loads(tailor("data", "log", "-w", workspace, "--json").out)
    assert new["parents"] == [old["version"]]
    assert new["rows"] > old["rows"]
    studies = sorted((workspace / ".tailor" / "studies").iterdir())
    stored = [json.loads((s / "plan.json").read_text())["plan"]["dataset"]["sha256"] for s in studies]
    assert stored == [old["version"], new["version"]]
    assert (old["studies"], new["studies"]) == ([studies[0].name], [studies[1].name])
    ran = tailor("data", "diff", old["version"][:8], "-w", workspace)
    assert ran.code == 0, ran.err
    assert "+ 'Where is Ivy?'" in ran.out
    assert "1 added, 0 removed, 0 changed" in ran.out
    found = json.loads(tailor("data", "diff", new["version"][:8], "questions.jsonl", "-w", workspace, "--json").out)
    assert (found["added"], found["changed"]) == (0, 0)
