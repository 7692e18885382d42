"""`tailor plan`: what a study decides by and what it can see, before it is run."""

import json
from pathlib import Path

import pytest

from tiny_workspace import edit, tailor


def study(folder: Path) -> Path:
    [found] = (folder / ".tailor" / "studies").iterdir()
    return found


def test_a_plan_is_shown_and_nothing_is_written(workspace: Path) -> None:
    ran = tailor("plan", workspace)
    assert (ran.code, ran.err) == (0, "")
    words = " ".join(ran.out.split())
    assert "exact-match" in words
    assert "few-shot, rag, lora, full, rag+lora, each with zero-shot" in words
    assert "Holm over 5 comparisons, alpha 0.05" in words
    assert "margin 5 points; general ability may lose 3 points" in words
    assert "questions per month 1,000" in words
    assert "Below 30 facts no arm is ranked: add at least" in words
    assert "by no other study" in words
    assert "nothing was written" in words
    assert not (workspace / ".tailor" / "studies").exists()


def test_the_plan_is_the_one_that_compare_froze(finished: Path) -> None:
    found = json.loads(tailor("plan", finished, "--json").out)
    stored = json.loads((study(finished) / "plan.json").read_text(encoding="utf-8"))
    assert found["plan_sha256"] == stored["plan_sha256"]
    assert found["plan"] == stored["plan"]
    assert found["study"] == study(finished).name
    assert found["test_touches"] == 0
    family = found["plan"]["family"]
    assert family["arms"] == ["few-shot", "rag", "lora", "full", "rag+lora"]
    assert (family["against"], family["cell"], family["correction"]) == ("zero-shot", "held-out-framing", "holm")
    assert "frozen" in tailor("plan", finished).out


@pytest.mark.parametrize(("name", "value"), [("margin", "0.1"), ("seeds", "[1]")])
def test_a_changed_plan_names_the_study_that_used_the_test(finished: Path, name: str, value: str) -> None:
    before = study(finished).name
    if name == "seeds":
        edit(finished / "tailor.yaml", "seeds: [1, 2]", "seeds: [1]")
    else:
        edit(finished / "tailor.yaml", "seeds: [1, 2]", f"seeds: [1, 2]\n{name}: {value}")
    words = " ".join(tailor("plan", finished).out.split())
    assert f"by 1 other study ({before})" in words
    assert json.loads(tailor("plan", finished, "--json").out)["study"] is None


def test_a_question_more_does_not_make_the_test_new(finished: Path) -> None:
    """The hash of the test split changes; most of its questions were asked."""
    with (finished / "unanswerable.jsonl").open("a", encoding="utf-8") as rows:
        rows.write(json.dumps({"question": "Who paints the Elm office?", "answer": None}) + "\n")
    found = json.loads(tailor("plan", finished, "--json").out)
    assert (found["study"], found["test_touches"]) == (None, 1)


def test_a_broken_workspace_is_an_error_in_words(tmp_path: Path) -> None:
    ran = tailor("plan", tmp_path)
    assert ran.code == 2
    assert "tailor.yaml does not exist" in ran.err
