"""Killed at random moments while an endpoint is asked, a study asks for no answer that it has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "evaluation" / "kill.py"
KILLS = 5  # the whole hundred: benchmarks/evaluation/kill.py --kills 100


@pytest.mark.slow
def test_a_study_killed_again_and_again_over_an_endpoint(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARK), "--kills", str(KILLS), "--output", str(tmp_path / "result.json")]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600, env={**os.environ, "NO_COLOR": "1"})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert found["kills"] >= 1
    assert found["results_equal"], found["different"]
    assert found["answers_written_twice"] == 0
    assert found["answers_made_twice_where_the_key_is_known"] == 0
    assert found["lost_with_a_kill"] <= found["written_down_as_asked_again"] <= found["most_that_could_be_under_way"]
