"""The review queue: every decision is kept, can be taken back, and is there in the next sitting."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailor.data.review import ReviewQueue, read_items, write_approved
from tailor.data.review_files import LABEL_STUDIO_CONFIG, export_rows, import_decisions
from tailor.errors import DataError

ROWS = [
    {"question": f"Q{n}?", "answer": f"A{n}", "fact": f"f{n}", "made": {"rule": "typos", "from": f"r{n}"}}
    for n in range(4)
]


def rows_file(folder: Path) -> Path:
    path = folder / "more.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def queue(folder: Path) -> ReviewQueue:
    return ReviewQueue(read_items(rows_file(folder), root=folder), folder / "log" / "more.jsonl", "ada")


def asked(found: ReviewQueue) -> str | None:
    return found.current.example.question if found.current else None


def test_decisions_are_kept_over_sittings(tmp_path: Path) -> None:
    first = queue(tmp_path)
    first.approve()
    first.skip()
    first.edit("Q2, please?", "A two")
    assert asked(first) == "Q3?"
    again = queue(tmp_path)
    assert asked(again) == "Q3?"
    again.reject("of no use")
    assert asked(again) == "Q1?"  # what was skipped comes at the end
    assert again.counts == {"approved": 1, "edited": 1, "rejected": 1, "waiting": 1}
    assert write_approved(again, tmp_path / "out.jsonl") == 2
    kept = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(r["question"], r["answer"]) for r in kept] == [("Q0?", "A0"), ("Q2, please?", "A two")]
    assert [r["fact"] for r in kept] == ["f0", "f2"]
    assert kept[0]["made"] == ROWS[0]["made"]
    assert (kept[1]["review"]["by"], kept[1]["review"]["action"]) == ("ada", "edit")


def test_undo_goes_back_also_over_sittings(tmp_path: Path) -> None:
    first = queue(tmp_path)
    assert first.undo() is None
    first.approve()
    first.reject()
    again = queue(tmp_path)
    assert again.undo() is not None
    assert asked(again) == "Q1?"
    again.undo()
    assert asked(again) == "Q0?"
    assert again.counts["waiting"] == 4
    again.skip()
    again.undo()
    assert asked(again) == "Q0?"


def test_what_cannot_be_decided(tmp_path: Path) -> None:
    found = queue(tmp_path)
    with pytest.raises(DataError, match="cannot be empty"):
        found.edit(" ", "x")
    for _ in range(4):
        found.approve()
    with pytest.raises(DataError, match="no row left"):
        found.approve()
    (tmp_path / "bad.jsonl").write_text('{"question": ""}\n')
    with pytest.raises(DataError, match="cannot be reviewed: 2 problems"):
        read_items(tmp_path / "bad.jsonl", root=tmp_path)


@settings(max_examples=60)
@given(keys=st.lists(st.sampled_from("aresu"), max_size=14))
def test_every_row_is_in_one_place_in_each_sitting(tmp_path_factory: pytest.TempPathFactory, keys: str) -> None:
    folder = tmp_path_factory.mktemp("review")
    found = queue(folder)
    for key in keys:
        if key == "u":
            before = found.counts["waiting"]
            assert (found.undo() is None) or found.counts["waiting"] >= before
        elif found.current is not None:
            {"a": found.approve, "r": found.reject, "s": found.skip, "e": lambda: found.edit("New?", "new")}[key]()
        assert sum(found.counts.values()) == 4
    again = queue(folder)
    assert again.counts == found.counts
    assert again.approved() == found.approved()


def test_label_studio_there_and_back(tmp_path: Path) -> None:
    found = queue(tmp_path)
    assert export_rows(found, "label-studio", tmp_path / "tasks.json") == 4
    assert (tmp_path / "tasks.xml").read_text() == LABEL_STUDIO_CONFIG
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    assert tasks[0]["data"]["question"] == "Q0?"

    def annotated(task: dict[str, object], verdict: str, answer: str | None = None) -> dict[str, object]:
        result: list[object] = [{"from_name": "verdict", "type": "choices", "value": {"choices": [verdict]}}]
        if answer:
            result.append({"from_name": "edited_answer", "type": "textarea", "value": {"text": [answer]}})
        before = [{"from_name": "verdict", "type": "choices", "value": {"choices": ["reject"]}}]
        old = {"completed_by": 1, "created_at": "2026-01-01T00:00:00Z", "result": before}
        new = {"completed_by": {"email": "bo@x.example"}, "created_at": "2026-01-02T00:00:00Z", "result": result}
        return {**task, "annotations": [new, old]}

    back = [annotated(tasks[0], "approve"), annotated(tasks[1], "approve", "better"), annotated(tasks[2], "reject")]
    back.append({**tasks[3], "annotations": [{"was_cancelled": True, "result": []}]})
    (tmp_path / "back.json").write_text(json.dumps(back))
    assert found.take(import_decisions(tmp_path / "back.json")) == 3
    assert found.counts == {"approved": 1, "edited": 1, "rejected": 1, "waiting": 1}
    assert [r["answer"] for r in found.approved()] == ["A0", "better"]
    assert found.approved()[1]["review"]["by"] == "label-studio bo@x.example"
    assert found.take(import_decisions(tmp_path / "back.json")) == 0


def test_argilla_there_and_back(tmp_path: Path) -> None:
    found = queue(tmp_path)
    assert export_rows(found, "argilla", tmp_path / "records.json") == 4
    records = json.loads((tmp_path / "records.json").read_text())
    answer = [{"value": "better", "user_id": "u1"}]
    records[0]["responses"] = {"verdict": [{"value": "approve", "user_id": "u1"}], "answer": answer}
    records[1]["responses"] = {"verdict": [{"value": "reject", "user_id": "u1", "status": "draft"}]}
    (tmp_path / "records.json").write_text(json.dumps(records))
    assert found.take(import_decisions(tmp_path / "records.json")) == 1
    assert [(r["question"], r["answer"]) for r in found.approved()] == [("Q0?", "better")]


@pytest.mark.parametrize("content", ["", "{}", "[1]", "nothing"])
def test_files_that_are_no_export(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(DataError):
        import_decisions(tmp_path / "x.json")
    with pytest.raises(DataError, match="No export for 'excel'"):
        export_rows(queue(tmp_path), "excel", tmp_path / "y.json")
