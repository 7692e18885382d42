"""Mistakes in tailor.yaml: exit 2, the line, what was found and what would be right."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tailor.cli.main import run
from tiny_workspace import YAML, tailor

GOOD = YAML.format(base="builtin/small")


def check(folder: Path, text: str | bytes, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What `tailor check` says about a tailor.yaml that it refuses."""
    (folder / "tailor.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.setattr(sys, "argv", ["tailor", "check", str(folder)])
    code = run()
    printed = capsys.readouterr()
    assert code == 2
    assert printed.out == ""
    assert "Traceback" not in printed.err
    return printed.err


# What is replaced by what, and what the message must say. Lines are counted by hand in YAML of tiny_workspace.
ONE_MISTAKE = [
    ("seeds: [1, 2]", "sedes: [1, 2]", ["line 15: no setting called 'sedes'", "Did you mean 'seeds'?"]),
    ("  documents: docs", "  docments: docs", ["line 5: no setting called 'data.docments'", "mean 'documents'"]),
    (
        "  - lora:",
        "  - lorra:",
        ["line 12: no arm called 'lorra'. Did you mean 'lora'?\nknown: zero-shot"],
    ),
    ("- lora: {rank: 2", "- lora: {rnk: 2", ["line 12: lora: no option called 'rnk'. Did you mean 'rank'?"]),
    ("- lora: {rank: 2", "- lora: {rank: 0", ["line 12: lora: rank must be from 1 to 1024, found 0"]),
    ("- lora: {rank: 2", "- lora: {rank: big", ["line 12: lora: rank: ", "found 'big'"]),
    ("- lora: {rank: 2, epochs: 1}", "- lora: 2", ["line 12: lora: expected options like", "found 2"]),
    ("- few-shot: {k: 2}", "- few-shot: {k: []}", ["line 10: few-shot: an option has an empty list"]),
    ("  - zero-shot\n", "", ["the control 'zero-shot' is not among the arms", "few-shot, rag, lora"]),
    ("  - zero-shot\n", "  - zero-shot\n  - zero-shot\n", ["line 8: the arm 'zero-shot' is listed twice"]),
    ("  - zero-shot\n", "  - zero-shot\n  - 5\n", ["line 10: arms.1: expected an arm's name", "found 5"]),
    ("- rag+lora:", "- full+lora:", ["line 14: full+lora: "]),
    ("[1, 2]", "[1, 1]", ["line 15: a seed is listed twice, found [1, 1]"]),
    ("[1, 2]", "[-1]", ["line 15: seeds.0: ", "found -1"]),
    ("[1, 2]", "3", ["line 15: seeds: ", "list", "found 3"]),
    ("name: tiny\n", "", ["line 1: the setting 'name' is missing"]),
    ("name: tiny", "name: my study", ["line 1: name: expected letters, digits", "found 'my study'"]),
    ("  questions: questions.jsonl\n", "", ["line 2: the setting 'data.questions' is missing"]),
    ("base: builtin/small", "base: 5", ["line 7: base: expected a model's name", "found 5"]),
    ("  machine_hour_usd: 0.1", "  machine_hour_usd: -1", ["line 18: usage.machine_hour_usd: ", "found -1"]),
    ("  machine_hour_usd: 0.1", "  machine_hour_usd: cheap", ["line 18: usage.machine_hour_usd: ", "found 'cheap'"]),
    ("seeds: [1, 2]", "margin: -0.1", ["line 15: margin: ", "greater than 0", "found -0.1"]),
    ("seeds: [1, 2]", "margin: 5", ["line 15: margin: ", "less than 1", "found 5"]),
    ("seeds: [1, 2]", "metric: exact-mach", ["line 15: no metric called 'exact-mach'. Did you mean 'exact-match'?"]),
    ("seeds: [1, 2]", "control: prompt", ["line 15: the control 'prompt' is not among the arms"]),
    ("seeds: [1, 2]", "name: other", ["line 15: 'name' is there twice, first in line 1"]),
    ("seeds: [1, 2]", "seeds: [1, 2", ["not valid YAML"]),
    ("seeds: [1, 2]", "\tseeds: [1, 2]", ["line 15: not valid YAML", "spaces"]),
    ("seeds: [1, 2]", "seeds: !!python/object/apply:os.system [ls]", ["line 15: not valid YAML"]),
]


@pytest.mark.parametrize(
    ("old", "new", "said"), ONE_MISTAKE, ids=[new.strip()[:30] or old[:30] for old, new, _ in ONE_MISTAKE]
)
def test_one_mistake(
    old: str,
    new: str,
    said: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert old in GOOD
    message = check(tmp_path, GOOD.replace(old, new, 1), capsys, monkeypatch)
    for part in said:
        assert part in message
    assert len(message.splitlines()) <= 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected settings like 'name: ...', found nothing"),
        ("# only a comment\n", "found nothing"),
        ("- a\n- b\n", "found ['a', 'b']"),
        ("hello", "found 'hello'"),
        (b"name: caf\xe9", "not UTF-8"),
        (b"name: a\x00b", "not valid YAML"),
        (b"\xff\xfen\x00a\x00", "not UTF-8"),
        ("a: " + "[" * 4000, "cannot be read"),
        ("&a\nname: *a\n", "line 2: name: "),
    ],
)
def test_no_settings_at_all(
    text: str | bytes,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert said in check(tmp_path, text, capsys, monkeypatch)


def test_all_mistakes_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = GOOD.replace("name: tiny", "name: a b").replace("  - lora:", "  - lorra:").replace("seeds:", "sedes:")
    (tmp_path / "tailor.yaml").write_text(text + "metric: foo\nmargin: x\n", encoding="utf-8")
    ran = tailor("compare", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    numbered = [int(line.split()[2].rstrip(":")) for line in ran.err.splitlines() if line.startswith("tailor.yaml")]
    assert numbered == [1, 12, 15, 19, 20]
    assert not (tmp_path / ".tailor").exists()


def test_where_there_is_no_workspace(tmp_path: Path) -> None:
    ran = tailor("compare", tmp_path / "none")
    assert ran.code == 2
    assert "does not exist" in ran.err
    assert "tailor init" in ran.err
    (tmp_path / "tailor.yaml").write_text(GOOD, encoding="utf-8")
    ran = tailor("check", tmp_path / "tailor.yaml")
    assert ran.code == 2
    assert "is a file" in ran.err


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "tailor.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert "tailor.yaml" not in tailor("check", tmp_path).err


@pytest.mark.slow
def test_metrics_with_options_and_from_a_file(workspace: Path) -> None:
    """What is wrong with a metric is said with its line, and an edited metric is another study."""
    path = workspace / "tailor.yaml"
    text = path.read_text(encoding="utf-8")
    (workspace / "mine.py").write_text("def score(answer, references):\n    return 1.0\n", encoding="utf-8")
    path.write_text(text + "metric: {numric: {}}\nother_metrics: [chrf, {numeric: {relativ: 1}}]\n", encoding="utf-8")
    ran = tailor("check", workspace)
    assert ran.code == 2
    assert "no metric called 'numric'" in ran.err
    assert "Did you mean 'relative'?" in ran.err
    assert "Traceback" not in ran.err
    path.write_text(text + "metric: similarity\n", encoding="utf-8")
    assert "cannot decide a study" in tailor("check", workspace).err
    arms = text.index("arms:"), text.index("seeds:")
    short = f"{text[: arms[0]]}arms: [zero-shot]\n{text[arms[1] :]}"
    path.write_text(f"{short}metric: mine.py\nother_metrics: [chrf, exact-match]\n", encoding="utf-8")
    results = json.loads(tailor("compare", workspace, "--json").out)
    assert results["arms"]["zero-shot"]["quality"]["value"] == 1
    others = results["arms"]["zero-shot"]["metrics"]
    assert list(others) == ["chrf", "exact-match"]
    assert others["exact-match"]["value"] == 0
    assert 0 <= others["chrf"]["low"] <= others["chrf"]["value"] <= others["chrf"]["high"] < 1
    (workspace / "mine.py").write_text("def score(answer, references):\n    return 0.0\n", encoding="utf-8")
    again = json.loads(tailor("compare", workspace, "--json").out)
    assert again["study"] != results["study"]
    assert again["arms"]["zero-shot"]["quality"]["value"] == 0
