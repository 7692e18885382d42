"""Held-out probes: names, values and sentences that never occur in training.

Reading is asked in forms that training knows and, as `reading-new-...`, in forms kept from it; all other probes use
the kept forms.
"""

from __future__ import annotations

import random

from tailor.models.builtin.corpus import fewshot, instructions, reading, world
from tailor.models.builtin.corpus.document import ABSTENTION, Probe, Turn, system, user
from tailor.models.builtin.corpus.relations import Maker
from tailor.models.builtin.corpus.skills import SKILLS

PROBES = (
    "reading-1",
    "reading-4",
    "reading-12",
    "reading-new-1",
    "reading-new-4",
    "reading-new-12",
    "cite-2",
    "abstain",
    "false-abstain",
    "world",
    "fewshot",
    "instruction",
    "json",
    "skills",
    "unknown",
)
GENERAL_ITEMS = 1000


def _read(
    skill: str, maker: Maker, size: int, numbered: bool = False, gaps: float = 0.0, new_form: bool = False
) -> Probe:
    rng = maker.rng
    while True:
        items = reading.items_for(maker, size, new_form)
        ordered = reading.order(items, rng)
        passages = (
            reading.passages_of(ordered, 2, rng)
            if numbered
            else [reading.Passage("", tuple(ordered), reading.texts_of(ordered, rng))]
        )
        questions = reading.questions_of(passages, rng, 1, gaps)
        enough = len(passages) == 2 or not numbered
        if enough and questions and bool(questions[0].passage) == (gaps < 0.5):
            break
    question = questions[0]
    turns = [system(reading.CITE if numbered else reading.PLAIN[0])] if numbered or gaps else []
    text = reading.context(passages, numbered, rng)
    return Probe(skill, (*turns, user(f"{text}\n\nQuestion: {question.text}")), (question.answer(False, numbered),))


def _world(skill: str, rng: random.Random) -> Probe:
    entity = rng.choice(world.WORLD)
    attribute = rng.choice(world.ATTRIBUTES[entity.kind])
    question = world.relation(entity.kind, attribute).ask(entity.name, rng, held_out=True)
    return Probe(skill, (user(question),), _accepted(entity.values[attribute]))


def _accepted(value: str) -> tuple[str, ...]:
    upper = value[0].upper() + value[1:]
    return (value,) if upper == value else (value, upper)


def _fewshot(maker: Maker) -> Probe:
    turns: list[Turn] = fewshot.episode_turns(
        fewshot.classification(maker, 4) if maker.rng.random() < 0.6 else fewshot.episode(maker, 4), maker.rng
    )
    return Probe("fewshot", tuple(turns[:-1]), (turns[-1].text,))


def _instruction(maker: Maker) -> Probe:
    form = maker.rng.choice(sorted(instructions.HELD_OUT))
    users, answers = instructions.instructed(maker, form, held_out=True)
    return Probe("instruction", (system(instructions.HELD_OUT[form]), users[0]), (answers[0],))


def _json(maker: Maker) -> Probe:
    turns, answer = instructions.json_keys(maker, held_out=True)
    return Probe("json", tuple(turns), (answer,))


def _skill(maker: Maker) -> Probe:
    name = maker.rng.choice(sorted(SKILLS))
    question, answer = SKILLS[name](maker.rng, maker.names, True)
    return Probe("skills", (user(question),), (answer,))


def _probe(skill: str, maker: Maker) -> Probe:
    if skill.startswith("reading-"):
        return _read(skill, maker, int(skill.rsplit("-", 1)[1]), new_form="new" in skill)
    if skill == "cite-2":
        return _read(skill, maker, maker.rng.randint(2, 6), numbered=True)
    if skill == "abstain":
        return _read(skill, maker, maker.rng.randint(1, 6), gaps=1.0)
    if skill == "false-abstain":
        return _read(skill, maker, maker.rng.randint(1, 6), gaps=0.01)
    if skill == "world":
        return _world(skill, maker.rng)
    if skill == "unknown":
        return Probe(skill, (user(world.unknown_question(maker, held_out=True)),), (ABSTENTION,))
    return {"fewshot": _fewshot, "instruction": _instruction, "json": _json, "skills": _skill}[skill](maker)


def probes(skill: str, n: int, seed: int) -> list[Probe]:
    """`n` different held-out items of a skill of `PROBES`, the same for the same seed."""
    if skill not in PROBES:
        raise ValueError(f"unknown probe skill {skill!r}; expected one of {', '.join(PROBES)}")
    maker = Maker.of(random.Random(f"probe {skill} {seed}"), "probe")
    found: dict[tuple[Turn, ...], Probe] = {}
    while len(found) < n:
        probe = _probe(skill, maker)
        found.setdefault(probe.turns, probe)
    return list(found.values())


def general_suite() -> list[Probe]:
    """1,000 fixed closed-book items: 60 % facts of the world in held-out question forms, 40 % skills."""
    share = GENERAL_ITEMS * 3 // 5
    return probes("world", share, 0) + probes("skills", GENERAL_ITEMS - share, 0)
