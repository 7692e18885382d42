"""What fails, fails alone: an arm of another package that raises with one seed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tiny_workspace import tailor

pytestmark = pytest.mark.slow

PLUGIN = """\
from dataclasses import dataclass
from pathlib import Path

from tailor.records import Adaptation, Fitted


@dataclass(frozen=True)
class Options:
    pass


class Fickle:
    options = Options
    complexity = 2
    uses_seed = True
    trains_weights = False
    needs_documents = False

    def fit(self, context, options):
        if context.seed == 2 and (Path(__file__).parent / "broken").exists():
            raise RuntimeError("[boom] the second seed is out of luck")
        return Fitted(Adaptation(context.base, system="Be brief."))
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """An installed package that brings the arm `fickle`."""
    folder = tmp_path / "site"
    (folder / "fickle-1.0.dist-info").mkdir(parents=True)
    (folder / "fickle.py").write_text(PLUGIN, encoding="utf-8")
    (folder / "fickle-1.0.dist-info" / "METADATA").write_text("Name: fickle\nVersion: 1.0\n", encoding="utf-8")
    (folder / "fickle-1.0.dist-info" / "entry_points.txt").write_text(
        "[tailor.arms]\nfickle = fickle:Fickle\n", encoding="utf-8"
    )
    (folder / "broken").touch()
    return folder


def test_a_failing_cell_is_recorded_and_retried(workspace: Path, plugin: Path) -> None:
    text = (workspace / "tailor.yaml").read_text(encoding="utf-8").split("arms:\n")[0]
    text += "arms: [zero-shot, fickle, {few-shot: {k: [1, 2]}}]\nseeds: [1, 2]\n"
    (workspace / "tailor.yaml").write_text(text, encoding="utf-8")
    ran = tailor("compare", workspace, "--workers", "1", PYTHONPATH=str(plugin))
    assert (ran.code, ran.err) == (0, "")
    assert "✗ fickle" in ran.out
    assert "RuntimeError: [boom] the second seed is out of luck" in ran.out
    assert "few-shot[k=2]" in ran.out
    [study] = (workspace / ".tailor" / "studies").iterdir()
    results = json.loads((study / "results.json").read_text(encoding="utf-8"))
    assert results["status"] == "partial"
    fickle = results["arms"]["fickle"]
    assert fickle["status"] == "partial"
    assert "the second seed is out of luck" in fickle["failure"]["cause"]
    assert any("seed 2 failed" in note for note in fickle["notes"])
    assert fickle["quality"]["n_items"] > 0
    for name in ("zero-shot", "few-shot[k=1]", "few-shot[k=2]"):
        assert results["arms"][name]["status"] == "ok"
    verdict = results["verdict"]
    assert any("fickle" in text for text in [verdict["sentence"], *verdict["reasons"], *verdict["doubts"]])
    log = (workspace / ".tailor" / "log.txt").read_text(encoding="utf-8")
    assert "RuntimeError: [boom]" in log

    before = {p: p.stat().st_mtime_ns for p in (study / "fits").iterdir() if "failed" not in p.name}
    (plugin / "broken").unlink()
    again = tailor("compare", workspace, "--workers", "1", PYTHONPATH=str(plugin))
    assert (again.code, again.err) == (0, "")
    assert again.out.count("✓") == 1
    assert {p: p.stat().st_mtime_ns for p in before} == before
    results = json.loads((study / "results.json").read_text(encoding="utf-8"))
    assert results["status"] == "complete"
    assert results["arms"]["fickle"]["status"] == "ok"
    assert results["arms"]["fickle"]["failure"] is None
    ran = tailor("chat", "few-shot[k=2]", "-w", workspace, "-q", "Where is the Elm office?", PYTHONPATH=str(plugin))
    assert ran.code == 0, ran.err
    assert "few-shot[k=2]" in ran.out


def test_a_prompt_that_never_fits_is_not_asked_for_ever(workspace: Path) -> None:
    """Passages longer than the model's context: a failed answer each, recorded once, the study complete with it."""
    text = (workspace / "tailor.yaml").read_text(encoding="utf-8").split("arms:\n")[0]
    (workspace / "tailor.yaml").write_text(
        text + "arms: [zero-shot, {rag: {k: 1, dense: false, system: " + "'" + "long " * 2000 + "'}}]\nseeds: [1]\n",
        encoding="utf-8",
    )
    ran = tailor("compare", workspace, "--workers", "1", "--json")
    assert ran.code == 0, ran.err
    arm = json.loads(ran.out)["arms"]["rag"]
    assert arm["status"] != "ok"
    assert sum(cell["n_failed"] for cell in arm["cells"].values()) == 27  # every test item but the four general ones
    [answers] = workspace.glob(".tailor/studies/*/answers/rag*.jsonl")
    before = answers.read_bytes()
    assert b"too-long" in before
    again = tailor("compare", workspace, "--workers", "1")
    assert again.code == 0
    assert answers.read_bytes() == before
