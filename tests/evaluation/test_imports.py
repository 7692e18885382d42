"""Answers given elsewhere: every form by files written by hand in it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tailor.errors import DataError
from tailor.evaluation.imports import match, read_predictions
from tailor.records import Completion, Example, Failure, Message, Usage

ITEMS = [
    Example("q1", (Message("user", "Where is the Elm office?"),), "Kyoto"),
    Example("q2", (Message("user", "Who leads it?"),), "Ada"),
]


def answers(path: Path) -> dict[str, str | None]:
    found = match(read_predictions(path, path.name), ITEMS, path.name)
    return {k: v.text if isinstance(v, Completion) else None for k, v in found.items()}


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(r) + "\n" for r in rows)


def test_tables(tmp_path: Path) -> None:
    table = write(tmp_path / "a.csv", "id,answer,prompt_tokens,latency_ms\nq1,Kyoto,12,250\nother,x,1,1\n")
    found = match(read_predictions(table, "a.csv"), ITEMS, "a.csv")
    assert found["q1"] == Completion("Kyoto", Usage(12, 0, 0.25))
    assert found["q2"] == Failure("data", "a.csv has no answer to it")
    by_question = write(
        tmp_path / "b.tsv", "question\tprediction\nwhere is the Elm office\tKyoto\nWho leads it?\tAda\n"
    )
    assert answers(by_question) == {"q1": "Kyoto", "q2": "Ada"}
    rows = [{"item": "q1", "completion": "3.10"}, {"item": "q2", "completion": None}]
    assert answers(write(tmp_path / "c.jsonl", lines(rows))) == {"q1": "3.10", "q2": None}
    assert answers(write(tmp_path / "d.json", json.dumps(rows))) == {"q1": "3.10", "q2": None}


def inspect_sample(item: str, text: str | None, **more: object) -> dict[str, object]:
    output: dict[str, object] = {"model": "m", "usage": {"input_tokens": 9, "output_tokens": 2}, "time": 0.5}
    if text is not None:
        parts = [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": text}]
        output["choices"] = [{"message": {"role": "assistant", "content": parts}, "stop_reason": "stop"}]
    asked = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who leads it?"}]
    return {"id": item, "epoch": 1, "input": asked, "target": "x", "output": output, **more}


def test_inspect_logs_as_json_and_as_zip(tmp_path: Path) -> None:
    samples = [
        inspect_sample("q1", "Kyoto"),
        inspect_sample("7", "Ada"),  # an id of its own: found by its question
        inspect_sample("q1", "Perth", epoch=2),
    ]
    log = {"version": 2, "status": "success", "eval": {"task": "t"}, "samples": samples}
    assert answers(write(tmp_path / "log.json", json.dumps(log))) == {"q1": "Kyoto", "q2": "Ada"}
    with zipfile.ZipFile(tmp_path / "log.eval", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", "{}")
        for n, sample in enumerate(samples):
            archive.writestr(f"samples/{n}_epoch_{sample['epoch']}.json", json.dumps(sample))
    assert answers(tmp_path / "log.eval") == {"q1": "Kyoto", "q2": "Ada"}
    [prediction] = read_predictions(write(tmp_path / "one.json", json.dumps({"samples": samples[:1]})), "one.json")
    assert (prediction.prompt_tokens, prediction.completion_tokens, prediction.seconds) == (9, 2, 0.5)
    failed = inspect_sample("q1", None, error={"message": "no key"})
    [prediction] = read_predictions(write(tmp_path / "bad.json", json.dumps({"samples": [failed]})), "bad.json")
    assert (prediction.text, prediction.error) == (None, "no key")


def test_lm_eval_samples(tmp_path: Path) -> None:
    rows = [
        {
            "doc_id": 0,
            "doc": {"id": "q1", "question": "Where?"},
            "target": "Kyoto",
            "arguments": {"gen_args_0": {"arg_0": "Where?", "arg_1": {"until": ["\n"]}}},
            "resps": [[" Kyoto\n"]],
            "filtered_resps": ["Kyoto"],
            "exact_match": 1.0,
        },
        {
            "doc_id": 1,
            "doc": {"question": "Who leads it?"},
            "resps": [[["-1.5", "False"]]],
            "filtered_resps": [["-1.5", "False"]],
        },
    ]
    path = write(tmp_path / "samples_t_2026.jsonl", lines(rows))
    assert answers(path)["q1"] == "Kyoto"
    found = match(read_predictions(path, path.name), ITEMS, path.name)["q2"]
    assert isinstance(found, Failure)


def promptfoo(*rows: dict[str, object]) -> str:
    return json.dumps({"evalId": "e", "results": {"version": 3, "results": list(rows), "stats": {}}})


def promptfoo_row(output: object, provider: str = "openai:x", **variables: str) -> dict[str, object]:
    response = {"output": output, "tokenUsage": {"prompt": 5, "completion": 1, "total": 6}}
    head = {"promptIdx": 0, "testIdx": 0, "provider": {"id": provider}, "vars": variables, "latencyMs": 40}
    return {**head, "response": response, "success": False, "error": "Expected output to contain x"}


def test_promptfoo_results(tmp_path: Path) -> None:
    """`error` of a row also says that an assertion failed; the answer counts all the same."""
    rows = promptfoo_row("Kyoto", id="q1"), promptfoo_row({"name": "Ada"}, question="Who leads it?")
    path = write(tmp_path / "out.json", promptfoo(*rows))
    assert answers(path) == {"q1": "Kyoto", "q2": '{"name": "Ada"}'}
    two = promptfoo(promptfoo_row("a", id="q1"), promptfoo_row("b", "other", id="q1"))
    with pytest.raises(DataError, match="2 providers or prompts"):
        read_predictions(write(tmp_path / "two.json", two), "two.json")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "text,label\nx,y\n", "a column id or question"),
        ("a.csv", "id,label\nq1,y\n", "a column answer"),
        ("a.csv", "id,answer,seconds\nq1,y,soon\n", "tokens or seconds"),
        ("a.json", '{"results": 1}', "no known form"),
        ("a.json", '{"samples": [{"x": 1}]}', "not a log"),
        ("a.json", "{", "not valid JSON"),
        ("a.eval", "no zip", "not an Inspect log"),
        ("a.csv", "id,answer\nq9,y\n", "none of the test items"),
        ("a.csv", "id,answer\nq1,y\nq1,z\n", "twice"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        answers(write(tmp_path / name, text))
    assert words in str(caught.value)
