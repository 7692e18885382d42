"""The arm constrained: from its options to what may be answered."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from tailor.errors import ConfigError, DataError
from tailor.methods.base import FitContext
from tailor.methods.compose import expand, fit_arm
from tailor.records import Adaptation, Base, Completion, Constraint
from tailor.runtime import adaptation_from_json, adaptation_to_json

Make = Callable[..., FitContext]


def fitted(context: FitContext, name: str = "constrained", **options: Any) -> Adaptation:
    [arm] = expand(name, options)
    return fit_arm(arm, context).adaptation


def test_the_answers_of_the_train_split_are_the_choices(context: Make) -> None:
    fit = context()
    made = fitted(fit).constraint
    assert made is not None
    assert json.loads(made.text) == ["black", "blue", "green", "red", "white", "I don't know."]
    answers = fit.runtime.answer(fitted(fit), [e.messages for e in fit.dev])
    assert {a.text for a in answers if isinstance(a, Completion)} <= set(json.loads(made.text))
    assert all(isinstance(a, Completion) for a in answers)


@pytest.mark.parametrize(
    ("options", "constraint"),
    [
        ({"choice": "yes | no"}, Constraint("choice", '["yes", "no", "I don\'t know."]')),
        ({"choice": "yes|no|yes", "abstain": False}, Constraint("choice", '["yes", "no"]')),
        ({"regex": r"\d+"}, Constraint("regex", r"\d+")),
        ({"json_schema": {"type": "object"}}, Constraint("json-schema", '{"type": "object"}')),
    ],
)
def test_options(options: dict[str, Any], constraint: Constraint, context: Make) -> None:
    assert fitted(context(), **options).constraint == constraint


def test_it_joins_with_a_retriever(context: Make) -> None:
    fit = context()
    both = fitted(fit, "rag+constrained", rag={"k": 1, "dense": False}, constrained={"choice": "red | blue"})
    assert both.retriever is not None
    assert both.constraint is not None
    [answer] = fit.runtime.answer(both, [fit.dev[0].messages])
    assert isinstance(answer, Completion)
    assert answer.text in ("red", "blue", "I don't know.")


def test_only_what_uses_a_constraint_needs_the_new_format(context: Make) -> None:
    plain, new = Adaptation(context().base), fitted(context())
    assert adaptation_to_json(plain)["format_version"] == 1
    assert "constraint" not in adaptation_to_json(plain)
    assert adaptation_to_json(new)["format_version"] == 2
    assert adaptation_from_json(adaptation_to_json(new)).constraint == new.constraint


def test_a_base_behind_an_endpoint_needs_no_grammar(context: Make) -> None:
    away = context(base=Base("endpoint", "m", "http://127.0.0.1:9/v1", "m"))
    assert fitted(away, regex="(?=a)b").constraint == Constraint("regex", "(?=a)b"), "the server may know lookahead"


def test_too_many_answers_are_no_choices(context: Make) -> None:
    train = tuple(dataclasses.replace(context().train[0], id=f"{n}", answer=f"word {n}") for n in range(257))
    with pytest.raises(DataError, match="257 different answers"):
        fitted(context(train=train))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"choice": "a", "regex": "b"}, "found choice, regex"),
        ({"choice": " | "}, "names nothing"),
        ({"regex": "("}, "no regular expression"),
        ({"json_schema": {}}, "empty"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        expand("constrained", options)


def test_a_pattern_that_a_local_base_cannot_follow_is_refused(context: Make) -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        fitted(context(), regex="(?=a)b")
