"""Tuning in stages: groups of facts, gates on dev and on general rows, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tailor.errors import ConfigError, ModelError
from tailor.methods.base import FitContext
from tailor.methods.curriculum import fact_groups
from tailor.methods.full import Full, FullOptions
from tailor.records import Example, Fitted, Message

Make = Callable[..., FitContext]
GENERAL = tuple(Example(f"g{n}", (Message("user", f"What follows {n}?"),), str(n + 1)) for n in range(20))


def rows(facts: int) -> list[Example]:
    return [Example(f"{n}", (Message("user", f"q{n}"),), "a", fact=f"f{n // 2}") for n in range(2 * facts)]


def test_every_fact_is_in_one_group_and_new_ones_move_few() -> None:
    groups = fact_groups(rows(10), 3)
    assert sorted(f for g in groups for f in g) == sorted({e.fact for e in rows(10)})
    assert [len(g) for g in groups] == [3, 4, 3]
    assert fact_groups(rows(10)[::-1], 3) == groups
    assert len(fact_groups(rows(2), 9)) == 2
    order = [f for g in fact_groups(rows(11), 3) for f in g if f != "f10"]
    assert order == [f for g in groups for f in g]


def test_stages_that_cannot_be_meant_are_refused() -> None:
    for stages in (0, 21):
        with pytest.raises(ConfigError, match="stages must be from 1 to 20"):
            FullOptions(stages=stages)


def fit(context: Make, dev: list[float], general: list[float]) -> tuple[Fitted, FitContext]:
    """Three stages of a random model whose answers count as right by a script: for the base and after each stage, the
    dev rows of all facts so far and the general rows."""

    def judge(example: Example, _: str) -> float:
        trained = len(list((made.store).glob("full-*.json")))
        return (general if example.id.startswith("g") else dev)[trained]

    made = context(judge=judge, general=lambda: GENERAL)
    return Full().fit(made, FullOptions(epochs=1, learning_rate=0.001, stages=3)), made


def weights(fitted: Fitted) -> str:
    assert fitted.adaptation.weights is not None
    return fitted.adaptation.weights.artifact.path


def notes(fitted: Fitted) -> list[str]:
    assert fitted.training is not None
    return [n for n in fitted.training.notes if n.startswith(("stage", "rolled"))]


def test_a_curriculum_that_passes_trains_on_all_facts(context: Make) -> None:
    fitted, made = fit(context, [0.1, 0.4, 0.5, 0.6], [0.8, 0.8, 0.78, 0.76])
    assert fitted.chosen["stages"] == "3 of 3"
    assert [n.split(":")[0] for n in notes(fitted)] == ["stage 1", "stage 2", "stage 3"]
    assert [n.split()[2] for n in notes(fitted)] == ["3", "7", "10"]  # facts
    assert all("passed" in n for n in notes(fitted))
    assert len(list(made.store.glob("full-*.json"))) == 3


@pytest.mark.parametrize(
    ("dev", "general", "why"),
    [
        ([0.1, 0.5, 0.44, 0.9], [0.8] * 4, "facts of earlier stages were lost"),
        ([0.1, 0.5, 0.5, 0.9], [0.8, 0.8, 0.74, 0.8], "general ability was lost"),
    ],
)
def test_a_stage_that_fails_is_rolled_back(context: Make, dev: list[float], general: list[float], why: str) -> None:
    fitted, made = fit(context, dev, general)
    assert fitted.chosen["stages"] == "1 of 3"
    assert why in notes(fitted)[1]
    assert notes(fitted)[-1] == "rolled back to stage 1 of 3"
    assert len(list(made.store.glob("full-*.json"))) == 2  # the third was not tried
    first = [p for p in made.store.glob("full-*.json") if p.stem == weights(fitted)]
    assert first == [min(made.store.glob("full-*.json"), key=lambda p: p.stat().st_mtime_ns)]


def test_a_first_stage_that_fails_is_an_error(context: Make) -> None:
    with pytest.raises(ModelError, match="stopped at its first stage"):
        fit(context, [0.5, 0.5, 0.9, 0.9], [0.8] * 4)


def test_one_stage_is_an_ordinary_training(context: Make) -> None:
    plain: dict[str, Any] = {"epochs": 1, "learning_rate": 0.001}
    one = Full().fit(context(general=lambda: GENERAL), FullOptions(**plain, stages=1))
    assert "stages" not in one.chosen
    assert notes(one) == []
