"""An arm that was answered elsewhere, compared with those that Tailor fits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tiny_workspace import FACTS, edit, tailor


@pytest.mark.slow
def test_an_arm_of_answers_from_a_file(workspace: Path) -> None:
    rows = [json.loads(line) for line in (workspace / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    (workspace / "data").mkdir()
    table = "".join(f"{r['id']},{r['answer']}\n" for r in rows)
    (workspace / "data" / "vendor.csv").write_text(f"id,answer\n{table}", encoding="utf-8")
    text = (workspace / "tailor.yaml").read_text(encoding="utf-8")
    arms = text.index("arms:"), text.index("seeds:")
    entry = "arms:\n  - zero-shot\n  - predictions: {file: data/vendor.csv}\n"
    (workspace / "tailor.yaml").write_text(text[: arms[0]] + entry + text[arms[1] :], encoding="utf-8")
    ran = tailor("compare", workspace, "--json")
    assert ran.code == 0, ran.err
    results = json.loads(ran.out)
    vendor = results["arms"]["vendor"]
    assert vendor["quality"]["value"] == 1
    assert vendor["latency_ms"] == {"p50": None, "p95": None, "n": 0}
    unknown = ("prompt_tokens", "answer_seconds", "fit_seconds", "artifact_mb")
    assert [vendor["usage"][k] for k in unknown] == [None] * 4
    assert vendor["status"] == "partial"  # the file answers neither the unanswerable nor the general questions
    [found] = [c for c in results["comparisons"] if c["arm"] == "vendor" and c["cell"] == "held-out-framing"]
    assert found["difference"] == 1
    assert found["p_holm"] is not None
    shown = json.loads(tailor("diff", "zero-shot", "vendor", "-w", workspace, "--json").out)
    assert shown["cells"]["held-out-framing"]["fixed"] == shown["cells"]["held-out-framing"]["items"]
    for arguments in (
        ("promote", "vendor", "--force", "-w", workspace),
        ("chat", "vendor", "-q", "x", "-w", workspace),
    ):
        ran = tailor(*arguments)
        assert ran.code in (4, 6)
        assert "data/vendor.csv" in ran.err
        assert "Traceback" not in ran.err
    edit(workspace / "data" / "vendor.csv", next(iter(FACTS.values())), "nowhere")
    again = json.loads(tailor("compare", workspace, "--json").out)
    assert again["study"] != results["study"]
    assert again["arms"]["vendor"]["quality"]["value"] < 1


def test_files_and_joins_that_cannot_be(workspace: Path) -> None:
    edit(workspace / "tailor.yaml", "  - zero-shot", "  - zero-shot\n  - predictions: {file: gone.csv}")
    assert "there is no file" in tailor("check", workspace).err
    edit(workspace / "tailor.yaml", "predictions: {file: gone.csv}", "predictions")
    assert "predictions: the option 'file' is missing" in tailor("check", workspace).err
    edit(workspace / "tailor.yaml", "  - predictions\n", "  - predictions+rag: {predictions: {file: docs/x.csv}}\n")
    assert "cannot be joined" in tailor("check", workspace).err
