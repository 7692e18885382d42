"""Ten questions, and what practice makes of the answers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tailor.cli.intake import QUESTIONS
from tailor.study.config import load_workspace
from tailor.study.prior import prior, rules, situation_of
from tiny_workspace import command, environment

ARMS = ("zero-shot", "few-shot", "rag", "lora", "full", "rag+lora")


def init(folder: Path, answers: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "a.md").write_text("# A", encoding="utf-8")
    (folder / "rows.csv").write_text("question,answer\na,b\n", encoding="utf-8")
    return subprocess.run(
        command("init", folder, *options), input=answers, capture_output=True, text=True, env=environment(), check=False
    )


def test_every_answer_becomes_a_setting_and_a_wrong_one_is_asked_again(tmp_path: Path) -> None:
    answers = "w\nfacts\nmaybe\nyes\nn\n20,000\n-20%\n800\n$300\n0.5\nnone\n"
    ran = init(tmp_path / "w", answers, "--ask")
    assert ran.returncode == 0, ran.stderr
    assert "expected yes or no, found 'maybe'" in ran.stdout
    config = load_workspace(tmp_path / "w").config
    assert config.situation.model_dump() == {"changes": "weekly", "answers": "facts", "skills": "none"}
    assert (config.gates.private, config.gates.citations, config.gates.p95_ms) == (True, False, 800)
    assert (config.gates.budget_month_usd, config.usage.wrong_answer_usd) == (300, 0.5)
    assert (config.usage.questions_per_month, config.usage.growth_per_year) == (20_000, -0.2)
    assert config.usage.refreshes_per_year == 52
    assert [a.name for a in load_workspace(tmp_path / "w").arms][:2] == ["zero-shot", "rag"]
    assert "Ovadia" in ran.stdout


@pytest.mark.parametrize(
    ("answers", "options"), [("\n" * 10, ("--ask",)), ("", ("--ask",)), ("", ("--no-ask",)), ("", ())]
)
def test_every_question_can_be_skipped(tmp_path: Path, answers: str, options: tuple[str, ...]) -> None:
    ran = init(tmp_path / "w", answers, *options)
    assert ran.returncode == 0, ran.stderr
    written = yaml.safe_load((tmp_path / "w" / "tailor.yaml").read_text(encoding="utf-8"))
    assert written["arms"] == ["zero-shot", "few-shot", "rag", "lora", "full", "rag+lora"]
    assert "gates" not in written
    assert "From practice" not in ran.stdout


def test_at_most_ten_questions() -> None:
    assert len(QUESTIONS) == 10


def test_every_rule_has_reason_source_and_names_known_methods() -> None:
    from tailor.methods import METHODS

    known = set(METHODS.names())
    assert len({r.id for r in rules()}) == len(rules()) >= 12
    for rule in rules():
        assert rule.reason.endswith(".")
        assert rule.source
        assert {*rule.speaks_for, *rule.against} <= known, rule.id
        assert not set(rule.speaks_for) & set(rule.against)


@pytest.mark.parametrize(
    ("situation", "first", "before"),
    [
        ({"changes": "daily"}, "rag", ("rag", "lora")),
        ({"citations": True}, "rag", ("rag", "few-shot")),
        ({"answers": "style"}, "lora", ("lora", "full")),
        ({"volume": "large", "latency": "tight"}, "lora", ("lora", "rag")),
        ({"skills": "none"}, "rag", ("few-shot", "lora")),
    ],
)
def test_what_practice_points_to(situation: dict[str, object], first: str, before: tuple[str, str]) -> None:
    found = prior(situation, ARMS)
    assert found.favours() == first
    assert found.order.index(before[0]) < found.order.index(before[1])
    assert prior({}, ARMS).order == ARMS
    assert prior({}, ARMS).favours() is None


def test_settings_are_read_as_the_rules_ask() -> None:
    known = situation_of({}, {"questions_per_month": 999, "wrong_answer_usd": 1.0}, {"p95_ms": 500, "private": True})
    assert known == {"private": True, "volume": "small", "latency": "tight", "error": "dear"}
    assert situation_of({}, {}, {}) == {}
