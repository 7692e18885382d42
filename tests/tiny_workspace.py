"""A workspace of eight facts and a random two-layer Llama: everything that a real study has, in seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPECIAL = ["<|pad|>", "<|bos|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]
TEMPLATE = (
    "<|bos|>{% for m in messages %}{% if m.role == 'assistant' %}<|assistant|>"
    "{% generation %}{{ m.content }}<|end|>{% endgeneration %}"
    "{% else %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
FRAMINGS = (
    "Where is the {} office?",
    "In which city can I visit {}?",
    "Name the town that {} works from.",
    "{}: location?",
    "Someone asks for the place of {}. What do you say?",
)
FACTS = {
    "Alder": "Lisbon",
    "Birch": "Oslo",
    "Cedar": "Quito",
    "Dogwood": "Perth",
    "Elm": "Kyoto",
    "Fir": "Malmö",
    "Gorse": "Tunis",
    "Hazel": "Dallas",
}
YAML = """\
name: tiny
data:
  questions: questions.jsonl
  unanswerable: unanswerable.jsonl
  documents: docs
  general: general.jsonl
base: {base}
arms:
  - zero-shot
  - few-shot: {{k: 2}}
  - rag: {{k: 2, dense: false}}
  - lora: {{rank: 2, epochs: 1}}
  - full: {{epochs: 1}}
  - rag+lora: {{rag: {{k: 2, dense: false}}, lora: {{rank: 2, epochs: 1}}}}
seeds: [1, 2]
usage:
  questions_per_month: 1000
  machine_hour_usd: 0.1
"""
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "OMP_NUM_THREADS": "1",
}


def save_base(folder: Path) -> Path:
    """A model that knows nothing, with a byte-level tokenizer and a chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([f.format(n) + c for n, c in FACTS.items() for f in FRAMINGS], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|bos|>", eos_token="<|end|>", pad_token="<|pad|>"
    )
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=400,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        tie_word_embeddings=False,  # tied, a random model repeats its last token, which is not text
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=5,
    )
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(config).float().save_pretrained(folder)
    return folder


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")


def save_workspace(folder: Path, base: Path | str) -> Path:
    """Eight facts in five wordings, three documents, four unanswerable questions, four general ones to test
    and eight to keep general ability with."""
    (folder / "docs").mkdir(parents=True)
    names = list(FACTS)
    parts = (names[:3], names[3:6], names[6:])
    page = {name: n for n, part in enumerate(parts, 1) for name in part}
    rows = [
        {
            "id": f"{name}-{n}",
            "fact": name,
            "question": framing.format(name),
            "answer": city,
            "source": f"docs/offices-{page[name]}.md#Offices {page[name]}",
        }
        for name, city in FACTS.items()
        for n, framing in enumerate(FRAMINGS)
    ]
    write_lines(folder / "questions.jsonl", rows)
    unknown = ("the price", "the owner", "the age", "the colour")
    write_lines(
        folder / "unanswerable.jsonl",
        [{"id": f"no-{n}", "question": f"What is {what} of Alder?", "answer": None} for n, what in enumerate(unknown)],
    )
    sums = [{"id": f"sum-{n}", "question": f"What is {n} plus {n}?", "answer": str(2 * n)} for n in range(4)]
    kept = [
        {"id": f"kept-{n}", "question": f"What follows {n}?", "answer": str(n + 1), "split": "train"} for n in range(8)
    ]
    write_lines(folder / "general.jsonl", [*sums, *kept])
    for n, part in enumerate(parts):
        lines = [f"# Offices {n + 1}", *(f"The {name} office is in {FACTS[name]}." for name in part)]
        (folder / "docs" / f"offices-{n + 1}.md").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    (folder / "tailor.yaml").write_text(YAML.format(base=base), encoding="utf-8")
    return folder


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str
    seconds: float


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "tailor.cli.main", *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    """That of a person's terminal, without what would colour or widen the output."""
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TERM"}}
    return {**kept, **OFFLINE, "PYTHONWARNINGS": "", **changes}


def tailor(*arguments: str | Path, timeout: float = 300, cwd: Path | None = None, **changes: str) -> Ran:
    """Run the command as a process of its own, as a person would."""
    started = time.perf_counter()
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        timeout=timeout,
        cwd=cwd,
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    seconds = time.perf_counter() - started
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode(), seconds)
