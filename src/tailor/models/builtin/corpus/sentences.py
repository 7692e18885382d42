"""Ordinary sentences made from a small grammar, and questions made from them by transformation."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from tailor.models.builtin.corpus import words as w
from tailor.models.builtin.corpus.relations import Item, Maker
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
QUESTION_WORDS = {
    "time": ("When", "When", "At what time", "On which day"),
    "frequency": ("How often",),
    "speed": ("How quickly", "How fast", "How soon"),
    "duration": ("How long", "For how long"),
    "place": ("Where",),
    "manner": ("How",),
    "reason": ("Why",),
    "recipient": ("To whom",),
    "price": ("For how much",),
}
HELD_OUT_WORDS = {
    "time": ("At what moment",),
    "frequency": ("How many times",),
    "speed": ("In what time",),
    "duration": ("For what period",),
    "place": ("In which place",),
    "manner": ("In what way",),
    "reason": ("For what reason",),
    "recipient": ("To which people",),
    "price": ("At what price",),
}


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


def adjunct(kind: str, maker: Maker) -> str:
    rng = maker.rng
    if kind == "time":
        r = rng.random()
        if r < 0.35:
            part = rng.choice(("", "", " morning", " afternoon", " evening"))
            return f"on {rng.choice(w.DAYS)}{part}"
        if r < 0.55:
            return f"at {maker.values.clock()}"
        if r < 0.7:
            return f"on {maker.values.day()}"
        if r < 0.8:
            return f"in {rng.choice(w.MONTHS)}"
        return rng.choice(
            (
                "before noon",
                "after lunch",
                "at midnight",
                "in spring",
                "in summer",
                "in winter",
                "at the end of the month",
                "before the meeting",
                "after the training",
                "at noon",
                "on the first day",
                "during the holidays",
                "in autumn",
                "at the start of the year",
                f"by {rng.choice(w.DAYS)}",
                f"before {maker.values.clock()}",
                f"after {span(rng, ('week', 'month', 'day'))}",
            )
        )
    if kind == "place":
        return rng.choice(w.PLACES_IN) if rng.random() < 0.75 else f"in {maker.values.place()}"
    if kind == "manner":
        return rng.choice(w.MANNERS)
    if kind == "reason":
        return rng.choice(w.REASONS)
    if kind == "frequency":
        return rng.choice(w.FREQUENCIES)
    if kind == "speed":
        return maker.values.speed()
    if kind == "duration":
        return f"for {span(rng)}"
    if kind == "recipient":
        return (
            f"to {rng.choice(('the ', 'our ', ''))}{rng.choice(w.PEOPLE)}"
            if rng.random() < 0.6
            else (f"to {maker.names.draw('person')}")
        )
    return f"for {maker.values.money()}"


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
    return do, f"{no}to {base}" if c.tense == "have_" else (f"have to {base}" if c.tense == "have" else no + base)


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


Asked = tuple[str, str, frozenset[str]]


def asked(c: Clause, rng: random.Random, held_out: bool = False) -> Asked | None:
    """(question, answer, slots that the question mentions) about a random slot of the clause."""
    choices = [
        "subject",
        *(["noun"] if c.noun else []),
        *(["amount"] * 2 if c.amount else []),
        *[k for k, _ in c.adjuncts] * 2,
    ]
    slot = rng.choice(choices)
    if slot == "subject" and c.subject in ("we", "you"):
        return None
    others = [(k, t) for k, t in c.adjuncts if k != slot and rng.random() < 0.45]
    tail = " ".join(t for _, t in others)
    mentioned = (
        {k for k, _ in others}
        | ({"subject"} if slot != "subject" else set())
        | ({"noun"} if c.noun and slot not in ("noun",) else set())
    )
    question = _question(c, slot, tail, rng, held_out)
    answer = (
        c.amount
        if slot == "amount"
        else c.subject
        if slot == "subject"
        else (c.thing if slot == "noun" else dict(c.adjuncts)[slot])
    )
    return " ".join(question.split()).replace(" ?", "?"), answer, frozenset(mentioned)


def _question(c: Clause, slot: str, tail: str, rng: random.Random, held_out: bool) -> str:
    aux, rest = inverted(c)
    turned = can_passive(c) and rng.random() < 0.2
    if slot == "subject":
        if turned:
            return f"By whom {passive_question(c, '')} {tail}?"
        who = "Which person or group" if held_out else rng.choice(("Who", "Who", "Who", "Who exactly"))
        return f"{who} {finite(c, False)} {c.thing} {tail}?"
    if slot == "noun":
        human = c.verb[3] == "H"
        if turned:
            return f"{'Who' if human else 'What'} {passive(c, False)} by {c.subject} {tail}?"
        word = ("Which people" if human else "Which things") if held_out else ("Whom" if human else "What")
        return f"{word} {aux} {c.subject} {rest} {tail}?"
    if slot == "amount":
        if turned and c.tense not in MODALS:
            return f"How many {c.noun} {passive(c, True)} by {c.subject} {tail}?"
        word = "What number of" if held_out else "How many"
        return f"{word} {c.noun} {aux} {c.subject} {rest} {tail}?"
    word = rng.choice((HELD_OUT_WORDS if held_out else QUESTION_WORDS)[slot])
    if word == "At what time" and not any(t.startswith("at ") for k, t in c.adjuncts if k == "time"):
        word = "When"
    if word == "On which day" and not any(t.startswith("on ") for k, t in c.adjuncts if k == "time"):
        word = "When"
    if turned:
        by = f"by {c.subject}" if rng.random() < 0.85 else ""
        return f"{word} {passive_question(c, by)} {tail}?"
    return f"{word} {aux} {c.subject} {rest} {c.thing} {tail}?"


def passive_question(c: Clause, by: str) -> str:
    group = passive(c, not c.single).split(" ", 1)
    return f"{group[0]} {c.thing} {group[1]} {by}"


def _slots(c: Clause) -> dict[str, str]:
    return {"subject": c.subject, "noun": c.noun, **dict(c.adjuncts)}


def ambiguous(c: Clause, mentioned: frozenset[str], rivals: list[Clause]) -> bool:
    mine = _slots(c)
    for rival in rivals:
        if rival is c or rival.verb[0] != c.verb[0]:
            continue
        theirs = _slots(rival)
        if all(theirs.get(k, "") == mine.get(k, "") for k in mentioned):
            return True
    return False


def _sibling(c: Clause, maker: Maker) -> Clause:
    """A clause that shares the verb and the object or the subject, so that the question must be read closely."""
    fresh = tuple((k, adjunct(k, maker)) for k, _ in c.adjuncts)
    if c.noun and maker.rng.random() < 0.45:
        noun, amount, single = thing(maker, c.verb[3])
        return replace(c, noun=noun, amount=amount, single=single, adjuncts=fresh)
    who, plural = subject(maker)
    return replace(c, subject=who, plural=plural, adjuncts=fresh)


def _gaps(c: Clause, maker: Maker) -> list[str]:
    """Questions about a slot that the clause lacks, or about another subject."""
    rng = maker.rng
    have = {k for k, _ in c.adjuncts}
    lacking = [k for k in ("time", "frequency", "speed", "place", "manner", "reason") if k not in have]
    if have & {"time", "frequency", "speed", "duration"}:
        lacking = [k for k in lacking if k not in ("time", "frequency", "speed")]
    gaps = []
    if lacking:
        kind = rng.choice(lacking)
        probe = replace(c, adjuncts=((kind, "at"),))
        gaps.append(" ".join(_question(probe, kind, "", rng, False).split()).replace(" ?", "?"))
    who, plural = subject(maker)
    other = asked(replace(c, subject=who, plural=plural), rng)
    if other and "subject" in other[2] and who != c.subject and who not in ("we", "you", "everyone", "the company"):
        gaps.append(other[0])
    return gaps


def _verdict(c: Clause, maker: Maker) -> tuple[str, str] | None:
    """A yes/no question: the clause itself, or the clause with one adjunct changed."""
    if c.tense in ("may", "can", "should") and c.negative:
        positive = replace(c, negative=False)
        aux, rest = inverted(positive)
        return f"{upper_first(aux)} {c.subject} {rest} {c.thing}?", "No"
    if c.negative or not c.adjuncts:
        return None
    kind, text = maker.rng.choice(c.adjuncts)
    aux, rest = inverted(c)
    other = adjunct(kind, maker)
    true = maker.rng.random() < 0.5 or other == text
    if not true and (kind in ("place", "manner", "reason", "recipient") or text.split()[0] != other.split()[0]):
        true = True
    tail = text if true else other
    return f"{upper_first(aux)} {c.subject} {rest} {c.thing} {tail}?", "Yes" if true else "No"


CONDITIONS = (
    "{s} is missing",
    "{s} is broken",
    "{s} arrives late",
    "you lose {s}",
    "you find {s}",
    "{s} is ready",
    "{s} does not work",
    "you need {s}",
    "a customer asks for {s}",
    "{s} was stolen",
    "{s} is too expensive",
    "somebody complains about {s}",
    "you want to return {s}",
    "{s} gets wet",
    "you break {s}",
)


def condition_item(maker: Maker, held_out: bool = False) -> Item:
    """A rule "If something happens, do something" with its question."""
    rng = maker.rng
    condition = rng.choice(CONDITIONS).replace("{s}", maker.values.thing())
    verb = rng.choice([v for v in VERBS if "H" in v[3] or "P" in v[3]])
    noun = f"the {rng.choice(w.TEAMS)} team" if verb[3] == "H" else f"the {singular(rng.choice(w.PAPERS))}"
    advice = f"{verb[0]} {noun} {adjunct(rng.choice(('speed', 'manner', 'time', 'place')), maker)}"
    text = rng.choice(
        (
            f"If {condition}, {advice}.",
            f"When {condition}, {advice}.",
            f"{upper_first(advice)} if {condition}.",
            f"If {condition}, please {advice}.",
        )
    )
    word = (
        "What is to be done"
        if held_out
        else rng.choice(("What should I do", "What must you do", "What do I have to do", "What should you do"))
    )
    question = f"{word} if {condition}?"
    answer = advice if advice in text else upper_first(advice)
    gap = rng.choice(CONDITIONS).replace("{s}", maker.values.thing())
    return Item(text, condition, ((question, answer),), (f"What should I do if {gap}?",))


def sentence_items(maker: Maker, count: int, held_out: bool = False) -> list[Item]:
    """`count` sentences, about half of them close rivals of another one, with unambiguous questions."""
    rng = maker.rng
    clauses: list[Clause] = []
    seen: set[tuple[str, str, str]] = set()
    while len(clauses) < count:
        c = _sibling(rng.choice(clauses), maker) if clauses and rng.random() < 0.5 else clause(maker)
        key = (c.subject, c.verb[0], c.noun)
        if key not in seen:
            seen.add(key)
            clauses.append(c)
    items = []
    for c in clauses:
        if rng.random() < 0.08:
            items.append(condition_item(maker, held_out))
            continue
        text = statement(c, rng)
        questions: list[tuple[str, str]] = []
        for _ in range(3):
            got = asked(c, rng, held_out)
            if got and not ambiguous(c, got[2], clauses) and got[0] not in {q for q, _ in questions}:
                answer = got[1] if got[1] in text else upper_first(got[1])
                if answer in text:
                    questions.append((got[0], answer))
        verdict = _verdict(c, maker) if rng.random() < 0.12 and not held_out else None
        if verdict:
            questions.append((" ".join(verdict[0].split()).replace(" ?", "?"), verdict[1]))
        if len(clauses) == 1:
            gaps = _gaps(c, maker)
        else:
            gaps = _gaps(c, maker) if not ambiguous(c, frozenset({"noun"}), clauses) else []
        items.append(Item(text, c.subject, tuple(questions), tuple(gaps)))
    return items
