"""What every method of the table promises, whatever it does."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from loopback import Server
from tuning_provider import Provider

from tailor.errors import DataError, ModelError
from tailor.files import write_json
from tailor.methods import METHODS, load_method
from tailor.methods.base import FitContext
from tailor.methods.compose import Arm, expand, fit_arm
from tailor.records import Base, Completion, Fitted, Generation, Message
from tailor.runtime import Runtime, adaptation_from_json, adaptation_sha256, adaptation_to_json

Make = Callable[..., FitContext]
SHORT = {
    "prompt": {"calls": 100},
    "last-layers": {"epochs": 2},
    "lora": {"epochs": 2, "rank": 4},
    "qlora": {"epochs": 2, "rank": 4},
    "distill": {"epochs": 2, "rank": 4, "teacher": {"few-shot": {"k": 2}}},
    "full": {"epochs": 2},
    "rag": {"dense": False},
}
ASKABLE = [n for n in METHODS.builtin if n != "predictions"]  # those are answers already
NO_METHODS = {"base", "compose", "curriculum", "tuning", "with_passages"}
ASKED = [(Message("user", "Colour of Ada?"),), (Message("user", "Which colour does Jo like best of all?"),)]


BOT = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], "text": asked["messages"][-1]["content"].upper()}))
"""


@cache
def server() -> Server:
    """A server that says Hello! to everything, until the tests end."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    return Server()


@cache
def provider() -> Provider:
    """A provider of fine-tuning whose jobs are done when first looked at, until the tests end."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    return Provider(looks=1)


def options_of(name: str) -> dict[str, Any]:
    if name == "api-tuned":
        return {"url": provider().url, "model": "acme-small"}
    if name == "command":
        return {"run": shlex.join([sys.executable, "-c", BOT])}
    if name == "predictions":
        return {"file": "vendor.csv"}
    if name == "adapter":
        return {"path": "adapter-made-elsewhere"}
    if name == "endpoint":
        return {"url": server().url, "model": "small-1"}
    return SHORT.get(name, {})


def arm_of(name: str) -> Arm:
    [arm] = expand(name, options_of(name))
    return arm


def named() -> list[Any]:
    """Every method of the table that can be asked; those that train are slow."""
    return [pytest.param(n, marks=pytest.mark.slow) if load_method(n).trains_weights else n for n in ASKABLE]


def said(runtime: Runtime, fitted: Fitted) -> list[str]:
    short = dataclasses.replace(fitted.adaptation, generation=Generation(max_new_tokens=6))
    answers = runtime.answer(short, ASKED)
    assert all(isinstance(a, Completion) for a in answers), answers
    return [a.text for a in answers if isinstance(a, Completion)]


def test_the_table_names_every_file_of_the_folder() -> None:
    import tailor.methods

    folder = Path(str(tailor.methods.__file__)).parent
    files = {p.stem for p in folder.glob("*.py")} - {"__init__"} - NO_METHODS
    assert {place.split(":")[0].rpartition(".")[2] for place in METHODS.builtin.values()} == files
    assert all(
        name.replace("-", "_") == METHODS.builtin[name].split(":")[0].rpartition(".")[2] for name in METHODS.builtin
    )


@pytest.mark.parametrize("name", METHODS.builtin)
def test_attributes_and_options(name: str) -> None:
    method = load_method(name)
    assert isinstance(method.complexity, int)
    assert all(isinstance(getattr(method, a), bool) for a in ("uses_seed", "trains_weights", "needs_documents"))
    options = method.options()  # a default for every field
    assert dataclasses.is_dataclass(options)
    field = dataclasses.fields(options)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(options, field, None)
    assert type(method).__doc__
    assert type(method).fit.__doc__


def test_complexity_orders_the_methods_and_hybrids_come_last() -> None:
    orders = [load_method(name).complexity for name in METHODS.builtin]
    assert orders == sorted(set(orders)), "the table goes from simple to involved, without ties"
    assert orders[0] == 0
    hybrid = arm_of("zero-shot+few-shot")
    assert hybrid.complexity > max(orders)


@pytest.mark.parametrize("name", named())
def test_fit_answer_store_and_answer_again(name: str, context: Make) -> None:
    heard: list[float] = []
    fit = context(progress=lambda fraction, _words: heard.append(fraction))
    fitted = fit_arm(arm_of(name), fit)
    assert fitted.seconds >= 0
    assert all(0 <= f <= 1 for f in heard)
    plain = dataclasses.replace(fitted.adaptation.base, quantised="")
    assert (plain == fit.base) is not getattr(load_method(name), "own_base", False)
    first = said(fit.runtime, fitted)
    trained = load_method(name).trains_weights
    assert (fitted.training is not None) == trained
    assert (fitted.adaptation.weights is not None) == (trained or name == "adapter")

    stored = json.loads(json.dumps(adaptation_to_json(fitted.adaptation)))
    again = dataclasses.replace(fitted, adaptation=adaptation_from_json(stored))
    assert said(Runtime(fit.store), again) == first
    assert any(first), "nothing was said, so nothing was compared"


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


@pytest.mark.slow
def test_every_method_answers_the_same_in_a_process_of_its_own(context: Make, tmp_path: Path) -> None:
    fit = context()
    fitted = [fit_arm(arm_of(name), fit) for name in ASKABLE]
    expected = [said(fit.runtime, f) for f in fitted]
    different = len({adaptation_sha256(f.adaptation) for f in fitted})
    assert len({tuple(e) for e in expected}) == different > 6, "different adaptations must answer differently"
    short = [dataclasses.replace(f.adaptation, generation=Generation(max_new_tokens=6)) for f in fitted]
    write_json(tmp_path / "adaptations.json", [adaptation_to_json(a) for a in short])
    questions = json.dumps([c[0].content for c in ASKED])
    out = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, str(tmp_path / "adaptations.json"), str(fit.store), questions],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    assert [json.loads(line) for line in out.stdout.splitlines()[-len(expected) :]] == expected


@pytest.mark.parametrize("name", named())
def test_the_same_seed_makes_the_same_adaptation(name: str, context: Make, tmp_path: Path) -> None:
    one, two = (fit_arm(arm_of(name), context(store=tmp_path / s, seed=5)) for s in ("one", "two"))
    assert adaptation_sha256(one.adaptation) == adaptation_sha256(two.adaptation)
    assert one.chosen == two.chosen


@pytest.mark.parametrize("name", named())
def test_another_seed_matters_only_where_it_is_used(name: str, context: Make, tmp_path: Path) -> None:
    found = {
        adaptation_sha256(fit_arm(arm_of(name), context(store=tmp_path / "store", seed=s)).adaptation) for s in (1, 2)
    }
    assert len(found) == (2 if load_method(name).uses_seed else 1)


LEARN_NOTHING = {"zero-shot", "quantised", "prompt", "rag", "endpoint", "command", "adapter", "predictions"}


@pytest.mark.parametrize("name", [n for n in METHODS.builtin if n not in LEARN_NOTHING])
def test_nothing_to_learn_from_is_an_error(name: str, context: Make) -> None:
    with pytest.raises(DataError, match="training split is empty"):
        fit_arm(arm_of(name), context(train=()))


def test_no_documents_is_an_error(context: Make) -> None:
    with pytest.raises(DataError, match="no documents"):
        fit_arm(arm_of("rag"), context(passages=()))


@pytest.mark.parametrize("name", [n for n in METHODS.builtin if load_method(n).trains_weights])
def test_a_base_that_is_not_here_cannot_be_trained(name: str, context: Make) -> None:
    with pytest.raises(ModelError, match="cannot be trained here"):
        fit_arm(arm_of(name), context(base=Base("endpoint", "m", "http://127.0.0.1:9/v1", "m")))


def test_zero_shot_is_the_base_as_it_is(context: Make) -> None:
    fit = context()
    assert adaptation_to_json(fit_arm(arm_of("zero-shot"), fit).adaptation) == adaptation_to_json(
        adaptation_from_json({"format_version": 1, "base": dataclasses.asdict(fit.base)})
    )


def test_demonstrations_come_from_different_facts(context: Make) -> None:
    [arm] = expand("few-shot", {"k": 10})
    shown = fit_arm(arm, context()).adaptation.demonstrations
    assert shown is not None
    assert (shown.kind, shown.k, len(shown.pool)) == ("fixed", 10, 10)
    names = {next(n for n in ("Ada", "Bo", "Cem", "Dora", "Eli", "Finn", "Gus", "Hal", "Ida", "Jo") if n in d.question)
             for d in shown.pool}  # fmt: skip
    assert len(names) == 10


@pytest.mark.parametrize(("name", "most"), [("few-shot", 10), ("few-shot-nearest", 20), ("rag", 10)])
def test_more_than_there_is_means_all_of_it_and_says_so(name: str, most: int, context: Make) -> None:
    [arm] = expand(name, {**SHORT.get(name, {}), "k": 20})
    fitted = fit_arm(arm, context())
    part = fitted.adaptation.demonstrations or fitted.adaptation.retriever
    assert part is not None
    assert part.k == fitted.chosen["k"] == most


def test_rows_without_a_fact_are_facts_of_their_own(context: Make) -> None:
    bare = tuple(dataclasses.replace(e, fact="") for e in context().train)
    [arm] = expand("few-shot", {"k": 8})
    shown = fit_arm(arm, context(train=bare)).adaptation.demonstrations
    assert shown is not None
    assert len(shown.pool) == 8


@pytest.mark.parametrize(
    ("name", "scores", "chosen"),
    [
        ("few-shot", {2: 0.1, 4: 0.9, 8: 0.3}, 4),
        ("few-shot", {2: 0.5, 4: 0.5, 8: 0.5}, 2),
        ("few-shot", {2: float("nan"), 4: float("nan"), 8: float("nan")}, 2),
        ("few-shot-nearest", {2: 0.1, 4: 0.2, 8: 0.3}, 8),
        ("rag", {1: 0.1, 2: 0.2, 3: 0.7, 4: 0.7}, 3),
    ],
)
def test_k_is_the_best_on_dev_and_the_cheaper_on_a_tie(
    name: str, scores: dict[int, float], chosen: int, context: Make
) -> None:
    def dev_score(adaptation: Any) -> float:
        return scores[(adaptation.demonstrations or adaptation.retriever).k]

    assert fit_arm(arm_of(name), context(dev_score=dev_score)).chosen == {"k": chosen}


def test_unanswered_questions_are_no_demonstrations(context: Make) -> None:
    train = tuple(dataclasses.replace(e, answer=None) if "Ada" in e.id else e for e in context().train)
    for name in ("few-shot", "few-shot-nearest"):
        [arm] = expand(name, {"k": 20})
        shown = fit_arm(arm, context(train=train)).adaptation.demonstrations
        assert shown is not None
        assert not any("Ada" in d.question for d in shown.pool)


def test_an_index_is_built_once_per_content(context: Make) -> None:
    first = fit_arm(arm_of("rag"), context()).adaptation.retriever
    again = fit_arm(arm_of("rag"), context(seed=9)).adaptation.retriever
    fewer = fit_arm(arm_of("rag"), context(passages=context().passages[:5])).adaptation.retriever
    assert first is not None
    assert again is not None
    assert fewer is not None
    assert first.index == again.index != fewer.index
    assert len(list(context().store.glob("index-*"))) == 2


@pytest.mark.slow
def test_a_hybrid_has_the_parts_of_both_and_shares_the_training(context: Make) -> None:
    fit = context()
    alone = fit_arm(arm_of("lora"), fit)
    [arm] = expand("rag+lora", {"rag": {"k": 2, "dense": False}, "lora": SHORT["lora"]})
    both = fit_arm(arm, fit)
    assert both.adaptation.weights == alone.adaptation.weights
    assert both.adaptation.retriever is not None
    assert both.adaptation.retriever.k == 2
    assert both.adaptation.system is not None
    assert both.chosen["rag.k"] == 2
    assert both.chosen["lora.steps"] == alone.chosen["steps"]
    assert both.training == alone.training
    assert len(list(fit.store.glob("lora-*.json"))) == 1
    assert not list((fit.store / "work").iterdir()), "a training that ended leaves no checkpoints"
    assert said(fit.runtime, both) != said(fit.runtime, alone)


@pytest.mark.slow
def test_training_changes_the_answers_and_not_the_base(context: Make) -> None:
    fit = context()
    before = said(fit.runtime, fit_arm(arm_of("zero-shot"), fit))
    [arm] = expand("full", {"epochs": 40, "learning_rate": 0.003})
    tuned = fit_arm(arm, fit)
    assert said(fit.runtime, tuned)[0] == "red", "forty passes over twenty rows teach the first of them"
    assert said(fit.runtime, fit_arm(arm_of("zero-shot"), fit)) == before
    assert tuned.training is not None
    losses = [loss for _, loss, _ in tuned.training.curve]
    assert losses[-1] < losses[0] / 2


@pytest.mark.slow
def test_all_seeds_train_at_the_rate_that_was_chosen_once(context: Make, tmp_path: Path) -> None:
    [arm] = expand("full", {"epochs": 110})
    store = tmp_path / "store"
    dev = context().train + context().dev
    fits = [fit_arm(arm, context(store=store, dev=dev, seed=s)) for s in (1, 2)]
    rates = {f.chosen["learning_rate"] for f in fits}
    assert len(rates) == 1
    assert len(list(store.glob("rate-*.json"))) == 1
    assert len(list(store.glob("full-*.json"))) == 2
    assert not list((store / "work").iterdir()), "nor do the rates that were tried"
    for fitted in fits:
        assert fitted.training is not None
        assert "chosen on dev in trainings of half the length" in fitted.training.notes[0]
        assert fitted.seconds > fitted.training.seconds, "the ladder is part of what a refresh costs"
    [given] = expand("full", {"epochs": 110, "learning_rate": 0.001})
    alone = fit_arm(given, context(store=tmp_path / "other", dev=dev))
    assert alone.chosen["learning_rate"] == 0.001
    assert not list((tmp_path / "other").glob("rate-*.json"))
