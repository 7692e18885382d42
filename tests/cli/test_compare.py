"""The main command from end to end on eight facts, and every command that reads what it left."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tiny_workspace import edit, tailor

pytestmark = pytest.mark.slow
ARMS = ["zero-shot", "few-shot", "rag", "lora", "full", "rag+lora"]
NUMBER = (int, float)


def study(folder: Path) -> Path:
    [found] = (folder / ".tailor" / "studies").iterdir()
    return found


def results_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((study(folder) / "results.json").read_text(encoding="utf-8")))


def test_what_is_printed(compared: Path) -> None:
    out = (compared / "printed.txt").read_text(encoding="utf-8")
    assert (compared / "errors.txt").read_text(encoding="utf-8") == ""
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out)
    for arm in ARMS:
        assert f"✓ {arm}" in out
    assert out.count("✓") == 10  # zero-shot and rag once, the four others with two seeds
    assert "Not enough evidence" in out
    assert "report.html" in out
    assert "8 facts" in out
    # Paths are never broken; everything else is short enough for a person.
    assert max(len(line) for line in out.splitlines() if str(compared) not in line) <= 100


def test_results_have_the_documented_fields(compared: Path) -> None:
    """docs/reference/results.md."""
    results = results_of(compared)
    assert results["format_version"] == 1
    assert results["study"] == study(compared).name
    assert results["status"] == "complete"
    assert results["test_touches"] == 1
    assert re.fullmatch("[0-9a-f]{64}", results["plan_sha256"])
    for key in ("name", "question", "created", "tailor_version", "primary_cell", "control"):
        assert isinstance(results[key], str)
    assert set(results["base"]) >= {"name", "kind", "revision", "parameters"}
    assert set(results["dataset"]) >= {"sha256", "n_facts", "n_train", "n_dev", "n_test", "cells", "documents"}
    assert set(results["timing"]) == {"data", "fit", "answer", "analyse", "total"}
    assert set(results["environment"]) >= {"python", "torch", "transformers", "peft", "cpu", "cores", "bf16"}
    assert {"leak, exact", "grounding", "size"} <= {f["dimension"] for f in results["audit"]}
    assert all("rows" not in f for f in results["audit"])
    assert results["seeds"] == [1, 2]
    assert list(results["arms"]) == sorted(ARMS, key=lambda a: results["arms"][a]["complexity"])
    said = results["verdict"]
    assert set(said) == {"kind", "arm", "gate", "sentence", "reasons", "doubts", "changes", "optimism"}
    assert results["verdict"]["kind"] == "not-enough-evidence"
    for row in results["comparisons"]:
        assert set(row) >= {"arm", "against", "cell", "difference", "low", "high", "p", "p_holm", "n_facts", "mde"}
    assert set(results["flips"]) == set(ARMS) - {"zero-shot"}


@pytest.mark.parametrize("name", ARMS)
def test_every_arm_has_the_documented_fields(compared: Path, name: str) -> None:
    arm = results_of(compared)["arms"][name]
    assert arm["status"] == "ok"
    assert arm["failure"] is None
    assert set(arm["quality"]) >= {"value", "low", "high", "n_items", "n_facts", "n_failed"}
    assert 0 <= arm["quality"]["low"] <= arm["quality"]["value"] <= arm["quality"]["high"] <= 1
    cells = {"trained-framing", "held-out-framing", "held-out-fact", "unanswerable", "general"}
    assert set(arm["cells"]) == cells
    for cell in arm["cells"].values():
        assert cell["correct"] + cell["incorrect"] + cell["not_attempted"] == pytest.approx(1)
    assert set(arm["general"]) >= {"before", "after", "difference", "low", "high", "n_items", "verdict"}
    assert all(isinstance(arm["latency_ms"][k], NUMBER) for k in ("p50", "p95", "n"))
    assert set(arm["usage"]) >= {
        "prompt_tokens",
        "completion_tokens",
        "answers",
        "answer_seconds",
        "train_tokens",
        "train_seconds",
        "fit_seconds",
        "peak_memory_mb",
        "artifact_mb",
    }
    trained = name in ("lora", "full", "rag+lora")
    assert (arm["usage"]["train_tokens"] > 0) == trained
    assert (arm["usage"]["artifact_mb"] > 0) == (trained or name == "rag")
    assert len(arm["curves"]) == (2 if trained else 0)


def test_a_second_run_asks_nothing_again(finished: Path) -> None:
    kept = [p for name in ("answers", "fits") for p in (study(finished) / name).iterdir()]
    kept.append(study(finished) / "plan.json")
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in kept}
    ran = tailor("compare", finished, "--json")
    assert (ran.code, ran.err) == (0, "")
    results = json.loads(ran.out)
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in before} == before
    assert results["study"] == study(finished).name
    assert results["test_touches"] == 1


def test_report(finished: Path) -> None:
    (study(finished) / "report.html").unlink()
    ran = tailor("report", finished)
    assert (ran.code, ran.err) == (0, "")
    assert "Not enough evidence" in ran.out
    html = (study(finished) / "report.html").read_text(encoding="utf-8")
    assert "<html" in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert "# " in tailor("report", finished, "--markdown").out
    assert json.loads(tailor("report", finished, "--json").out) == results_of(finished)
    ran = tailor("report", finished, "--study", "nope")
    assert ran.code == 5
    assert study(finished).name in ran.err


def test_damaged_and_newer_results(finished: Path) -> None:
    path = study(finished) / "results.json"
    good = path.read_text(encoding="utf-8")
    for text, said in (
        (good[:500], "not valid JSON"),
        ("[]", "damaged"),
        ('{"format_version": 1}', "is missing"),
        ('{"format_version": 2}', "Upgrade Tailor"),
    ):
        path.write_text(text, encoding="utf-8")
        for arguments in (("report", finished), ("promote", "rag", "-w", finished)):
            ran = tailor(*arguments)
            assert ran.code == 4
            assert said in ran.err
            assert "Traceback" not in ran.err
    path.unlink()
    ran = tailor("report", finished)
    assert ran.code == 5
    assert "Run tailor compare" in ran.err


def test_chat(finished: Path) -> None:
    ran = tailor("chat", "rag", "lora", "-w", finished, "-q", "Where is the Elm office?", "-q", "And Oslo?", "--json")
    assert (ran.code, ran.err) == (0, "")
    answers = json.loads(ran.out)
    assert [a["question"] for a in answers] == ["Where is the Elm office?", "And Oslo?"]
    assert all(set(a["answers"]) == {"rag", "lora"} for a in answers)
    shown = tailor("chat", "zero-shot", "-w", finished, "-q", "Where is the Elm office?")
    assert shown.code == 0
    assert "Where is the Elm office?" in shown.out
    assert shown.out.splitlines()[1].startswith("zero-shot")
    ran = tailor("chat", "lorra", "-w", finished, "-q", "x")
    assert ran.code == 5
    assert "Did you mean 'lora'?" in ran.err


def test_promote_and_rollback(finished: Path) -> None:
    assert tailor("rollback", finished).code == 4
    ran = tailor("promote", "rag", "-w", finished)  # the verdict found too few facts for any arm but the control
    assert ran.code == 6
    assert "--force" in ran.err
    assert "Traceback" not in ran.err
    ran = tailor("promote", "rag", "-w", finished, "--force", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["arm"] == "rag"
    assert tailor("promote", "full", "-w", finished, "--force", "--seed", "7").code == 5
    assert tailor("promote", "full", "-w", finished, "--force", "--seed", "2").code == 0
    ran = tailor("rollback", finished, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["arm"] == "rag"
    ran = tailor("chat", "champion", "previous", "-w", finished, "-q", "Where is the Elm office?", "--json")
    assert ran.code == 0, ran.err


def test_changed_data_are_a_new_study(finished: Path) -> None:
    """The old one is kept, and the test questions it used count; a quick look is a study too."""
    old = study(finished)
    before = (old / "results.json").read_bytes()
    edit(finished / "tailor.yaml", "seeds: [1, 2]", "seeds: [1, 2]\nmargin: 0.1")
    ran = tailor("compare", finished, "--quick", "--json")
    assert ran.code == 0, ran.err
    results = json.loads(ran.out)
    assert results["study"] != old.name
    assert results["seeds"] == [1]
    assert results["test_touches"] == 2
    assert results["earlier_uses"] == [
        f"{old.name} asked the same questions; changed since: margin 0.05, now 0.1; seeds 1 and 2, now 1"
    ]
    assert results["deviations"] == []
    assert {arm["p_best"] for arm in results["arms"].values()} == {None}  # below 30 facts nothing is ranked
    assert (old / "results.json").read_bytes() == before
    assert len(results["arms"]["lora"]["fits"]) == 1


def test_a_plan_edited_by_hand_is_refused(finished: Path) -> None:
    edit(study(finished) / "plan.json", '"margin": 0.05', '"margin": 0.5')
    ran = tailor("compare", finished)
    assert ran.code == 5
    assert "plan.json was changed after it was frozen" in ran.err
    assert "delete the study's folder" in ran.err
