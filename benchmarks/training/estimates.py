"""What a training will take, predicted and measured: time and memory of five configurations.

    python benchmarks/training/estimates.py --output result.json

Each configuration is predicted by `tailor.training.forecast` (about twenty steps in a process of its own) and by the
formula of `tailor.training.footprint`, then trained to its end in a fresh process. Compared are wall-clock seconds of
the whole call (loading, looks at dev, checkpoints and writing included), processor seconds, which are what counts on a
machine that does other work too, and the largest memory of the process. The example company's rows, the built-in model;
`qlora` and the larger model show other sizes. About five minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from compare import QUESTIONS, SMALL

from tailor.records import Message
from tailor.training import TrainingOptions, TrainingRow

CONFIGURATIONS: dict[str, tuple[str, TrainingOptions]] = {
    "lora r8": ("small", TrainingOptions("lora", rank=8)),
    "lora r32": ("small", TrainingOptions("lora", rank=32)),
    "full": ("small", TrainingOptions("full")),
    "last-layers": ("small", TrainingOptions("last-layers")),
    "qlora r16": ("small", TrainingOptions("lora", rank=16, quantise="nf4")),
    "lora r16, 34 M": ("wide", TrainingOptions("lora", rank=16, epochs=1)),
}
SEED = 3


def wide_base(folder: Path) -> Path:
    """A random Llama of 34 million weights with the built-in model's tokenizer."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    small = LlamaConfig.from_pretrained(SMALL).to_dict()
    torch.manual_seed(SEED)
    size = {"hidden_size": 512, "intermediate_size": 1408, "num_hidden_layers": 10, "num_attention_heads": 8}
    config = LlamaConfig(**{**small, **size, "num_key_value_heads": 8, "head_dim": 64})
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    AutoTokenizer.from_pretrained(SMALL).save_pretrained(folder)
    return folder


Material = tuple[list[TrainingRow], list[TrainingRow], list[TrainingRow]]


def rows(count: int) -> Material:
    """The example company's questions, 100 of them to look at; and the base's own rows against forgetting."""
    from tailor.models.builtin.general_rows import general_rows

    found = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    made = [TrainingRow((Message("user", r["question"]),), r["answer"]) for r in found if r["answer"]]
    general = [
        TrainingRow(tuple(Message(t.role, t.text) for t in turns[:-1]), turns[-1].text)  # type: ignore[arg-type]
        for turns in general_rows()
    ]
    return made[100 : 100 + count], made[:100], general


def measured(base: Path, material: Material, options: TrainingOptions) -> dict[str, Any]:
    """The whole training, in the process that calls it. The rows come from outside: making them takes memory too."""
    began, processor = time.perf_counter(), time.process_time()
    import torch

    from tailor.training import train

    torch.set_num_threads(1)
    data, dev, general = material
    with tempfile.TemporaryDirectory() as folder:
        out, work = Path(folder) / "out", Path(folder) / "work"
        record = train(base, data, dev, options, seed=SEED, folder=out, work=work, general=general)
    return {
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - processor,
        "memory_mb": record.peak_memory_mb,
        "steps": record.steps,
        "looks": len({s for s, _, dev_loss in record.curve if dev_loss == dev_loss}),
        "trainable_parameters": record.trainable_parameters,
    }


def apart(work: Any, *arguments: Any) -> Any:
    """A function's result, computed in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def formula(base: Path, options: TrainingOptions) -> float:
    from tailor.training.footprint import footprint

    return footprint(base, options).total / 1e6


def one(base: Path, material: Material, options: TrainingOptions) -> dict[str, Any]:
    """Predict, then measure."""
    from tailor.training.forecast import forecast

    data, dev, general = material
    began = time.perf_counter()
    ahead = forecast(base, data, dev, options, seed=SEED, general=general, threads=1)
    spent = time.perf_counter() - began
    real = apart(measured, base, material, options)
    whole = ahead.part(real["steps"] / ahead.steps)
    return {
        "predicted": {
            "wall": whole.wall, "cpu": whole.cpu, "memory_mb": ahead.memory_mb, "steps": ahead.steps,
            "formula_mb": apart(formula, base, options), "trainable_parameters": ahead.trainable_parameters,
            "trial_seconds": spent, "operations": ahead.operations,
        },
        "measured": real,
        "error": {
            "wall": whole.wall / real["wall"] - 1,
            "cpu": whole.cpu / real["cpu"] - 1,
            "memory": ahead.memory_mb / real["memory_mb"] - 1,
        },
    }  # fmt: skip


def show(found: dict[str, dict[str, Any]]) -> None:
    print(f"{'':<16}{'wall s':>16}{'CPU s':>16}{'memory MB':>16}{'formula':>9}   error: wall    CPU  memory")
    for name, entry in found.items():
        ahead, real, error = entry["predicted"], entry["measured"], entry["error"]
        pairs = "".join(f"{ahead[k]:>8.1f}/{real[k]:<7.1f}" for k in ("wall", "cpu"))
        memory = f"{ahead['memory_mb']:>8.0f}/{real['memory_mb']:<7.0f}{ahead['formula_mb']:>9.0f}"
        print(f"{name:<16}{pairs}{memory}{error['wall']:>15.1%}{error['cpu']:>7.1%}{error['memory']:>8.1%}")
    worst = {k: max(abs(e["error"][k]) for e in found.values()) for k in ("wall", "cpu", "memory")}
    print(f"largest error: wall {worst['wall']:.1%}, CPU {worst['cpu']:.1%}, memory {worst['memory']:.1%}")
    print("predicted/measured; wall-clock figures mean something on an idle machine only")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=900)
    parser.add_argument("--only", nargs="*", choices=tuple(CONFIGURATIONS), default=list(CONFIGURATIONS))
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    os.environ.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        bases = {"small": SMALL}
        if any(CONFIGURATIONS[name][0] == "wide" for name in options.only):
            bases["wide"] = apart(wide_base, Path(folder) / "wide")
        material = rows(options.rows)
        for name in options.only:
            base, training = CONFIGURATIONS[name]
            found[name] = one(bases[base], material, training)
            error = found[name]["error"]
            print(f"{name}: CPU {error['cpu']:+.1%}, memory {error['memory']:+.1%}", file=sys.stderr)
    show(found)
    if options.output:
        load = os.getloadavg()
        options.output.write_text(json.dumps({"load": load, "found": found}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
