"""The fine-tuning API with the official client."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailor.errors import GateError
from tailor.registry import ReleaseStore
from tailor.serving.audit import audited
from tailor.serving.tuning.files import FileStore
from tailor.serving.tuning.jobs import JobStore
from tailor.serving.tuning.training_file import read_training_file

COLOURS = {"Ada": "red", "Bo": "green", "Cem": "blue", "Dora": "grey"}


def line(question: str, answer: str, **more: Any) -> str:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns, **more})


TRAIN = "\n".join(line(f"What colour is the house of {n}?", c) for n, c in COLOURS.items()).encode()
VALID = TRAIN + b"\n"  # the kept step is then the one that knows the rows best


def upload(client: Any, content: bytes, name: str = "train.jsonl") -> Any:
    return client.files.create(file=(name, io.BytesIO(content)), purpose="fine-tune")


def wait(client: Any, job_id: str, *states: str, seconds: float = 600) -> Any:
    deadline = time.monotonic() + seconds
    while (job := client.fine_tuning.jobs.retrieve(job_id)).status not in states:
        assert job.status not in ("failed", "cancelled"), job.error
        assert time.monotonic() < deadline, job.status
        time.sleep(0.1)
    return job


def start_a_job(client: Any, check: Any) -> tuple[Any, Any]:
    """Upload two files and start a job on them."""
    train, valid = upload(client, TRAIN), upload(client, VALID, "valid.jsonl")
    check("OpenAIFile", train.model_dump(exclude_none=True))
    chosen = {"n_epochs": 40, "batch_size": 4, "learning_rate_multiplier": 1.0}
    job = client.fine_tuning.jobs.create(
        model="builtin/small",
        training_file=train.id,
        validation_file=valid.id,
        method={"type": "supervised", "supervised": {"hyperparameters": chosen}},
        seed=7,
        suffix="colours",
        extra_body={"integrations": [{"type": "wandb", "wandb": {"project": "x"}}]},
    )
    check("FineTuningJob", json.loads(client.fine_tuning.jobs.with_raw_response.retrieve(job.id).text))
    assert (job.seed, job.status in ("queued", "running")) == (7, True)
    return job, train


def look_at_what_came_out(client: Any, job: Any, check: Any) -> None:
    """Job, events, checkpoint and results of a job that succeeded."""
    check("FineTuningJob", json.loads(client.fine_tuning.jobs.with_raw_response.retrieve(job.id).text))
    assert job.fine_tuned_model == f"ft:builtin/small:tailor:colours:{job.id[6:14]}"
    assert job.trained_tokens > 0
    events = list(client.fine_tuning.jobs.list_events(job.id, limit=100))
    raw = client.fine_tuning.jobs.with_raw_response.list_events(job.id, limit=100).text
    for event in json.loads(raw)["data"]:
        check("FineTuningJobEvent", event)
    assert f"New fine-tuned model created: {job.fine_tuned_model}" in events[0].message
    assert "ignored" in " ".join(e.message for e in events)
    assert any(e.type == "metrics" for e in events)
    [checkpoint] = client.fine_tuning.jobs.checkpoints.list(job.id).data
    check("FineTuningJobCheckpoint", json.loads(checkpoint.model_dump_json(exclude_none=True)))
    assert checkpoint.fine_tuned_model_checkpoint == job.fine_tuned_model
    assert client.files.content(job.result_files[0]).text.startswith("step,train_loss,valid_loss\n")
    assert job.fine_tuned_model in [m.id for m in client.models.list()]


def answer(client: Any, model: str) -> str:
    messages: Any = [{"role": "user", "content": "What colour is the house of Cem?"}]
    text = client.chat.completions.create(model=model, messages=messages).choices[0].message.content
    assert isinstance(text, str)
    return text


@pytest.mark.slow
def test_from_a_file_to_an_answer_through_a_restart(workspace: Path, run_server: Any, check: Any) -> None:
    pytest.importorskip("peft")
    from openai import OpenAI

    from tailor.runtime import Runtime
    from tailor.serving.tuning.candidate import tuned_candidate

    with run_server(workspace, Runtime) as url:
        client = OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=120)
        job, train = start_a_job(client, check)
        wait(client, job.id, "running")
        assert client.fine_tuning.jobs.pause(job.id).status == "paused"
        assert client.fine_tuning.jobs.resume(job.id).status in ("queued", "running")
        other = client.fine_tuning.jobs.create(model="builtin/small", training_file=train.id, hyperparameters={})
        assert client.fine_tuning.jobs.retrieve(other.id).status == "queued", "one at a time"
        assert client.fine_tuning.jobs.cancel(other.id).status == "cancelled"
        with pytest.raises(openai.BadRequestError, match="cannot be resumed"):
            client.fine_tuning.jobs.resume(other.id)
        wait(client, job.id, "running")
    assert JobStore(workspace).get(job.id).status == "queued", "a server that ends leaves the job to the next one"

    with run_server(workspace, Runtime) as url:
        client = OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=120)
        job = wait(client, job.id, "succeeded")
        look_at_what_came_out(client, job, check)
        found = tuned_candidate(workspace, job.fine_tuned_model)
        assert found.lineage.evidence.quality.value >= 0.75, "what was trained on is known"
        assert answer(client, job.fine_tuned_model) in COLOURS.values()
        assert found.lineage.dataset_sha256 == FileStore(workspace).get(train.id).sha256
        lineage = found.lineage
        release = {"arm": "api-tuned", "seed": 7, "study": job.id, "lineage": lineage, "by": "ada", "why": "test"}
        with pytest.raises(GateError, match="does not recommend"):
            ReleaseStore(workspace).promote(found.adaptation, **release)
        ReleaseStore(workspace).promote(found.adaptation, **release, force=True)
        assert answer(client, "champion") == answer(client, job.fine_tuned_model)
    actions = [a["action"] for a in audited(workspace)]
    assert actions[:3] == ["file uploaded", "file uploaded", "job created"]
    assert {"job pause", "job resume", "job cancel"} <= set(actions)


def test_a_bad_file_is_refused_with_its_lines(server: Any) -> None:
    client = server.client()
    content = "\n".join(
        [
            line("q", "a"),
            "{",
            '["x"]',
            '{"prompt": "q", "completion": "a"}',
            line("q", ""),
            json.dumps({"messages": [{"role": "user", "content": "q"}]}),
            json.dumps({"messages": [{"role": "robot", "content": "q"}]}),
            json.dumps({"input": {}, "preferred_output": [], "non_preferred_output": []}),
        ]
    )
    with pytest.raises(openai.BadRequestError) as caught:
        upload(client, content.encode())
    assert caught.value.code == "invalid_file"
    for words in (
        "line 2: expected a JSON object",
        "line 3: expected a JSON object, found list",
        "line 4: expected 'messages', a list of turns, found only completion, prompt",
        "line 5: messages[1]: the answer is empty",
        "line 6: no assistant's turn to learn",
        "line 7: messages[0]: 'role' must be",
        "line 8: expected 'messages', a list of turns",
    ):
        assert words in caught.value.message
    with pytest.raises(openai.BadRequestError, match="the file is empty"):
        upload(client, b"\n \n")
    with pytest.raises(openai.BadRequestError, match="purpose"):
        client.files.create(file=io.BytesIO(TRAIN), purpose="assistants")
    assert client.files.list().data == []


def test_every_assistants_turn_is_an_example_unless_its_weight_is_zero() -> None:
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "eins", "weight": 0},
        {"role": "user", "content": "two"},
        {"role": "assistant", "content": "zwei", "weight": 1},
        {"role": "user", "content": "three"},
        {"role": "assistant", "content": [{"type": "text", "text": "drei"}]},
    ]
    found = read_training_file(json.dumps({"messages": turns}).encode())
    assert found.problems == ()
    assert [(len(e.messages), e.answer) for e in found.examples] == [(4, "zwei"), (6, "drei")]
    assert found.examples[0].messages[2].content == "eins"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda t: line(t, t).encode("utf-8", "surrogatepass")))
def test_any_bytes_are_examples_or_problems_with_lines(raw: bytes) -> None:
    found = read_training_file(raw)
    assert found.examples or found.problems
    assert all(p.startswith("line ") or p == "the file is empty" for p in found.problems)


def test_files_are_kept_listed_read_and_deleted(server: Any, check: Any) -> None:
    client = server.client()
    first, second = upload(client, TRAIN, "../../etc/passwd"), upload(client, VALID, "b.jsonl")
    assert (first.filename, first.bytes, first.purpose) == ("passwd", len(TRAIN), "fine-tune")
    assert client.files.content(first.id).read() == TRAIN
    check("ListFilesResponse", json.loads(client.files.with_raw_response.list().text))
    ids = {f.id for f in client.files.list(limit=1)}  # the client follows the pages
    assert ids == {first.id, second.id}
    check("DeleteFileResponse", json.loads(client.files.with_raw_response.delete(first.id).text))
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(first.id)
    for hostile in ("..%2f..%2fkeys.json", "file-" + "0" * 24, "%2e%2e", "file-../x"):
        with pytest.raises(openai.NotFoundError):
            client.files.retrieve(hostile)


def test_what_cannot_be_tuned_is_refused_by_name(server: Any) -> None:
    client = server.client()
    file = upload(client, TRAIN)
    for param, wrong in [
        ("model", {"model": "gpt-4o-mini"}),
        ("model", {"model": "/etc"}),
        ("training_file", {"training_file": "file-" + "0" * 24}),
        ("training_file", {"training_file": "../../x"}),
        ("validation_file", {"validation_file": "nope"}),
        ("method", {"method": {"type": "reinforcement"}}),
        ("training_file", {"method": {"type": "dpo", "dpo": {}}}),
        ("hyperparameters", {"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0}}}}),
        ("hyperparameters", {"hyperparameters": {"beta": 0.1}}),
        ("hyperparameters", {"hyperparameters": {"n_epochs": 0}}),
        ("hyperparameters", {"hyperparameters": {"n_epochs": 2.5}}),
        ("hyperparameters", {"hyperparameters": {"learning_rate_multiplier": -1}}),
        ("hyperparameters", {"hyperparameters": {"rank": 8}}),
        ("hyperparameters", {"hyperparameters": {"n_epochs": 2}, "method": {"type": "supervised"}}),
        ("method.dpo", {"method": {"type": "dpo", "dpo": "yes"}}),
        ("suffix", {"suffix": "a/b"}),
        ("seed", {"seed": -1}),
        ("lr", {"extra_body": {"lr": 1}}),
    ]:
        with pytest.raises((openai.BadRequestError, openai.NotFoundError)) as caught:
            client.fine_tuning.jobs.create(**{"model": "builtin/small", "training_file": file.id, **wrong})
        assert caught.value.param == param, wrong
    assert client.fine_tuning.jobs.list().data == []
    with pytest.raises(openai.NotFoundError):
        client.fine_tuning.jobs.retrieve("ftjob-" + "0" * 24)
    with pytest.raises(openai.NotFoundError):
        client.fine_tuning.jobs.cancel("../x")


def test_what_a_kill_left_of_a_job_stops_no_server_and_no_other_job(
    workspace: Path, run_server: Any, rule_runtime: Any
) -> None:
    store = JobStore(workspace)
    common = {"base": "nothing/there", "training_file": "f", "validation_file": None, "hyperparameters": {}}
    for name, content in (("0" * 24, None), ("1" * 24, "{"), ("2" * 24, "{}")):
        folder = store.folder(f"ftjob-{name}")
        folder.mkdir(parents=True)
        if content is not None:
            (folder / "job.json").write_text(content)
    job = store.create(**common, seed=0, suffix=None)
    with run_server(workspace, rule_runtime()) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=60)
        assert [j.id for j in client.fine_tuning.jobs.list().data] == [job.id]
        assert wait(client, job.id, "failed").error.message


def test_jobs_are_listed_newest_first_in_pages(server: Any, check: Any) -> None:
    store = JobStore(server.workspace)
    common = {"base": "builtin/small", "training_file": "f", "validation_file": None, "hyperparameters": {}}
    ids = []
    for n in range(5):
        job = store.create(**common, seed=n, suffix=None)
        store.move(job.id, "failed", "It broke.", error={"code": "x", "message": "It broke.", "param": None})
        ids.append(job.id)
    client = server.client()
    expected = [j.id for j in reversed(store.all())]
    assert [j.id for j in client.fine_tuning.jobs.list(limit=2)] == expected, "the client follows the pages"
    assert set(expected) == set(ids)
    page = client.fine_tuning.jobs.list(limit=2)
    assert (len(page.data), page.has_more) == (2, True)
    check("ListPaginatedFineTuningJobsResponse", json.loads(client.fine_tuning.jobs.with_raw_response.list().text))
    events = client.fine_tuning.jobs.with_raw_response.list_events(ids[0]).text
    check("ListFineTuningJobEventsResponse", json.loads(events))
    checkpoints = client.fine_tuning.jobs.checkpoints.with_raw_response.list(ids[0]).text
    check("ListFineTuningJobCheckpointsResponse", json.loads(checkpoints))
    with pytest.raises(openai.BadRequestError):
        client.fine_tuning.jobs.list(after="nothing")
