"""Tasks of lm-evaluation-harness through our runtime give the numbers of its own Hugging Face backend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tailor.errors import ConfigError, ModelError
from tailor.evaluation.harness import harness_model, run_tasks
from tailor.models import resolve_base
from tailor.records import Adaptation
from tailor.runtime import Runtime
from tiny_workspace import FACTS, write_lines

pytestmark = pytest.mark.slow
lm_eval = pytest.importorskip("lm_eval")

CHOICE = """\
task: tiny_choice
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "Where is the {{{{name}}}} office?"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: label
metric_list: [{{metric: acc, aggregation: mean, higher_is_better: true}}]
"""
GENERATE = """\
task: tiny_generate
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "Where is the {{{{name}}}} office?"
doc_to_target: "{{{{city}}}}"
generation_kwargs: {{until: ["\\n"], max_gen_toks: 12, do_sample: false}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
"""


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tasks")
    cities = list(FACTS.values())
    rows = [
        {"name": n, "city": c, "choices": cities[i:] + cities[:i], "label": 0} for i, (n, c) in enumerate(FACTS.items())
    ]
    write_lines(folder / "data.jsonl", rows)
    for name, text in (("choice", CHOICE), ("generate", GENERATE)):
        (folder / f"{name}.yaml").write_text(text.format(data=folder / "data.jsonl"), encoding="utf-8")
    return folder


def samples(model: Any, task: str, folder: Path) -> list[dict[str, Any]]:
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(folder), include_defaults=False)
    found = lm_eval.simple_evaluate(
        model=model, tasks=[task], task_manager=manager, apply_chat_template=True, bootstrap_iters=0
    )
    return sorted(found["samples"][task], key=lambda s: s["doc_id"])


def test_the_same_likelihoods_and_answers_as_its_own_backend(tasks: Path, tiny_base: Path, tmp_path: Path) -> None:
    from lm_eval.models.huggingface import HFLM

    theirs = HFLM(pretrained=str(tiny_base), device="cpu", dtype="float32", batch_size=4)
    runtime = Runtime(tmp_path)
    ours = harness_model(runtime, Adaptation(resolve_base(str(tiny_base), tmp_path)))
    for mine, reference in zip(samples(ours, "tiny_choice", tasks), samples(theirs, "tiny_choice", tasks), strict=True):
        got = [response[0] for response in mine["resps"]]
        wanted = [response[0] for response in reference["resps"]]
        assert [float(g[0]) for g in got] == pytest.approx([float(w[0]) for w in wanted], abs=1e-3)
        assert [g[1] for g in got] == [w[1] for w in wanted]
        assert mine["acc"] == reference["acc"]
    for mine, reference in zip(
        samples(ours, "tiny_generate", tasks), samples(theirs, "tiny_generate", tasks), strict=True
    ):
        assert mine["resps"][0][0].strip() == reference["resps"][0][0].strip()
        assert mine["exact_match"] == reference["exact_match"]
    runtime.close()


def test_scores_by_document_and_what_is_refused(tasks: Path, tiny_base: Path, tmp_path: Path) -> None:
    runtime = Runtime(tmp_path)
    adaptation = Adaptation(resolve_base(str(tiny_base), tmp_path))
    [found] = run_tasks(runtime, adaptation, ["tiny_choice"], include=tasks, limit=5)
    assert (found.task, found.metric, len(found.values)) == ("tiny_choice", "acc", 5)
    assert found.mean == sum(found.values.values()) / 5
    with pytest.raises(ConfigError, match="no task 'tiny_nothing'"):
        run_tasks(runtime, adaptation, ["tiny_nothing"], include=tasks)
    with pytest.raises(ModelError, match="Perplexity"):
        harness_model(runtime, adaptation).loglikelihood_rolling([])
    runtime.close()
