"""Bad rows set aside by check and compare: all of them, with reasons, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tailor.data.aside import write_aside
from tailor.data.read import read_files
from tailor.data.stream import Aside, Reading
from tailor.errors import DataError
from tiny_workspace import edit, tailor

BAD = [
    '{"id": "x-1", "question": "", "answer": "Oslo"}',
    '{"id": "x-2", "question": "What?"}',
    "not json",
    '{"id": "Alder-0", "question": "Who is at Alder?", "answer": "Ann"}',  # an id that is there
    # Another answer to a question that is there:
    '{"question": "Where is the Alder office?", "answer": "Rome", "owner": 7}',
]


def add(workspace: Path, lines: list[str]) -> int:
    """Put lines at the end of the questions; gives how many rows there are then."""
    path = workspace / "questions.jsonl"
    text = path.read_text(encoding="utf-8") + "".join(f"{line}\n" for line in lines)
    path.write_text(text, encoding="utf-8")
    return len(text.splitlines())


def test_bad_rows_go_aside_and_counts_add_up(workspace: Path) -> None:
    good = read_files(["questions.jsonl"], root=workspace)
    rows = add(workspace, BAD)
    with pytest.raises(DataError, match="--quarantine"):
        read_files(["questions.jsonl"], root=workspace)
    aside, reading = list[Aside](), Reading()
    kept = read_files(["questions.jsonl"], root=workspace, aside=aside, reading=reading)
    assert kept == good
    assert (reading.rows, reading.examples, reading.bad) == (rows, len(good), len(BAD)) == (rows, rows - 5, 5)
    write_aside(workspace / "bad.jsonl", aside)
    lines = [json.loads(line) for line in (workspace / "bad.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["line"] for line in lines] == list(range(rows - 4, rows + 1))
    assert [p["field"] for line in lines for p in line["problems"]] == ["question", "answer", None, "id", "answer"]
    assert lines[2]["row"] == "not json"
    assert lines[4]["row"] == {"question": "Where is the Alder office?", "answer": "Rome", "owner": "7"}
    # A file that cannot be used as a whole is no row.
    with pytest.raises(DataError):
        read_files(["questions.jsonl", "none.jsonl"], root=workspace, aside=[])


def test_rows_of_one_line_are_told_apart(tmp_path: Path) -> None:
    rows = [
        {"question": "Who?", "answer": "Ann", "note": "a"},
        {"question": "Who?", "answer": "Bob", "note": "b"},
        {"question": "What?"},
        {"question": "Where?", "answer": "Rome", "note": "c"},
        {"question": "Who?", "answer": "Cid", "note": "d"},
    ]
    (tmp_path / "q.json").write_text(json.dumps(rows), encoding="utf-8")
    aside, reading = list[Aside](), Reading()
    kept = read_files(["q.json"], root=tmp_path, aside=aside, reading=reading)
    assert [e.answer for e in kept] == ["Ann", "Rome"]
    assert (reading.rows, reading.examples, reading.bad) == (5, 2, 3)
    assert sorted(piece.content["answer"] for piece in aside if "answer" in piece.content) == ["Bob", "Cid"]
    assert all(piece.content in rows for piece in aside)


def test_check_goes_on_without_bad_rows(workspace: Path) -> None:
    before = json.loads(tailor("check", workspace, "--json").out)
    rows = add(workspace, BAD)
    assert tailor("check", workspace).code == 2
    ran = tailor("check", workspace, "--quarantine", workspace / "bad.jsonl", "--json")
    after = json.loads(ran.out)
    assert (after["set_aside"], after["dataset_sha256"]) == (5, before["dataset_sha256"])
    assert len((workspace / "bad.jsonl").read_text().splitlines()) == 5
    assert rows == 45
    edit(workspace / "tailor.yaml", "questions: questions.jsonl", 'questions: "*.jsonl"')
    ran = tailor("check", workspace, "--quarantine", workspace / "bad.jsonl")
    assert ran.code == 2
    assert "would be read as questions" in ran.err


@pytest.mark.slow
def test_compare_goes_on_without_bad_rows(workspace: Path) -> None:
    text = (workspace / "tailor.yaml").read_text()
    head, _, tail = text.partition("arms:\n")
    (workspace / "tailor.yaml").write_text(f"{head}arms: [zero-shot, few-shot]\n{tail[tail.index('seeds:') :]}")
    add(workspace, BAD)
    assert tailor("compare", workspace, "--workers", "2").code == 2
    ran = tailor("compare", workspace, "--quarantine", workspace / "bad.jsonl", "--workers", "2")
    assert ran.code == 0, ran.err
    # Forty good questions and four that cannot be answered.
    assert "49 rows = 44 examples + 5 bad + 0 left out" in ran.out
    assert len((workspace / "bad.jsonl").read_text().splitlines()) == 5
