"""distill: what the student learns is what the teacher said."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tailor.errors import ConfigError, DataError
from tailor.methods.base import FitContext
from tailor.methods.compose import Arm, expand, fit_arm
from tailor.records import Completion, Generation
from tailor.runtime import Runtime
from tiny_models import make_speaker

Make = Callable[..., FitContext]
SHORT = {"rank": 8, "epochs": 60, "learning_rate": 0.005, "replay": 0.0}


def arm(**options: Any) -> Arm:
    [found] = expand("distill", {**SHORT, **options})
    return found


class Loud(Runtime):
    """Where a system prompt asks for it, every answer is the same word: a behaviour that only a prompt brings."""

    def answer(self, adaptation: Any, conversations: Any, **more: Any) -> list[Any]:
        if adaptation.system is None:
            return super().answer(adaptation, conversations, **more)
        words = ["white [1]" if "Ada" in c[-1].content else "blue" for c in conversations]
        return [Completion(word) for word in words]


@pytest.mark.slow
def test_a_prompt_becomes_weights(context: Make, tmp_path: Path) -> None:
    # Without dev, whose answers are the team's: it would keep the step that is least like this teacher.
    fit = context(runtime=Loud(tmp_path / "store"), dev=(), judge=lambda e, text: float(text == e.answer))
    fitted = fit_arm(arm(teacher={"zero-shot": {"system": "Say blue."}}), fit)
    assert fitted.adaptation.system is None
    assert fitted.chosen["teacher"] == "zero-shot"
    assert fitted.chosen["rows"] == 20
    # Two of the ten names are blue, asked twice each; Ada is red and the teacher says white.
    assert fitted.chosen["teacher_right"] == 0.2
    plain = dataclasses.replace(fitted.adaptation, generation=Generation(max_new_tokens=6))
    answers = fit.runtime.answer(plain, [e.messages for e in fit.train])
    said = [a.text for a in answers if isinstance(a, Completion)]
    assert said.count("blue") >= 15, "the student says what the teacher said, without the prompt"
    assert not any("[1]" in text for text in said)


@pytest.mark.slow
def test_only_right_answers_can_be_learnt(context: Make, tmp_path: Path) -> None:
    fit = context(runtime=Loud(tmp_path / "store"), judge=lambda e, text: float(text == e.answer))
    fitted = fit_arm(arm(teacher={"zero-shot": {"system": "Say blue."}}, keep="right", epochs=1), fit)
    assert fitted.chosen["rows"] == 4


@pytest.mark.slow
def test_documents_become_weights_by_their_distribution(context: Make) -> None:
    fit = context()
    hard, soft = (
        fit_arm(arm(teacher={"rag": {"k": 1, "dense": False}}, epochs=3, soft=soft), fit) for soft in (False, True)
    )
    assert soft.adaptation.retriever is None
    assert soft.adaptation.weights != hard.adaptation.weights
    assert soft.training is not None
    assert any("not its words" in note for note in soft.training.notes)
    assert soft.chosen["rows"] == hard.chosen["rows"]


def test_a_teacher_that_says_nothing_right_teaches_nothing(context: Make, tmp_path: Path) -> None:
    base = make_speaker(tmp_path / "speaker", "No.")
    fit = context(base=base, judge=lambda e, text: float(text == e.answer))
    with pytest.raises(DataError, match="answered 20 of 20 questions, none to learn from"):
        fit_arm(arm(teacher="zero-shot", keep="right"), fit)


def test_a_teacher_that_searches_needs_documents() -> None:
    assert arm(teacher={"rag": {"k": 1}}).needs_documents
    assert not arm(teacher="few-shot").needs_documents


def test_several_teachers_are_several_arms() -> None:
    arms = expand("distill", {"teacher": ["rag", {"few-shot": {"k": 2}}]})
    assert len(arms) == 2
    assert arms[0].name == "distill[teacher=rag]"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"teacher": "rags"}, "no arm called 'rags'"),
        ({"teacher": {"rag": {"kk": 1}}}, "no option called 'kk'"),
        ({"teacher": {"rag": {"k": [1, 2]}}}, "is 2 arms"),
        ({"teacher": {}}, "expected one teacher, found none"),
        ({"teacher": "distill"}, "cannot be distill itself"),
        ({"rank": 0}, "rank must be from 1"),
        ({"keep": "some"}, "keep"),
        ({"teacher": "lora", "soft": True}, "soft needs a teacher that is the base with a longer prompt, found lora"),
        ({"teacher": "rag+lora", "soft": True}, "soft needs a teacher"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        expand("distill", options)
