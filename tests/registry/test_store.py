"""Promoting and rolling back: one order, one champion, a reason for every move."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tailor.errors import ArtifactError, ConfigError, GateError
from tailor.records import Adaptation, Base, Interval
from tailor.registry import Lineage, Release, ReleaseStore

BASE = Adaptation(Base("builtin", "builtin/small", "/somewhere", "abc"))


def promote(store: ReleaseStore, lineage: Lineage, arm: str = "lora", **changes: Any) -> Release:
    adaptation = changes.pop("adaptation", BASE)
    arguments = {"arm": arm, "seed": 1, "study": "s-1", "lineage": lineage, "by": "ada", "why": "best on test"}
    return store.promote(adaptation, **{**arguments, **changes})


def mlflow_client(workspace: Path) -> Any:
    from mlflow.tracking import MlflowClient

    uri = f"sqlite:///{workspace / '.tailor' / 'tracking.db'}"
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def mlflow_aliases(workspace: Path) -> dict[str, str]:
    model = mlflow_client(workspace).get_registered_model("assistant")
    return {name: str(version) for name, version in model.aliases.items()}


def test_the_second_promotion_makes_the_first_previous(
    store: ReleaseStore, lineage: Lineage, workspace: Path, adaptation: Adaptation
) -> None:
    first = promote(store, lineage, "prompt")
    assert store.release("champion") == first
    second = promote(store, lineage, "rag+lora", adaptation=adaptation)
    assert (first.id, second.id) == ("prompt@1", "rag+lora@2")
    assert second.record.parent == "prompt@1"
    assert second.folder == workspace / ".tailor" / "releases" / "assistant" / "2"
    for reference in ("champion", "2", "rag+lora@2"):
        assert store.release(reference) == second
    for reference in ("previous", "1", "prompt@1"):
        assert store.release(reference) == first
    assert [(i.id, i.aliases) for i in store.releases()] == [("prompt@1", ("previous",)), ("rag+lora@2", ("champion",))]
    assert mlflow_aliases(workspace) == {"champion": "2", "previous": "1"}


def test_rollback_swaps_and_swaps_back(store: ReleaseStore, lineage: Lineage, workspace: Path) -> None:
    first, second = promote(store, lineage), promote(store, lineage)
    assert store.rollback("bob", "too many complaints") == first
    assert store.release("champion") == first
    assert store.release("previous") == second
    assert mlflow_aliases(workspace) == {"champion": "1", "previous": "2"}
    assert store.rollback("bob", "it was the network") == second
    moves = [(m["action"], m["by"], m["why"], m["from"], m["to"]) for m in store.history()]
    assert moves == [
        ("promote", "ada", "best on test", None, 1),
        ("promote", "ada", "best on test", 1, 2),
        ("rollback", "bob", "too many complaints", 2, 1),
        ("rollback", "bob", "it was the network", 1, 2),
    ]
    assert all(m["when"].endswith("+00:00") for m in store.history())


def test_a_promotion_after_a_rollback_replaces_the_champion_of_now(store: ReleaseStore, lineage: Lineage) -> None:
    promote(store, lineage), promote(store, lineage), store.rollback("a", "b")
    third = promote(store, lineage)
    assert third.record.parent == "lora@1"
    assert store.release("previous").id == "lora@1"


def test_mlflow_holds_evidence_and_lineage(store: ReleaseStore, lineage: Lineage, workspace: Path) -> None:
    evidence = replace(lineage.evidence, metrics={"cost/rag+lora": 0.25, "unknown": math.nan})
    release = promote(store, replace(lineage, evidence=evidence), "rag+lora")
    client = mlflow_client(workspace)
    version = client.get_model_version_by_alias("assistant", "champion")
    assert version.tags["dataset_sha256"] == "d" * 64
    assert version.tags["base_revision"] == "abc"
    assert version.tags["manifest_sha256"] == release.manifest_sha256
    run = client.get_run(version.run_id).data
    assert run.metrics == {"quality": 0.8, "quality_low": 0.7, "quality_high": 0.9, "cost/rag_lora": 0.25}
    assert run.params == {
        "arm": "rag+lora",
        "seed": "1",
        "study": "s-1",
        "config.base": "builtin/small",
        "config.k": "3",
    }


@pytest.mark.parametrize(
    "field", ["dataset_sha256", "plan_sha256", "code_version", "config", "base.revision", "quality"]
)
def test_incomplete_lineage_is_refused_even_by_force(field: str, store: ReleaseStore, lineage: Lineage) -> None:
    adaptation = BASE
    if field == "base.revision":
        adaptation = replace(BASE, base=replace(BASE.base, revision=""))
    elif field == "quality":
        nothing = Interval(math.nan, math.nan, math.nan)
        lineage = replace(lineage, evidence=replace(lineage.evidence, quality=nothing))
    else:
        lineage = replace(lineage, **{field: {} if field == "config" else " "})
    with pytest.raises(GateError, match=rf"lineage.*{field}"):
        promote(store, lineage, adaptation=adaptation, force=True)
    assert store.releases() == []


def test_an_arm_the_study_advises_against_needs_force(store: ReleaseStore, lineage: Lineage) -> None:
    against = replace(lineage, evidence=replace(lineage.evidence, recommended=False, verdict="do nothing"))
    with pytest.raises(GateError, match="do nothing"):
        promote(store, against)
    promote(store, against, force=True)
    assert [m["forced"] for m in store.history()] == [True]


@pytest.mark.parametrize("signature", [{"by": ""}, {"why": " "}])
def test_every_move_has_a_name_and_a_reason(signature: dict[str, str], store: ReleaseStore, lineage: Lineage) -> None:
    with pytest.raises(ConfigError, match="reason"):
        promote(store, lineage, **signature)


def test_nothing_to_roll_back_to(store: ReleaseStore, lineage: Lineage) -> None:
    with pytest.raises(ArtifactError, match="no previous release"):
        store.rollback("a", "b")
    promote(store, lineage)
    with pytest.raises(ArtifactError, match="no previous release"):
        store.rollback("a", "b")


def test_never_rolls_back_to_a_damaged_release(store: ReleaseStore, lineage: Lineage) -> None:
    first, second = promote(store, lineage), promote(store, lineage)
    (first.folder / "adaptation.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"adaptation\.json"):
        store.rollback("a", "b")
    assert store.release("champion") == second


def test_unknown_references_offer_the_nearest(store: ReleaseStore, lineage: Lineage) -> None:
    with pytest.raises(ConfigError, match="no champion release yet"):
        store.release("champion")
    promote(store, lineage)
    with pytest.raises(ConfigError, match="Did you mean 'lora@1'"):
        store.release("lora@11")


@pytest.mark.parametrize("damage", ["deleted", "torn", "old"])
def test_the_pointer_is_rebuilt_from_the_history(
    damage: str, store: ReleaseStore, lineage: Lineage, workspace: Path
) -> None:
    pointer = workspace / ".tailor" / "releases" / "current.json"
    promote(store, lineage)
    old = pointer.read_text()
    second = promote(store, lineage)
    good = pointer.read_text()
    if damage == "deleted":
        pointer.unlink()
    else:
        pointer.write_text(old if damage == "old" else good[:40])
    assert ReleaseStore(workspace).release("champion") == second
    assert pointer.read_text() == good


def test_a_torn_history_line_never_happened(store: ReleaseStore, lineage: Lineage, workspace: Path) -> None:
    first, second = promote(store, lineage), promote(store, lineage)
    with (workspace / ".tailor" / "releases" / "history.jsonl").open("a") as handle:
        handle.write('{"action": "rollback", "by": "a", "wh')
    assert store.release("champion") == second
    assert store.rollback("a", "b") == first


def test_mlflow_is_set_right_at_the_next_move(store: ReleaseStore, lineage: Lineage, workspace: Path) -> None:
    promote(store, lineage), promote(store, lineage)
    client = mlflow_client(workspace)
    client.set_registered_model_alias("assistant", "champion", "1")
    client.delete_model_version("assistant", "2")
    assert store.release("champion").id == "lora@2"
    store.rollback("a", "b"), store.rollback("a", "b")
    champion = client.get_model_version_by_alias("assistant", "champion")
    assert champion.tags["tailor.release"] == "lora@2"


def test_a_broken_mlflow_does_not_stop_a_rollback(store: ReleaseStore, lineage: Lineage, workspace: Path) -> None:
    first, _ = promote(store, lineage), promote(store, lineage)
    (workspace / ".tailor" / "tracking.db").write_bytes(b"not a database" * 100)
    said: list[str] = []
    assert ReleaseStore(workspace, on_progress=said.append).rollback("a", "b") == first
    assert ReleaseStore(workspace).release("champion") == first
    assert "MLflow was not updated" in said[-1]


PROMOTE = """
import sys
from pathlib import Path
from tailor.records import Adaptation, Base, Interval
from tailor.registry import Evidence, Lineage, ReleaseStore
workspace, arm, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
lineage = Lineage("d", "p", {"a": 1}, "0", Evidence(Interval(0.5, 0.4, 0.6), "adopt", True))
store = ReleaseStore(workspace, on_progress=lambda m: print("progress:", m))
adaptation = Adaptation(Base("builtin", "b", "/b", "r"), system=arm)
for _ in range(times):
    store.promote(adaptation, arm=arm, seed=0, study="s", lineage=lineage, by=arm, why="race")
"""


def assert_linear(store: ReleaseStore) -> None:
    """Every move starts where the one before it ended, and what is served is where the last one ended."""
    moves = store.history()
    assert [m["from"] for m in moves] == [None, *(m["to"] for m in moves[:-1])]
    assert store.release("champion").record.version == moves[-1]["to"]
    assert store.release("previous").record.version == moves[-1]["from"]


@pytest.mark.slow
def test_two_processes_promoting_at_once_have_one_order(store: ReleaseStore, workspace: Path) -> None:
    racers = [
        subprocess.Popen([sys.executable, "-c", PROMOTE, str(workspace), arm, "6"], stderr=subprocess.PIPE)
        for arm in ("left", "right")
    ]
    for racer in racers:
        _, errors = racer.communicate(timeout=120)
        assert racer.returncode == 0, errors.decode()
    assert_linear(store)
    assert [i.version for i in store.releases()] == list(range(1, 13))
    for info in store.releases():
        assert store.release(info.id).adaptation.system == info.arm
    assert mlflow_aliases(workspace) == {"champion": "12", "previous": "11"}
    registered = mlflow_client(workspace).search_model_versions("name='assistant'")
    assert {v.tags["tailor.release"] for v in registered} == {i.id for i in store.releases()}


ROLL = """
import sys
from pathlib import Path
from tailor.registry import ReleaseStore
store = ReleaseStore(Path(sys.argv[1]))
while True:
    store.rollback("a", "b")
    print("moved", flush=True)
"""


@pytest.mark.slow
def test_killed_at_any_moment_the_aliases_are_whole(store: ReleaseStore, lineage: Lineage, workspace: Path) -> None:
    promote(store, lineage), promote(store, lineage)
    total = 2
    for kill in range(100 if os.environ.get("TAILOR_FULL") == "1" else 6):
        process = subprocess.Popen([sys.executable, "-c", ROLL, str(workspace)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "moved\n"
        time.sleep(0.013 * (kill % 8))
        process.send_signal(signal.SIGKILL)
        acknowledged = 1 + len(process.stdout.readlines())
        process.wait(timeout=60)
        pointer = json.loads((workspace / ".tailor" / "releases" / "current.json").read_text())
        assert {pointer["champion"], pointer["previous"]} == {1, 2}
        moves = len(store.history())
        assert_linear(store)
        # At most one move can have happened without having been acknowledged.
        assert acknowledged <= moves - total <= acknowledged + 1
        total = moves


@pytest.mark.slow
def test_first_use_is_silent_but_announced(workspace: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROMOTE, str(workspace), "lora", "1"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout == "progress: Setting up the MLflow database (once, about 10 s).\n"


def test_importing_and_reading_need_no_mlflow(workspace: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tailor.registry import ReleaseStore;"
        "assert ReleaseStore(Path(sys.argv[1])).releases() == []; assert 'mlflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(workspace)], check=True, timeout=60)
    assert list(workspace.iterdir()) == []


@pytest.mark.slow
def test_an_mlflow_server_gets_the_mirror_and_no_file_is_made(
    tmp_path: Path, lineage: Lineage, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import socket

    import httpx
    from mlflow.tracking import MlflowClient

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{free.getsockname()[1]}"
    store_uri = f"sqlite:///{tmp_path}/server.db"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", uri.rpartition(":")[2]]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [*command, "--backend-store-uri", store_uri, "--artifacts-destination", str(tmp_path), "--workers", "1"],
            stdout=log,
            stderr=log,
            start_new_session=True,  # it starts processes of its own
        )
    try:
        deadline = time.monotonic() + 300
        while True:
            assert server.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            try:
                httpx.get(f"{uri}/health").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.2)
        monkeypatch.setenv("TAILOR_MLFLOW_URI", uri)
        store = ReleaseStore(tmp_path / "workspace")
        promote(store, lineage, "rag")
        promote(store, lineage, "lora", alias="challenger")
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        aliases = {k: str(v) for k, v in client.get_registered_model("assistant").aliases.items()}
        assert aliases == {"champion": "1", "challenger": "2"}
        assert client.get_model_version_by_alias("assistant", "champion").tags["arm"] == "rag"
        promote(store, lineage, "lora")
        store.name("challenger", "champion", by="ada", why="better")
        aliases = {k: str(v) for k, v in client.get_registered_model("assistant").aliases.items()}
        assert aliases == {"champion": "2", "previous": "3"}
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    assert not (tmp_path / "workspace" / ".tailor" / "tracking.db").exists()
    assert "View run" not in capfd.readouterr().out
