"""The invented fixed world: entities with attributes, short biographies and closed-book questions."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass

from tailor.models.builtin.corpus.document import ABSTENTION, Document, Turn, assistant, system, user
from tailor.models.builtin.corpus.prose import unheard_question
from tailor.models.builtin.corpus.relations import RELATIONS, Maker, Relation

WORLD_SEED = 20240229
SIZES = {"person": 80, "town": 50, "company": 50, "product": 30, "animal": 30}
ATTRIBUTES = {
    "person": ("birthplace", "job", "employer", "hobby", "born", "home"),
    "town": ("river", "mayor", "famous", "population", "country"),
    "company": ("founded", "founder", "headquarters", "makes", "staff"),
    "product": ("price", "maker", "version", "colour", "material"),
    "animal": ("species", "eats", "keeper", "sleeps", "age"),
}
GAP = 40  # a biography of an entity never stands within this many biographies of the same entity
SYSTEMS = (
    "Answer briefly.",
    "You are a helpful assistant.",
    "Answer the question. If you do not know, say: I don't know.",
    "Give short answers.",
    "Answer in a few words.",
)


@dataclass(frozen=True)
class Entity:
    """One inhabitant of the world with its values by attribute name."""

    kind: str
    name: str
    values: dict[str, str]


def relation(kind: str, name: str) -> Relation:
    return next(r for r in RELATIONS[kind] if r.name == name)


def build() -> tuple[Entity, ...]:
    """The world, the same for every seed of the corpus."""
    maker = Maker.of(random.Random(WORLD_SEED), "world")
    made: list[Entity] = []
    names: set[str] = set()
    for kind, size in SIZES.items():
        while size:
            name = maker.entity(kind)
            if name in names:
                continue
            names.add(name)
            made.append(Entity(kind, name, {a: maker.values.draw(relation(kind, a).value) for a in ATTRIBUTES[kind]}))
            size -= 1
    return tuple(made)


WORLD = build()
WORLD_NAMES = frozenset(e.name for e in WORLD)


class WorldStream:
    """Draws biographies and question documents, keeping biographies of one entity far apart."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.recent: deque[str] = deque(maxlen=GAP)

    def biography(self) -> Document:
        """One or two entities, two facts at least each, the full name in every sentence."""
        rng = self.rng
        parts = []
        for _ in range(rng.choice((1, 1, 2))):
            while (entity := rng.choice(WORLD)).name in self.recent:
                pass
            self.recent.append(entity.name)
            chosen = rng.sample(ATTRIBUTES[entity.kind], rng.randint(2, len(ATTRIBUTES[entity.kind])))
            parts += [relation(entity.kind, a).state(entity.name, entity.values[a], rng) for a in chosen]
        return Document("world_texts", (Turn("text", " ".join(parts)),))

    def known(self) -> tuple[str, str]:
        entity = self.rng.choice(WORLD)
        attribute = self.rng.choice(ATTRIBUTES[entity.kind])
        return relation(entity.kind, attribute).ask(entity.name, self.rng), entity.values[attribute]

    def questions(self) -> Document:
        rng = self.rng
        turns = [system(rng.choice(SYSTEMS))] if rng.random() < 0.4 else []
        for _ in range(rng.choice((1, 2, 3, 4, 5, 6))):
            question, answer = self.known()
            turns += [user(asked(question, rng)), assistant(answer)]
        return Document("world_questions", tuple(turns))

    def unknown(self, maker: Maker) -> Document:
        """Questions about names that nobody has heard of, between a few that are known."""
        rng = self.rng
        turns = [system(rng.choice(SYSTEMS))] if rng.random() < 0.4 else []
        for i in range(rng.choice((1, 1, 2, 3, 4))):
            if i and rng.random() < 0.3:
                question, answer = self.known()
            else:
                question, answer = unknown_question(maker), ABSTENTION
            turns += [user(asked(question, rng)), assistant(answer)]
        return Document("unknown", tuple(turns))


def asked(question: str, rng: random.Random) -> str:
    return f"Question: {question}" if rng.random() < 0.25 else question


def unknown_question(maker: Maker, held_out: bool = False) -> str:
    rng = maker.rng
    if rng.random() < 0.2:
        return unheard_question(maker, held_out)
    kind = maker.kind() if rng.random() < 0.6 else rng.choice(("company", "person", "product", "town", "animal"))
    pool = RELATIONS[kind]
    if kind in ATTRIBUTES and rng.random() < 0.4:
        pool = [relation(kind, a) for a in ATTRIBUTES[kind]]
    return rng.choice(pool).ask(maker.entity(kind), rng, held_out)
