"""The three metrics against an independent reading of the published SQuAD definition, and by hand."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tailor.errors import ConfigError
from tailor.evaluation import METRICS
from tailor.evaluation.metrics.normalise import normalise

exact_match, token_f1, contains = (METRICS.load(name) for name in ("exact-match", "token-f1", "contains"))
ALL = [exact_match, token_f1, contains]

words = st.sampled_from(
    ["the", "a", "an", "The", "cat", "cat's", "12", "12.5", "café", "ΣΊΣΥΦΟΣ", "—", "“", "!", "\u00a0"]
)
sentences = st.one_of(st.lists(words, max_size=7).map(" ".join), st.text(max_size=20))
references = st.lists(sentences, min_size=1, max_size=4)


def squad_words(text: str) -> list[str]:
    """The published definition once more, by characters and not by expressions: lower-case, drop ASCII punctuation,
    drop the articles where they stand as whole words, split at white space."""
    kept = "".join(c for c in text.lower() if c not in string.punctuation)
    pieces: list[str] = []
    run = ""
    for character in kept:
        # A word, for the article rule, is a run of letters, digits and underscores of any script.
        if character.isalnum() or character == "_":
            run += character
            continue
        pieces += [" " if run in {"a", "an", "the"} else run, character]
        run = ""
    pieces.append(" " if run in {"a", "an", "the"} else run)
    return "".join(pieces).split()


def squad_f1(answer: str, reference: str) -> float:
    """SQuAD 2.0: with precision and recall over shared words counted one by one."""
    given_words, expected = squad_words(answer), squad_words(reference)
    if not given_words or not expected:
        return 1.0 if given_words == expected else 0.0
    left, shared = list(expected), 0
    for word in given_words:
        if word in left:
            left.remove(word)
            shared += 1
    if shared == 0:
        return 0.0
    precision, recall = shared / len(given_words), shared / len(expected)
    return 2 * precision * recall / (precision + recall)


@given(sentences)
@example("The  the a-an THE.")
@example("")
@example("the—the")
def test_normalisation_is_the_published_one(text: str) -> None:
    assert normalise(text) == " ".join(squad_words(text))


@given(sentences, references)
@example("", [""])
@example("the", ["a"])
@example("ÉCOLE", ["école"])
def test_exact_match_and_f1_equal_an_independent_implementation(answer: str, accepted: list[str]) -> None:
    assert exact_match(answer, accepted) == max(float(squad_words(answer) == squad_words(r)) for r in accepted)
    assert token_f1(answer, accepted) == pytest.approx(max(squad_f1(answer, r) for r in accepted), abs=1e-12)


@given(sentences, references)
def test_properties_of_all_metrics(answer: str, accepted: list[str]) -> None:
    for metric in ALL:
        value = metric(answer, accepted)
        assert metric.low <= value <= metric.high
        assert value == metric(answer, accepted[::-1])
        assert metric(accepted[-1], accepted) == 1
    assert exact_match(answer, accepted) <= contains(answer, accepted)
    if exact_match(answer, accepted) == 1:
        assert token_f1(answer, accepted) == 1


@given(sentences, sentences)
def test_f1_is_symmetric(one: str, other: str) -> None:
    assert token_f1(one, [other]) == token_f1(other, [one])


@pytest.mark.parametrize(
    ("answer", "reference", "em", "f1", "inside"),
    [
        ("The Eiffel Tower!", "eiffel tower", 1, 1, 1),
        ("It is the Eiffel Tower in Paris", "Eiffel Tower", 0, 2 * (2 / 6) * 1 / (2 / 6 + 1), 1),
        ("120 euros", "12 euros", 0, 0.5, 0),
        ("tower eiffel", "Eiffel Tower", 0, 1, 0),
        ("cat cat", "cat", 0, 2 / 3, 1),
        ("Zürich", "zürich", 1, 1, 1),
        ("", "Paris", 0, 0, 0),
        ("Paris", "", 0, 0, 0),
    ],
)
def test_values_by_hand(answer: str, reference: str, em: float, f1: float, inside: float) -> None:
    assert exact_match(answer, [reference]) == em
    assert token_f1(answer, [reference]) == pytest.approx(f1, abs=1e-12)
    assert contains(answer, [reference]) == inside


def test_the_best_alias_counts() -> None:
    assert exact_match("NYC", ["New York", "N.Y.C."]) == 1


@pytest.mark.parametrize("metric", ALL, ids=lambda m: m.name)
def test_no_reference_is_refused(metric) -> None:
    with pytest.raises(ValueError, match="at least one reference"):
        metric("Paris", [])


def test_the_registry_names_them_and_offers_the_nearest() -> None:
    assert METRICS.names()[:3] == ["exact-match", "token-f1", "contains"]
    assert [METRICS.load(name).name for name in METRICS.names()[:3]] == METRICS.names()[:3]
    with pytest.raises(ConfigError, match="exact-match"):
        METRICS.load("exact-mtch")
