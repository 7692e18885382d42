"""Ordinary sentences with questions made from them by grammatical transformation."""

from __future__ import annotations

import random
from dataclasses import replace

from tailor.models.builtin.corpus import words as w
from tailor.models.builtin.corpus.clauses import (
    MODALS,
    Clause,
    adjunct,
    can_passive,
    clause,
    finite,
    inverted,
    passive,
    passive_question,
    statement,
    subject,
    thing,
    upper_first,
)
from tailor.models.builtin.corpus.relations import Item, Maker
from tailor.models.builtin.corpus.values import singular
from tailor.models.builtin.corpus.verbs import VERBS

QUESTION_WORDS = {
    "time": ("When", "When", "At what time", "On which day", "What time", "At which moment", "When exactly"),
    "frequency": ("How often", "How often", "How frequently", "With what frequency", "How many times in all"),
    "speed": ("How quickly", "How fast", "How soon", "Within what time", "In how much time", "In which time"),
    "duration": ("How long", "For how long", "For what length of time", "Over what period", "For which period"),
    "place": ("Where", "Where", "In what place", "At which place", "Where exactly"),
    "manner": ("How", "How", "In which way", "By what means", "In what manner", "How exactly"),
    "reason": ("Why", "Why", "For which reason", "For what purpose", "Why exactly"),
    "recipient": ("To whom", "To whom", "To what people", "To which person or people"),
    "price": ("For how much", "For how much money", "For what price", "At which price", "For what sum"),
}
# Words of these phrases are known from the ones above; the phrases themselves are kept for the probes.
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

SUBJECT_WORDS = ("Who", "Who", "Who", "Who exactly", "Which person", "Which group", "What person or group")
THING_WORDS = ("What", "What", "What", "What exactly", "What things", "Which thing or things")
HUMAN_WORDS = ("Whom", "Whom", "Whom exactly", "What people", "Which person or people")
AMOUNT_WORDS = ("How many", "How many", "How many", "Which number of", "What amount of")

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
        who = "Which person or group" if held_out else rng.choice(SUBJECT_WORDS)
        return f"{who} {finite(c, False)} {c.thing} {tail}?"
    if slot == "noun":
        human = c.verb[3] == "H"
        if turned:
            return f"{'Who' if human else 'What'} {passive(c, False)} by {c.subject} {tail}?"
        if held_out:
            word = "Which people" if human else "Which things"
        else:
            word = rng.choice(HUMAN_WORDS if human else THING_WORDS)
        return f"{word} {aux} {c.subject} {rest} {tail}?"
    if slot == "amount":
        if turned and c.tense not in MODALS:
            return f"How many {c.noun} {passive(c, True)} by {c.subject} {tail}?"
        word = "What number of" if held_out else rng.choice(AMOUNT_WORDS)
        return f"{word} {c.noun} {aux} {c.subject} {rest} {tail}?"
    word = rng.choice((HELD_OUT_WORDS if held_out else QUESTION_WORDS)[slot])
    if word in ("At what time", "What time") and not any(t.startswith("at ") for k, t in c.adjuncts if k == "time"):
        word = "When"
    if word == "On which day" and not any(t.startswith("on ") for k, t in c.adjuncts if k == "time"):
        word = "When"
    if turned:
        by = f"by {c.subject}" if rng.random() < 0.85 else ""
        return f"{word} {passive_question(c, by)} {tail}?"
    return f"{word} {aux} {c.subject} {rest} {c.thing} {tail}?"


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
