"""A model written for other engines answers as it does in Transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tailor.errors import ModelError
from tailor.models.builtin import path
from tailor.models.ctranslate import write_ctranslate2
from tailor.models.gguf_file import write_gguf
from tailor.records import Adaptation, Base, Demonstration, Demonstrations, Generation
from tailor.registry.modelfile import modelfile

QUESTIONS = ("What is 17 plus 5?", "Who are you?", "What colour is the sky on a clear day?")


@pytest.fixture(scope="module")
def small() -> Path:
    return path()


def prompts(tokenizer: Any) -> list[str]:
    return [
        tokenizer.apply_chat_template([{"role": "user", "content": q}], add_generation_prompt=True, tokenize=False)
        for q in QUESTIONS
    ]


@pytest.mark.slow
def test_a_gguf_file_read_by_transformers_is_the_same_model(small: Path, tmp_path: Path) -> None:
    """The reader of GGUF in Transformers is an implementation of its own: names, shapes, order of rows, tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    pytest.importorskip("gguf", reason="the extra export is not installed")
    write_gguf(small, tmp_path / "model.gguf", "small")
    tokenizer = AutoTokenizer.from_pretrained(small)
    plain = AutoModelForCausalLM.from_pretrained(small, dtype=torch.float32).eval()
    read = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="model.gguf", dtype=torch.float32).eval()
    with torch.no_grad():
        for text in prompts(tokenizer):
            ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]])
            assert float((read(input_ids=ids).logits - plain(input_ids=ids).logits).abs().max()) < 1e-3


def test_a_gguf_file_names_its_tokenizer_and_special_tokens(small: Path, tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf", reason="the extra export is not installed")
    write_gguf(small, tmp_path / "model.gguf", "small")
    fields = gguf.GGUFReader(tmp_path / "model.gguf").fields
    tokens = json.loads((small / "tokenizer.json").read_text(encoding="utf-8"))
    found = fields["tokenizer.ggml.tokens"].contents()
    assert {t: i for i, t in enumerate(found)}.items() >= tokens["model"]["vocab"].items()
    assert (fields["tokenizer.ggml.model"].contents(), fields["tokenizer.ggml.pre"].contents()) == ("gpt2", "smollm")
    assert found[fields["tokenizer.ggml.eos_token_id"].contents()] == "<|end|>"
    kinds = fields["tokenizer.ggml.token_type"].contents()
    assert [t for t, kind in zip(found, kinds, strict=True) if kind == gguf.TokenType.CONTROL] == [
        t["content"] for t in tokens["added_tokens"]
    ]
    assert fields["tokenizer.chat_template"].contents() == (small / "chat_template.jinja").read_text(encoding="utf-8")


@pytest.mark.parametrize(("stored", "kind"), [("F16", "F16"), ("BF16", "BF16"), ("F32", "F32"), ("mixed", "F32")])
def test_a_gguf_file_has_every_bit_of_the_stored_weights(small: Path, tmp_path: Path, stored: str, kind: str) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    gguf = pytest.importorskip("gguf", reason="the extra export is not installed")
    for file in small.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    types = {"F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32, "mixed": torch.float16}
    weights = {n: t.float().to(types[stored]) for n, t in load_file(small / "model.safetensors").items()}
    embedding = weights["model.embed_tokens.weight"]
    embedding[0, 0] = 1 + 2**-7 if stored == "BF16" else 1 + 2**-10  # the last bit of the type
    if stored == "mixed":
        weights["model.layers.0.mlp.up_proj.weight"] = weights["model.layers.0.mlp.up_proj.weight"].bfloat16()
    save_file(weights, tmp_path / "model.safetensors")
    write_gguf(tmp_path, tmp_path / "model.gguf", "small")
    [found] = [t for t in gguf.GGUFReader(tmp_path / "model.gguf").tensors if t.name == "token_embd.weight"]
    assert found.tensor_type.name == kind
    values = gguf.quants.dequantize(found.data, found.tensor_type).reshape(embedding.shape)
    assert (values == embedding.float().numpy()).all()


def test_a_model_of_another_shape_is_refused_with_the_command_that_writes_it(small: Path, tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="the extra export is not installed")
    for file in small.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((small / "config.json").read_text(encoding="utf-8"))
    config["rope_parameters"]["rope_type"] = "yarn"
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError, match="expected LlamaForCausalLM with plain rotary") as caught:
        write_gguf(tmp_path, tmp_path / "model.gguf", "x")
    assert "convert_hf_to_gguf.py" in caught.value.hint


@pytest.mark.slow
def test_ctranslate2_gives_the_same_tokens(small: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    ctranslate2 = pytest.importorskip("ctranslate2", reason="the extra export is not installed")
    write_ctranslate2(small, tmp_path / "ct2")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "ct2")
    plain = AutoModelForCausalLM.from_pretrained(small, dtype=torch.float32).eval()
    generator = ctranslate2.Generator(str(tmp_path / "ct2"), compute_type="float32", intra_threads=1)
    for text in prompts(tokenizer):
        ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]])
        expected = plain.generate(ids, max_new_tokens=24, do_sample=False, pad_token_id=0)[0, ids.shape[1] :].tolist()
        [found] = generator.generate_batch(
            [tokenizer.convert_ids_to_tokens(ids[0].tolist())],
            max_length=24, sampling_topk=1, include_prompt_in_result=False,
        )  # fmt: skip
        assert found.sequences_ids[0] == [t for t in expected if t != tokenizer.eos_token_id]


def test_a_modelfile_has_template_stop_system_and_demonstrations(small: Path) -> None:
    shown = Demonstrations("fixed", 1, (Demonstration("Q1", "A1"), Demonstration("Q2", "A2")))
    made = Adaptation(
        Base("builtin", "small", str(small)), system="Be brief.", demonstrations=shown, generation=Generation(20)
    )
    turns = "".join(
        f'{{{{- if eq .Role "{r}" }}}}<|{r}|> {{{{ .Content }}}}<|end|>{{{{- end }}}}'
        for r in ("system", "user", "assistant")
    )
    assert modelfile(small, "model.gguf", made).splitlines() == [
        "FROM ./model.gguf",
        f'TEMPLATE """<|bos|>{{{{- range .Messages }}}}{turns}{{{{- end }}}}<|assistant|>"""',
        'PARAMETER stop "<|end|>"',
        "PARAMETER temperature 0",
        "PARAMETER num_predict 20",
        'SYSTEM """Be brief."""',
        'MESSAGE user """Q1"""',
        'MESSAGE assistant """A1"""',
    ]
