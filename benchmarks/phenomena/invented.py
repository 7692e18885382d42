"""Workspaces about things that no model can know: invented entities with facts, asked in many forms.

Entities, values and question forms come from the generator of the built-in model's corpus, with names that are kept
from its training. A fact's test questions are forms that the built-in model never saw either.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tailor.models.builtin.corpus.relations import RELATIONS, Maker, Relation

KINDS = ("company", "person", "product", "project")
MOST_FRAMINGS = 20
PLAIN: dict[str, Any] = {"replay": 0}  # no protection against forgetting: one thing at a time


@dataclass(frozen=True)
class Fact:
    """`entity - relation - value`; ``ways`` are training questions, ``tests`` forms kept from training."""

    entity: str
    kind: str
    relation: Relation
    value: str

    @property
    def name(self) -> str:
        return f"{self.entity} / {self.relation.name}"

    def ways(self) -> list[str]:
        forms = (*self.relation.questions, *self.relation.more_questions)
        return [filled(form, self.entity) for form in dict.fromkeys(forms)]

    def tests(self) -> list[str]:
        return [filled(form, self.entity) for form in self.relation.held_out]

    def statement(self) -> str:
        return filled(self.relation.statements[0].replace("{v}", self.value), self.entity)


def filled(form: str, entity: str) -> str:
    text = form.replace("{e}", entity)
    return text[0].upper() + text[1:]


def invent(count: int, seed: int, per_entity: int = 3) -> list[Fact]:
    """Facts about invented entities, `per_entity` of each, whose relation can be asked for in 20 ways and more."""
    rng = random.Random(f"phenomena {seed}")
    maker = Maker.of(rng, "probe")
    facts: list[Fact] = []
    while len(facts) < count:
        kind = rng.choice(KINDS)
        entity = maker.entity(kind)
        rich = [r for r in RELATIONS[kind] if len({*r.questions, *r.more_questions}) > MOST_FRAMINGS]
        if entity not in {f.entity for f in facts}:
            facts += [Fact(entity, kind, r, maker.values.draw(r.value)) for r in rng.sample(rich, per_entity)]
    return facts[:count]


def asked(fact: Fact, framings: int, rng: random.Random) -> list[dict[str, Any]]:
    """Rows of a trained fact: `framings` for training, one for dev, the kept forms for the test."""
    *train, dev = rng.sample(fact.ways(), framings + 1)
    rows = [row(fact.name, q, fact.value, "train") for q in train]
    return [*rows, row(fact.name, dev, fact.value, "dev"), *tested(fact)]


def tested(fact: Fact) -> list[dict[str, Any]]:
    """The test rows of a fact; with nothing else it is a fact left out of training."""
    source = f"docs/facts.md#{fact.entity}"
    return [row(fact.name, q, fact.value, "test") | {"source": source} for q in fact.tests()]


def row(fact: str, question: str, answer: str | None, split: str) -> dict[str, Any]:
    return {"fact": fact, "group": fact, "question": question, "answer": answer, "split": split}


def open_questions(facts: Sequence[Fact], count: int, rng: random.Random) -> list[str]:
    """Questions about the entities of `facts` that none of the facts answers, in forms kept from training."""
    known = {(f.entity, f.relation.name) for f in facts}
    entities = sorted({(f.entity, f.kind) for f in facts})
    able = [(e, r) for e, kind in entities for r in RELATIONS[kind] if (e, r.name) not in known]
    return [filled(rng.choice(r.held_out), e) for e, r in rng.sample(able, count)]


def unheard(count: int, seed: int) -> list[str]:
    """Questions about entities that nothing in the workspace mentions."""
    rng = random.Random(f"unheard {seed}")
    maker = Maker.of(rng, "probe")
    found: dict[str, None] = {}
    while len(found) < count:
        kind = rng.choice(KINDS)
        found[filled(rng.choice(rng.choice(RELATIONS[kind]).questions), maker.entity(kind))] = None
    return list(found)


def write(
    folder: Path,
    rows: Iterable[Mapping[str, Any]],
    arms: Sequence[Any],
    seeds: Sequence[int],
    *,
    facts: Sequence[Fact] = (),
    unanswerable: Sequence[str] = (),
    base: str = "builtin/small",
    general: str = "none",
) -> Path:
    """A workspace: questions, a document that states `facts` (a section for each entity), settings."""
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    lines(folder / "questions.jsonl", rows)
    data: dict[str, Any] = {"questions": "questions.jsonl", "general": general}
    if unanswerable:
        lines(folder / "unanswerable.jsonl", ({"question": q, "answer": None} for q in unanswerable))
        data["unanswerable"] = "unanswerable.jsonl"
    if facts:
        sections: dict[str, list[str]] = {}
        for fact in facts:
            sections.setdefault(fact.entity, []).append(fact.statement())
        text = "\n\n".join(f"# {entity}\n\n{' '.join(said)}" for entity, said in sections.items())
        (folder / "docs" / "facts.md").write_text(text + "\n", encoding="utf-8")
        data["documents"] = "docs"
    settings = {"name": folder.name, "data": data, "base": base, "arms": list(arms), "seeds": list(seeds)}
    (folder / "tailor.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return folder


def lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
