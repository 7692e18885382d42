"""lm-evaluation-harness through Tailor's runtime and through its own `hf` backend: the same numbers, and the time.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/evaluation/harness.py --output result.json

Two local generation tasks over questions of the example workspace, without examples and with five in the prompt, on the
built-in model. The backend runs with batches of 1 (its default) and of 16. Seconds are those of the processor, for the
whole of `simple_evaluate`, without loading the model.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tailor.evaluation.harness import harness_model
from tailor.models import resolve_base
from tailor.records import Adaptation
from tailor.runtime import Runtime

# 64 new tokens, as the built-in model's own generation_config says: the backend obeys that before the task.
QUESTIONS = Path(__file__).parents[2] / "examples" / "slippers-studio" / "data" / "questions.jsonl"
TASK = """\
task: handbook_{shots}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {test}, train: {train}}}}}
test_split: test
fewshot_split: train
num_fewshot: {shots}
fewshot_config: {{sampler: first_n}}
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["\\n"], max_gen_toks: 64, do_sample: false}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
"""
SHOTS = (0, 5)


def write_tasks(folder: Path, count: int) -> None:
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    kept = [{k: str(r[k]) for k in ("question", "answer")} for r in rows]
    step = max(1, (len(kept) - 5) // count)
    parts = {"train": kept[:5], "test": kept[5::step][:count]}
    for name, part in parts.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in part), encoding="utf-8")
    for shots in SHOTS:
        text = TASK.format(shots=shots, test=folder / "test.jsonl", train=folder / "train.jsonl")
        (folder / f"handbook_{shots}.yaml").write_text(text, encoding="utf-8")


def evaluate(model: Any, task: str, folder: Path) -> tuple[float, float, list[str]]:
    """Processor seconds, exact match, answers in the order of the documents."""
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(folder), include_defaults=False)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        started = time.process_time()
        found = simple_evaluate(
            model=model,
            tasks=[task],
            task_manager=manager,
            apply_chat_template=True,
            fewshot_as_multiturn=True,
            bootstrap_iters=0,
        )
        seconds = time.process_time() - started
    samples = sorted(found["samples"][task], key=lambda s: s["doc_id"])
    return seconds, float(found["results"][task]["exact_match,none"]), [s["resps"][0][0].strip() for s in samples]


def compare(folder: Path, batches: Sequence[int]) -> list[Mapping[str, Any]]:
    from lm_eval.models.huggingface import HFLM

    base = resolve_base("builtin/small", folder)
    backends = {n: HFLM(pretrained=base.location, device="cpu", dtype="float32", batch_size=n) for n in batches}
    rows = []
    for shots in SHOTS:
        task = f"handbook_{shots}"
        runtime = Runtime(folder)
        ours = harness_model(runtime, Adaptation(base))
        warm: Any = runtime.engine(base)
        warm.models.use(None)  # loads
        seconds, score, answers = evaluate(ours, task, folder)
        runtime.close()
        for size, backend in backends.items():
            theirs, reference, expected = evaluate(backend, task, folder)
            rows.append(
                {
                    "examples": shots,
                    "batch": size,
                    "documents": len(answers),
                    "exact_match": score,
                    "exact_match_hf": reference,
                    "other_answers": sum(a != b for a, b in zip(answers, expected, strict=True)),
                    "seconds": seconds,
                    "seconds_hf": theirs,
                    "ratio": theirs / seconds,
                }
            )
            show(rows[-1])
    return rows


def show(row: Mapping[str, Any]) -> None:
    print(
        f"{row['examples']} examples, hf in batches of {row['batch']}: {row['seconds']:.1f} s against "
        f"{row['seconds_hf']:.1f} s, {row['ratio']:.1f}x; exact match {row['exact_match']:.3f} and "
        f"{row['exact_match_hf']:.3f}, {row['other_answers']} of {row['documents']} answers differ",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=128)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as name:
        write_tasks(Path(name), options.documents)
        rows = compare(Path(name), options.batches)
    if options.output:
        report = {"load": os.getloadavg()[0], "rows": rows}
        options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    sys.exit(any(r["exact_match"] != r["exact_match_hf"] for r in rows))


if __name__ == "__main__":
    main()
