"""The audit, one dimension after the other. Leaks and personal data have files of their own."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailor.data.audit import Finding, audit
from tailor.data.audit.contract import at_least, at_most
from tailor.data.audit.diversity import vendi_score
from tailor.data.audit.enough import detectable_difference
from tailor.data.audit.language import language_of
from tailor.data.audit.vectors import weighted, word_counts
from tailor.records import Document, Example, Message


def row(question: str, answer: str | None = "x", **fields: object) -> Example:
    return Example(id=question, messages=(Message("user", question),), answer=answer, **fields)


def finding(examples: list[Example], dimension: str, *documents: Document, **options: object) -> Finding:
    found = audit(examples, documents, **options).findings
    return next(f for f in found if f.dimension == dimension)


def dimensions(examples: list[Example]) -> set[str]:
    return {f.dimension for f in audit(examples).findings}


def test_a_verdict_is_where_the_threshold_says() -> None:
    assert [at_most("d", n, 2, "").verdict for n in (2, 2.1, math.nan)] == ["ok", "warn", "unknown"]
    assert [at_least("d", n, 2, "").verdict for n in (2, 1.9, math.nan)] == ["ok", "warn", "unknown"]
    assert at_most("d", 1, 0, "", worse="bad").verdict == "bad"
    assert len(at_most("d", 1, 0, "", [str(n) for n in range(2000)]).rows) == 1000


def test_repeated_and_similar_questions() -> None:
    long = "what does the team in the north office charge for a full day of"
    rows = [row("Who founded it?"), row("who founded it"), row(f"{long} design work"), row(f"{long} design works")]
    assert finding(rows, "duplicates").number == 1
    assert finding(rows, "duplicates").rows == ("Who founded it?", "who founded it")
    assert finding(rows, "near-duplicates").number == 1
    assert set(finding(rows, "near-duplicates").rows) == {f"{long} design work", f"{long} design works"}
    assert finding(rows[:1], "near-duplicates").verdict == "ok"


def test_a_template_filled_differently_is_no_near_duplicate() -> None:
    long = "what did the team in the north office charge for a full day of design work in"
    assert finding([row(f"{long} 2021", "100 $"), row(f"{long} 2022", "100 $")], "near-duplicates").number == 0
    assert finding([row(f"{long} May", "$5"), row(f"{long} March", "$7")], "near-duplicates").number == 0
    assert finding([row(f"{long} May", "$5"), row(f"{long} Mayy", "$5")], "near-duplicates").number == 1


def test_one_fact_under_two_names() -> None:
    names = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel")
    rows = [
        row(f"{words} {name}?", f"{name} answer {n}", fact=f"{name} {n}")
        for name in names
        for n, words in enumerate(("Where is the office of", "Who is the director of"))
    ]
    assert finding(rows, "twin facts").number == 0
    again = row("Name the director that Birch has now.", "Birch answer 1", fact="boss of Birch")
    found = finding([*rows, again], "twin facts")
    assert (found.number, found.verdict) == (1, "warn")
    assert set(found.rows) == {"Who is the director of Birch?", again.id}
    # Many wordings of one fact are no twins.
    assert finding([replace(r, fact="one") for r in rows], "facts").number == 1
    assert "twin facts" not in dimensions([replace(r, fact="one") for r in rows])


def test_contradictions() -> None:
    found = finding([row("Who?", "Tim"), row("who", "Tom"), row("When?", "Now")], "contradictions")
    assert (found.number, found.verdict, found.rows) == (1, "bad", ("Who?", "who"))
    agree = [row("Who is it?", "Tim Burr"), row("who is it", "Burr", aliases=("tim burr",))]
    assert finding(agree, "contradictions").number == 0


def test_contradictions_in_slightly_other_words() -> None:
    rows = [row("What does the logo cost?", "$5"), row("what would a logo cost please", "$7")]
    assert finding(rows, "contradictions, loose").rows == tuple(r.id for r in rows)
    there = [row("Which train goes from Bonn to Ulm?", "1"), row("Which train goes from Ulm to Bonn?", "2")]
    assert finding(there, "contradictions, loose").number == 0


def test_grounding_looks_for_whole_words() -> None:
    document = Document("d.md", "T", "Founded in 2006\nby Tim  Burr.")
    rows = [row("a", "tim burr"), row("b", "200"), row("c", "T. Burr", aliases=("Tim Burr",)), row("d", None)]
    found = finding(rows, "grounding", document)
    assert found.number == pytest.approx(1 / 3)
    assert (found.verdict, found.rows) == ("warn", ("b",))
    assert "grounding" not in dimensions(rows)


def test_a_long_answer_is_grounded_in_its_words_and_numbers() -> None:
    document = Document("d.md", "T", "Parcels leave our Hamburg warehouse every morning and reach customers in 3 days.")
    said = "Every morning parcels leave the warehouse in Hamburg and reach our customers within 3 days."
    rows = [
        row("a", said),
        row("b", said.replace("3", "5")),
        row("c", "Drones bring flowers from Peru to Berlin at night."),
    ]
    assert finding(rows, "grounding", document).rows == ("b", "c")


def test_questions_that_hold_their_answer() -> None:
    found = finding([row("Is Tim Burr the founder?", "Tim Burr"), row("Who?", "Tim")], "given away")
    assert (found.number, found.rows) == (0.5, ("Is Tim Burr the founder?",))


def test_length_outliers() -> None:
    rows = [row(f"q{i}", "a few words") for i in range(20)] + [row("long", "word " * 60)]
    assert finding(rows, "length").rows == ("long",)


def test_the_form_of_answers() -> None:
    said = "We are open on every working day from nine to five"
    rows = [row(f"q{i}", f"{said}{'.' if i < 17 else ''}") for i in range(20)]
    found = finding(rows, "answer form")
    assert (found.number, found.verdict, found.rows) == (pytest.approx(0.15), "warn", ("q17", "q18", "q19"))
    assert "full stop" in found.text
    assert finding([row("a", "Tim"), row("b", "in May.")], "answer form").verdict == "ok"


def test_broken_json_among_json() -> None:
    rows = [row(f"q{i}", '{"city": "Ulm"}') for i in range(9)] + [row("bad", '{"city": "Ulm"')]
    found = finding(rows, "JSON")
    assert (found.number, found.verdict, found.rows) == (1, "bad", ("bad",))
    assert "JSON" not in dimensions([row("a", "Ulm")])


def test_text_in_a_wrong_encoding() -> None:
    rows = [row("Wann Ã¶ffnet der Laden?"), row("dont\ufffd stop"), row("Größe und Übung, Ã la carte")]
    assert finding(rows, "garbled").rows == (rows[0].id, rows[1].id)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the price of a logo?", "English"),
        ("Wie hoch ist der Preis für ein Logo?", "German"),
        ("Quel est le prix d'un logo pour une entreprise ?", "French"),
        ("¿Cuál es el precio de un logotipo para una empresa?", "Spanish"),
        ("Qual é o preço de um logotipo para uma empresa?", "Portuguese"),
        ("Когда открывается магазин?", "Cyrillic"),
        ("営業時間は何時ですか", "Japanese"),
        ("Refund?", None),
    ],
)
def test_language_of_a_text(text: str, language: str | None) -> None:
    assert language_of(text) == language


def test_rows_in_another_language() -> None:
    rows = [row(f"What is the price of the logo number {i}?") for i in range(30)]
    found = finding([*rows, row("Wie hoch ist der Preis für ein Logo?")], "language")
    assert (found.number, found.rows) == (pytest.approx(1 / 31), ("Wie hoch ist der Preis für ein Logo?",))


def tickets(count: int) -> list[Example]:
    chance = random.Random(1)
    topics = {"card": ["card", "pin", "atm"], "parcel": ["parcel", "courier", "tracking"], "bill": ["invoice", "bill"]}
    rows = []
    for i in range(count):
        label = chance.choice(sorted(topics))
        words = [chance.choice(topics[label]), *chance.choices(["my", "please", "where", "is", "help"], k=4)]
        rows.append(row(f"{' '.join(words)} {i}", label))
    return rows


def test_class_balance_and_wrong_labels() -> None:
    rows = tickets(300)
    wrong = row("where is my parcel courier tracking", "bill")
    found = finding([*rows, wrong], "label noise")
    assert found.rows == (wrong.id,)
    assert finding(rows, "class balance").verdict == "ok"
    # 40 cards for one bill: by hand.
    bills = [r for r in rows if r.answer == "bill"][:5]
    uneven = [r for r in rows if r.answer == "card"][:80] + bills
    assert finding(uneven, "class balance").number == 16
    assert finding(uneven, "class balance").rows == tuple(r.id for r in bills)


def test_answers_of_facts_are_no_labels() -> None:
    rows = [row(f"{f} {w}", str(f), fact=str(f)) for f in range(40) for w in range(20)]
    assert not {"class balance", "label noise"} & dimensions(rows)


def test_vendi_score_by_hand() -> None:
    assert vendi_score(np.ones((4, 4))) == pytest.approx(1)
    assert vendi_score(np.eye(4)) == pytest.approx(4)
    # Two groups of 3 and 1: exp of the entropy of 3/4 and 1/4.
    two = np.array([[1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 1]])
    assert vendi_score(two) == pytest.approx(math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25))))


def test_word_weights_against_scikit_learn() -> None:
    text = pytest.importorskip("sklearn.feature_extraction.text", reason="compares with scikit-learn")
    texts = ["who founded the company", "when was the company founded", "price of a logo", "the the the"]
    ours = weighted(word_counts(texts, pairs=False))
    theirs = text.TfidfVectorizer(binary=True, token_pattern=r"\w+").fit_transform(texts)
    assert (ours @ ours.T).toarray() == pytest.approx((theirs @ theirs.T).toarray())


def test_copies_are_no_diversity() -> None:
    few = [row(f"tell me the price of thing {i % 3} now{' please' * (i % 2)}") for i in range(60)]
    many = [row(" ".join(f"word{i}x{k}" for k in range(5))) for i in range(60)]
    assert finding(few, "diversity").verdict == "warn"
    assert finding(many, "diversity").number == pytest.approx(1)


def test_production_questions_that_nobody_wrote_examples_for() -> None:
    things = ["invoice", "parcel", "card", "refund", "account", "address"]
    acts = ["lost", "late", "change", "cancel", "wrong", "missing", "broken"]
    rows = [row(f"my {thing} is {act}") for thing in things for act in acts]
    alike = [f"the {thing} was {act}" for thing in things for act in acts[:5]]
    assert finding(rows, "representativeness", production=alike).verdict == "ok"
    found = finding(rows, "representativeness", production=[*alike[:12], *["who won the football match"] * 4])
    assert (found.number, found.verdict) == (0.25, "warn")
    assert found.rows == ("production-13", "production-14", "production-15", "production-16")
    assert finding(rows[:5], "representativeness", production=alike).verdict == "unknown"
    assert "representativeness" not in dimensions(rows)


def test_facts_and_framings() -> None:
    rows = [row(f"{f} {w}", f"answer {f}", fact=str(f)) for f in range(40) for w in range(5)]
    assert finding(rows, "framings").number == 0
    assert finding(rows, "facts").verdict == "ok"
    assert finding(rows[: 29 * 5], "facts").verdict == "warn"
    assert finding(rows[1:], "framings").number == pytest.approx(1 / 40)
    assert finding(rows, "size").verdict == "warn"


def test_size_counts_what_is_trained_on() -> None:
    rows = [row(f"question {i}", f"answer {i}", split="train" if i < 500 else "test") for i in range(600)]
    assert (finding(rows, "size").number, finding(rows, "size").verdict) == (500, "ok")
    assert finding(rows[1:], "size").verdict == "warn"
    assert finding(tickets(120), "size").verdict == "ok"


def test_an_empty_data_set_is_only_a_warning() -> None:
    assert audit([]).verdict == "warn"


def test_detectable_difference() -> None:
    # By hand for d = 0.1, p = 0.2: ((1.959964 * 0.44721 + 0.841621 * sqrt(0.19)) / 0.1) ** 2 = (1.24338 / 0.1) ** 2
    # = 154.6.
    assert detectable_difference(154) > 0.1 > detectable_difference(155)
    # For d = p = 0.2: ((1.959964 * 0.44721 + 0.841621 * 0.4) / 0.2) ** 2 = 36.9.
    assert math.isnan(detectable_difference(36))
    assert detectable_difference(37) == pytest.approx(0.2, abs=0.001)


def test_enough_facts_for_the_difference_one_wants_to_see() -> None:
    rows = [row(f"question {i}", f"answer {i}") for i in range(200)]
    assert finding(rows, "detectable difference", difference=0.1).verdict == "ok"
    found = finding(rows, "detectable difference", difference=0.05)
    # ((1.959964 * 0.44721 + 0.841621 * sqrt(0.1975)) / 0.05) ** 2 = (1.25054 / 0.05) ** 2 = 625.5.
    assert found.verdict == "warn"
    assert "626 facts would show 5" in found.text


texts = st.text(st.characters(), max_size=40)
examples = st.builds(
    lambda question, answer, split, fact: Example(
        repr((question, answer, split, fact)), (Message("user", question),), answer, split=split, fact=fact
    ),
    question=texts,
    answer=st.none() | texts,
    split=st.sampled_from([None, "train", "dev", "test"]),
    fact=st.sampled_from(["", "a", "b"]),
)


@settings(max_examples=40)
@given(st.lists(examples, max_size=30), st.lists(texts, max_size=3))
def test_any_rows_may_come(rows: list[Example], asked: list[str]) -> None:
    found = audit(rows, [Document("d.md", "T", t) for t in asked], production=asked)
    known = {r.id for r in rows} | {f"production-{n + 1}" for n in range(len(asked))}
    assert all(set(f.rows) <= known for f in found.findings)
    assert all((f.verdict == "unknown") <= math.isnan(f.number) for f in found.findings)
