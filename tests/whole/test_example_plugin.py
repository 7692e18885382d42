"""The example of a package that brings an arm: installed by pip, then compared with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from tiny_workspace import edit, save_workspace, tailor

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin"
ARMS = "arms: [zero-shot, {answer-list: {most: [2, 4]}}, {rag+answer-list: {answer-list: {mst: 2}}}]"


@pytest.mark.slow
def test_an_installed_package_brings_an_arm_that_is_compared(tiny_base: Path, tmp_path: Path) -> None:
    source, installed = tmp_path / "source", tmp_path / "installed"
    shutil.copytree(EXAMPLE, source)  # building leaves files beside the source
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(installed), str(source)], check=True, capture_output=True)
    workspace = save_workspace(tmp_path / "tiny", tiny_base)
    text = (workspace / "tailor.yaml").read_text(encoding="utf-8")
    before, after = text[: text.index("arms:")], text[text.index("seeds:") :]
    (workspace / "tailor.yaml").write_text(before + ARMS + "\n" + after, encoding="utf-8")

    unknown = tailor("check", workspace)
    assert unknown.code == 2
    assert "no arm called 'answer-list'" in unknown.err

    path = os.pathsep.join([str(installed), *filter(None, [os.environ.get("PYTHONPATH")])])
    wrong = tailor("check", workspace, PYTHONPATH=path)
    assert wrong.code == 2
    assert "no option called 'mst'. Did you mean 'most'?" in wrong.err

    edit(workspace / "tailor.yaml", ", {rag+answer-list: {answer-list: {mst: 2}}}", "")
    ran = tailor("compare", workspace, "--json", PYTHONPATH=path)
    assert ran.code == 0, ran.err
    [results] = (workspace / ".tailor" / "studies").glob("*/results.json")
    arms = json.loads(results.read_text(encoding="utf-8"))["arms"]
    assert set(arms) == {"zero-shot", "answer-list[most=2]", "answer-list[most=4]"}
    fits = [json.loads(p.read_text(encoding="utf-8")) for p in (results.parent / "fits").glob("*.json")]
    said = {f["adaptation"]["system"] for f in fits}
    assert None in said
    assert sum(bool(s) and s.startswith("The answer is often one of these: ") for s in said) == 2
