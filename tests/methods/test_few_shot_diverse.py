"""Demonstrations chosen by coverage, and orders tried on dev."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailor.errors import ConfigError
from tailor.methods.base import FitContext
from tailor.methods.compose import expand, fit_arm
from tailor.methods.few_shot_diverse import covering
from tailor.records import Message

Make = Callable[..., FitContext]


def unit(*angles: float) -> Any:
    """Vectors in the plane, by degrees."""
    turned = np.radians(np.array(angles))
    return np.stack([np.cos(turned), np.sin(turned)], 1).astype(np.float32)


def test_by_hand_the_middle_of_the_largest_group_then_the_other_group() -> None:
    # Five at 0 to 8 degrees, two on the other side, which have nothing in common with them: 4 is nearest to the five on
    # the whole; of the two each speaks for the other equally, and the earlier is taken.
    vectors = unit(0, 2, 4, 6, 8, 180, 183)
    assert covering(vectors, list("abcdefg"), 2) == [2, 5]


def test_never_two_of_one_fact_and_no_more_than_there_are() -> None:
    vectors = unit(0, 1, 2, 180)
    assert covering(vectors, ["a", "a", "a", "b"], 4) == [1, 3]


def coverage(vectors: Any, chosen: Any) -> float:
    return float(np.maximum(vectors @ vectors[list(chosen)].T, 0).max(1).sum())


@settings(max_examples=60)
@given(st.lists(st.floats(0, 360), min_size=1, max_size=8), st.integers(1, 4))
def test_it_covers_at_least_63_percent_of_what_the_best_choice_does(angles: list[float], k: int) -> None:
    vectors = unit(*angles)
    k = min(k, len(angles))
    chosen = covering(vectors, [str(i) for i in range(len(angles))], k)
    assert len(set(chosen)) == k
    best = max(coverage(vectors, some) for some in itertools.combinations(range(len(angles)), k))
    assert coverage(vectors, chosen) >= (1 - 1 / np.e) * best - 1e-4


def test_k_and_order_are_the_best_on_dev_and_the_first_on_a_tie(context: Make) -> None:
    scores: list[Any] = []

    def dev_score(adaptation: Any) -> float:
        scores.append(adaptation.demonstrations)
        return 0.9 if len(scores) == 4 else 0.5

    [arm] = expand("few-shot-diverse", {})
    fitted = fit_arm(arm, context(dev_score=dev_score))
    assert fitted.chosen == {"k": 4, "order": "central-first"}
    assert [s.k for s in scores] == [2, 2, 4, 4, 8, 8]
    assert scores[2].pool == tuple(reversed(scores[3].pool))
    assert scores[3].pool[:2] == scores[1].pool, "a smaller set is the beginning of a larger one"
    [arm] = expand("few-shot-diverse", {})
    assert fit_arm(arm, context()).chosen == {"k": 2, "order": "central-last"}


def test_few_shot_tries_as_many_orders_as_asked_for(context: Make) -> None:
    tried: list[Any] = []

    def dev_score(adaptation: Any) -> float:
        tried.append(adaptation.demonstrations.pool)
        return float(len(tried))

    [arm] = expand("few-shot", {"k": 3, "orders": 5})
    fitted = fit_arm(arm, context(dev_score=dev_score))
    assert len(set(tried)) == 5
    assert all(set(t) == set(tried[0]) for t in tried)
    order = fitted.chosen["order"]
    assert isinstance(order, list)
    assert [tried[0][i] for i in order] == list(tried[-1])
    shown = fitted.adaptation.demonstrations
    assert shown is not None
    assert shown.pool == tried[-1]
    [all_there_are] = expand("few-shot", {"k": 2, "orders": 24})
    tried.clear()
    fit_arm(all_there_are, context(dev_score=dev_score))
    assert len(tried) == 2


def test_the_order_of_near_ones_is_chosen_on_dev_where_asked_for(context: Make) -> None:
    def dev_score(adaptation: Any) -> float:
        return 0.9 if adaptation.demonstrations.kind == "nearest-first" else 0.5

    [arm] = expand("few-shot-nearest", {"k": 2, "order": None})
    fitting = context(dev_score=dev_score)
    fitted = fit_arm(arm, fitting)
    assert fitted.chosen == {"k": 2, "order": "nearest-first"}
    [other] = expand("few-shot-nearest", {"k": 2})
    asked = [(Message("user", "Colour of Jo, please?"),)]
    first, last = (fitting.runtime.prompts(f.adaptation, asked)[0][0] for f in (fitted, fit_arm(other, fitting)))
    assert [m.content for m in first[:4]] == [m.content for m in (*last[2:4], *last[:2])]
    assert first[0].content == "Colour of Jo?"


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("few-shot-diverse", {"k": 0}, "k must be from 1 to 64"),
        ("few-shot-diverse", {"order": "random"}, "order"),
        ("few-shot", {"orders": 25}, "orders must be from 1 to 24"),
    ],
)
def test_options_that_cannot_be_meant(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        expand(name, options)
