"""Answers given elsewhere: logs that lm-evaluation-harness and Inspect themselves write about a local model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tailor.evaluation.imports import match, read_predictions
from tailor.models import open_engine, resolve_base
from tailor.models.engine import Request
from tailor.records import Completion, Example, Generation, Message
from tiny_workspace import FACTS, write_lines

pytestmark = pytest.mark.slow
ITEMS = [
    Example(f"office-{name}", (Message("user", f"Where is the {name} office?"),), city)
    for name, city in list(FACTS.items())[:6]
]
TASK = """\
task: tiny_offices
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["\\n"], max_gen_toks: 12, do_sample: false}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
"""


@pytest.fixture(scope="module")
def expected(tiny_base: Path) -> dict[str, str]:
    """What the model says, by our own engine."""
    engine = open_engine(resolve_base(str(tiny_base), Path()))
    answers = engine.answer([Request(e.messages, Generation(12, stop=("\n",))) for e in ITEMS])
    said = {e.id: a.text for e, a in zip(ITEMS, answers, strict=True) if isinstance(a, Completion)}
    assert len(said) == len(ITEMS)
    assert len(set(said.values())) > 1
    return said


def imported(path: Path) -> dict[str, str]:
    found = match(read_predictions(path, path.name), ITEMS, path.name)
    return {k: v.text.strip() for k, v in found.items() if isinstance(v, Completion)}


@pytest.mark.parametrize("named", [True, False], ids=["by id", "by question"])
def test_a_log_of_lm_evaluation_harness(named: bool, tiny_base: Path, tmp_path: Path, expected: dict[str, str]) -> None:
    lm_eval = pytest.importorskip("lm_eval")
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    rows = [{"question": e.question, "answer": e.answer} | ({"id": e.id} if named else {}) for e in ITEMS]
    write_lines(tmp_path / "data.jsonl", rows)
    (tmp_path / "offices.yaml").write_text(TASK.format(data=tmp_path / "data.jsonl"), encoding="utf-8")
    tracker = EvaluationTracker(output_path=str(tmp_path / "logs"))
    found: Any = lm_eval.simple_evaluate(
        model=HFLM(pretrained=str(tiny_base), device="cpu", dtype="float32", batch_size=3),
        tasks=["tiny_offices"],
        task_manager=TaskManager(include_path=str(tmp_path), include_defaults=False),
        apply_chat_template=True,
        bootstrap_iters=0,
        log_samples=True,
        evaluation_tracker=tracker,
    )
    tracker.save_results_aggregated(
        results={k: v for k, v in found.items() if k != "samples"}, samples=found["samples"]
    )
    tracker.save_results_samples(task_name="tiny_offices", samples=found["samples"]["tiny_offices"])
    [log] = (tmp_path / "logs").rglob("samples_tiny_offices_*.jsonl")
    assert imported(log) == expected


@pytest.mark.parametrize("form", ["eval", "json"])
def test_a_log_of_inspect(form: str, tiny_base: Path, tmp_path: Path, expected: dict[str, str]) -> None:
    inspect_ai: Any = pytest.importorskip("inspect_ai", reason="pip install inspect-ai to try its logs")
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import GenerateConfig, get_model
    from inspect_ai.scorer import match as equal
    from inspect_ai.solver import generate

    samples = [Sample(id=e.id, input=e.question, target=str(e.answer)) for e in ITEMS]
    task = inspect_ai.Task(dataset=MemoryDataset(samples), solver=generate(), scorer=equal())
    settings = GenerateConfig(max_tokens=12, temperature=0.0, max_connections=1)
    model = get_model("hf/tiny", model_path=str(tiny_base), device="cpu", do_sample=False, config=settings)
    [log] = inspect_ai.eval(
        task, model=model, log_dir=str(tmp_path / "logs"), log_format=form, display="none", stop_seqs=["\n"]
    )
    assert log.status == "success", log.error
    [path] = (tmp_path / "logs").glob(f"*.{form}")
    assert {k: v.partition("\n")[0].strip() for k, v in imported(path).items()} == expected
    assert all(p.completion_tokens > 0 for p in read_predictions(path, path.name))
    if form == "json":
        assert json.loads(path.read_text(encoding="utf-8"))["status"] == "success"
