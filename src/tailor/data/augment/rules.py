"""Rules that ask for the same fact in another way. The answer stays as it is, but for the rule `reversed`.

Kinds: question forms, cloze, statement to complete, doubt (a false premise or a negation that the question names),
registers (formal, casual, spoken, e-mail, key words), typos, reversed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tailor.data.augment.english import Topic
from tailor.data.similar import STOP_WORDS, WORD


@dataclass(frozen=True)
class Seed:
    """What a rule has to work with: a question with its answer, its topic, and answers of other facts that look alike
    (`others`), for premises that are wrong."""

    question: str
    answer: str
    topic: Topic | None
    others: Sequence[str] = ()


@dataclass(frozen=True)
class Candidate:
    """A question that a rule or a writer made. `answer` is None where it is that of the seed; `usd` is what it cost,
    None where nobody knows."""

    rule: str
    question: str
    answer: str | None = None
    usd: float | None = 0.0


Rule = Callable[[Seed, random.Random], Iterator[str]]

_QUESTION = (
    "Can you tell me {}?",
    "Do you happen to know {}?",
    "Could somebody explain {}?",
    "May I ask {}?",
    "Is there an answer to this: {}?",
)
_ORDER = (
    "Tell me {}.",
    "Let me know {}.",
    "Find out {} for me.",
    "Look up {} and reply with nothing else.",
    "In one line: {}.",
)
_FORMAL = (
    "I would be grateful if you could inform me {about}{}.",
    "Kindly advise {about}{}.",
    "We would appreciate information on the following point: {}.",
)
_CASUAL = (
    "hey, quick one - {}?",
    "any idea {about}{}?",
    "so {}, anyone?",
    "help me out here, I keep forgetting {}",
)
_SPOKEN = (
    "Um, sorry, I just wanted to ask, like, {}?",
    "OK so my question is, well, {}, if you know.",
)
_MAIL = (
    "Hello,\n\nI am writing to ask {about}{}.\n\nKind regards",
    "Dear team,\n\nplease confirm {}.\n\nThank you in advance",
)
_SCENE = (
    "A new colleague asks you {about}{}. What do you say?",
    "A customer on the phone needs to know {}. How do you answer?",
    "For a report I have to write down {}. What goes in there?",
    "Somebody left a note: please check {}. What is the result?",
)
_DOUBT = (
    "I read that it is {wrong}, but I doubt it. Please tell me {}.",
    "Somebody claims {wrong} when asked {about}{}. What is right?",
    "It is not {wrong}, that much I know. So please tell me {}.",
)


def _carried(templates: Sequence[str]) -> Rule:
    def rule(seed: Seed, rng: random.Random) -> Iterator[str]:
        if seed.topic is None:
            return
        for template in templates:
            if "{wrong}" not in template:
                yield _fill(template, seed.topic)
            elif seed.others and seed.topic.open:
                yield _fill(template.replace("{wrong}", rng.choice(list(seed.others)).replace("{", "(")), seed.topic)

    return rule


def _fill(template: str, topic: Topic) -> str:
    """`ask about the price` and `ask when we open`."""
    return template.replace("{about}", "about " if topic.noun else "").replace("{}", topic.phrase)


def _noun_forms(seed: Seed, rng: random.Random) -> Iterator[str]:  # noqa: ARG001 - a rule takes both
    """Forms that only a noun phrase allows: `The price of tea?`, `What would the price of tea be?`"""
    topic = seed.topic
    if topic is None or not topic.noun:
        return
    upper = topic.phrase[:1].upper() + topic.phrase[1:]
    yield f"{upper}?"
    yield f"{upper} {topic.verb} what exactly?"
    yield f"State {topic.phrase}."
    yield f"Regarding {topic.phrase}: please answer."
    if topic.verb in ("is", "are"):
        yield f"What would {topic.phrase} be?"


def _cloze(seed: Seed, rng: random.Random) -> Iterator[str]:  # noqa: ARG001 - a rule takes both
    topic = seed.topic
    if topic is None or not topic.open:
        return
    upper = topic.phrase[:1].upper() + topic.phrase[1:]
    if topic.noun:
        yield f"{upper} {topic.verb} ____."
        yield f"Complete the sentence: {upper} {topic.verb} ..."
    yield f"Fill in the gap. {upper}: ____"


def _key_words(seed: Seed, rng: random.Random) -> Iterator[str]:
    """As people type into a search box: the words that carry meaning, in order or not."""
    found = [w for w in WORD.findall(seed.question) if w.casefold() not in STOP_WORDS]
    if len(found) < 2:
        return
    yield " ".join(found)
    yield " ".join(found).lower() + "?"
    if len(found) > 2:
        moved = found[:]
        rng.shuffle(moved)
        yield " ".join(moved).lower()


def _plain_copy(seed: Seed, rng: random.Random) -> Iterator[str]:  # noqa: ARG001 - a rule takes both
    """The question as it stands, inside other words; for questions whose grammar is not certain."""
    question = seed.question.strip()
    if "\n" in question or not question.endswith("?"):
        return
    yield f"One more question for you. {question}"
    yield f"{question} Short answer, please."
    yield f"My colleague asked me this and I did not know: {question}"
    yield f"Q: {question}\nA:"


def _typos(seed: Seed, rng: random.Random) -> Iterator[str]:
    """One or two slips of the finger in ordinary words: letters swapped, doubled or left out. Names, numbers and words
    of the answer stay."""
    answer = {w.casefold() for w in WORD.findall(seed.answer)}
    places = [m for m in re.finditer(r"[a-z]{5,}", seed.question) if m[0] not in answer and _is_word(seed.question, m)]
    for number in (1, 2):
        if len(places) < number:
            return
        text = seed.question
        for place in sorted(rng.sample(places, number), key=lambda m: -m.start()):
            text = text[: place.start()] + _slip(place[0], rng) + text[place.end() :]
        yield text if number == 1 else text.lower().rstrip("?")


def _is_word(text: str, match: re.Match[str]) -> bool:
    """Not a piece of an address, a file name or a number."""
    around = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    return all(c.isspace() or c in ",?!;:" for c in around)


def _slip(word: str, rng: random.Random) -> str:
    n = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(3)
    if kind == 0 and word[n] != word[n + 1]:
        return word[:n] + word[n + 1] + word[n] + word[n + 2 :]
    return word[:n] + word[n] + word[n:] if kind == 1 else word[:n] + word[n + 1 :]


RULES: dict[str, Rule] = {
    "question": _carried(_QUESTION),
    "noun": _noun_forms,
    "order": _carried(_ORDER),
    "cloze": _cloze,
    "formal": _carried(_FORMAL),
    "casual": _carried(_CASUAL),
    "spoken": _carried(_SPOKEN),
    "e-mail": _carried(_MAIL),
    "scene": _carried(_SCENE),
    "false-premise": _carried(_DOUBT),
    "key-words": _key_words,
    "typos": _typos,
    "inside": _plain_copy,
}

_OF = re.compile(r"(?P<what>(?:the|our|your) [\w -]+?) of (?P<who>(?!the\b|a\b)[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)*)")


def candidates(seed: Seed, rng: random.Random) -> Iterator[Candidate]:
    """All questions that the rules make of a seed."""
    for name, rule in RULES.items():
        for question in rule(seed, rng):
            yield Candidate(name, question)


def reverse(seed: Seed) -> Candidate | None:
    """The question turned round: `What is the price of Insole?`, 40 euros -> `Of what is the price 40 euros?`, Insole.
    Only for one thing with a name; whether the answer belongs to one thing alone is the caller's to know."""
    topic = seed.topic
    match = _OF.fullmatch(topic.phrase) if topic and topic.noun and topic.verb in ("is", "was") else None
    if match is None or topic is None or len(seed.answer.split()) > 5 or len(match["what"].split()) > 4:
        return None
    answer = seed.answer.rstrip(".")
    return Candidate("reversed", f"Of whom or what {topic.verb} {match['what']} {answer}?", match["who"])
