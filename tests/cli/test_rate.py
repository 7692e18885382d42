"""`tailor rate`: blind tasks, judgements through terminal and table, and what they show."""

from __future__ import annotations

import csv
import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from rich.cells import cell_len

from tailor.errors import DataError, StudyError
from tailor.study.human import open_round
from tailor.study.human_results import round_results, strengths
from tailor.study.items import StudyItems
from tiny_workspace import command, environment, tailor


def typed(folder: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("rate", *arguments, "-w", folder),
        input=text,
        capture_output=True,
        text=True,
        env=environment(COLUMNS="80"),
        timeout=120,
        check=False,
    )


def test_tasks_are_blind_and_sides_by_chance(finished: Path) -> None:
    items = StudyItems(finished)
    found = open_round(items, ["zero-shot", "rag"], 30)
    tasks = [t for t in found.tasks.values() if t.role == "task"]
    assert {t.arms for t in tasks} == {("zero-shot", "rag"), ("rag", "zero-shot")}
    for task in tasks:
        of_arm = dict(zip(task.arms, (task.left, task.right), strict=True))
        for arm, text in of_arm.items():
            answer = items.answer(items.items[task.item], arm, 1).answer
            assert text in answer.text
        assert task.left != task.right
    facts = Counter(t.fact for t in tasks)
    assert max(facts.values()) <= -(-len(tasks) // len(facts)) + 1  # every fact before a second of any, roughly
    repeats = [t for t in found.tasks.values() if t.role == "repeat"]
    assert repeats
    for task in repeats:
        first = found.tasks[str(task.answer)]
        assert (task.left, task.right, task.arms) == (first.right, first.left, first.arms[::-1])
    assert open_round(items, ["zero-shot", "rag"], 30).tasks == found.tasks
    table = found.sheet().lower()
    assert "zero-shot" not in table
    assert "rag" not in table.replace("paragraph", "")


def test_terminal_and_table_write_the_same_judgements(finished: Path) -> None:
    ran = typed(finished, "1\nx\n2\nt\nq\n", "zero-shot", "rag", "-n", "6", "--rater", "ann")
    assert ran.returncode == 0, ran.stderr
    assert "the same command continues" in ran.stdout
    assert max(cell_len(line) for line in ran.stdout.split("\n") if " > " not in line) <= 80
    assert "\x1b" not in ran.stdout
    found = open_round(StudyItems(finished), ["zero-shot", "rag"], 6)
    assert [j.choice for j in found.judgements()] == ["left", "right", "tie"]
    left = len(found.open_tasks("ann"))
    assert "judged" in typed(finished, "s\n" * left, "zero-shot", "rag", "-n", "6", "--rater", "ann").stdout
    assert found.open_tasks("ann") == []
    sheet = finished / "sheet.csv"
    assert tailor("rate", "zero-shot", "rag", "-n", "6", "--sheet", sheet, "-w", finished).code == 0
    assert tailor("rate", "zero-shot", "rag", "-n", "6", "--sheet", sheet, "-w", finished).code == 2
    rows = list(csv.DictReader(sheet.open(encoding="utf-8")))
    for row in rows:
        row["choice"] = "Left"
    with sheet.open("w", encoding="utf-8", newline="") as handle:
        table = csv.DictWriter(handle, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    ran_table = tailor("rate", "zero-shot", "rag", "-n", "6", "--read", sheet, "--rater", "bob", "-w", finished)
    assert (ran_table.code, "0 tasks are open" in ran_table.out) == (0, True)
    shown = json.loads(tailor("rate", "--json", "-w", finished).out)
    [result] = shown["rounds"]
    assert result["raters"]["bob"]["left_share"] == 1
    assert result["raters"]["ann"]["n"] == 3
    assert "prefer rag" in tailor("rate", "--results", "-w", finished).out


def test_results_by_hand(finished: Path) -> None:
    """Ann prefers rag everywhere and reads; Bob always chooses the left side."""
    items = StudyItems(finished)
    found = open_round(items, ["zero-shot", "rag"], 20)
    for task in found.tasks.values():
        side = task.answer if task.role == "gold" else "left" if task.arms[0] == "rag" else "right"
        found.judge(task.id, "ann", str(side), 2.0)
    result = round_results(found, items)
    assert result["result"]["value"] == 1
    ann = result["raters"]["ann"]
    assert (ann["gold_right"], ann["agrees_with_self"], ann["median_seconds"]) == (1, 1, 2.0)
    for task in found.tasks.values():
        found.judge(task.id, "bob", "left")
    tasks = [t for t in found.tasks.values() if t.role == "task"]
    rag_left = sum(t.arms[0] == "rag" for t in tasks) / len(tasks)
    result = round_results(found, items)
    assert result["result"]["value"] == pytest.approx((1 + rag_left) / 2)
    assert result["raters"]["bob"]["agrees_with_self"] == 0  # sides were changed
    assert result["alpha"] < 0.5
    best, other = strengths([found])
    assert (best["arm"], other["arm"]) == ("rag", "zero-shot")
    assert best["value"] == -other["value"]


def test_a_rating_agrees_with_the_metric_or_not(finished: Path) -> None:
    items = StudyItems(finished)
    found = open_round(items, ["rag"], 100)
    for task in found.tasks.values():
        graded = items.answer(items.items[task.item], "rag", 1).right
        choice = str(task.answer) if task.role == "gold" else "right" if graded else "wrong"
        found.judge(task.id, "ann", choice)
    result = round_results(found, items)
    assert result["kind"] == "rating"
    assert result["metric_kappa"] in (1, None)  # None: the metric gave one grade to all


def test_what_is_no_judgement(finished: Path, tmp_path: Path) -> None:
    found = open_round(StudyItems(finished), ["zero-shot", "rag"], 5)
    task = next(iter(found.tasks))
    for wrong in ((task, "better"), ("nothing", "left")):
        with pytest.raises(StudyError):
            found.judge(wrong[0], "ann", wrong[1])
    (tmp_path / "s.csv").write_text(f"task,choice\n{task},left\n{task},best\nx,left\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        found.read_sheet(tmp_path / "s.csv", "ann")
    assert len(caught.value.problems) == 2
    assert found.judgements() == []
    assert tailor("rate", "-w", finished).code == 2
    assert "Did you mean 'rag'?" in tailor("rate", "rog", "-w", finished).err
