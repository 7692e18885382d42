"""`tailor releases`: what a person and a program see."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tailor.models.base import resolve_base
from tailor.records import Adaptation, Base, Interval
from tailor.registry import Evidence, Lineage, ReleaseStore


def run(*arguments: str, command: str = "releases") -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", "tailor.cli.main", command, *arguments]
    return subprocess.run(whole, capture_output=True, text=True, timeout=120, check=False)


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


@pytest.mark.slow
def test_a_release_goes_to_another_workspace(tmp_path: Path) -> None:
    lab, shop, archive = tmp_path / "lab", tmp_path / "shop", tmp_path / "rag.tar"
    evidence = Evidence(Interval(0.8, 0.7, 0.9), "adopt", True)
    lineage = Lineage("d" * 64, "e" * 64, {"arm": "rag"}, "0.1.0", evidence)
    base = resolve_base("builtin/small", tmp_path)
    ReleaseStore(lab).promote(
        Adaptation(base, system="Be brief."), arm="rag", seed=0, study="s-1", lineage=lineage, by="ada", why="a test"
    )
    (shop / ".tailor").mkdir(parents=True)
    # MLflow's tables take seconds to make; what the mirror holds decides nothing.
    shutil.copyfile(lab / ".tailor" / "tracking.db", shop / ".tailor" / "tracking.db")
    exported = run("export", "champion", str(archive), "-w", str(lab))
    assert (exported.returncode, exported.stderr) == (0, "")
    assert "rag@1" in exported.stdout
    imported = json.loads(run("import", str(archive), "-w", str(shop), "--why", "a gift", "--json").stdout)
    assert imported["id"] == "rag@1"
    promoted = run("rag@1", "-w", str(shop), "--as", "challenger", command="promote")
    assert (promoted.returncode, promoted.stderr) == (0, "")
    assert "rag@1 is the challenger." in promoted.stdout
    assert run("challenger", "-w", str(shop), "--json", command="promote").returncode == 0
    [there], [here] = (json.loads(run(str(w), "--json", "--verify").stdout) for w in (lab, shop))
    moved = {"by", "why", "origin", "aliases"}
    assert {k: v for k, v in there.items() if k not in moved} == {k: v for k, v in here.items() if k not in moved}
    assert here["intact"]
    assert (here["aliases"], here["why"]) == (["champion"], "a gift")
    assert here["origin"] == {"id": "rag@1", "manifest_sha256": there["manifest_sha256"]}
    archive.write_bytes(archive.read_bytes().replace(b"Be brief.", b"Be cruel."))
    refused = run("import", str(archive), "-w", str(tmp_path / "third"))
    assert refused.returncode == 4
    assert "damaged or changed" in refused.stderr
