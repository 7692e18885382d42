"""Personal data and secrets in questions, answers and documents. What is found is counted, never shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tailor.data.audit.contract import Finding, Material, Verdict, at_most, plural
from tailor.data.audit.production import production_id
from tailor.data.pii import Kind, find_pii

# What must not reach any model, and what may be a business's own address.
PRIVATE: tuple[Kind, ...] = ("secret", "card", "iban", "ssn", "national id", "licence", "birth date")
REACH: tuple[Kind, ...] = ("email", "phone", "ip")
PEOPLE: tuple[Kind, ...] = ("name", "address")
# One and several, for people.
_WORDS: Mapping[Kind, tuple[str, str]] = {
    "secret": ("key or password", "keys or passwords"),
    "card": ("payment card", "payment cards"),
    "iban": ("IBAN", "IBANs"),
    "ssn": ("social security number", "social security numbers"),
    "national id": ("national number", "national numbers"),
    "licence": ("licence or passport", "licences or passports"),
    "birth date": ("date of birth", "dates of birth"),
    "email": ("e-mail address", "e-mail addresses"),
    "phone": ("telephone number", "telephone numbers"),
    "ip": ("IP address", "IP addresses"),
    "name": ("name", "names"),
    "address": ("street address", "street addresses"),
}


def personal(material: Material) -> Iterator[Finding]:
    """Rows, documents and production questions with numbers and secrets that belong to one person; rows with ways to
    reach one, and with names and street addresses."""
    rows = {
        e.id: found
        for e in material.rows
        if (found := _kinds(*(m.content for m in e.messages), e.answer or "", *e.aliases))
    }
    others = {d.path: found for d in material.documents if (found := _kinds(d.text))}
    asked = {production_id(i): found for i, t in enumerate(material.production) if (found := _kinds(t))}
    everywhere = {**rows, **others, **asked}
    yield _finding(
        "personal numbers", everywhere, PRIVATE, "texts", "; no model should learn or show them.", worse="bad"
    )
    yield _finding("contact data", rows, REACH, "rows", "; fine if they are your own.")
    yield _finding("names", rows, PEOPLE, "rows", "; fine if they may be known. Many names are not found.")


def _kinds(*texts: str) -> Counter[Kind]:
    return Counter(f.kind for text in texts for f in find_pii(text))


def _finding(
    dimension: str,
    kinds: Mapping[str, Counter[Kind]],
    wanted: tuple[Kind, ...],
    noun: str,
    advice: str,
    *,
    worse: Verdict = "warn",
) -> Finding:
    """Where the wanted kinds were found, the fullest place first, and how many of each."""
    counts = {place: sum(found[kind] for kind in wanted) for place, found in kinds.items()}
    order = sorted((place for place, n in counts.items() if n), key=lambda place: -counts[place])
    total = {kind: sum(kinds[place][kind] for place in order) for kind in wanted}
    listed = ", ".join(plural(total[kind], *_WORDS[kind]) for kind in wanted if total[kind])
    text = f"{plural(len(order), noun[:-1] + ' holds', noun + ' hold')} {listed}{advice}"
    if not order:
        text = f"No {', '.join(_WORDS[kind][0] for kind in wanted)} found."
    return at_most(dimension, len(order), 0, text, order, worse=worse)
