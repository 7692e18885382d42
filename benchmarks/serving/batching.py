"""Tokens per processor second of the embedded engine when 1, 8 and 32 clients ask at once, beside a plain server's.

    .venv/bin/python benchmarks/serving/batching.py --output result.json

The baseline is Transformers' own `generate` behind a lock: one request after the other, as a plain server around a
model does it. The model has random weights and no end token, so every answer has all its tokens and nobody gains by
stopping early. Both run in this process on one thread, rounds are interleaved, numbers are medians. Seconds are those
of the processor (`time.process_time`), so that a machine that does something else beside changes them little.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TOKENS = 16
CLIENTS = (1, 8, 32)


def make_model(folder: Path) -> None:
    """Random weights in the built-in model's architecture, tokenizer and template, that never end an answer."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig

    from tailor.models import resolve_base

    source = Path(resolve_base("builtin/small", folder).location)
    for path in source.iterdir():
        if "token" in path.name or path.suffix == ".jinja":
            shutil.copy(path, folder / path.name)
    config = AutoConfig.from_pretrained(source)
    config.eos_token_id = None
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).float()
    model.generation_config = GenerationConfig(do_sample=False, pad_token_id=0)
    model.save_pretrained(folder)


def questions(clients: int) -> list[str]:
    return [f"Question {n}: where is the {'very ' * (n % 7)}red box?" for n in range(clients)]


def one_after_the_other(folder: Path) -> Callable[[int], int]:
    """`generate`, a request at a time."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def run(clients: int) -> int:
        made = 0
        for question in questions(clients):
            turns = [{"role": "user", "content": question}]
            ids = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt")["input_ids"]
            with torch.inference_mode():
                out = model.generate(ids, max_new_tokens=TOKENS, do_sample=False, pad_token_id=0)
            made += int(out.shape[1] - ids.shape[1])
        return made

    return run


def together(folder: Path) -> Callable[[int], int]:
    """The engine of `tailor serve`: requests join as they come, two steps apart."""
    from tailor.models import Request, resolve_base
    from tailor.models.live import LiveAnswer
    from tailor.models.transformers_engine import TransformersEngine
    from tailor.records import Generation, Message

    engine = TransformersEngine(resolve_base(str(folder), folder))

    def run(clients: int) -> int:
        live, answers = engine.live(), []
        waiting = [Request((Message("user", q),), Generation(TOKENS)) for q in questions(clients)]
        while waiting or live.busy:
            if waiting:
                answers += live.begin([waiting.pop(0) for _ in range(min(4, len(waiting)))])
            live.step()
            live.step()
        return sum(len(a.row.tokens) for a in answers if isinstance(a, LiveAnswer))

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_model(folder)
        found = measure({"generate": one_after_the_other(folder), "tailor": together(folder)}, options.rounds)
    report = {
        "machine": platform.processor() or platform.machine(),
        "load": os.getloadavg()[0],
        "tokens_per_processor_second": found,
    }
    if options.output:
        options.output.write_text(json.dumps(report, indent=2) + "\n")
    for clients in CLIENTS:
        ours, theirs = found["tailor"][str(clients)], found["generate"][str(clients)]
        sys.stdout.write(
            f"{clients:3} clients: tailor {ours:7.0f} tok/s   generate {theirs:7.0f}   {ours / theirs:.1f}x\n"
        )


def measure(servers: dict[str, Callable[[int], int]], rounds: int) -> dict[str, Any]:
    """Median tokens per second by server and number of clients."""
    rates: dict[str, dict[str, list[float]]] = {s: {str(c): [] for c in CLIENTS} for s in servers}
    for run in servers.values():
        run(1)  # warms up
    for _ in range(rounds):
        for clients in CLIENTS:
            for server, run in servers.items():
                started = time.process_time()
                made = run(clients)
                rates[server][str(clients)].append(made / (time.process_time() - started))
    return {s: {c: statistics.median(r) for c, r in by.items()} for s, by in rates.items()}


if __name__ == "__main__":
    main()
