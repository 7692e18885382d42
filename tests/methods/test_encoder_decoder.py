"""Arms on an encoder-decoder: a small T5 that a script of the repository trains until it answers."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "bases"))

import make_small_t5
from make_small_t5 import ASKED, COLOURS, KNOWN, OTHERS, SAID, colour_of

from tailor.files import sha256_of_tree, write_json
from tailor.methods.base import FitContext
from tailor.methods.compose import expand, fit_arm
from tailor.models.engine import LoadedWeights
from tailor.models.merging import write_merged
from tailor.records import Adaptation, Base, Completion, Example, Fitted, Generation, Message, Passage
from tailor.runtime import Runtime, adaptation_to_json

pytestmark = pytest.mark.slow
Make = Callable[..., FitContext]
NEW = OTHERS[:6]
TOLD = {name: COLOURS[(n * 3 + 1) % len(COLOURS)] for n, name in enumerate(NEW)}
QUESTIONS = [(Message("user", ASKED[0].format(name)),) for name in NEW]


@pytest.fixture(scope="module")
def small_t5(tmp_path_factory: pytest.TempPathFactory) -> Base:
    import torch

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("t5") / "small"
    make_small_t5.make(folder)
    return Base("folder", str(folder), str(folder), sha256_of_tree(folder))


@pytest.fixture
def fit(small_t5: Base, context: Make) -> FitContext:
    """Facts that the model does not know, in two wordings; dev has one of them, so that what is kept was learnt."""

    def rows(framings: tuple[int, ...]) -> tuple[Example, ...]:
        return tuple(
            Example(f"{name}-{f}", (Message("user", ASKED[f].format(name)),), TOLD[name], fact=name, framing=str(f))
            for name in NEW
            for f in framings
        )

    passages = tuple(Passage(f"p{n}", "colours.md", "", SAID.format(n, TOLD[n])) for n in NEW)
    return context(base=small_t5, train=rows((0, 1)), dev=rows((1,)), passages=passages,
                   judge=lambda example, text: float(text == example.answer))  # fmt: skip


def fitted(name: str, options: dict[str, Any], context: FitContext) -> Fitted:
    [arm] = expand(name, options)
    return fit_arm(arm, context)


def said(runtime: Runtime, adaptation: Adaptation, questions: Any = QUESTIONS) -> list[str]:
    short = dataclasses.replace(adaptation, generation=Generation(max_new_tokens=8))
    return [a.text for a in runtime.answer(short, questions) if isinstance(a, Completion)]


def right(answers: list[str]) -> int:
    return sum(a == TOLD[name] for a, name in zip(answers, NEW, strict=True))


def test_it_answers_what_it_knows_and_reads_what_it_is_shown(fit: FitContext) -> None:
    plain = fitted("zero-shot", {}, fit).adaptation
    known = said(fit.runtime, plain, [(Message("user", ASKED[0].format(n)),) for n in KNOWN])
    assert sum(a == colour_of(n) for a, n in zip(known, KNOWN, strict=True)) >= 11
    asleep = right(said(fit.runtime, plain))
    shown = [(Message("user", f"{SAID.format(n, TOLD[n])} {ASKED[0].format(n)}"),) for n in NEW]
    assert right(said(fit.runtime, plain, shown)) >= asleep + 3


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("prompt", {"calls": 40}),
        ("few-shot", {"k": 2}),
        ("few-shot-nearest", {"k": 2}),
        ("rag", {"dense": False, "k": 1}),
    ],
)
def test_arms_that_train_nothing_answer(name: str, options: dict[str, Any], fit: FitContext) -> None:
    found = fitted(name, options, fit)
    answers = said(fit.runtime, found.adaptation)
    assert len(answers) == len(NEW)
    if name != "prompt":  # which may find that the plain question does best
        assert answers != said(fit.runtime, fitted("zero-shot", {}, fit).adaptation)


OTHER_PROCESS = """
import json, sys
from pathlib import Path
import torch
from tailor.files import read_json
from tailor.records import Message
from tailor.runtime import Runtime, adaptation_from_json

torch.set_num_threads(1)
runtime, asked = Runtime(Path(sys.argv[2])), [(Message("user", q),) for q in json.loads(sys.argv[3])]
for value in read_json(Path(sys.argv[1])):
    print(json.dumps([a.text for a in runtime.answer(adaptation_from_json(value), asked)]))
"""
TRAINED: list[tuple[str, dict[str, Any]]] = [
    ("lora", {"rank": 8, "epochs": 60, "learning_rate": 0.01, "replay": 0}),
    ("full", {"epochs": 60, "learning_rate": 0.002, "replay": 0}),
    ("last-layers", {"epochs": 60, "learning_rate": 0.005, "replay": 0}),
]


def test_trained_arms_learn_and_answer_the_same_in_a_process_of_its_own(fit: FitContext, tmp_path: Path) -> None:
    found = {name: fitted(name, options, fit).adaptation for name, options in TRAINED}
    answers = {name: said(fit.runtime, adaptation) for name, adaptation in found.items()}
    assert right(said(fit.runtime, fitted("zero-shot", {}, fit).adaptation)) <= 2
    assert right(answers["lora"]) >= 5
    assert right(answers["full"]) >= 5
    assert right(answers["last-layers"]) >= 3
    short = [dataclasses.replace(a, generation=Generation(max_new_tokens=8)) for a in found.values()]
    write_json(tmp_path / "adaptations.json", [adaptation_to_json(a) for a in short])
    asked = json.dumps([q[0].content for q in QUESTIONS])
    out = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, str(tmp_path / "adaptations.json"), str(fit.store), asked],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    assert [json.loads(line) for line in out.stdout.splitlines()[-len(found) :]] == list(answers.values())

    # The adapter in plain PEFT, and worked into its base for plain Transformers.
    from peft import PeftModel
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    weights = found["lora"].weights
    assert weights is not None
    folder = fit.store / weights.artifact.path
    write_merged(fit.base, LoadedWeights("adapter", folder, weights.artifact.sha256), tmp_path / "merged")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "merged")
    plain = PeftModel.from_pretrained(AutoModelForSeq2SeqLM.from_pretrained(fit.base.location), str(folder)).eval()
    for model in (plain, AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "merged").eval()):
        for question, answer in zip(QUESTIONS, answers["lora"], strict=True):
            output = model.generate(**tokenizer(question[0].content, return_tensors="pt"), max_new_tokens=8)
            assert tokenizer.decode(output[0], skip_special_tokens=True) == answer


@pytest.mark.parametrize("kind", ["lora", "full"])
def test_general_rows_keep_what_it_knew(kind: str, fit: FitContext) -> None:
    general = tuple(
        Example(f"g{n}-{f}", (Message("user", ASKED[f].format(name)),), colour_of(name))
        for n, name in enumerate(KNOWN)
        for f in (0, 1)
    )
    rate = {"lora": 0.01, "full": 0.002}[kind]
    kept = dataclasses.replace(fit, general=lambda: general)
    options = {"epochs": 50, "learning_rate": rate, "replay": 0.3}
    found = fitted(kind, options, kept)
    assert found.training is not None
    assert any("kept as the base says them" in note for note in found.training.notes)
    known = said(fit.runtime, found.adaptation, [(Message("user", ASKED[0].format(n)),) for n in KNOWN])
    assert sum(a == colour_of(n) for a, n in zip(known, KNOWN, strict=True)) >= 8
    assert right(said(fit.runtime, found.adaptation)) >= 3
