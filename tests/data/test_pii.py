"""Personal data and secrets: found by kind, never shown in full."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.data import identifiers
from tailor.data.audit import audit
from tailor.data.pii import STRUCTURED, find_pii, scrub
from tailor.records import Document, Example, Message

PRESIDIO = Path(__file__).parents[3] / "shared" / "data" / "presidio_pii" / "generated_small.json"
# What its labels are called here; places, titles, domains and dates are no identifiers.
LABELS = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "US_SSN": "ssn",
    "US_DRIVER_LICENSE": "licence",
    "IP_ADDRESS": "ip",
    "DATE_TIME": "birth date",
}

# Published test numbers and examples of the standards; none belongs to anybody.
FOUND = {
    "email": ["ada@example.org", "jörg.müller+shop@sub.example.co.uk"],
    "phone": ["+49 30 901820", "(555) 123-4567", "0800 1234567", "555-123-4567", "+1-212-555-0147x12"],
    "card": ["4111 1111 1111 1111", "378282246310005", "5555-5555-5555-4444", "6011111111111117"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "FR1420041010050500013M02606"],
    "ssn": ["536-90-4399"],
    "national id": ["529.982.247-25", "12345678Z", "AB123456C", "RSSMRA85T10A562S"],
    "ip": ["8.8.8.8", "2001:4860:4860::8888"],
    "secret": ["AKIAIOSFODNN7EXAMPLE", "ghp_" + "a1B2c3D4e5F6" * 3, "sk-proj-" + "Ab1" * 10, "hf_" + "aB3" * 12],
}
HARMLESS = [
    "4111 1111 1111 1112",  # a card whose check digit is wrong
    "DE88 3704 0044 0532 0130 00",  # an IBAN whose check is wrong
    "order 12345678 of 2024-01-15",
    "in 2006-2007 we had 1,250,000 users",
    "al-Biruni (973-1048)",
    "(1000-500)/2=250",
    "version 1.2.3.4 on 192.168.1.1",
    "ISBN 978-3-16-148410-0",
    "the price is 1200-1500 USD",
    "000-12-3456",  # an area that was never given out
    "x = 3.14159265358979",
    "follow @example on the site",
    "the password: please choose one",
]


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in FOUND.items() for value in values])
def test_found_in_a_sentence_and_never_shown(kind: str, value: str) -> None:
    text = f"Please note {value}, as agreed."
    [found] = find_pii(text)
    assert (found.kind, text[found.start : found.end]) == (kind, value)
    assert value not in found.masked
    assert sum(c.isalnum() for c in found.masked) <= 4
    assert scrub(text) == f"Please note [{kind}], as agreed."


@pytest.mark.parametrize("text", HARMLESS)
def test_left_alone(text: str) -> None:
    assert find_pii(text) == []


def test_names_addresses_and_words_that_say_what_a_number_is() -> None:
    assert scrub("My name is Ada Lovelace.") == "My name is [name]."
    assert scrub("Dr. Ada Lovelace lives at 12 Main Street.") == "Dr. [name] lives at [address]."
    assert scrub("My driver's license number is 481195160") == "My driver's license number is [licence]"
    assert scrub("born on 12/27/1986") == "born on [birth date]"
    assert scrub("password = hunter2hunter2") == "password = [secret]"
    assert scrub("postgres://app:hunter22@db/x") == "postgres://app:[secret]@db/x"
    assert find_pii("hunter22 https://a:hunter22@example.com")[0].masked == "…"


def test_published_check_digits() -> None:
    # ISO/IEC 7812-1's example, the Registry's IBAN of Malta, UIDAI's and INSEE's published examples.
    assert identifiers.luhn("79927398713")
    assert not identifiers.luhn("79927398710")
    assert identifiers.is_iban("MT84MALT011000012345MTLCAST001S")
    assert identifiers.is_dni("X1234567L")
    assert identifiers.is_aadhaar("234123412346")
    assert not identifiers.is_aadhaar("234123412347")
    assert identifiers.is_nir("255081416802538")


@given(st.text(max_size=80))
def test_any_text_may_come(text: str) -> None:
    found = find_pii(text)
    assert all(0 <= f.start < f.end <= len(text) for f in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_a_thousand_planted_identifiers() -> None:
    chance = random.Random(5)
    frames = [
        "Please use {} for it.",
        "It is {}",
        "{} does not work any more",
        "Ihre Daten: {}.",
        "Reach me: {} (today)",
    ]
    planted = [(kind, chance.choice(FOUND[kind])) for kind in chance.choices(sorted(FOUND), k=1000)]
    right = wrong = 0
    for kind, value in planted:
        text = chance.choice(frames).format(value)
        found = [(f.kind, text[f.start : f.end]) for f in find_pii(text)]
        right += (kind, value) in found
        wrong += len(found) - ((kind, value) in found)
    assert right >= 0.95 * len(planted)
    assert right / (right + wrong) >= 0.9


@pytest.mark.skipif(not PRESIDIO.exists(), reason=f"no labelled sentences at {PRESIDIO}")
def test_recall_and_precision_on_labelled_sentences() -> None:
    hits = misses = false = 0
    for sentence in json.loads(PRESIDIO.read_text(encoding="utf-8")):
        text = sentence["full_text"]
        found = [f for f in find_pii(text) if f.kind in STRUCTURED]
        gold = [s for s in sentence["spans"] if s["entity_type"] in LABELS]
        covering = {
            (s["start_position"], s["end_position"]): [
                f
                for f in found
                if f.kind == LABELS[s["entity_type"]] and f.start <= s["start_position"] and f.end >= s["end_position"]
            ]
            for s in gold
        }
        # A date is labelled whether it is one of birth or not; only those of birth are personal.
        wanted = [s for s in gold if s["entity_type"] != "DATE_TIME"]
        hits += sum(bool(covering[s["start_position"], s["end_position"]]) for s in wanted)
        misses += sum(not covering[s["start_position"], s["end_position"]] for s in wanted)
        used = {f for same in covering.values() for f in same}
        false += len(set(found) - used)
    assert hits + misses == 28
    assert hits / (hits + misses) >= 0.95
    assert hits / (hits + false) >= 0.9


def test_the_audit_counts_and_shows_nothing() -> None:
    def row(name: str, question: str, answer: str) -> Example:
        return Example(name, (Message("user", question),), answer)

    rows = [
        row("a", "Charge my card 4111 1111 1111 1111", "Done."),
        row("b", "Whom do I call?", "Call +49 30 901820 or write to ada@example.org."),
        row("c", "Who is it?", "Dr. Lovelace"),
        row("d", "When?", "In May."),
    ]
    found = {f.dimension: f for f in audit(rows).findings}
    private, contact, names = (found[d] for d in ("personal numbers", "contact data", "names"))
    assert (private.number, private.verdict, private.rows) == (1, "bad", ("a",))
    assert (contact.number, contact.verdict, contact.rows) == (1, "warn", ("b",))
    assert (names.number, names.verdict, names.rows) == (1, "warn", ("c",))
    assert "1 e-mail address, 1 telephone number" in contact.text
    document = Document("docs/keys.md", "Keys", "The shop pays with 4111 1111 1111 1111. Call +49 30 901820.")
    found = {f.dimension: f for f in audit(rows[1:], [document], production=["IBAN DE89370400440532013000?"]).findings}
    assert found["personal numbers"].rows == ("docs/keys.md", "production-1")
    assert found["contact data"].rows == ("b",)
    assert not any(value in str(found) for value in ("4111", "901820", "ada@", "Lovelace"))
