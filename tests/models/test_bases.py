"""The ready configurations of `examples/bases`: read to the last option, and fitted on a small random model of the same
architecture whose tokenizer has the family's own turn markers."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "bases"))

import make_small_t5
from test_families import SIZES

from tailor.families import family_of, load_tokenizer, turn_ends
from tailor.files import sha256_of_tree
from tailor.methods.base import FitContext
from tailor.methods.compose import fit_arm
from tailor.records import Base, Completion, Example, Generation, Message, Passage
from tailor.runtime import Runtime
from tailor.study.config import load_workspace
from tailor.training.loading import end_tokens, load_config
from tiny_models import save_tokenizer

BASES = Path(__file__).parents[2] / "examples" / "bases"
CHATML = ("<|im_start|>{role}\n", "<|im_end|>", "\n")
T5 = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": 0,
      "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, "vocab_size": 400}  # fmt: skip
# Architecture; what differs from SIZES; how a turn opens, ends and is followed; words for roles.
SMALL: dict[str, tuple[str, dict[str, Any], tuple[str, str, str] | None]] = {
    "llama": ("LlamaConfig", {}, ("<|start_header_id|>{role}<|end_header_id|>\n\n", "<|eot_id|>", "")),
    "mistral": ("MistralConfig", {"sliding_window": None}, ("[INST]{role}\n", "</s>", "")),
    "qwen": ("Qwen2Config", {}, CHATML),
    "gemma": ("Gemma3TextConfig", {"sliding_window": 16, "query_pre_attn_scalar": 16},
              ("<start_of_turn>{role}\n", "<end_of_turn>", "\n")),
    "phi": ("Phi3Config", {}, ("<|{role}|>\n", "<|end|>", "\n")),
    "smollm": ("LlamaConfig", {"tie_word_embeddings": True}, CHATML),
    "gpt2": ("GPT2Config", {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 1024}, None),
    "flan-t5-small": ("T5Config", T5, None),
    "flan-t5-base": ("T5Config", T5, None),
}  # fmt: skip
FOLDERS = sorted(p.parent.name for p in BASES.glob("*/tailor.yaml"))
ROWS = tuple(
    Example(f"{name}-{f}", (Message("user", asked.format(name)),), colour, fact=name, framing=str(f))
    for name, colour in (("Ada", "red"), ("Bo", "green"), ("Cem", "blue"), ("Dora", "black"))
    for f, asked in enumerate(("Colour of {}?", "{}: favourite colour"))
)
PASSAGES = tuple(Passage(f"p{n}", "c.md", "", f"{n} likes red.") for n in ("Ada", "Bo", "Cem", "Dora"))


def test_there_is_a_small_model_for_every_configuration() -> None:
    assert sorted(SMALL) == FOLDERS


@pytest.mark.parametrize("name", FOLDERS)
def test_a_configuration_is_read_to_the_last_option(name: str) -> None:
    written = yaml.safe_load((BASES / name / "tailor.yaml").read_text(encoding="utf-8"))
    workspace = load_workspace(BASES / name)
    read = workspace.config.model_dump()
    assert {k: read[k] for k in written if k not in ("data", "arms")} == {
        k: v for k, v in written.items() if k not in ("data", "arms")
    }
    assert {k: read["data"][k] for k in written["data"]} == written["data"]
    assert all((BASES / name / path).resolve().exists() for path in written["data"].values())
    for entry, arm in zip(written["arms"], workspace.arms, strict=True):
        given = entry if isinstance(entry, dict) else {entry: {}}
        [(method, options)] = given.items()
        assert arm.method == method
        for part in arm.parts:
            own = options.get(part.method, {}) if "+" in method else options
            assert {k: getattr(part.options, k) for k in own} == own


def save_words(folder: Path, name: str) -> Any:
    """Tokenizer and configuration, with the family's turn markers; the end of a document is another token, as in its
    own repository."""
    import transformers

    config, own, turn = SMALL[name]
    if config == "T5Config":
        make_small_t5.tokenizer().save_pretrained(folder)
    else:
        tokenizer = save_tokenizer(folder, None)
        if turn:
            opening, end, after = turn
            tokenizer.add_special_tokens({"additional_special_tokens": [end], "eos_token": "<|bos|>"})
            head, _, tail = opening.partition("{role}")
            said = "{{ " + f"{head!r} + m.role + {tail!r} + m.content + {end!r} + {after!r}" + " }}"
            tokenizer.chat_template = (
                "{% for m in messages %}" + said + "{% endfor %}"
                "{% if add_generation_prompt %}{{ " + repr(head + "assistant" + tail) + " }}{% endif %}"
            )
        tokenizer.save_pretrained(folder)
    sizes = own if config == "T5Config" else {**SIZES, "max_position_embeddings": 1024, "vocab_size": 410, **own}
    made = getattr(transformers, config)(**sizes)
    made.save_pretrained(folder)
    return made


def make(folder: Path, name: str) -> Base:
    """A small random model of the architecture."""
    import torch
    import transformers

    torch.set_num_threads(1)
    config = save_words(folder, name)
    torch.manual_seed(1)
    getattr(transformers, family_of(config).loader).from_config(config).float().save_pretrained(folder)
    return Base("folder", name, str(folder), sha256_of_tree(folder))


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in FOLDERS if n != "flan-t5-base"])  # as -small, at this size
def test_every_arm_of_a_configuration_fits_its_architecture(name: str, tmp_path: Path) -> None:
    import torch

    base = make(tmp_path / "model", name)
    runtime = Runtime(tmp_path / "store")
    context = FitContext(
        base=base, train=ROWS, dev=ROWS[:2], passages=PASSAGES, store=tmp_path / "store", runtime=runtime, seed=0,
        dev_score=lambda _adaptation: 0.5,
    )  # fmt: skip
    for arm in load_workspace(BASES / name).arms:
        brief = [
            dataclasses.replace(p.options, epochs=1) if hasattr(p.options, "epochs")
            else dataclasses.replace(p.options, dense=False) if p.method == "rag" else p.options
            for p in arm.parts
        ]  # fmt: skip
        parts = tuple(dataclasses.replace(p, options=o) for p, o in zip(arm.parts, brief, strict=True))
        fitted = fit_arm(dataclasses.replace(arm, parts=parts), context)
        short = dataclasses.replace(fitted.adaptation, generation=Generation(max_new_tokens=4))
        [answer] = runtime.answer(short, [(Message("user", "Colour of Ada?"),)])
        assert isinstance(answer, Completion), (arm.name, answer)
        if arm.method == "lora":
            assert fitted.adaptation.weights is not None
            _names_every_linear_layer(base, tmp_path / "store" / fitted.adaptation.weights.artifact.path, torch)


def _names_every_linear_layer(base: Base, adapter: Path, torch: Any) -> None:
    """The written-out targets are those that all-linear finds."""
    import transformers
    from safetensors import safe_open
    from transformers.pytorch_utils import Conv1D

    config = transformers.AutoConfig.from_pretrained(base.location)
    model = getattr(transformers, family_of(config).loader).from_config(config)
    head = model.get_output_embeddings()
    linear = {n for n, m in model.named_modules() if isinstance(m, (torch.nn.Linear, Conv1D)) and m is not head}
    with safe_open(adapter / "adapter_model.safetensors", "np") as file:
        found = {n.removeprefix("base_model.model.").partition(".lora_")[0] for n in file.keys()}  # noqa: SIM118
    assert found == linear


@pytest.mark.parametrize("name", [n for n in FOLDERS if SMALL[n][2]])
def test_a_turn_ends_where_its_family_ends_it(name: str, tmp_path: Path) -> None:
    """Even where the files name only the end of a document: Gemma's first ones did."""
    save_words(folder := tmp_path / "model", name)
    tokenizer, config = load_tokenizer(folder), load_config(folder)
    turn = SMALL[name][2]
    assert turn is not None
    ends = {tokenizer.convert_tokens_to_ids(turn[1])}
    assert tokenizer.eos_token_id not in ends
    assert turn_ends(tokenizer, config) == ends
    assert ends < end_tokens(tokenizer, folder, config)
    plain = tokenizer.chat_template.replace(turn[1], "")  # a template that does not write it
    tokenizer.chat_template = plain
    assert not turn_ends(tokenizer, config)
