"""Personal data and secrets in questions and answers. What is found is counted, never shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tailor.data.audit.contract import Finding, Material, Verdict, at_most, plural
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
    """Rows with numbers and secrets that belong to one person, with ways to reach one, and with names and addresses."""
    kinds: dict[int, Counter[Kind]] = {}
    for i, example in enumerate(material.rows):
        texts = [m.content for m in example.messages] + [example.answer or "", *example.aliases]
        if found := Counter(f.kind for text in texts for f in find_pii(text)):
            kinds[i] = found
    yield _finding(material, kinds, "personal numbers", PRIVATE, "bad", "; no model should learn them.")
    yield _finding(material, kinds, "contact data", REACH, "warn", "; fine if they are your own.")
    yield _finding(material, kinds, "names", PEOPLE, "warn", "; fine if they may be known. Many names are not found.")


def _finding(
    material: Material,
    kinds: dict[int, Counter[Kind]],
    dimension: str,
    wanted: tuple[Kind, ...],
    worse: Verdict,
    advice: str,
) -> Finding:
    rows = {i: sum(n for kind, n in found.items() if kind in wanted) for i, found in kinds.items()}
    order = sorted((i for i, n in rows.items() if n), key=lambda i: (-rows[i], i))
    total: Counter[Kind] = Counter()
    for i in order:
        total.update({kind: n for kind, n in kinds[i].items() if kind in wanted})
    listed = ", ".join(plural(total[kind], *_WORDS[kind]) for kind in wanted if total[kind])
    text = f"{plural(len(order), 'row holds', 'rows hold')} {listed}{advice}"
    if not order:
        text = f"No {', '.join(_WORDS[kind][0] for kind in wanted)} found."
    return at_most(dimension, len(order), 0, text, material.ids(order), worse=worse)
