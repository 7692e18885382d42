"""The further metrics against independent packages to 1e-9, and by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.errors import ConfigError, StudyError
from tailor.evaluation import METRICS, load_metric, score
from tailor.evaluation.labels import label_report
from tailor.evaluation.metrics import metric_entry, metric_of_plan
from tailor.records import Example, Failure, Message, Score

HERE = Path()
words = st.sampled_from(["the", "cat", "sat", "on", "mat", "Mat.", "42", "café", "猫", "a-b", "!", "no"])
texts = st.one_of(st.lists(words, max_size=12).map(" ".join), st.text(max_size=30))
references = st.lists(texts, min_size=1, max_size=3)


@given(texts, references)
def test_rouge_l_equals_the_rouge_score_package(answer: str, accepted: list[str]) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(["rougeL"])
    expected = max(scorer.score(reference, answer)["rougeL"].fmeasure for reference in accepted)
    assert load_metric("rouge-l", HERE)(answer, accepted) == pytest.approx(expected, abs=1e-9)


@given(texts, references)
def test_chrf_equals_sacrebleu(answer: str, accepted: list[str]) -> None:
    chrf = pytest.importorskip("sacrebleu").CHRF()
    expected = max(chrf.sentence_score(answer, [reference]).score for reference in accepted) / 100
    assert load_metric("chrf", HERE)(answer, accepted) == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.tuples(st.sampled_from("abcx"), st.sampled_from("abc")), min_size=1, max_size=40))
def test_macro_f1_and_accuracy_equal_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    predicted, expected = [p for p, _ in pairs], [e for _, e in pairs]
    found, known = label_report(predicted, expected), sorted(set(expected))
    precision, recall, f1, n = precision_recall_fscore_support(expected, predicted, labels=known, zero_division=0)
    assert found.macro_f1 == pytest.approx(f1.mean(), abs=1e-9)
    assert found.accuracy == pytest.approx(accuracy_score(expected, predicted), abs=1e-9)
    for i, label in enumerate(known):
        one = found.by_label[label]
        assert (one.precision, one.recall, one.f1) == pytest.approx((precision[i], recall[i], f1[i]), abs=1e-9)
        assert one.n == n[i]


@pytest.mark.slow
@given(texts, references)
def test_every_metric_stays_in_its_range(answer: str, accepted: list[str]) -> None:
    for name in METRICS.builtin:
        metric = load_metric({name: {"max_words": 3}} if name == "instructions" else name, HERE)
        value = metric(answer, accepted)
        assert isinstance(value, Failure) or metric.low <= value <= metric.high


@pytest.mark.parametrize(
    ("answer", "expected", "options", "value"),
    [
        ("12 km", "12,000 m", {}, 1),
        ("7.5 miles", "12.07008 km", {}, 1),  # 1 mile is 1.609344 km
        ("12 kg", "12 km", {}, 0),
        ("$1.2 million", "1,200,000 USD", {}, 1),
        ("€5", "$5", {}, 0),
        ("12", "12 %", {}, 1),
        ("12", "12 %", {"unit": "required"}, 0),
        ("12 apples", "12 pears", {}, 1),  # not units: words
        ("in 2006 we sold 12 km", "12 km", {}, 1),
        ("about 35", "35", {}, 1),
        ("-3", "−3", {}, 1),
        ("3", "-3", {}, 0),
        ("100.9", "100", {"relative": 0.01}, 1),
        ("101.1", "100", {"relative": 0.01}, 0),
        ("2.4", "2", {"absolute": 0.5}, 1),
        ("1.234,5", "1234,5", {"decimal": ","}, 1),
        ("1'234.50", "1234.5", {}, 1),
        ("7e3", "7000", {}, 1),
        ("90 minutes", "1.5 hours", {}, 1),
        ("18 months", "1.5 years", {}, 1),
        ("twelve", "12", {}, 0),
        ("", "12", {}, 0),
    ],
)
def test_numbers_with_tolerance_and_units(answer: str, expected: str, options: dict[str, object], value: float) -> None:
    assert load_metric({"numeric": options}, HERE)(answer, [expected]) == value


@pytest.mark.parametrize(
    ("answer", "expected", "value"),
    [
        ("4 March 2021", "2021-03-04", 1),
        ("on the 4th of March, 2021", "2021-03-04", 1),
        ("Mar 4, 2021", "2021-03-04", 1),
        ("4.3.2021", "2021-03-04", 1),
        ("03/04/2021", "2021-03-04", 1),
        ("2021-03-04", "March 2021", 1),
        ("March 2021", "2021-03-04", 0),
        ("2021", "2021", 1),
        ("5 May", "2020-05-05", 0),
        ("2021-13-04", "2021-03-04", 0),
        ("soon", "2021", 0),
    ],
)
def test_dates_in_any_spelling(answer: str, expected: str, value: float) -> None:
    assert load_metric("date", HERE)(answer, [expected]) == value
    assert load_metric({"date": {"day_first": True}}, HERE)("03/04/2021", ["2021-04-03"]) == 1


def test_labels_are_read_from_sentences_when_all_are_known() -> None:
    metric = load_metric({"label": {"labels": ["card", "card lost", "top_up"]}}, HERE)
    for answer, value in (
        ("Card  lost", 1),
        ("That is card lost, I think", 1),
        ("card", 0),
        ("card lost or top up", 0),
        ("discard", 0),
        ("cash", 0),
    ):
        assert metric(answer, ["card lost"]) == value
    assert metric("top up", ["top_up"]) == 1
    assert isinstance(metric("card", ["cash"]), Failure)


def test_json_answers() -> None:
    valid, match = load_metric("json-valid", HERE), load_metric("json-match", HERE)
    expected = '{"name": "Ada", "age": 36, "tags": ["x", "y"]}'
    for answer, parses, share in (
        (expected, 1, 1),
        ('```json\n{"age": 36.0, "name": " ada", "tags": ["x", "y"]}\n```', 1, 1),
        ('{"name": "Ada", "age": true, "tags": ["x"]}', 1, 2 / 4),
        ('{"name": "Ada", "age": 36, "tags": ["x", "y"], "more": 1}', 1, 4 / 5),
        ("[]", 1, 0),
        ("null", 1, 0),
        ('Here it is: {"name": "Ada"}', 0, 0),
        ('{"name": NaN}', 0, 0),
        ("", 0, 0),
    ):
        assert (valid(answer, ["-"]), match(answer, [expected])) == (parses, pytest.approx(share)), answer
    assert isinstance(match("{}", ["no json"]), Failure)
    schema = {"type": "object", "required": ["name"], "properties": {"age": {"type": "integer", "minimum": 0}}}
    checked = load_metric({"json-valid": {"schema": schema}}, HERE)
    values = [checked(a, ["-"]) for a in ('{"name": "a", "age": 3}', '{"age": 3}', '{"name": "a", "age": -1}', "x")]
    assert values == [1, 0, 0, 0]
    with pytest.raises(ConfigError, match="not a JSON Schema"):
        load_metric({"json-valid": {"schema": {"type": "oject"}}}, HERE)


def test_a_schema_from_a_file_is_in_the_plan(tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text('{"type": "array"}', encoding="utf-8")
    metric = load_metric({"json-valid": {"schema": "order.json"}}, tmp_path)
    entry = metric_entry(metric)
    assert entry == {"name": "json-valid", "version": "1", "options": {"schema": {"type": "array"}}}
    assert metric_of_plan(json.loads(json.dumps(entry)), HERE)("[1]", ["-"]) == 1


def test_instructions_count_the_rules_that_are_kept() -> None:
    rules = {"max_words": 4, "avoids": ["sorry"], "starts_with": "Yes", "max_sentences": 1}
    metric = load_metric({"instructions": rules}, HERE)
    assert metric("Yes, it does.", ["-"]) == 1
    assert metric("Sorry. We have no such thing.", ["-"]) == 0
    assert metric("No, it does not.", ["-"]) == 3 / 4
    assert load_metric({"instructions": {"pattern": r"\d+ EUR"}}, HERE)("12 EUR", ["-"]) == 1
    for wrong in ({}, {"pattern": "("}, {"max_word": 3}, {"max_words": "many"}):
        with pytest.raises(ConfigError):
            load_metric({"instructions": wrong}, HERE)


def question(answer: str | None = "12") -> Example:
    return Example("q1", (Message("user", "?"),), answer)


def test_a_metric_of_a_file(tmp_path: Path) -> None:
    """Lower is better here; the score is turned round. Editing the file makes another metric of it."""
    path = tmp_path / "short.py"
    path.write_text(
        "low, high, correct_from, direction, reads = 0, 10, 2, 'lower', 'text'\n"
        "def score(answer, references):\n    return min(10, len(answer.split()))\n",
        encoding="utf-8",
    )
    metric = load_metric("short.py", tmp_path)
    entry = metric_entry(metric)
    assert score(question(), "one two three", metric) == Score("q1", pytest.approx(0.7), "incorrect", 0.0, False)
    assert score(question(), "12 [1]", metric) == Score("q1", pytest.approx(0.9), "correct", 1.0, False)
    path.write_text(path.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"short\.py version"):
        metric_of_plan(entry, tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def score(:", "cannot be loaded: SyntaxError"),
        ("1 / 0", "cannot be loaded: ZeroDivisionError"),
        ("points = 1", "no function 'score'"),
        ("low, high = 1, 0\ndef score(a, r): return 1", "impossible"),
    ],
)
def test_a_file_that_is_no_metric(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "m.py").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        load_metric("m.py", tmp_path)


def test_what_cannot_be_measured_is_a_failure_and_no_score(tmp_path: Path) -> None:
    found = score(question("a dozen"), "12", load_metric("numeric", HERE))
    assert isinstance(found, Failure)
    assert (found.kind, "is not a number" in found.cause) == ("metric", True)
    (tmp_path / "m.py").write_text("def score(a, r): return {}[a]", encoding="utf-8")
    found = score(question(), "12", load_metric("m.py", tmp_path))
    assert isinstance(found, Failure)
    assert "KeyError" in found.cause


def test_settings_that_name_no_metric() -> None:
    for spec, words in (
        ("numric", "Did you mean 'numeric'"),
        ({"numeric": {"relativ": 1}}, "Did you mean 'relative'"),
        ({"numeric": {"relative": -1}}, "from 0 on"),
        ({"exact-match": {"case": True}}, "has no options"),
        ({"numeric": {}, "date": {}}, "one name with options"),
        ("gone.py", "cannot be read"),
    ):
        with pytest.raises(ConfigError, match=words):
            load_metric(spec, HERE)
