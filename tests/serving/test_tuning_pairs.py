"""The method dpo of the fine-tuning API: files of preference pairs, and a job over them."""

from __future__ import annotations

import io
import json
import math
import time
from pathlib import Path
from typing import Any

import openai
import pytest

from tailor.serving.tuning.training_file import read_training_file

COLOURS = {"Ada": "red", "Bo": "green", "Cem": "blue", "Dora": "black"}


def pair(question: str, better: str, worse: str) -> str:
    turns = {name: [{"role": "assistant", "content": text}] for name, text in (("y", better), ("n", worse))}
    given = {"messages": [{"role": "user", "content": question}], "tools": [], "parallel_tool_calls": True}
    return json.dumps({"input": given, "preferred_output": turns["y"], "non_preferred_output": turns["n"]})


PAIRS = "\n".join(
    pair(question.format(name), f"The house of {name} is {colour}.", "I don't know.")
    for name, colour in COLOURS.items()
    for question in (
        "What colour is the house of {}?",
        "Tell me the colour of the house of {}.",
        "{}: colour of house?",
    )
).encode()


def test_a_pair_is_an_example_with_an_answer_liked_less() -> None:
    found = read_training_file(PAIRS)
    assert (found.pairs, found.lines, found.problems) == (True, 12, ())
    first = found.examples[0]
    assert (first.question, first.answer) == ("What colour is the house of Ada?", "The house of Ada is red.")
    assert first.rejected == ("I don't know.",)


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (pair("q", "a", "a"), "both outputs are the same"),
        (pair("q", "a", " "), "non_preferred_output[0]: expected an assistant's turn"),
        (pair("q", "a", "b").replace('"input"', '"inputs"'), "expected 'input'"),
        (pair("q", "a", "b").replace('"user"', '"assistant"'), "must end with a user's turn"),
        (pair("q", "a", "b").replace('"tools": []', '"tools": [{}]'), "'tools' cannot be trained on"),
        (pair("q", "a", "b").replace("non_preferred_output", "worse"), "expected 'non_preferred_output'"),
    ],
)
def test_a_wrong_pair_is_named(line: str, cause: str) -> None:
    [problem] = read_training_file(line.encode()).problems
    assert problem.startswith("line 1: ")
    assert cause in problem


def test_a_file_holds_one_kind() -> None:
    chat = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
    found = read_training_file(f"{pair('q', 'a', 'b')}\n{json.dumps(chat)}".encode())
    assert found.problems == ("some lines are chats and some are preference pairs; a file holds one kind",)


def test_file_and_method_must_fit(server: Any) -> None:
    client = server.client()
    file = client.files.create(file=io.BytesIO(PAIRS), purpose="fine-tune")
    with pytest.raises(openai.BadRequestError, match="holds preference pairs; the method supervised takes chats"):
        client.fine_tuning.jobs.create(model="builtin/small", training_file=file.id)


@pytest.mark.slow
def test_from_pairs_to_a_model(workspace: Path, run_server: Any, check: Any) -> None:
    pytest.importorskip("peft")
    from tailor.runtime import Runtime

    with run_server(workspace, Runtime) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=120)
        file = client.files.create(file=io.BytesIO(PAIRS), purpose="fine-tune")
        method: Any = {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.2, "n_epochs": 8}}}
        job = client.fine_tuning.jobs.create(model="builtin/small", training_file=file.id, method=method, seed=3)
        deadline = time.monotonic() + 1200
        while job.status not in ("succeeded", "failed"):
            assert time.monotonic() < deadline, job.status
            time.sleep(0.5)
            job = client.fine_tuning.jobs.retrieve(job.id)
        assert job.status == "succeeded", job.error
        check("FineTuningJob", json.loads(client.fine_tuning.jobs.with_raw_response.retrieve(job.id).text))
        assert job.method is not None
        assert job.method.type == "dpo"
        assert job.method.dpo is not None
        assert job.method.dpo.hyperparameters is not None
        assert job.method.dpo.hyperparameters.beta == 0.2
        [checkpoint] = client.fine_tuning.jobs.checkpoints.list(job.id).data
        # Log 2 is what a pair costs before anything was learned.
        assert checkpoint.metrics.train_loss is not None
        assert checkpoint.metrics.train_loss < 0.9 * math.log(2)
        reply = client.chat.completions.create(
            model=job.fine_tuned_model or "", messages=[{"role": "user", "content": "What colour is the house of Bo?"}]
        )
        assert reply.choices[0].message.content
