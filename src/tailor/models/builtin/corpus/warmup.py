"""Procedural documents: copying and key-value recall of anything at all, which forms induction heads and keeps them.

Reading is copying with a question before it, so whatever may stand in a passage must be copied without a slip: every
word of the lists, names, invented words, numbers, addresses, and strings of random letters and digits.
"""

from __future__ import annotations

import random
from functools import cache

from tailor.models.builtin.corpus import names as n
from tailor.models.builtin.corpus import words as w
from tailor.models.builtin.corpus.document import ABSTENTION, Document, Turn, assistant, user
from tailor.models.builtin.corpus.names import Names
from tailor.models.builtin.corpus.relations import Maker

NAMED = ("person", "place", "company", "product", "project")
VALUED = ("date", "day", "year", "email", "phone", "money", "percent")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
JOINTS = (" ", " ", ", ", ", ", "; ", " | ", " / ", " - ")
REPEAT = ("Repeat: ", "Say again: ", "Copy this text: ", "Write the same: ")
WHERE = ("Where is {}?", "Which passage names {}?", "{}?", "Find {}.")
AFTER = ("What comes after {}?", "What follows {}?", "After {}?", "Go on after {}.")


@cache
def lexicon() -> tuple[str, ...]:
    """Every single word of the word lists and of the names, sorted."""
    lists = [pool for pool in vars(w).values() if isinstance(pool, tuple)]
    lists += [tuple(pool) for pool in (n.FIRST, n.CITIES, n.COMPANY_WORDS, n.COMPANY_TAILS)]
    return tuple(sorted({word for pool in lists for entry in pool if isinstance(entry, str) for word in entry.split()}))


def _key(rng: random.Random, names: Names) -> str:
    r = rng.random()
    if r < 0.4:
        return "".join(rng.choice(LETTERS + "0123456789") for _ in range(rng.randint(2, 4)))
    return names.draw("word").lower() if r < 0.8 else str(rng.randint(10, 9999))


def _thing(maker: Maker) -> str:
    rng = maker.rng
    r = rng.random()
    if r < 0.45:
        return rng.choice(lexicon())
    if r < 0.65:
        return maker.names.draw(rng.choice(NAMED))
    if r < 0.75:
        return maker.values.draw(rng.choice(VALUED))
    if r < 0.90:
        made = "".join(rng.choice(LETTERS) for _ in range(rng.randint(2, 9)))
        return rng.choice((made, made.capitalize(), made.upper()))
    return _key(rng, maker.names)


def copying_document(maker: Maker) -> Document:
    """A row of things, repeated whole or asked for from one of them on."""
    rng = maker.rng
    things = list(dict.fromkeys(_thing(maker) for _ in range(rng.randint(4, 32))))
    joint = rng.choice(JOINTS)
    text = joint.join(things)
    if rng.random() < 0.4:
        return Document("procedural", (user(rng.choice(REPEAT) + text), assistant(text)))
    turns = []
    for i, at in enumerate(rng.sample(range(len(things) - 1), min(len(things) - 1, rng.randint(2, 5)))):
        asked = rng.choice(AFTER).format(things[at])
        turns += [
            user(f"{text}\n\n{asked}" if i == 0 else asked),
            assistant(joint.join(things[at + 1 : at + 1 + rng.choice((1, 1, 2, 3, 5))])),
        ]
    return Document("procedural", tuple(turns))


def placing_document(maker: Maker) -> Document:
    """Numbered rows of things, and in which of them a thing is, or that it is in none: citing without reading."""
    rng = maker.rng
    things = list(dict.fromkeys(_thing(maker) for _ in range(rng.randint(6, 24))))
    rows: list[list[str]] = [[] for _ in range(rng.randint(2, 4))]
    for thing in things:
        rng.choice(rows).append(thing)
    rows = [row for row in rows if row]
    joint = rng.choice(JOINTS)
    text = "\n".join(f"[{number}] {joint.join(row)}" for number, row in enumerate(rows, 1))
    answers = {thing: f"[{number}]" for number, row in enumerate(rows, 1) for thing in row}
    turns: list[Turn] = []
    for _ in range(rng.randint(3, 6)):
        thing = rng.choice(things) if rng.random() < 0.7 else _thing(maker)
        if thing not in answers and thing in text:
            continue
        asked = rng.choice(WHERE).format(thing)
        named = (
            f"{thing} {answers[thing]}" if thing in answers and rng.random() < 0.6 else answers.get(thing, ABSTENTION)
        )
        turns += [user(asked if turns else f"{text}\n\n{asked}"), assistant(named)]
    return Document("procedural", tuple(turns)) if turns else placing_document(maker)


def _recall_document(rng: random.Random, names: Names) -> Document:
    count = rng.randint(3, 10)
    pairs = list({_key(rng, names): _key(rng, names) for _ in range(count)}.items())
    joint = rng.choice((": ", " = ", " -> ", " is "))
    ends = rng.choice(("; ", "\n", ", ", ". "))
    text = ends.join(f"{k}{joint}{v}" for k, v in pairs)
    turns = []
    for i, (k, v) in enumerate(rng.sample(pairs, min(len(pairs), rng.randint(2, 4)))):
        asked = f"{k}?" if rng.random() < 0.7 else f"Question: What is {k}?"
        turns += [user(f"{text}\n\n{asked}" if i == 0 else asked), assistant(v)]
    return Document("procedural", tuple(turns))


def warmup_document(maker: Maker) -> Document:
    """Copying (four in ten), placing and recall of values by their keys (a quarter each), or a block said again."""
    rng = maker.rng
    r = rng.random()
    if r < 0.4:
        return copying_document(maker)
    if r < 0.65:
        return placing_document(maker)
    if r < 0.9:
        return _recall_document(rng, maker.names)
    block = " ".join(_key(rng, maker.names) for _ in range(rng.randint(3, 12)))
    return Document("procedural", (Turn("text", " | ".join([block] * rng.randint(2, 4))),))
