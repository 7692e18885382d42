"""Wrong data as a new user would bring it: the file, the line, a remedy, exit code not 0, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tailor.cli.main import run
from tiny_workspace import edit, save_workspace, tailor

Change = Callable[[Path], object]


def write(name: str, content: str | bytes) -> Change:
    return lambda folder: (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def add(name: str, *lines: str) -> Change:
    return lambda folder: (folder / name).open("a", encoding="utf-8").writelines(f"{line}\n" for line in lines)


def settings(old: str, new: str) -> Change:
    return lambda folder: edit(folder / "tailor.yaml", old, new)


def all_of(*changes: Change) -> Change:
    return lambda folder: [change(folder) for change in changes]


QUESTIONS = "questions.jsonl"
CASES: dict[str, tuple[Change, int, list[str]]] = {
    "missing column": (
        all_of(write("faq.csv", "question,reply2\nWho?,Tim\n"), settings(QUESTIONS, "faq.csv")),
        2,
        ["faq.csv line 2", "expected a column 'answer'", "columns 'question', 'reply2'"],
    ),
    "empty file": (write(QUESTIONS, ""), 2, ["questions.jsonl: expected at least one row, found an empty file"]),
    "broken line": (
        add(QUESTIONS, '{"id": "x", ', '{"question": "New?", "answer": "yes"}'),
        2,
        ["questions.jsonl line 41: expected one JSON object per line", "1 problem"],
    ),
    "one id twice": (
        add(QUESTIONS, '{"id": "Elm-1", "question": "New?", "answer": "yes"}'),
        2,
        ["questions.jsonl line 41, id: ", "found 'Elm-1' (line 22 has it too)"],
    ),
    "one id in two files": (
        add("unanswerable.jsonl", '{"id": "Elm-1", "question": "New?", "answer": null}'),
        2,
        ["unanswerable.jsonl line 5, id: ", "found 'Elm-1' (questions.jsonl line 22 has it too)"],
    ),
    "two answers": (
        add(QUESTIONS, '{"question": "Elm: location?", "answer": "Rome"}'),
        2,
        ["questions.jsonl line 41, answer: ", "'Kyoto', as in line 24", "found 'Rome'", "keep one of the two"],
    ),
    "an answer and none": (
        add("unanswerable.jsonl", '{"question": "Elm: location?", "answer": null}'),
        2,
        ["unanswerable.jsonl line 5, answer: ", "questions.jsonl line 24", "no answer"],
    ),
    "trained and tested": (
        add(
            QUESTIONS,
            '{"question": "New?", "answer": "yes", "split": "train"}',
            '{"question": "new", "answer": "yes", "split": "test"}',
        ),
        2,
        ["questions.jsonl line 42, split: expected 'train', as in line 41", "found 'test'", "tests nothing"],
    ),
    "binary": (write(QUESTIONS, bytes(range(256)) * 9), 2, ["questions.jsonl", "expected UTF-8 text"]),
    "no such file": (lambda f: (f / QUESTIONS).unlink(), 2, ["questions.jsonl", "no such file", "check the path"]),
    "no documents folder": (lambda f: shutil.rmtree(f / "docs"), 2, ["docs: ", "check the path"]),
    "no documents in it": (
        lambda f: [p.unlink() for p in (f / "docs").iterdir()],
        2,
        ["docs: expected files of .md, .txt", "found no documents"],
    ),
    "documents not named": (
        settings("  documents: docs\n", ""),
        2,
        ["rag, rag+lora need documents", "Add documents: FOLDER below data"],
    ),
    "one wording per fact": (
        write(QUESTIONS, "".join(f'{{"question": "Who is {i}?", "answer": "N{i}"}}\n' for i in range(6))),
        2,
        ["nothing to test on", "at least two questions"],
    ),
    "an id of ours": (
        add(QUESTIONS, '{"id": "general-sum-1", "question": "New?", "answer": "yes"}'),
        2,
        ["'general-sum-1'"],
    ),
    "everything at once": (
        all_of(
            write(QUESTIONS, ""),
            write("unanswerable.jsonl", "x\n"),
            write("general.jsonl", ""),
            lambda f: shutil.rmtree(f / "docs"),
        ),
        2,
        ["4 problems in the data", "questions.jsonl: ", "unanswerable.jsonl line 1: ", "general.jsonl: ", "docs: "],
    ),
}


def refused(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["tailor", command, str(folder)])
    code = run()
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    assert not (folder / ".tailor").exists()
    return code, printed.err


@pytest.mark.parametrize("command", ["check", "compare"])
@pytest.mark.parametrize("case", CASES)
def test_wrong_data(
    case: str,
    command: str,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change, code, said = CASES[case]
    change(workspace)
    found, message = refused(command, workspace, capsys, monkeypatch)
    assert found == code
    for part in said:
        assert part in message


@pytest.mark.parametrize(
    ("base", "code", "said"),
    [
        ("builtin/smal", 2, ["no model called 'builtin/smal'", "Did you mean builtin/small?"]),
        ("llama", 2, ["no model called 'llama'", "builtin/small"]),
        ("./nothing", 2, ["the folder ./nothing does not exist"]),
        ("org/model", 4, ["org/model", "neither in the local cache nor to be had"]),
        ("{endpoint: 'http://127.0.0.1:9/v1', model: llama}", 2, ["lora, full, rag+lora", "behind an endpoint"]),
    ],
)
def test_wrong_base(
    base: str,
    code: int,
    said: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, message = refused("compare", save_workspace(tmp_path / "w", base), capsys, monkeypatch)
    assert found == code
    for part in said:
        assert part in message


def test_a_base_without_weights(workspace: Path, tiny_base: Path) -> None:
    shutil.copytree(tiny_base, workspace / "model")
    (workspace / "model" / "model.safetensors").unlink()
    edit(workspace / "tailor.yaml", str(tiny_base), "./model")
    ran = tailor("compare", workspace)
    assert ran.code == 4
    assert "no .safetensors weights" in ran.err


def test_an_endpoint_that_is_not_there_and_then_is_left_out(workspace: Path, tiny_base: Path) -> None:
    """Refused after the tries; nothing of it stands in the way of the next run."""
    text = (workspace / "tailor.yaml").read_text(encoding="utf-8")
    head, _ = text.split("arms:\n")
    endpoint = head.replace(str(tiny_base), "{endpoint: 'http://127.0.0.1:9/v1', model: llama}")
    (workspace / "tailor.yaml").write_text(endpoint + "arms: [zero-shot]\n", encoding="utf-8")
    ran = tailor("compare", workspace)
    assert ran.code == 4
    assert "127.0.0.1:9" in ran.err
    assert "Is the server running?" in ran.err
    assert "Traceback" not in ran.err
    (workspace / "tailor.yaml").write_text(head + "arms: [zero-shot]\nseeds: [1]\n", encoding="utf-8")
    again = tailor("compare", workspace, "--workers", "1", "--json")
    assert again.code == 0, again.err
    assert '"test_touches": 1' in again.out


def test_long_lists_are_cut(workspace: Path) -> None:
    rows = "".join(f'{{"id": "a{i}", "question": "Q{i}?", "answer": [{i}]}}\n' for i in range(382))
    (workspace / QUESTIONS).write_text(rows, encoding="utf-8")
    ran = tailor("check", workspace)
    assert ran.code == 2
    lines = ran.err.splitlines()
    assert "382 problems" in lines[0]
    assert lines[-2].strip() == "... and 332 more"
    assert "--quarantine" in lines[-1]
    assert len(lines) == 53  # a heading, 50 problems, how many more, and what to do


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(workspace: Path) -> None:
    (workspace / QUESTIONS).chmod(0)
    ran = tailor("check", workspace)
    assert ran.code == 2
    assert "questions.jsonl: expected a readable file, found no permission to read it" in ran.err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_no_permission_as_somebody_else(tmp_path: Path, tiny_base: Path) -> None:
    """What another user of the machine sees: a file and then a folder that are not theirs."""
    folder = save_workspace(tmp_path / "w", "./model")
    # Named from within: the folders above belong to root alone.
    for place in (folder, save_workspace(folder / "good", "./model")):
        shutil.copytree(tiny_base, place / "model")
        (place / "model" / "model.safetensors").chmod(0o644)
    (folder / QUESTIONS).chmod(0)

    def check(command: str) -> subprocess.CompletedProcess[str]:
        code = (
            f"import contextlib, io, os, sys\nfrom tailor.cli.main import main\nos.chdir({str(folder)!r})\n"
            # Once as root: what is imported late must be there before the files of Python are out of reach.
            "sys.argv = ['tailor', 'check', 'good']\n"
            "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main()\n"
            f"os.seteuid(65534)\nsys.argv = ['tailor', {command!r}]\nmain()"
        )
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)

    ran = check("check")
    assert ran.returncode == 2
    assert "found no permission to read it" in ran.stderr
    (folder / QUESTIONS).chmod(0o644)
    ran = check("init")
    assert ran.returncode == 2
    (folder / "tailor.yaml").rename(folder / "old.yaml")
    ran = check("init")
    assert ran.returncode == 5
    assert "No permission" in ran.stderr
    assert "Traceback" not in ran.stderr
