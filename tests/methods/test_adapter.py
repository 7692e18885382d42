"""An adapter made elsewhere with PEFT as an arm."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tailor.errors import ArtifactError, ConfigError, ModelError, TailorError
from tailor.methods.base import FitContext
from tailor.methods.compose import expand, fit_arm
from tailor.records import Adaptation, Base, Completion, Generation, Message
from tiny_models import make_base

Make = Callable[..., FitContext]
MADE = "adapter-made-elsewhere"
ASKED = [(Message("user", "Colour of Ada?"),)]


@pytest.fixture
def made(tiny_base: Base, tmp_path: Path) -> Path:
    """A copy of the adapter to do things to."""
    return Path(shutil.copytree(Path(tiny_base.location).parent / MADE, tmp_path / "work" / "a"))


def fitted(context: FitContext, path: str) -> Adaptation:
    [arm] = expand("adapter", {"path": path})
    return fit_arm(arm, context).adaptation


def test_it_answers_as_plain_peft_does(context: Make, tiny_base: Base) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    fit = context()
    adaptation = fitted(fit, MADE)
    short = Adaptation(fit.base, weights=adaptation.weights, generation=Generation(max_new_tokens=8))
    [answer] = fit.runtime.answer(short, ASKED)
    assert isinstance(answer, Completion)
    plain = AutoModelForCausalLM.from_pretrained(tiny_base.location, dtype=torch.float32)
    model = PeftModel.from_pretrained(plain, Path(tiny_base.location).parent / MADE).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_base.location)
    turns = [{"role": "user", "content": ASKED[0][0].content}]
    ids = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    out = model.generate(**ids, max_new_tokens=8, do_sample=False)[0, ids["input_ids"].shape[1] :]
    assert answer.text == tokenizer.decode(out, skip_special_tokens=True).strip()


def test_the_store_keeps_a_copy(context: Make, made: Path) -> None:
    fit = context(workspace=made.parent)
    adaptation = fitted(fit, "a")
    shutil.rmtree(made)
    assert isinstance(fit.runtime.answer(adaptation, ASKED)[0], Completion)


def change(folder: Path, **values: Any) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (lambda f: change(f, peft_type="IA3"), "of the kind IA3, expected LORA"),
        (lambda f: change(f, init_lora_weights="pissa_niter_4"), "belongs to a changed base"),
        (lambda f: change(f, modules_to_save=["lm_head"]), "brings whole layers"),
        (lambda f: (f / "adapter_model.safetensors").rename(f / "adapter_model.bin"), "Pickled weights"),
        (lambda f: (f / "adapter_config.json").unlink(), "has no adapter_config.json"),
        (lambda f: (f / "adapter_config.json").write_text("{"), "cannot be read"),
        (lambda f: (f / "adapter_config.json").write_text("[1]"), "not the configuration"),
        (shutil.rmtree, "has no adapter_config.json"),
    ],
)
def test_what_cannot_be_used_is_refused(do: Callable[[Path], Any], words: str, context: Make, made: Path) -> None:
    do(made)
    with pytest.raises(ArtifactError) as refused:
        fitted(context(workspace=made.parent), "a")
    assert words in str(refused.value)


def test_an_adapter_for_another_base_is_refused(context: Make, made: Path, tmp_path: Path) -> None:
    other = make_base(tmp_path / "other", hidden_size=32)
    fit = context(base=other, workspace=made.parent)
    with pytest.raises(ModelError, match="trained for another base model"):
        fit.runtime.answer(fitted(fit, "a"), ASKED)


def test_every_damaged_file_is_found(context: Make, made: Path) -> None:
    weights = made / "adapter_model.safetensors"
    whole = weights.read_bytes()
    for size in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        weights.write_bytes(whole[:size])
        fit = context(workspace=made.parent)
        with pytest.raises(TailorError, match=r"damaged|no safetensors|LoRA|layers"):
            fit.runtime.answer(fitted(fit, "a"), ASKED)


def test_options(context: Make) -> None:
    with pytest.raises(ConfigError, match="'path' is missing"):
        expand("adapter", {})
    with pytest.raises(ModelError, match="behind an endpoint"):
        fitted(context(base=Base("endpoint", "m", "http://127.0.0.1:9/v1", "m")), MADE)
    [arm] = expand("rag+adapter", {"rag": {"k": 1, "dense": False}, "adapter": {"path": MADE}})
    both = fit_arm(arm, context()).adaptation
    assert both.retriever is not None
    assert both.weights is not None
