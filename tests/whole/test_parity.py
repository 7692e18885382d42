"""Planted differences between the measured model and another form of it, each found and named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tiny_workspace import TEMPLATE, Ran, tailor

pytestmark = pytest.mark.slow


def asked(workspace: Path, arm: str, *options: str | Path) -> tuple[Ran, dict[str, Any]]:
    ran = tailor("parity", arm, "--workspace", workspace, "--json", *options)
    assert ran.out, ran.err
    return ran, dict(json.loads(ran.out))


def template(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "chat_template.jinja").write_text(text) and None


def no_end(folder: Path) -> None:
    path = folder / "generation_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "eos_token_id": [399]}))


def short(folder: Path) -> None:
    """A context that the prompts do not fit into."""
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "max_position_embeddings": 64}))


def rounded(folder: Path) -> None:
    """Weights in 16 steps, as a crude quantisation leaves them."""
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    weights = {}
    for name, value in load_file(path).items():
        step = value.abs().max() / 8
        weights[name] = (value / step).round() * step
    save_file(weights, path, metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("arm", "fault", "cause"),
    [
        ("zero-shot", template(TEMPLATE.replace("<|bos|>", "<|bos|><|bos|>")), "start token"),
        ("rag", template(TEMPLATE.replace("in messages", "in messages if m.role != 'system'")), "system prompt"),
        ("few-shot", template(TEMPLATE.replace("<|{{ m.role }}|>", "### {{ m.role }}: ")), "template"),
        ("zero-shot", no_end, "end token"),
        ("rag", short, "truncation"),
        ("zero-shot", rounded, "weights"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_planted_fault_is_named(
    compared: Path, tiny_base: Path, tmp_path: Path, arm: str, fault: Callable[[Path], None], cause: str
) -> None:
    folder = Path(shutil.copytree(tiny_base, tmp_path / "form"))
    fault(folder)
    ran, found = asked(compared, arm, "--folder", folder)
    assert found["cause"] == cause
    assert found["different"]
    if cause == "end token":
        assert found["logprob_gap"] < 1e-4, "the same probabilities up to where an answer ends"
    assert ran.code == (6 if not found["parity"] else 0)


def test_the_same_model_in_another_folder_is_at_parity(compared: Path, tiny_base: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_base, tmp_path / "form"))
    ran, found = asked(compared, "rag", "--folder", folder)
    assert found["cause"] is None
    assert found["same"]["value"] == 1.0
    assert found["logprob_gap"] < 1e-6
    assert ran.code == 0


def test_a_merged_adapter_is_at_parity(compared: Path, tiny_base: Path, tmp_path: Path) -> None:
    """Merged by plain PEFT, in float32."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    [fit] = (compared / ".tailor" / "studies").glob("*/fits/lora@1*.json") or [None]
    adapter = json.loads(fit.read_text())["adaptation"]["weights"]["artifact"]["path"]
    base = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)
    merged = PeftModel.from_pretrained(base, str(compared / ".tailor" / "models" / adapter)).merge_and_unload()
    merged.save_pretrained(tmp_path / "merged")
    AutoTokenizer.from_pretrained(tiny_base).save_pretrained(tmp_path / "merged")
    _, found = asked(compared, "lora", "--folder", tmp_path / "merged")
    assert found["parity"], found
    assert found["logprob_gap"] < 1e-3


def test_a_promotion_is_refused_when_the_answers_have_changed(finished: Path) -> None:
    """The recorded answers are edited here, as if they had come from another version of a library."""
    [answers] = (finished / ".tailor" / "studies").glob("*/answers/rag@1*.jsonl")
    lines = [json.loads(line) for line in answers.read_text().splitlines()]
    answers.write_text("".join(json.dumps(line | {"completion": "something else"}) + "\n" for line in lines))
    ran = tailor("promote", "rag", "--workspace", finished)
    assert ran.code == 6
    assert "no longer answers as it was measured" in ran.err.replace("\n", " ")
