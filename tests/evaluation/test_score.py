"""Extraction, abstention and the grade of one answer."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.errors import ConfigError
from tailor.evaluation import METRICS, extract_answer, is_abstention, score
from tailor.records import Example, Message, Score

exact_match, token_f1, contains = (METRICS.load(name) for name in ("exact-match", "token-f1", "contains"))


def question(answer: str | None, *aliases: str) -> Example:
    return Example("q1", (Message("user", "?"),), answer, aliases)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Paris", "Paris"),
        ("  Paris. [1]\n", "Paris"),
        ("Paris [1, 2][3].", "Paris"),
        ("Paris [1-3].", "Paris"),
        ("Answer: Paris", "Paris"),
        ("ANSWER :\n\n  Paris\nIt is the capital.", "Paris"),
        ('"Answer: Paris."', "Paris"),
        ("“Paris”", "Paris"),
        ("\n\nParis\n", "Paris"),
        ("12.5 euros.", "12.5 euros"),
        ("twenty", "twenty"),
        ("The answer: Paris", "The answer: Paris"),
        ("array[i]", "array[i]"),
        ("[1]", ""),
        ("", ""),
        (" \n\t", ""),
    ],
)
def test_extraction(text: str, answer: str) -> None:
    assert extract_answer(text) == answer


@given(st.one_of(st.text(), st.lists(st.sampled_from(["[1]", "Answer:", '"', ".", "\n", " ", "x", "["])).map("".join)))
def test_extracting_twice_changes_nothing(text: str) -> None:
    once = extract_answer(text)
    assert extract_answer(once) == once
    assert len(once.splitlines()) <= 1
    assert once == once.strip()


@given(st.from_regex(r"[A-Za-z0-9]{1,8}( [A-Za-z0-9]{1,8}){0,3}", fullmatch=True), st.integers(1, 99))
def test_wrappings_do_not_change_the_answer(answer: str, number: int) -> None:
    for text in (f"Answer: {answer}.", f'"{answer}" [{number}]', f"\n{answer} [{number}, 2].\nBecause.", f" {answer} "):
        assert extract_answer(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "I don't know.",
        "I don’t know",
        "I dont know",
        "i do not know",
        "I do not know how long the warranty lasts.",
        "I don't know, but you can ask support.",
        "Sorry, I don't know.",
        "I'm sorry, but I do not know that.",
        "Based on the documents, I cannot answer this question.",
        "According to the provided context, it is not stated.",
        "I am not sure.",
        "I'm unable to answer that",
        "I have no information about this.",
        "We don't have that information.",
        "Cannot answer.",
        "Can't answer from the passages",
        "Not stated.",
        "Not stated in the documents.",
        "It is not specified.",
        "This is not mentioned anywhere in the text.",
        "No information.",
        "No information about the price is available.",
        "There is no information on that.",
        "Not enough information to answer.",
        "Insufficient information",
        "The documents do not say.",
        "The provided documents don't mention a price.",
        "The context does not contain any information on this.",
        "Unknown.",
        "The answer is unknown",
        "unanswerable",
        "This cannot be answered.",
        '"I don\'t know."',
    ],
)
def test_abstentions(text: str) -> None:
    assert is_abstention(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Paris",
        "Unknown Pleasures",
        "The Unknown Soldier",
        "The policy does not know borders",
        "The policy does not cover floods",
        "Customers who say I don't know",
        "Paris, but I don't know the district",
        "I don't know, but I think it is 12 euros.",
        "I'm not sure, but it's probably Berlin",
        "No information security officer is needed",
        "No information is stored about visitors",
        "Cannot answer calls after 18:00",
        "Not given names but surnames",
        "No idea left behind",
        "Not available on Sundays",
        "Knowledge base",
        "None",
        "No",
        "0",
    ],
)
def test_answers_that_are_no_abstentions(text: str) -> None:
    assert not is_abstention(text)


@given(st.text())
def test_abstention_judges_any_text(text: str) -> None:
    assert is_abstention(text) in (True, False)


@pytest.mark.parametrize(
    ("example", "text", "metric", "expected"),
    [
        (question("12 euros"), "12 euros.", exact_match, Score("q1", 1, "correct", 1, False)),
        (question("12 euros", "twelve euros"), "Twelve euros [1]", exact_match, Score("q1", 1, "correct", 1, False)),
        (question("12 euros"), "13 euros", exact_match, Score("q1", 0, "incorrect", 0.5, False)),
        (question("12 euros"), "It costs 12 euros", exact_match, Score("q1", 0, "incorrect", 2 / 3, False)),
        (question("12 euros"), "It costs 12 euros", contains, Score("q1", 1, "correct", 2 / 3, False)),
        (question("12 euros"), "13 euros", token_f1, Score("q1", 0.5, "correct", 0.5, False)),
        (question("12 euros"), "13 whole euros", token_f1, Score("q1", 0.4, "incorrect", 0.4, False)),
        (question("12 euros"), "I don't know.", exact_match, Score("q1", 0, "not-attempted", 0, True)),
        (question("know"), "I don't know.", token_f1, Score("q1", 0, "not-attempted", 0, True)),
        (question("12 euros"), "", exact_match, Score("q1", 0, "incorrect", 0, False)),
        (question("Not stated"), "Not stated.", exact_match, Score("q1", 1, "correct", 1, False)),
        (question(None), "I don't know. [1]", exact_match, Score("q1", 1, "correct", 1, True)),
        (question(None), "12 euros", exact_match, Score("q1", 0, "incorrect", 0, False)),
        (question(None), "", exact_match, Score("q1", 0, "incorrect", 0, False)),
    ],
)
def test_scores(example: Example, text: str, metric, expected: Score) -> None:
    found = score(example, text, metric)
    assert (found.item, found.grade, found.abstained) == (expected.item, expected.grade, expected.abstained)
    assert found.value == pytest.approx(expected.value, abs=1e-12)
    assert found.f1 == pytest.approx(expected.f1, abs=1e-12)


class Stars:
    """A metric of somebody else, from 1 to 5."""

    name, version, low, high, correct_from = "stars", "1", 1.0, 5.0, 4.0

    def __init__(self, stars: float) -> None:
        self.stars = stars

    def __call__(self, answer: str, references) -> float:  # noqa: ARG002 - the contract
        return self.stars


def test_a_metric_with_another_scale_is_brought_to_the_unit_interval() -> None:
    assert score(question("x"), "x", Stars(4)) == Score("q1", 0.75, "correct", 1, False)
    assert score(question("x"), "y", Stars(3)) == Score("q1", 0.5, "incorrect", 0, False)


@pytest.mark.parametrize("value", [0.0, 5.5, math.nan])
def test_a_metric_outside_its_range_is_refused(value: float) -> None:
    with pytest.raises(ConfigError, match=r"'stars' returned .* expected 1\.0 to 5\.0"):
        score(question("x"), "x", Stars(value))
