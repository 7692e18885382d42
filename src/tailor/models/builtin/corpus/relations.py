"""Relations: facts "entity - relation - value" as statements and questions.

Notation of the relation texts: a line `= KIND NAME VALUE` opens a relation of entities of KIND with values of VALUE
(see `Values.draw`); then come statement lines with {e} and {v}, question lines after `?`, and after `!` question
forms that are kept for the probes and never occur in training.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from tailor.models.builtin.corpus import words as w
from tailor.models.builtin.corpus.names import Names
from tailor.models.builtin.corpus.relations_company import COMPANY
from tailor.models.builtin.corpus.relations_people import EVENT, PERSON, PROJECT
from tailor.models.builtin.corpus.relations_product import PRODUCT
from tailor.models.builtin.corpus.relations_things import NATURE, POLICY
from tailor.models.builtin.corpus.rewording import cloze, normalised, opened, reworded_questions, reworded_statements
from tailor.models.builtin.corpus.values import Values

ALLOWANCES = tuple(
    f"the {x}"
    for x in (
        "travel allowance",
        "meal allowance",
        "training budget",
        "book budget",
        "phone allowance",
        "moving bonus",
        "home office budget",
        "referral bonus",
        "yearly bonus",
        "daily allowance",
        "laptop budget",
        "gym allowance",
        "conference budget",
        "hotel limit",
        "internet allowance",
        "bicycle allowance",
        "overtime pay",
        "team budget",
        "gift limit",
        "taxi limit",
        "parking fee",
        "deposit",
        "late fee",
        "welcome gift",
        "furniture budget",
    )
)
LEAVES = (
    "annual leave",
    "parental leave",
    "sick leave",
    "study leave",
    "paternity leave",
    "maternity leave",
    "wedding leave",
    "moving leave",
    "volunteer leave",
    "unpaid leave",
    "care leave",
    "bereavement leave",
    "long-service leave",
    "winter leave",
)
RULES = tuple(
    f"the {x}"
    for x in (
        "probation period",
        "notice period",
        "trial period",
        "travel policy",
        "data protection policy",
        "dress code",
        "remote work policy",
        "expense policy",
        "security policy",
        "password policy",
        "code review policy",
        "onboarding programme",
        "mentoring programme",
        "equipment policy",
        "purchase policy",
        "return policy",
        "refund policy",
        "overtime rule",
        "cooling-off period",
        "hiring process",
        "performance review",
        "complaint procedure",
        "release process",
        "accessibility policy",
        "code of conduct",
        "retention period",
    )
)
PLANS = tuple(
    f"the {x} plan"
    for x in (
        "Basic",
        "Starter",
        "Team",
        "Business",
        "Premium",
        "Family",
        "Student",
        "Gold",
        "Silver",
        "Enterprise",
        "Pro",
        "Plus",
        "Standard",
        "Free",
        "Small",
        "Large",
        "Growth",
        "Solo",
        "Studio",
        "School",
    )
)


@dataclass(frozen=True)
class Relation:
    """One relation with its statement forms, its training questions and its held-out questions."""

    kind: str
    name: str
    value: str
    statements: tuple[str, ...]
    questions: tuple[str, ...]
    held_out: tuple[str, ...]
    more_questions: tuple[str, ...] = ()
    more_statements: tuple[str, ...] = ()

    def ask(self, entity: str, rng: random.Random, held_out: bool = False) -> str:
        """A question for the value: of the written forms, of their rewordings (half of the time), or a held-out one."""
        if held_out:
            return _filled(rng.choice(self.held_out), entity, "")
        reworded = self.more_questions and rng.random() < 0.5
        question = _filled(rng.choice(self.more_questions if reworded else self.questions), entity, "")
        return opened(question, rng) if rng.random() < 0.08 else question

    def state(self, entity: str, value: str, rng: random.Random) -> str:
        reworded = self.more_statements and rng.random() < 0.25
        return _filled(rng.choice(self.more_statements if reworded else self.statements), entity, value)


def _filled(form: str, entity: str, value: str) -> str:
    text = form.replace("{e}", entity).replace("{v}", value)
    return text if text[0].isupper() else text[0].upper() + text[1:]


def parse(text: str) -> list[Relation]:
    """Relations of one relation text; every relation has statements, questions and held-out questions."""
    relations = []
    for block in text.split("\n= ")[1:]:
        head, *lines = block.strip().splitlines()
        kind, name, value = head.split()
        statements = tuple(x for x in lines if x[0] not in "?!")
        questions = tuple(x[2:] for x in lines if x[0] == "?")
        held_out = tuple(x[2:] for x in lines if x[0] == "!")
        more = reworded_questions(questions, value, held_out) + cloze(statements[:2])
        relations.append(
            Relation(kind, name, value, statements, questions, held_out, more, reworded_statements(statements))
        )
    return relations


def kept_apart(relations: list[Relation]) -> list[Relation]:
    """The relations without training questions that are a held-out form of any of them."""
    held_out = {normalised(h) for r in relations for h in r.held_out}

    def allowed(questions: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(q for q in questions if normalised(q) not in held_out)

    return [replace(r, questions=allowed(r.questions), more_questions=allowed(r.more_questions)) for r in relations]


RELATIONS: dict[str, list[Relation]] = {}
for _relation in kept_apart(parse("\n" + COMPANY + PRODUCT + PERSON + PROJECT + EVENT + POLICY + NATURE)):
    RELATIONS.setdefault(_relation.kind, []).append(_relation)
KINDS = tuple(RELATIONS)
# Companies, people, products and rules weigh more: they are what handbooks talk about.
KIND_WEIGHTS = {"company": 5, "person": 4, "product": 3, "project": 2}


@dataclass(frozen=True)
class Maker:
    """Draws entities and values from one random generator and one split of names."""

    rng: random.Random
    names: Names
    values: Values

    @classmethod
    def of(cls, rng: random.Random, split: str = "train") -> Maker:
        names = Names(rng, split)
        return cls(rng, names, Values(rng, names))

    def entity(self, kind: str) -> str:
        """A fresh entity name of a relation kind."""
        r = self.rng
        if kind in ("company", "person", "product", "project"):
            return self.names.draw(kind)
        if kind == "town":
            return self.names.draw("place")
        if kind == "animal":
            return self.names.draw("creature")
        if kind == "event":
            return f"the {r.choice(w.EVENTS)}" + (f" of {self.names.draw('place')}" if r.random() < 0.5 else "")
        if kind == "team":
            return f"the {r.choice(w.TEAMS)} team" + (f" of {self.names.draw('company')}" if r.random() < 0.3 else "")
        if kind == "office":
            return f"the {self.values.place()} office"
        pool = {"allowance": ALLOWANCES, "leave": LEAVES, "rule": RULES, "plan": PLANS}[kind]
        owner = r.random()
        return r.choice(pool) + (f" at {self.names.draw('company')}" if owner < 0.2 and kind != "plan" else "")

    def kind(self) -> str:
        return self.rng.choices(KINDS, [KIND_WEIGHTS.get(k, 1) for k in KINDS])[0]


@dataclass(frozen=True)
class Item:
    """A sentence of a context with the questions it answers and questions it leaves open."""

    text: str
    entity: str
    questions: tuple[tuple[str, str], ...]
    open_questions: tuple[str, ...] = ()
    pronoun: str = ""


PRONOUNS = {
    "company": ("The company", "It"),
    "product": ("It", "The product"),
    "project": ("It", "The project"),
    "town": ("It", "The town"),
    "animal": ("It", "The animal"),
    "team": ("The team", "It"),
    "office": ("It", "The office"),
    "event": ("It", "The event"),
    "plan": ("It", "The plan"),
    "leave": ("It",),
    "allowance": ("It",),
    "rule": ("It",),
}


def as_stated(value: str, sentence: str) -> str:
    """The value exactly as the sentence writes it (capitalised when it opens the sentence)."""
    return value if value in sentence else value[0].upper() + value[1:]


def relation_items(maker: Maker, count: int, held_out: bool = False) -> list[Item]:
    """About `count` facts of one kind: several entities share relations, so every fact has rivals."""
    rng = maker.rng
    kind = maker.kind()
    pool = RELATIONS[kind]
    entities = list(dict.fromkeys(maker.entity(kind) for _ in range(max(1, min(5, rng.randint(1, 1 + count // 2))))))
    if kind == "company" and rng.random() < 0.12:
        entities[0] = rng.choice(("the company", "our company", "the firm", "the studio", "the agency"))
    ghost = maker.entity(kind)
    shared = rng.sample(pool, min(len(pool), -(-count // len(entities))))
    cells = [(e, r) for e in entities for r in shared]
    extra = [(e, r) for e in entities for r in pool if r not in shared]
    rng.shuffle(extra)
    while len(cells) > count:
        cells.pop(rng.randrange(len(cells)))
    cells += extra[: count - len(cells)] if len(cells) < count else []
    stated = {(e, r.name) for e, r in cells}
    her = {e: rng.choice(("She", "He")) for e in entities}
    items = []
    for entity, relation in cells:
        value = maker.values.draw(relation.value)
        text = relation.state(entity, value, rng)
        missing = [r for r in pool if (entity, r.name) not in stated]
        gaps = [rng.choice(missing).ask(entity, rng, held_out)] if missing else []
        if ghost not in entities:
            gaps.append(relation.ask(ghost, rng, held_out))
        pronoun = her[entity] if kind == "person" else rng.choice(PRONOUNS[kind])
        if rng.random() < 0.06:
            text = introduced(text, entity, rng)
        items.append(
            Item(
                text,
                entity,
                ((relation.ask(entity, rng, held_out), as_stated(value, text)),),
                tuple(gaps),
                pronoun,
            )
        )
    return compounded(items, kind, rng) if len(items) > 1 else items


INTRODUCTIONS = (
    "Please note that",
    "Remember that",
    "At present,",
    "As everyone knows,",
    "According to our records,",
    "It is well known that",
    "As a rule,",
    "For the time being,",
    "We are proud that",
    "Note that",
    "As agreed,",
    "To be clear,",
    "In other words,",
    "Since the last change,",
    "By the way,",
)


def introduced(text: str, entity: str, rng: random.Random) -> str:
    """The sentence after an introduction, when it opens with the entity (so that no other capital must change)."""
    start = entity[0].upper() + entity[1:] + " "
    return f"{rng.choice(INTRODUCTIONS)} {entity} {text[len(start) :]}" if text.startswith(start) else text


def compounded(items: list[Item], kind: str, rng: random.Random) -> list[Item]:
    """Some pairs of sentences about one entity joined in one sentence that answers both questions."""
    done: list[Item] = []
    for item in items:
        partner = next((d for d in done if d.entity == item.entity and len(d.questions) < 3), None)
        joint = _joined(partner, item, kind, rng) if partner and rng.random() < 0.3 else None
        if partner and joint:
            done[done.index(partner)] = joint
        else:
            done.append(item)
    return done


def _joined(one: Item, two: Item, kind: str, rng: random.Random) -> Item | None:
    start = one.entity[0].upper() + one.entity[1:] + " "
    if not (one.text.startswith(start) and two.text.startswith(start)):
        return None
    first, second = one.text[len(start) : -1], two.text[len(start) : -1]
    if len(one.questions) == 1 and "," not in first and rng.random() < 0.3:
        text = f"{start.strip()}, {'who' if kind == 'person' else 'which'} {first}, {second}."
    else:
        text = f"{start}{first}{rng.choice((' and ', ', and it ' if kind != 'person' else ' and '))}{second}."
    return Item(text, one.entity, one.questions + two.questions, one.open_questions + two.open_questions, one.pronoun)
