"""An experiment whose share follows the feedback, through the door."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tailor.errors import ConfigError
from tailor.serving.traffic.experiments import Experiments
from tailor.serving.traffic.status import status
from tailor.serving.traffic.watch import Watch

HTTP = httpx.Client(timeout=30)


def ask(url: str, user: str) -> httpx.Response:
    body = {"model": "champion", "messages": [{"role": "user", "content": "hi"}], "user": user}
    return HTTP.post(f"{url}/v1/chat/completions", json=body)


def start(workspace: Path, **options: Any) -> Any:
    arguments = {"kind": "thompson", "share": None, "difference": 0.1, "by": "ada", "why": "test"}
    return Experiments(workspace).start("prompt@1", **{**arguments, **options})


def exposures(workspace: Path) -> list[tuple[str, str, float]]:
    with sqlite3.connect(workspace / ".tailor" / "serving" / "requests.db") as database:
        return database.execute("SELECT unit, arm, propensity FROM exposures").fetchall()


def test_the_share_follows_the_feedback_and_nobody_changes_sides(
    workspace: Path, run_server: Any, rule_runtime: Any
) -> None:
    experiment = start(workspace)
    answered: dict[str, str] = {}
    with run_server(workspace, rule_runtime()) as url:
        for n in range(60):
            reply = ask(url, f"u{n}").json()
            answered[f"u{n}"] = reply["model"]
            # The treatment pleases everybody, the champion nobody.
            thumbs = "up" if reply["model"] == "prompt@1" else "down"
            told = {"request_id": reply["id"], "thumbs": thumbs}
            assert HTTP.post(f"{url}/v1/feedback", json=told).status_code == 200
        # The log commits every 100 ms; a server that has ended has committed all.
    early = Watch(workspace).look()
    assert early is not None
    assert early.share == 0.5, "not before five minutes"
    moved = Watch(workspace, batch=timedelta(0)).look()
    assert moved is not None
    assert (moved.share, moved.phase) == (0.95, experiment.phase)
    with run_server(workspace, rule_runtime()) as url:  # also after a restart
        for user, model in answered.items():
            assert ask(url, user).json()["model"] == model
        late = {f"v{n}": ask(url, f"v{n}").json()["model"] for n in range(60)}
    # Binomial(60, 0.95) lies below 45 with a probability under 1e-6.
    assert sum(model == "prompt@1" for model in late.values()) >= 45
    rows = exposures(workspace)
    assert len(rows) == 120
    assert {(arm, p) for _, arm, p in rows} >= {("treatment", 0.5), ("control", 0.5), ("treatment", 0.95)}
    assert {round(p, 9) for _, arm, p in rows if arm == "control"} <= {0.5, 0.05}
    found = status(workspace, moved)
    assert sum(found.units.values()) == 120
    assert not found.srm
    assert found.feedback.value == pytest.approx(1.0)


def test_its_share_is_nobodys_to_set(workspace: Path) -> None:
    for share in (0.01, 0.99):
        with pytest.raises(ConfigError, match=r"between 0\.05 and 0\.95"):
            start(workspace, share=share)
    start(workspace)
    with pytest.raises(ConfigError, match="set by the feedback"):
        Experiments(workspace).ramp(0.9, by="ada", why="impatient")
