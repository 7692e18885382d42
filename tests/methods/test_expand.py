"""From an entry of tailor.yaml to arms."""

from __future__ import annotations

from typing import Any

import pytest

from tailor.errors import ConfigError
from tailor.methods.compose import expand
from tailor.methods.few_shot import FewShotOptions
from tailor.methods.lora import LoRAOptions
from tailor.methods.rag import RagOptions


def test_a_name_alone_has_the_defaults() -> None:
    [arm] = expand("lora", {})
    assert (arm.name, arm.method) == ("lora", "lora")
    assert arm.parts[0].options == LoRAOptions()
    assert (arm.trains_weights, arm.uses_seed, arm.needs_documents) == (True, True, False)


def test_single_values_leave_the_name_as_it_is() -> None:
    [arm] = expand("lora", {"rank": 8, "learning_rate": 1e-3})
    assert arm.name == "lora"
    assert arm.parts[0].options == LoRAOptions(rank=8, learning_rate=1e-3)


def test_a_list_is_an_arm_per_value() -> None:
    arms = expand("few-shot", {"k": [2, 4, None]})
    assert [a.name for a in arms] == ["few-shot[k=2]", "few-shot[k=4]", "few-shot[k=None]"]
    assert [a.parts[0].options for a in arms] == [FewShotOptions(2), FewShotOptions(4), FewShotOptions(None)]
    assert {a.method for a in arms} == {"few-shot"}


def test_two_lists_are_every_combination() -> None:
    arms = expand("lora", {"rank": [8, 16], "epochs": [1, 2], "alpha": 16})
    assert [a.name for a in arms] == [
        "lora[rank=8,epochs=1]",
        "lora[rank=8,epochs=2]",
        "lora[rank=16,epochs=1]",
        "lora[rank=16,epochs=2]",
    ]
    assert arms[3].parts[0].options == LoRAOptions(rank=16, alpha=16, epochs=2.0)


def test_a_list_of_one_is_still_named() -> None:
    assert [a.name for a in expand("rag", {"k": [3]})] == ["rag[k=3]"]


def test_a_hybrid_takes_options_per_part() -> None:
    [arm] = expand("rag+lora", {"rag": {"k": 3}, "lora": {"rank": 8}})
    assert arm.name == arm.method == "rag+lora"
    assert [p.options for p in arm.parts] == [RagOptions(k=3), LoRAOptions(rank=8)]
    assert (arm.trains_weights, arm.uses_seed, arm.needs_documents) == (True, True, True)
    [plain] = expand("rag+lora", {"rag": None})
    assert [p.options for p in plain.parts] == [RagOptions(), LoRAOptions()]


def test_lists_in_a_hybrid_multiply() -> None:
    arms = expand("rag+lora", {"rag": {"k": [1, 2]}, "lora": {"rank": [8, 16]}})
    assert [a.name for a in arms] == [
        "rag+lora[k=1][rank=8]",
        "rag+lora[k=1][rank=16]",
        "rag+lora[k=2][rank=8]",
        "rag+lora[k=2][rank=16]",
    ]


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("laura", {}, "no arm called 'laura'. Did you mean 'lora'"),
        ("rag+", {}, "no arm called ''"),
        ("rag+lorra", {}, "Did you mean 'lora'"),
        ("lora+lora", {}, "joined with itself"),
        ("lora", {"rnak": 4}, "lora: no option called 'rnak'. Did you mean 'rank'"),
        ("lora", {7: 4}, "no option called '7'"),
        ("zero-shot", {"k": 3}, "zero-shot: no option called 'k'"),
        ("rag+lora", {"k": 3}, "options of a hybrid are given per part, found k"),
        ("rag+lora", {"rag": 3}, "rag: expected options like"),
        ("rag+lora", {"lora": {"rnak": 3}}, "lora: no option called 'rnak'"),
        ("lora", {"rank": 0}, "lora: rank must be from 1 to 1024, found 0"),
        ("lora", {"rank": 1025}, "rank must be"),
        ("lora", {"rank": 2.5}, "lora: rank: "),
        ("lora", {"rank": "many"}, "lora: rank: "),
        ("lora", {"rank": None}, "lora: rank: "),
        ("lora", {"alpha": 0}, "lora: alpha must be from 1"),
        ("lora", {"alpha": -16}, "lora: alpha must be from 1"),
        ("lora", {"learning_rate": -1e-4}, "lora: learning_rate must be between 0 and 1, found -0.0001"),
        ("lora", {"learning_rate": 0}, "learning_rate must be"),
        ("lora", {"learning_rate": float("nan")}, "learning_rate must be"),
        ("full", {"learning_rate": 2}, "full: learning_rate must be"),
        ("full", {"epochs": 0}, "full: epochs must be"),
        ("full", {"epochs": float("inf")}, "full: epochs must be"),
        ("few-shot", {"k": 0}, "few-shot: k must be from 1 to 64, found 0"),
        ("few-shot", {"k": 65}, "few-shot: k must be from 1 to 64"),
        ("few-shot-nearest", {"k": -1}, "few-shot-nearest: k must be from 1 to 64"),
        ("rag", {"k": 21}, "rag: k must be from 1 to 20"),
        ("rag", {"dense": "perhaps"}, "rag: dense: "),
        ("rag", {"system": 5}, "rag: system: "),
        ("rag", {"k": []}, "empty list"),
        ("rag", {"k": [1, 0]}, "rag: k must be from 1"),
        ("rag", {"k": [2, 3, 2]}, "rag: k lists a value twice"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(name: str, options: dict[Any, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        expand(name, options)
    assert words in str(caught.value)


def test_numbers_that_yaml_reads_as_text_are_numbers() -> None:
    [arm] = expand("lora", {"learning_rate": "1e-4"})  # YAML 1.1 wants 1.0e-4
    assert arm.parts[0].options.learning_rate == 1e-4
