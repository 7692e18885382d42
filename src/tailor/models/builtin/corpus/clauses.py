"""Clauses of a small grammar - subject, verb, object, adjuncts - in tenses, modals and the passive voice."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tailor.models.builtin.corpus import words as w
from tailor.models.builtin.corpus.relations import Maker
from tailor.models.builtin.corpus.values import joined, number, singular, span
from tailor.models.builtin.corpus.verbs import INTRANSITIVE, VERBS, third

POOLS = {"P": w.PAPERS, "G": w.GOODS, "F": w.FOODS, "H": w.PEOPLE, "A": w.ANIMALS, "N": w.NATURE}
MODALS = ("must", "may", "can", "should", "will")
TENSES = (
    "present",
    "present",
    "present",
    "past",
    "past",
    "must",
    "may",
    "can",
    "should",
    "will",
    "allowed",
    "have",
)


@dataclass(frozen=True)
class Clause:
    """One clause: subject, verb, object and adjuncts; `plural` is the number of the subject."""

    subject: str
    plural: bool
    verb: tuple[str, ...]
    noun: str
    amount: str
    single: bool
    tense: str
    negative: bool
    adjuncts: tuple[tuple[str, str], ...]

    @property
    def thing(self) -> str:
        return f"{self.amount} {self.noun}".strip()


def subject(maker: Maker) -> tuple[str, bool]:
    r, rng = maker.rng.random(), maker.rng
    if r < 0.2:
        return f"the {rng.choice(w.TEAMS)} team", False
    if r < 0.4:
        return maker.names.draw("person"), False
    if r < 0.52:
        return f"the {rng.choice(w.ROLES)}", False
    if r < 0.6:
        return f"{rng.choice(('every', 'each'))} {singular(rng.choice(w.PEOPLE))}", False
    if r < 0.65:
        return maker.names.draw("company"), False
    if r < 0.7:
        return rng.choice(
            (
                ("we", True),
                ("you", True),
                ("the company", False),
                ("employees", True),
                ("all employees", True),
                ("everyone", False),
                ("staff members", True),
            )
        )
    if r < 0.74:
        return f"{maker.names.draw('person')} and {maker.names.draw('person')}", True
    prefix = rng.choice(("", "", "the ", "all ", f"{rng.choice(w.PEOPLE_ADJECTIVES)} ", "our ", "most "))
    return prefix + rng.choice(w.PEOPLE), True


def moment(maker: Maker) -> str:
    """When something happens, e.g. "on Monday morning", "at 9:30", "before the meeting"."""
    rng = maker.rng
    r = rng.random()
    if r < 0.35:
        return f"on {rng.choice(w.DAYS)}{rng.choice(('', '', ' morning', ' afternoon', ' evening'))}"
    if r < 0.55:
        return f"at {maker.values.clock()}"
    if r < 0.7:
        return f"on {maker.values.day()}"
    if r < 0.8:
        return f"in {rng.choice(w.MONTHS)}"
    return rng.choice(
        (
            *w.MOMENTS,
            f"by {rng.choice(w.DAYS)}",
            f"before {maker.values.clock()}",
            f"after {span(rng, ('week', 'month', 'day'))}",
        )
    )


def recipient(maker: Maker) -> str:
    rng = maker.rng
    if rng.random() < 0.6:
        return f"to {rng.choice(('the ', 'our ', ''))}{rng.choice(w.PEOPLE)}"
    return f"to {maker.names.draw('person')}"


def adjunct(kind: str, maker: Maker) -> str:
    """An adverbial of one of the kinds of `ORDER`."""
    rng = maker.rng
    make: dict[str, Callable[[], str]] = {
        "time": lambda: moment(maker),
        "place": lambda: rng.choice(w.PLACES_IN) if rng.random() < 0.75 else f"in {maker.values.place()}",
        "manner": lambda: rng.choice(w.MANNERS),
        "reason": lambda: rng.choice(w.REASONS),
        "frequency": lambda: rng.choice(w.FREQUENCIES),
        "speed": maker.values.speed,
        "duration": lambda: f"for {span(rng)}",
        "recipient": lambda: recipient(maker),
        "price": lambda: f"for {maker.values.money()}",
    }
    return make[kind]()


ORDER = ("recipient", "price", "manner", "place", "duration", "frequency", "speed", "time", "reason")


def adjuncts(maker: Maker, letters: str) -> tuple[tuple[str, str], ...]:
    rng = maker.rng
    when = rng.choice(
        ("time", "time", "frequency", "speed", "duration") if letters else ("time", "frequency", "duration")
    )
    kinds = {when}
    if "T" in letters and rng.random() < 0.4:
        kinds.add("recipient")
    if letters and rng.random() < 0.08:
        kinds.add("price")
    for kind, chance in (("place", 0.4), ("manner", 0.3), ("reason", 0.15)):
        if rng.random() < chance:
            kinds.add(kind)
    if len(kinds) > 1 and rng.random() < 0.25:
        kinds.discard(when)
    return tuple((k, adjunct(k, maker)) for k in ORDER if k in kinds)


def clause(maker: Maker) -> Clause:
    rng = maker.rng
    who, plural = subject(maker)
    tense = rng.choice(TENSES)
    negative = tense in ("may", "must", "should", "can", "allowed", "present") and rng.random() < 0.08
    if rng.random() < 0.15:
        verb = rng.choice(INTRANSITIVE)
        return Clause(who, plural, (*verb, "", ""), "", "", False, tense, negative, adjuncts(maker, ""))
    verb = rng.choice(VERBS)
    noun, amount, single = thing(maker, verb[3])
    return Clause(who, plural, verb, noun, amount, single, tense, negative, adjuncts(maker, verb[3]))


def thing(maker: Maker, letters: str) -> tuple[str, str, bool]:
    """(noun phrase, amount, singular) of an object of one of the classes."""
    rng = maker.rng
    pool = POOLS[rng.choice(letters.replace("T", ""))]
    kind = w.PEOPLE_ADJECTIVES if pool is w.PEOPLE else w.PAPER_ADJECTIVES if pool is w.PAPERS else w.ADJECTIVES
    adjective = f"{rng.choice(kind)} " if rng.random() < 0.6 else ""
    r = rng.random()
    if r < 0.2:
        return adjective + rng.choice(pool), number(rng, 2, 90), False
    if r < 0.3:
        return joined(rng.sample(pool, rng.choice((2, 3, 3, 4))), rng), "", False
    if r < 0.4:
        return f"the {adjective}{singular(rng.choice(pool))}", "", True
    return adjective + rng.choice(pool), "", False


def finite(c: Clause, plural: bool) -> str:
    """The finite verb group of a statement with a subject of the given number."""
    base, past = c.verb[0], c.verb[1]
    be = "are" if plural else "is"
    if c.tense in MODALS:
        return f"{c.tense}{' not' if c.negative else ''} {base}"
    if c.tense == "allowed":
        return f"{be}{' not' if c.negative else ''} allowed to {base}"
    if c.tense == "have":
        return f"{'have' if plural else 'has'} to {base}"
    if c.tense == "past":
        return past
    if c.negative:
        return f"{'do' if plural else 'does'} not {base}"
    return base if plural else third(base)


def inverted(c: Clause) -> tuple[str, str]:
    """(auxiliary before the subject, rest of the verb group after it) of a question."""
    base = c.verb[0]
    no = "not " if c.negative else ""
    if c.tense in MODALS:
        return c.tense, no + base
    if c.tense == "allowed":
        return ("are" if c.plural else "is"), f"{no}allowed to {base}"
    do = "did" if c.tense == "past" else "do" if c.plural else "does"
    return do, f"have to {base}" if c.tense == "have" else no + base


def passive(c: Clause, plural: bool) -> str:
    """The verb group of the passive with an object of the given number."""
    no = " not" if c.negative else ""
    if c.tense in MODALS:
        return f"{c.tense}{no} be {c.verb[2]}"
    be = ("were" if plural else "was") if c.tense == "past" else ("are" if plural else "is")
    return f"{be}{no} {c.verb[2]}"


def upper_first(text: str) -> str:
    return text[0].upper() + text[1:]


def can_passive(c: Clause) -> bool:
    return bool(c.verb[2]) and c.tense not in ("allowed", "have") and c.subject not in ("we", "you")


def statement(c: Clause, rng: random.Random) -> str:
    parts = [text for _, text in c.adjuncts]
    front = ""
    fronted = [t for k, t in c.adjuncts if k in ("time", "frequency") or (k == "place" and t.startswith("in "))]
    if fronted and rng.random() < 0.2:
        front = fronted[0]
        parts.remove(front)
    if can_passive(c) and rng.random() < 0.28:
        core = f"{c.thing} {passive(c, not c.single)} by {c.subject}"
    else:
        core = f"{c.subject} {finite(c, c.plural)} {c.thing}".strip()
    body = " ".join([core, *parts])
    return upper_first(f"{front}, {body}" if front else body) + "."


def passive_question(c: Clause, by: str) -> str:
    group = passive(c, not c.single).split(" ", 1)
    return f"{group[0]} {c.thing} {group[1]} {by}"
