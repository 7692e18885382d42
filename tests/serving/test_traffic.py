"""Splits, canaries and shadows on a running server."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from scipy import stats

from tailor.errors import ConfigError
from tailor.registry import ReleaseStore
from tailor.serving.audit import audited
from tailor.serving.request_log import Exposure, LogSettings, RequestLog
from tailor.serving.trace import Trace
from tailor.serving.traffic.experiments import Experiment, Experiments
from tailor.serving.traffic.split import CONTROL, TREATMENT, assign
from tailor.serving.traffic.status import status
from tailor.serving.traffic.watch import Watch

HTTP = httpx.Client(timeout=60)
BY = {"by": "ada", "why": "test"}


def ask(url: str, user: str = "", question: str = "hi", model: str = "champion", **fields: Any) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": question}], **fields}
    return HTTP.post(f"{url}/v1/chat/completions", json={**body, "user": user} if user else body)


def until(there: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that is going to be so; rows of the log are committed 100 ms late, more on a busy machine."""
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def looked_until(watch: Watch, there: Callable[[Experiment], bool]) -> Experiment:
    """What the watch says once that is so."""
    found: list[Experiment] = []

    def look() -> bool:
        now = watch.look()
        assert now is not None
        found.append(now)
        return there(now)

    until(look)
    return found[-1]


def start(workspace: Path, treatment: str = "prompt@1", **options: Any) -> Any:
    return Experiments(workspace).start(
        treatment, **{"kind": "split", "share": None, "difference": 0.1, **BY, **options}
    )


def test_no_unit_ever_changes_its_arm() -> None:
    code = (
        "import json, sys\nfrom tailor.serving.traffic.split import assign\n"
        "print(json.dumps([assign('salt', f'user-{n}', 0.5) for n in range(20000)]))"
    )
    once = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60)
    here = [assign("salt", f"user-{n}", 0.5) for n in range(20000)]
    assert json.loads(once.stdout) == here


def test_a_growing_share_moves_nobody_out_and_hits_its_size() -> None:
    before: set[int] = set()
    for share in (0.01, 0.05, 0.25, 0.5, 1.0):
        now = {n for n in range(50_000) if assign("s", str(n), share) == TREATMENT}
        assert before <= now
        # Five standard errors of a share of 50,000.
        assert abs(len(now) / 50_000 - share) <= 5 * (share * (1 - share) / 50_000) ** 0.5
        before = now


def test_two_experiments_are_independent() -> None:
    counts = {(a, b): 0 for a in (CONTROL, TREATMENT) for b in (CONTROL, TREATMENT)}
    for n in range(50_000):
        counts[assign("one", str(n), 0.5), assign("two", str(n), 0.3)] += 1
    table = [[counts[a, b] for b in (CONTROL, TREATMENT)] for a in (CONTROL, TREATMENT)]
    assert stats.chi2_contingency(table).pvalue > 0.001


def test_a_split_is_sticky_by_user_and_counted(workspace: Path, run_server: Any, rule_runtime: Any) -> None:
    answers: dict[str, set[str]] = {}
    with run_server(workspace, rule_runtime()) as url:
        experiment = start(workspace)
        for user in [f"u{n}" for n in range(30)] * 2:
            answers.setdefault(user, set()).add(ask(url, user).json()["model"])
        assert {ask(url, "u1", model="rag+lora@2").json()["model"] for _ in range(2)} == {"rag+lora@2"}
    with run_server(workspace, rule_runtime()) as url:  # also after a restart
        for user in ("u1", "u2", "u3"):
            answers[user].add(ask(url, user).json()["model"])
    assert all(len(models) == 1 for models in answers.values())
    assert {m for models in answers.values() for m in models} == {"prompt@1", "rag+lora@2"}
    found = status(workspace, experiment)
    in_treatment = sum(models == {"prompt@1"} for models in answers.values())
    assert found.units == {CONTROL: 30 - in_treatment, TREATMENT: in_treatment}
    assert sum(found.answers.values()) == 63
    assert found.srm_p == pytest.approx(stats.chisquare([in_treatment, 30 - in_treatment]).pvalue)
    assert math.isnan(found.feedback.low)
    stored = b"".join(p.read_bytes() for p in (workspace / ".tailor" / "serving").glob("requests.db*"))
    assert b"u17" not in stored, "users are kept as salted hashes"


def test_a_rollback_of_the_champion_ends_the_experiment_at_once(
    workspace: Path, run_server: Any, rule_runtime: Any
) -> None:
    with run_server(workspace, rule_runtime()) as url:
        start(workspace, share=0.9)
        ReleaseStore(workspace).rollback("bob", "wrong prices")
        assert {ask(url, f"u{n}").json()["model"] for n in range(10)} == {"prompt@1"}
        ended = Watch(workspace).look()
    assert ended is not None
    assert (ended.state, ended.reason) == ("stopped", "prompt@1 is the champion now")


def test_a_canary_that_harms_goes_back_by_itself(
    workspace: Path, run_server: Any, rule_runtime: Any, promote_release: Any
) -> None:
    promote_release(workspace, "bad", "broken")
    ReleaseStore(workspace).rollback("bob", "only a candidate")
    start(workspace, "bad@3", kind="canary", share=0.5)
    with run_server(workspace, rule_runtime(), watch_seconds=0.3) as url:
        with ThreadPoolExecutor(8) as pool:
            first = list(pool.map(lambda n: ask(url, f"u{n}").status_code, range(120)))
        assert first.count(500) >= 30  # it may have gone back before the last was asked, not before 30 were
        experiments = Experiments(workspace)
        until(lambda: (now := experiments.current()) is not None and not now.running)
        now = experiments.current()
        assert now is not None
        assert now.state == "rolled-back"
        assert now.reason.startswith("errors 0 -> 1")
        assert {ask(url, f"u{n}").status_code for n in range(30)} == {200}
    assert audited(workspace)[-1]["action"] == "experiment rolled back"


def test_a_canary_that_does_no_harm_grows(workspace: Path, run_server: Any, rule_runtime: Any) -> None:
    start(workspace, kind="canary", share=0.25)
    watch = Watch(workspace)
    with run_server(workspace, rule_runtime(), watch_seconds=60) as url:
        assert (watch.look() or start(workspace)).share == 0.25, "no answers, no step"
        # Of 400 users at least 50 fall into a quarter, whatever the salt (all but 2 in 10^10).
        with ThreadPoolExecutor(8) as pool:
            codes = list(pool.map(lambda n: ask(url, f"u{n}").status_code, range(400)))
        grown = looked_until(watch, lambda now: now.phase > 1 or not now.running)
    assert set(codes) == {200}
    assert (grown.share, grown.phase) == (0.5, 2)
    assert status(workspace, grown).answers == {CONTROL: 0, TREATMENT: 0}, "a phase is counted anew"


@pytest.mark.parametrize(("slow", "state"), [(4, "running"), (60, "rolled-back")])
def test_a_few_slow_answers_send_no_canary_back(workspace: Path, slow: int, state: str) -> None:
    """Four users waited for the treatment to load: its p95 is theirs, and says nothing about the next user."""
    experiment = start(workspace, kind="canary", share=0.25)
    log = RequestLog(workspace / ".tailor" / "serving" / "requests.db", LogSettings())
    log.start()
    for arm, count in ((CONTROL, 180), (TREATMENT, 60)):
        for n in range(count):
            seconds = 0.8 if arm == TREATMENT and n < slow else 0.02
            place: dict[str, Any] = {"experiment": experiment.id, "phase": 1, "unit": f"{arm}-{n}", "arm": arm}
            log.exposed(Exposure(**place, propensity=0.25 if arm == TREATMENT else 0.75))
            log.ended(Trace(release="a@1", status=200, complete=True, started=0.0, ended=seconds, **place))
    log.close()
    found = status(workspace, experiment)
    assert found.p95_ms == {CONTROL: 20.0, TREATMENT: 800.0}
    assert {g.name: (g.control, g.treatment) for g in found.guardrails}["slow answers"] == (0.0, slow / 60)
    now = Watch(workspace).look()
    assert now is not None
    assert now.state == state


def test_a_shadow_is_asked_and_shown_to_nobody(workspace: Path, run_server: Any, rule_runtime: Any) -> None:
    runtime = rule_runtime()
    with run_server(workspace, runtime) as url:
        experiment = start(workspace, kind="shadow")
        for n in range(5):
            assert ask(url, f"u{n}").json()["model"] == "rag+lora@2"
        body = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
        assert "old:" not in HTTP.post(f"{url}/v1/chat/completions", json=body).text
        until(lambda: sum(status(workspace, experiment).answers.values()) == 12)
    assert len(runtime.asked) == 12
    assert status(workspace, experiment).answers == {CONTROL: 6, TREATMENT: 6}


def test_feedback_decides_and_a_missing_arm_voids_it(workspace: Path, run_server: Any, rule_runtime: Any) -> None:
    experiment = start(workspace)
    with run_server(workspace, rule_runtime()) as url:

        def one(n: int) -> None:
            reply = ask(url, f"u{n}").json()
            thumbs = "up" if reply["model"] == "prompt@1" or n % 4 == 0 else "down"
            HTTP.post(f"{url}/v1/feedback", json={"request_id": reply["id"], "thumbs": thumbs})

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(one, range(120)))
    found = status(workspace, experiment)
    assert found.verdict == "superior"
    assert found.feedback.low > 0
    import sqlite3

    database = sqlite3.connect(workspace / ".tailor" / "serving" / "requests.db")
    with database:
        database.execute("DELETE FROM exposures WHERE arm = 'treatment'")
    database.close()
    assert status(workspace, experiment).verdict == "not to be trusted"


def test_what_cannot_be_started_is_refused(workspace: Path) -> None:
    for wrong, words in (
        ({"treatment": "rag+lora@2"}, "nothing to compare"),
        ({"treatment": "nope"}, "no model called"),
        ({"kind": "splat"}, "Did you mean 'split'"),
        ({"share": 0.0}, "above 0"),
        ({"difference": 0.0}, "between 0 and 1"),
    ):
        with pytest.raises(ConfigError, match=words):
            start(workspace, **wrong)
    start(workspace, share=0.5)
    with pytest.raises(ConfigError, match="is running"):
        start(workspace)
    with pytest.raises(ConfigError, match="only grows"):
        Experiments(workspace).ramp(0.4, **BY)
    assert Experiments(workspace).ramp(0.6, **BY).phase == 2
    Experiments(workspace).stop(**BY)
    with pytest.raises(ConfigError, match="no experiment is running"):
        Experiments(workspace).stop(**BY)
