"""Training speed side by side: Tailor, TRL in four settings, and a plain packed PyTorch loop.

    python benchmarks/training/compare.py --rounds 3 --kind full --output result.json

Same base weights (in float32), rows, tokens per optimiser step, rates, optimiser and threads. Every contestant runs
in a process of its own; rounds are interleaved and the median is printed. Counted are real tokens (no padding) per
second of processor time from the end of the first optimiser step to the end of the last: loading, rendering and
saving are left out, and so is what other programs take of a shared machine. (With one thread on an idle machine that
is wall-clock time, which is in the JSON too.) The held loss is computed by one function for all, in float32, one row
at a time: it is comparable only as far as the printed numbers of steps are (packed rows fill differently).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "src/tailor/models/builtin/weights/small"
QUESTIONS = ROOT / "examples/slippers-studio/data/questions.jsonl"
CONTESTANTS = {
    "tailor": "Tailor: packed, bf16, logits of answer tokens only",
    "trl-padded": "TRL SFTTrainer, padded, fp32, no checkpointing",
    "trl-shipped": "TRL SFTTrainer as shipped: padded, bf16, checkpointing",
    "trl-packed-fp32": "TRL SFTTrainer, packing=True, fp32, no checkpointing",
    "trl-packed": "TRL SFTTrainer, packing=True, bf16, no checkpointing",
    "plain-packed": "plain PyTorch loop, packed rows of 256, bf16",
}
SEED = 7
LENGTH = 256


def make_base(folder: Path, texts: list[str]) -> None:
    """A random Llama of the built-in model's shape, for when that model is not there."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    special = ["<|pad|>", "<|bos|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=4096, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token="<|bos|>", eos_token="<|end|>", pad_token="<|pad|>"
    )
    tokenizer.chat_template = (
        "<|bos|>{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(SEED)
    config = LlamaConfig(
        vocab_size=4096, hidden_size=256, intermediate_size=512, num_hidden_layers=5, num_attention_heads=8,
        num_key_value_heads=4, max_position_embeddings=2048, tie_word_embeddings=True, pad_token_id=0, bos_token_id=1,
        eos_token_id=5,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)


def read_rows(limit: int) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Training and held rows, one in ten held."""
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    pairs = [{"question": r["question"], "answer": r["answer"]} for r in rows if r["answer"]]
    random.Random(SEED).shuffle(pairs)
    held = max(1, min(100, len(pairs) // 10))
    return pairs[held : held + limit], pairs[:held]


def chat(row: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    return {
        "prompt": [{"role": "user", "content": row["question"]}],
        "completion": [{"role": "assistant", "content": row["answer"]}],
    }


def tokens_of(tokenizer: Any, row: dict[str, str]) -> tuple[list[int], int]:
    """Token ids and how many of them are the prompt."""
    parts = chat(row)
    prompt = tokenizer.apply_chat_template(parts["prompt"], add_generation_prompt=True, tokenize=False)
    whole = tokenizer.apply_chat_template(parts["prompt"] + parts["completion"], tokenize=False)
    ids = tokenizer(whole, add_special_tokens=False)["input_ids"]
    return ids, len(tokenizer(prompt, add_special_tokens=False)["input_ids"])


def held_loss(model: Any, tokenizer: Any, held: list[dict[str, str]]) -> float:
    """Mean cross-entropy of the answer tokens of the held rows, one row at a time."""
    import torch

    model.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for row in held:
            ids, prompt = tokens_of(tokenizer, row)
            logits = model(input_ids=torch.tensor([ids])).logits[0, prompt - 1 : -1].float()
            total += float(torch.nn.functional.cross_entropy(logits, torch.tensor(ids[prompt:]), reduction="sum"))
            count += len(ids) - prompt
    return total / count


def load_float32(folder: Path) -> Any:
    """A model with float32 weights. Without being asked, transformers keeps the stored type; a contestant would then
    train bfloat16 weights, in which small updates round away, and a "fp32" one would not compute in float32."""
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


class Clock:
    """Processor and wall-clock seconds at the end of each optimiser step."""

    def __init__(self) -> None:
        self.ticks: list[tuple[int, float, float]] = []

    def tick(self, step: int) -> None:
        self.ticks.append((step, time.process_time(), time.perf_counter()))

    def result(self) -> dict[str, float]:
        (first, cpu, wall), (last, cpu_end, wall_end) = self.ticks[0], self.ticks[-1]
        return {"share": (last - first) / last, "cpu": cpu_end - cpu, "wall": wall_end - wall, "steps": last}


def schedule(optimizer: Any, steps: int) -> Any:
    """The rate of every contestant: linear warm-up of ten steps (at most half of all), then linear to 0."""
    from torch.optim.lr_scheduler import LambdaLR

    warmup = min(10, max(1, steps // 2))
    return LambdaLR(optimizer, lambda s: (s + 1) / warmup if s < warmup else (steps - s) / max(1, steps - warmup))


def lora_config() -> Any:
    from peft import LoraConfig

    return LoraConfig(r=32, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")


def run_tailor(base: Path, rows: list[dict[str, str]], plan: dict[str, Any]) -> tuple[Any, Clock]:
    from tailor.records import Message
    from tailor.training import TrainingOptions, TrainingRow, train

    data = [TrainingRow((Message("user", r["question"]),), r["answer"]) for r in rows]
    options = TrainingOptions(
        plan["kind"], learning_rate=plan["rate"], epochs=plan["epochs"], batch_tokens=plan["batch_tokens"], replay=0.0
    )  # no general rows: the others have none either
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        out, work = Path(folder) / "out", Path(folder) / "work"
        train(base, data, [], options, seed=SEED, folder=out, work=work, on_progress=lambda p: clock.tick(p.step))
        if plan["kind"] == "full":
            return load_float32(out), clock
        from peft import PeftModel

        return PeftModel.from_pretrained(load_float32(base), out), clock


def run_trl(base: Path, rows: list[dict[str, str]], plan: dict[str, Any], setting: str) -> tuple[Any, Clock]:
    from datasets import Dataset
    from transformers import AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    clock = Clock()

    class Ticks(TrainerCallback):
        def on_step_end(self, _arguments: Any, state: Any, *_: Any, **__: Any) -> None:
            clock.tick(state.global_step)

    class SameRate(SFTTrainer):  # its own warm-up starts at a rate of 0, which shows in short runs
        def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
            self.lr_scheduler = schedule(optimizer or self.optimizer, num_training_steps)
            return self.lr_scheduler

    own: dict[str, Any] = {
        "trl-padded": {"bf16": False, "gradient_checkpointing": False},
        "trl-shipped": {},
        "trl-packed-fp32": {"packing": True, "max_length": LENGTH, "bf16": False, "gradient_checkpointing": False},
        "trl-packed": {"packing": True, "max_length": LENGTH, "bf16": True, "gradient_checkpointing": False},
    }[setting]
    per_step = plan["batch_examples"] if "packed" not in setting else max(1, round(plan["batch_tokens"] / LENGTH))
    with tempfile.TemporaryDirectory() as folder:
        arguments = SFTConfig(
            folder, per_device_train_batch_size=per_step, num_train_epochs=plan["epochs"], learning_rate=plan["rate"],
            adam_beta2=0.98, weight_decay=plan["decay"], use_cpu=True,
            report_to="none", save_strategy="no", disable_tqdm=True, seed=SEED, **own,
        )  # fmt: skip
        trainer = SameRate(
            model=load_float32(base),
            args=arguments,
            train_dataset=Dataset.from_list([chat(r) for r in rows]),
            processing_class=AutoTokenizer.from_pretrained(base),
            peft_config=lora_config() if plan["kind"] == "lora" else None,
            callbacks=[Ticks()],
        )
        trainer.train()
        return trainer.model, clock


def packed_rows(encoded: list[tuple[list[int], int]], order: list[int]) -> list[tuple[list[int], list[int], list[int]]]:
    """Examples one after the other in rows of 256: tokens, positions, labels."""
    rows: list[tuple[list[int], list[int], list[int]]] = [([], [], [])]
    for i in order:
        ids, prompt = encoded[i]
        if len(rows[-1][0]) + len(ids) > LENGTH:
            rows.append(([], [], []))
        tokens, positions, labels = rows[-1]
        tokens += ids
        positions += range(len(ids))
        labels += [-100] * prompt + ids[prompt:]
    for tokens, positions, labels in rows:
        padding = LENGTH - len(tokens)
        tokens += [0] * padding
        positions += [0] * padding
        labels += [-100] * padding
    return rows


def run_plain(base: Path, rows: list[dict[str, str]], plan: dict[str, Any]) -> tuple[Any, Clock]:
    import torch
    from transformers import AutoTokenizer

    torch.manual_seed(SEED)
    model = load_float32(base)
    if plan["kind"] == "lora":
        from peft import get_peft_model

        model = get_peft_model(model, lora_config())
    model.train()
    tokenizer = AutoTokenizer.from_pretrained(base)
    encoded = [tokens_of(tokenizer, r) for r in rows]
    shuffler = random.Random(SEED)
    batches = []
    per_step = max(1, round(plan["batch_tokens"] / LENGTH))
    for _ in range(plan["epochs"]):
        order = list(range(len(rows)))
        shuffler.shuffle(order)
        packed = packed_rows(encoded, order)
        batches += [packed[i : i + per_step] for i in range(0, len(packed), per_step)]
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=plan["rate"], betas=(0.9, 0.98), weight_decay=plan["decay"])
    rates = schedule(optimizer, len(batches))
    clock = Clock()
    for step, batch in enumerate(batches, start=1):
        tokens, positions, labels = (torch.tensor([row[part] for row in batch]) for part in range(3))
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(input_ids=tokens, position_ids=positions, use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(
            logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=-100
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        rates.step()
        optimizer.zero_grad(set_to_none=True)
        clock.tick(step)
    return model, clock


def contest(name: str, base: Path, plan: dict[str, Any]) -> dict[str, float]:
    """Run one contestant in this process."""
    import torch
    from transformers import AutoTokenizer

    torch.set_num_threads(plan["threads"])
    rows, held = read_rows(plan["rows"])
    tokenizer = AutoTokenizer.from_pretrained(base)
    lengths = [len(tokens_of(tokenizer, r)[0]) for r in rows]
    plan = {**plan, "batch_tokens": round(plan["batch_examples"] * sum(lengths) / len(lengths))}
    if name == "tailor":
        model, clock = run_tailor(base, rows, plan)
    elif name == "plain-packed":
        model, clock = run_plain(base, rows, plan)
    else:
        model, clock = run_trl(base, rows, plan, name)
    timed = clock.result()
    tokens = sum(lengths) * plan["epochs"] * timed["share"]
    return {
        "tokens_per_second": tokens / timed["cpu"],
        "tokens_per_wall_second": tokens / timed["wall"],
        "steps": timed["steps"],
        "tokens": tokens,
        "tokens_per_example": sum(lengths) / len(lengths),
        "held_loss": held_loss(model, tokenizer, held),
    }


def in_process(name: str, base: Path, plan: dict[str, Any]) -> dict[str, float]:
    """Run one contestant in a process of its own."""
    threads = str(plan["threads"])
    environment = {
        **os.environ, "OMP_NUM_THREADS": threads, "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1", "PYTHONPATH": str(ROOT / "src"),
    }  # fmt: skip
    command = [sys.executable, __file__, "--contestant", name, "--base", str(base), "--plan", json.dumps(plan)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def summarise(results: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Medians per contestant, and ratios to the padded fp32 and the plain packed one."""
    medians = {n: {k: statistics.median(r[k] for r in rs) for k in rs[0]} for n, rs in results.items()}
    for n, entry in medians.items():
        speeds = [r["tokens_per_second"] for r in results[n]]
        entry["slowest"], entry["fastest"] = min(speeds), max(speeds)
        for other in ("trl-padded", "plain-packed"):
            if other in medians:
                entry[f"times {other}"] = entry["tokens_per_second"] / medians[other]["tokens_per_second"]
    return medians


def show(medians: dict[str, dict[str, float]]) -> None:
    head = (
        f"{'contestant':<58}{'tok/CPU-s':>11}{'range':>16}{'steps':>7}{'held loss':>11}{'x padded':>10}{'x plain':>9}"
    )
    print(head)
    for name, entry in medians.items():
        spread = f"{entry['slowest']:.0f}-{entry['fastest']:.0f}"
        print(
            f"{CONTESTANTS[name]:<58}{entry['tokens_per_second']:>11.0f}{spread:>16}{entry['steps']:>7.0f}"
            f"{entry['held_loss']:>11.4f}{entry.get('times trl-padded', float('nan')):>10.2f}"
            f"{entry.get('times plain-packed', float('nan')):>9.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, help="Hugging Face folder; the built-in model, else a random one")
    parser.add_argument("--kind", choices=("full", "lora"), default="full")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=900, help="training rows")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument(
        "--batch-examples", type=int, default=32, help="examples per optimiser step (packed: as many tokens)"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=tuple(CONTESTANTS), default=list(CONTESTANTS))
    parser.add_argument("--output", type=Path)
    parser.add_argument("--contestant", choices=tuple(CONTESTANTS), help=argparse.SUPPRESS)
    parser.add_argument("--plan", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contestant:
        print(json.dumps(contest(options.contestant, options.base, json.loads(options.plan))))
        return
    plan = {
        "kind": options.kind, "rows": options.rows, "epochs": options.epochs, "batch_examples": options.batch_examples,
        "threads": options.threads, "rate": 1e-3 if options.kind == "full" else 5e-3,
        "decay": 0.01 if options.kind == "full" else 0.0,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        base = options.base or (SMALL if (SMALL / "config.json").exists() else Path(folder) / "random")
        if not base.exists():
            rows, held = read_rows(10**9)
            make_base(base, [f"{r['question']} {r['answer']}" for r in rows + held])
        results: dict[str, list[dict[str, float]]] = {name: [] for name in options.only}
        for turn in range(options.rounds):
            for name in options.only:
                results[name].append(in_process(name, base, plan))
                speed = results[name][-1]["tokens_per_second"]
                print(f"round {turn + 1} {name}: {speed:.0f} tok/s", file=sys.stderr)
        medians = summarise(results)
        show(medians)
        if options.output:
            answer = {"base": base.name, "plan": plan, "medians": medians, "rounds": results}
            options.output.write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
