"""What a training does, through `train` and the folders it writes."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tailor.errors import ConfigError, DataError, ModelError
from tailor.files import sha256_of_tree
from tailor.records import Message
from tailor.training import Progress, TrainingOptions, TrainingRow, train

LORA = TrainingOptions("lora", epochs=2, batch_tokens=256, rank=4, learning_rate=5e-3)
FULL = TrainingOptions("full", epochs=2, batch_tokens=256, learning_rate=1e-3)


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    name = "adapter_model.safetensors" if (folder / "adapter_config.json").exists() else "model.safetensors"
    return dict(load_file(folder / name))


@pytest.mark.parametrize("options", [LORA, FULL], ids=["lora", "full"])
def test_training_lowers_the_dev_loss_and_reports_it(
    base: Path, rows: list[TrainingRow], tmp_path: Path, options: TrainingOptions
) -> None:
    seen: list[Progress] = []
    record = train(
        base, rows, rows[:12], replace(options, epochs=30), seed=1, folder=tmp_path / "out", work=tmp_path / "work",
        on_progress=seen.append,
    )  # fmt: skip
    dev = [loss for _, _, loss in record.curve if not math.isnan(loss)]
    assert len(dev) == 6
    assert dev[-1] < dev[0] - 0.2
    assert record.method == options.kind
    assert record.steps == seen[-1].step == seen[-1].steps
    assert seen[-1].eta_seconds == 0
    assert record.tokens > 0
    assert record.peak_memory_mb > 50


def test_every_weight_changes_in_full_tuning(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    train(base, rows, [], FULL, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    before, after = weights(base), weights(tmp_path / "out")
    assert before.keys() == after.keys()
    assert all(not before[name].equal(after[name]) for name in before)


def test_an_adapter_trains_every_tensor_and_leaves_the_base_alone(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    untouched = sha256_of_tree(base)
    record = train(base, rows, [], LORA, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    assert sha256_of_tree(base) == untouched
    tensors = weights(tmp_path / "out")
    assert all(float(t.abs().max()) > 0 for t in tensors.values()), "every B starts at 0, so 0 means not trained"
    # By hand: q 64->64, k and v 64->32, o 64->64, gate and up 64->128, down 128->64; rank 4; two layers.
    expected = 2 * 4 * ((64 + 64) + 2 * (64 + 32) + (64 + 64) + 2 * (64 + 128) + (128 + 64))
    assert record.trainable_parameters == expected == sum(t.numel() for t in tensors.values())


def test_trainable_count_is_that_of_plain_peft(
    base: Path, rows: list[TrainingRow], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    record = train(base, rows, [], LORA, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    plain = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base), LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM")
    )
    capsys.readouterr()
    plain.print_trainable_parameters()
    assert f"trainable params: {record.trainable_parameters:,} " in capsys.readouterr().out


def test_a_whole_model_loads_alone_and_answers(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options = replace(FULL, epochs=40, learning_rate=3e-3)
    train(base, rows, rows, options, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert model.dtype == torch.float32
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Colour of Ada?"}], add_generation_prompt=True, tokenize=False
    )
    inputs = tokenizer(text, add_special_tokens=False, return_tensors="pt")
    out = model.generate(**inputs, max_new_tokens=5, do_sample=False)
    assert tokenizer.decode(out[0, inputs["input_ids"].shape[1] :]) == "red<|end|>"


def test_a_whole_model_is_stored_in_the_bases_data_type(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    half = tmp_path / "half"
    AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16).save_pretrained(half)
    AutoTokenizer.from_pretrained(base).save_pretrained(half)
    train(half, rows, [], FULL, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    assert {t.dtype for t in weights(tmp_path / "out").values()} == {torch.bfloat16}


def test_an_adapter_names_its_base_without_a_path_of_this_machine(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    train(base, rows, [], LORA, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    config = json.loads((tmp_path / "out" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "tiny"
    for path in (tmp_path / "out").iterdir():
        assert str(base.parent).encode() not in path.read_bytes()


def test_the_same_seed_gives_the_same_weights_and_another_one_others(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(base, rows, rows[:5], LORA, seed=seed, folder=tmp_path / name, work=tmp_path / f"work-{name}")
    a, b, c = (weights(tmp_path / n) for n in "abc")
    assert all(a[n].equal(b[n]) for n in a)
    assert any(not a[n].equal(c[n]) for n in a)


def test_the_callers_random_state_is_left_alone(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    import torch

    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    train(base, rows[:4], [], LORA, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    assert torch.rand(3).equal(expected)


def test_overfitting_is_named_and_the_better_weights_are_kept(
    base: Path, tmp_path: Path, rows: list[TrainingRow]
) -> None:
    # Dev asks the same questions but wants other colours: the better train fits, the worse dev must become.
    colours = {"red": "white", "green": "red", "blue": "green", "black": "blue", "white": "black"}
    short = [r for r in rows if r.answer in colours]
    dev = [TrainingRow(r.prompt, colours[r.answer]) for r in short]
    options = replace(FULL, epochs=60, learning_rate=3e-3)
    record = train(base, short, dev, options, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    assert any(note.startswith("overfitting: dev loss was lowest after step") for note in record.notes)
    assert record.best_step < record.steps
    assert any("stopped early" in note for note in record.notes)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"rank": 0}, "rank"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"learning_rate": math.nan}, "learning_rate"),
        ({"epochs": 0.0}, "epochs"),
        ({"targets": "all-liner"}, "all-linear"),
        ({"kind": "lorra"}, "lora"),
        ({"batch_tokens": 0}, "batch_tokens"),
        ({"warmup": 1.0}, "warmup"),
        ({"weight_decay": -0.1}, "weight_decay"),
    ],
)
def test_impossible_options_are_refused(
    base: Path, rows: list[TrainingRow], tmp_path: Path, change: dict[str, Any], word: str
) -> None:
    with pytest.raises(ConfigError, match=word):
        train(base, rows, [], replace(LORA, **change), seed=1, folder=tmp_path / "out", work=tmp_path / "work")


def test_a_diverged_training_is_an_error_and_leaves_no_folder(
    base: Path, rows: list[TrainingRow], tmp_path: Path
) -> None:
    options = replace(FULL, learning_rate=1e30)
    with pytest.raises(ModelError, match="diverged") as caught:
        train(base, rows, [], options, seed=1, folder=tmp_path / "out", work=tmp_path / "work")
    assert "learning_rate" in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_rows_that_are_too_long_are_all_listed(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    long = TrainingRow((Message("user", "x y z " * 100),), "red")
    with pytest.raises(DataError, match="2 rows") as caught:
        train(base, [rows[0], long, rows[1], long], [], LORA, seed=1, folder=tmp_path / "o", work=tmp_path / "w")
    assert [p.file for p in caught.value.problems] == ["training row 1", "training row 3"]
    assert "at most 128" in str(caught.value), "the model's context is 128, below max_length"


def test_rows_without_an_answer_or_none_at_all_are_refused(base: Path, rows: list[TrainingRow], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="training row 0"):
        train(base, [replace(rows[0], answer="")], [], LORA, seed=1, folder=tmp_path / "o", work=tmp_path / "w")
    with pytest.raises(DataError, match="no rows"):
        train(base, [], [], LORA, seed=1, folder=tmp_path / "o", work=tmp_path / "w")


def test_a_folder_without_a_model_is_refused(rows: list[TrainingRow], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        train(tmp_path, rows, [], LORA, seed=1, folder=tmp_path / "o", work=tmp_path / "w")
