"""What `tailor export` writes, loaded by plain PEFT and plain Transformers, says what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tiny_workspace import tailor

pytestmark = pytest.mark.slow


def recorded(workspace: Path, arm: str) -> dict[str, str]:
    """question -> answer of the first seed, from the study's files."""
    [study] = (workspace / ".tailor" / "studies").iterdir()
    lines = (study / "answers" / f"{arm}@1.jsonl").read_text(encoding="utf-8").splitlines()
    answers = {line["item"]: line["completion"] for line in map(json.loads, lines)}
    rows = [json.loads(x) for x in (workspace / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    return {r["question"]: answers[r["id"]] for r in rows if r["id"] in answers}


def says(model: Any, tokenizer: Any, question: str) -> str:
    ids = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    out = model.generate(**ids, max_new_tokens=48, do_sample=False, pad_token_id=0)
    return str(tokenizer.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True).strip())


def check_answers(model: Any, tokenizer: Any, workspace: Path, arm: str) -> None:
    asked = list(recorded(workspace, arm).items())[:6]
    assert len(asked) >= 4
    assert [says(model.eval(), tokenizer, q) for q, _ in asked] == [a for _, a in asked]


def base_of(workspace: Path) -> str:
    [line] = [x for x in (workspace / "tailor.yaml").read_text().splitlines() if x.startswith("base:")]
    return line.removeprefix("base:").strip()


def test_an_adapter_for_plain_peft(compared: Path, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    done = tailor("export", "lora", "-w", compared, "--to", tmp_path / "out")
    assert done.code == 0, done.err
    assert "an adapter for PEFT" in done.out
    base = Path(base_of(compared))
    base = base if base.is_absolute() else compared / base
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = PeftModel.from_pretrained(plain, tmp_path / "out")
    check_answers(model, AutoTokenizer.from_pretrained(base), compared, "lora")


@pytest.mark.parametrize(("arm", "options"), [("lora", ["--merged"]), ("full", [])])
def test_a_model_for_plain_transformers(arm: str, options: list[str], compared: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    done = tailor("export", arm, "-w", compared, "--to", tmp_path / "out", *options)
    assert done.code == 0, done.err
    assert "a model for Transformers" in done.out
    model, report = AutoModelForCausalLM.from_pretrained(
        tmp_path / "out", dtype=torch.float32, output_loading_info=True
    )
    assert not any(report.values())
    check_answers(model, AutoTokenizer.from_pretrained(tmp_path / "out"), compared, arm)
    assert not list((tmp_path / "out").glob("adapter*"))


def test_the_card_says_what_it_is_and_where_it_comes_from(compared: Path, tmp_path: Path) -> None:
    done = tailor("export", "rag+lora", "-w", compared, "--to", tmp_path / "out", "--json", "--seed", "2")
    made = json.loads(done.out)
    assert made["form"] == "adapter"
    assert made["also_needs"] == ["system", "retriever"]
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    [study] = (compared / ".tailor" / "studies").iterdir()
    results = json.loads((study / "results.json").read_text(encoding="utf-8"))
    for text in (
        "library_name: \"peft\"", f"study {study.name}, seed 2", results["dataset"]["sha256"], results["plan_sha256"],
        "system, retriever", "held-out-framing", "parameters were trained", '"rank": 2',
    ):  # fmt: skip
        assert text in card, text
    assert json.loads((tmp_path / "out" / "adaptation.json").read_text())["retriever"]["k"] == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["rag"], 5, "rag has no trained weights to export"),
        (["lorra"], 5, "no arm 'lorra'. Did you mean 'lora'"),
        (["lora", "--seed", "9"], 5, "was not fitted with seed 9"),
    ],
)
def test_what_cannot_be_exported(arguments: list[str], code: int, words: str, compared: Path, tmp_path: Path) -> None:
    done = tailor("export", *arguments, "-w", compared, "--to", tmp_path / "out")
    assert (done.code, words in done.err) == (code, True), done.err
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_over(compared: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    done = tailor("export", "lora", "-w", compared, "--to", tmp_path / "out")
    assert done.code == 2
    assert "is there already" in done.err
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_model_for_ollama_and_one_for_ctranslate2(compared: Path, tmp_path: Path) -> None:
    ctranslate2 = pytest.importorskip("ctranslate2", reason="the extra export is not installed")
    pytest.importorskip("gguf", reason="the extra export is not installed")
    from transformers import AutoTokenizer

    done = tailor("export", "lora", "-w", compared, "--to", tmp_path / "gguf", "--as", "gguf", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["form"] == "gguf"
    names = {p.name for p in (tmp_path / "gguf").iterdir()}
    assert names == {"Modelfile", "README.md", "adaptation.json", "model.gguf"}
    done = tailor("export", "full", "-w", compared, "--to", tmp_path / "ct2", "--as", "ctranslate2")
    assert done.code == 0, done.err
    assert "a model for CTranslate2" in done.out
    generator = ctranslate2.Generator(str(tmp_path / "ct2"), compute_type="float32", intra_threads=1)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "ct2")
    for question, answer in list(recorded(compared, "full").items())[:4]:
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
        )
        [found] = generator.generate_batch(
            [tokenizer.tokenize(text)], max_length=48, sampling_topk=1, include_prompt_in_result=False
        )
        assert tokenizer.decode(found.sequences_ids[0], skip_special_tokens=True).strip() == answer
