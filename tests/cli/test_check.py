"""`tailor check` as one sees it: the table, the JSON, the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tailor.retrieval.embedding import installed
from tiny_workspace import FACTS, FRAMINGS, tailor


def add(workspace: Path, *rows: dict[str, str]) -> None:
    with (workspace / "questions.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def findings(workspace: Path, *options: str) -> dict[str, dict[str, object]]:
    ran = tailor("check", workspace, "--json", *options)
    return {f["dimension"]: f for f in json.loads(ran.out)["audit"]["findings"]}


def test_the_table_says_number_limit_verdict_and_worst_rows(workspace: Path) -> None:
    ran = tailor("check", workspace)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    facts = next(line.split() for line in lines if "look  facts " in line)
    assert facts[:6] == ["!", "look", "facts", str(len(FACTS)), "≥", "30"]
    exact = next(line.split() for line in lines if "leak, exact" in line)
    assert exact == ["✓", "ok", "leak,", "exact", "0", "≤", "0"]
    assert lines[-1].endswith("0 to mend, 0 open; nothing was changed")
    assert max(map(len, lines)) <= 80


def test_json_holds_every_number(workspace: Path) -> None:
    found = findings(workspace)
    assert len(found) >= 20
    assert all(
        set(f) == {"dimension", "number", "threshold", "verdict", "text", "rows", "unit", "at_least"}
        for f in found.values()
    )
    # Eight facts cannot show a difference of 20 points: no number is null, not 0.
    assert found["detectable difference"]["number"] is None
    assert found["framings"]["number"] == 0
    assert len(FRAMINGS) == 5


def test_personal_data_end_with_2_and_are_never_printed(workspace: Path) -> None:
    card, key = "4111 1111 1111 1111", "sk-proj-" + "Ab1" * 10
    add(workspace, {"question": f"Why was my card {card} refused?", "answer": "It has expired.", "fact": "card"})
    add(workspace, {"question": "Which key does the shop use?", "answer": key, "fact": "key"})
    for options in ((), ("--json",)):
        ran = tailor("check", workspace, *options)
        assert ran.code == 2
        assert not any(secret in ran.out + ran.err for secret in (card, key, "1111", "Ab1Ab1"))
    private = next(f for f in json.loads(ran.out)["audit"]["findings"] if f["dimension"] == "personal numbers")
    assert private["verdict"] == "bad"
    assert "1 key or password, 1 payment card" in private["text"]


def test_a_file_of_production_questions(workspace: Path, tmp_path: Path) -> None:
    asked = tmp_path / "asked.txt"
    asked.write_text("Where is the Alder office?\n\nCan I return my broken umbrella?\n", encoding="utf-8")
    found = findings(workspace, "--production", str(asked))["representativeness"]
    assert (found["number"], found["verdict"], found["rows"]) == (0.5, "warn", ["production-2"])
    assert "umbrella" in tailor("check", workspace, "--production", asked).out


@pytest.mark.parametrize("content", [None, b"\n \n", b"\xff\xfe\xff"])
def test_a_production_file_that_cannot_be_used(workspace: Path, tmp_path: Path, content: bytes | None) -> None:
    asked = tmp_path / "asked.txt"
    if content is not None:
        asked.write_bytes(content)
    ran = tailor("check", workspace, "--production", asked)
    assert ran.code == 2
    assert "asked.txt" in ran.err
    assert "one question a line" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.slow
def test_meaning_needs_the_encoder(workspace: Path) -> None:
    ran = tailor("check", workspace, "--meaning", "--json")
    if installed():
        found = {f["dimension"]: f for f in json.loads(ran.out)["audit"]["findings"]}
        assert "vectors" in found["leak, meaning"]["text"]
    else:
        assert ran.code == 3
        assert "rag" in ran.err
