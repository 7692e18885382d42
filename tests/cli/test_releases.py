"""`tailor releases`: what a person and a program see."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tailor.records import Adaptation, Base, Interval
from tailor.registry import Evidence, Lineage, ReleaseStore


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tailor.cli.main", "releases", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_releases_are_listed_with_their_lineage(tmp_path: Path) -> None:
    empty = run(str(tmp_path))
    assert (empty.returncode, empty.stderr) == (0, "")
    assert "No release yet" in empty.stdout
    store = ReleaseStore(tmp_path)
    for arm, good in (("rag", True), ("full", False)):
        evidence = Evidence(Interval(0.8, 0.7, 0.9), "adopt", good)
        lineage = Lineage("d" * 64, "e" * 64, {"arm": arm}, "0.1.0", evidence)
        base = Adaptation(Base("builtin", "builtin/small", "/nowhere", "abc"))
        store.promote(base, arm=arm, seed=0, study="s-1", lineage=lineage, by="ada", why="a test", force=not good)
    listed = json.loads(run(str(tmp_path), "--json", "--verify").stdout)
    assert [r["id"] for r in listed] == ["full@2", "rag@1"]
    newest = listed[0]
    assert newest["aliases"] == ["champion"]
    assert (newest["forced"], newest["by"], newest["why"], newest["parent"]) == (True, "ada", "a test", "rag@1")
    assert (newest["dataset_sha256"], newest["base"]["revision"], newest["intact"]) == ("d" * 64, "abc", True)
    changed = tmp_path / ".tailor" / "releases" / "assistant" / "1" / "adaptation.json"
    changed.write_text(changed.read_text() + " ")
    shown = run(str(tmp_path), "--verify").stdout
    assert "full@2  champion  forced  intact" in shown
    assert "rag@1  previous  CHANGED" in shown
    assert "80 % right [70 to 90], verdict adopt" in shown
    assert "from s-1 seed 0, data dddddddddddd, plan eeeeeeeeeeee" in shown
