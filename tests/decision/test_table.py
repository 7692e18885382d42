from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console
from sample_study import failed, study

from tailor.decision.table import results_table, verdict_panel


def printed(renderable: object, width: int) -> str:
    console = Console(file=StringIO(), width=width, force_terminal=False)
    console.print(renderable)
    return str(console.file.getvalue())


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_it_fits_and_cuts_nothing(width: int) -> None:
    text = printed(results_table(study(), width), width)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    assert "…" not in text
    for arm in study()["arms"]:
        assert arm in text


def test_every_arm_shows_its_interval_and_what_happened_to_general_ability() -> None:
    text = printed(results_table(study(), 80), 80)
    rag = next(line for line in text.splitlines() if " rag " in line)
    assert rag.startswith("› rag")
    assert rag.split() == ["›", "rag", "86", "[82", "–", "90]", "85", "79", "–", "88", "–", "0.028"]
    assert "−6 harmed" in text


def test_wide_terminals_show_more() -> None:
    narrow, wide = printed(results_table(study(), 80), 80), printed(results_table(study(), 140), 140)
    assert "artifact" not in narrow
    assert "artifact" in wide
    assert "+84 [79 to 89]" in wide


def test_a_failed_arm_has_no_numbers() -> None:
    text = printed(results_table(failed(study(), "lora"), 80), 80)
    line = next(line for line in text.splitlines() if " lora " in line)
    assert line.split() == ["lora", "failed", *["–"] * (len(line.split()) - 2)]
    assert "lora: the process ran out of memory" in printed(verdict_panel(failed(study(), "lora")), 80)


def test_square_brackets_in_a_name_are_no_markup() -> None:
    results = study()
    results["arms"]["[red]x[/red]"] = results["arms"].pop("few-shot")
    assert "[red]x[/red]" in printed(results_table(results, 140), 140)


def test_the_panel_says_verdict_doubt_and_changes() -> None:
    text = printed(verdict_panel(study()), 80)
    assert text.index("Verdict") < text.index("Doubt") < text.index("Changes")
    assert "Use rag." in text


def test_a_stored_verdict_is_shown_as_it_stands() -> None:
    results = study()
    results["verdict"] = {"kind": "adopt", "arm": "lora", "sentence": "Use lora: stored.", "doubts": ["one doubt"]}
    text = printed(verdict_panel(results), 80)
    assert "Use lora: stored." in text
    assert "one doubt" in text
