"""Longer sentences with several values, as people write them in handbooks, notices and articles, with questions.

Notation of `prose_*.py`: a line `= a=KIND b=KIND ~TOPIC` opens a block with the slots of its sentence; lines without
a mark are forms of the sentence; a line `a QUESTION? QUESTION?` asks for slot a; `!a` is kept for the probes. {c} is a
company or "the company"; `OTHERS` and `PAIRS` name the further letters. Two blocks of one topic never describe the
same company. A form without {c} ("We ...") is used only where the whole context is about one company.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace

from tailor.models.builtin.corpus import (
    prose_basic,
    prose_company,
    prose_handbook,
    prose_projects,
)
from tailor.models.builtin.corpus import words as w
from tailor.models.builtin.corpus.relations import Item, Maker, as_stated
from tailor.models.builtin.corpus.rewording import casual, normalised, reworded_questions, reworded_statements

SLOT = re.compile(r"\{(\w)\}")
OTHERS = {"p": "person", "q": "product", "k": "company", "j": "project"}
# Letters that stand for two or three different members of one list, so that a sentence has rivals inside.
PAIRS = {"xyz": w.PLAN_NAMES, "rs": w.ROLES, "tu": w.TEAMS, "vw": w.COUNTRIES}
GENERIC = ("the company", "our company", "the firm", "the studio", "the agency")
LONGEST = 1_000  # characters of the sentences of one context, so that a document fits in a row


@dataclass(frozen=True)
class Block:
    """One block: kinds of its slots, topics, forms of the sentence, training and held-out questions as (slot, form)."""

    slots: dict[str, str]
    topics: frozenset[str]
    forms: tuple[str, ...]
    questions: tuple[tuple[str, str], ...]
    held_out: tuple[tuple[str, str], ...]
    more_forms: tuple[str, ...]
    more_questions: tuple[tuple[str, str], ...]

    def stated(self, rng: random.Random, free: bool) -> str:
        """A form of the sentence, reworded now and then; only a `free` one need not name the company."""
        pool = self.more_forms if rng.random() < 0.25 else self.forms
        fitting = [f for f in pool if free or "{c}" in f]
        return rng.choice(fitting or [f for f in self.forms if free or "{c}" in f] or self.forms)

    def asked(self, rng: random.Random, held_out: bool) -> list[tuple[str, str]]:
        """Question forms to choose from: the held-out ones, the written ones or, every other time, their rewordings."""
        reworded = self.more_questions and rng.random() < 0.45
        return list(self.held_out if held_out else self.more_questions if reworded else self.questions)

    def anchored(self, form: str) -> bool:
        """True when a question names its company, a person, a product or another value of the block."""
        return bool(set(SLOT.findall(form)) & {"c", *OTHERS, *self.slots})


def _asked(mark: str, line: str) -> list[tuple[str, str]]:
    return [(mark, q) for q in re.split(r"(?<=[?.]) (?=[A-Z{])", line)]


def parse(text: str) -> tuple[Block, ...]:
    """Blocks of a prose text in the notation of this module."""
    blocks = []
    for part in text.split("\n= ")[1:]:
        head, *lines = part.strip().splitlines()
        slots = dict(x.split("=") for x in head.split() if "=" in x)
        asks = [x for x in lines if x[1:2] == " " and x[0] in slots]
        kept = [x for x in lines if x[0] == "!"]
        forms = tuple(x for x in lines if x not in asks and x not in kept)
        topics = frozenset(x for x in head.split() if x[0] == "~") or frozenset(forms[:1])
        questions = tuple(pair for x in asks for pair in _asked(x[0], x[2:]))
        held_out = tuple(pair for x in kept for pair in _asked(x[1], x[3:]))
        more = tuple(
            (slot, form)
            for slot, kind in slots.items()
            for form in reworded_questions([q for s, q in questions if s == slot], kind, [q for _, q in held_out])
        )
        blocks.append(Block(slots, topics, forms, questions, held_out, reworded_statements(forms), more))
    return tuple(blocks)


def kept_apart(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The blocks without the training questions that another block keeps for the probes."""
    barred = {normalised(q) for b in blocks for _, q in b.held_out}
    return tuple(
        replace(
            b,
            questions=tuple((s, q) for s, q in b.questions if normalised(q) not in barred),
            more_questions=tuple((s, q) for s, q in b.more_questions if normalised(q) not in barred),
        )
        for b in blocks
    )


BLOCKS = kept_apart(
    tuple(
        block
        for part in (
            prose_basic,
            prose_company,
            prose_handbook,
            prose_projects,
        )
        for block in parse(part.PROSE)
    )
)


def _fill(form: str, filled: dict[str, str]) -> str:
    text = SLOT.sub(lambda m: filled[m[1]], form)
    return text[0].upper() + text[1:]


def _letters(maker: Maker) -> dict[str, str]:
    """Fresh values of the letters that are not slots."""
    found = {s: maker.entity(k) for s, k in OTHERS.items()}
    for letters, pool in PAIRS.items():
        found |= zip(letters, maker.rng.sample(pool, len(letters)), strict=True)
    return found


def _draw(maker: Maker, block: Block, company: str) -> dict[str, str]:
    return _letters(maker) | {s: maker.values.draw(k) for s, k in block.slots.items()} | {"c": company}


def _companies(maker: Maker, count: int) -> list[str]:
    rng = maker.rng
    many = rng.randint(1, max(1, min(3, count // 2))) if rng.random() < 0.45 else 1
    companies = [maker.entity("company") for _ in range(many)]
    if rng.random() < 0.25:
        companies[0] = rng.choice(GENERIC)
    return companies


def _blocks(rng: random.Random, count: int) -> list[Block]:
    """Up to `count` blocks without a common topic."""
    chosen: list[Block] = []
    topics: set[str] = set()
    for block in rng.sample(BLOCKS, min(len(BLOCKS), 2 * count)):
        if not block.topics & topics:
            chosen.append(block)
            topics |= block.topics
    return chosen[:count]


def prose_items(maker: Maker, count: int, held_out: bool = False) -> list[Item]:
    """Up to `count` sentences about one to three companies; no topic twice for one company."""
    rng = maker.rng
    companies = _companies(maker, count)
    alone = len(companies) == 1
    shared = _blocks(rng, -(-count // len(companies)) + 1)
    cells = [(c, b) for c in companies for b in shared]
    rng.shuffle(cells)
    stated: list[tuple[Block, dict[str, str], str]] = []
    length = 0
    for company, block in cells[:count]:
        filled = _draw(maker, block, company)
        # The first sentence names the company; where it is the only one, later sentences may say "we".
        free = alone and (bool(stated) or company in GENERIC)
        text = _fill(block.stated(rng, free), filled)
        length += len(text)
        if stated and length > LONGEST:
            break
        stated.append((block, filled, text))
    context = " ".join(text for _, _, text in stated)
    taken = {c: frozenset().union(*(b.topics for b, f, _ in stated if f["c"] == c)) for c in companies}
    items = []
    for i, (block, filled, text) in enumerate(stated):
        pool = [(s, q) for s, q in block.asked(rng, held_out) if alone or block.anchored(q)]
        asked = rng.sample(pool, min(3, len(pool)))
        if len({filled[s] for s in block.slots}) < len(block.slots):
            asked = []
        forms = [(s, _fill(q, filled)) for s, q in asked]
        questions = tuple(
            (q if held_out or rng.random() > 0.1 else casual(q, rng), as_stated(filled[s], text)) for s, q in forms
        )
        gaps = _gaps(maker, (block, filled), taken[filled["c"]], context, alone, held_out)
        items.append(Item(text, filled["c"], questions, gaps, "The company" if alone and i else ""))
    return items


def _gaps(
    maker: Maker,
    cell: tuple[Block, dict[str, str]],
    taken: frozenset[str],
    context: str,
    alone: bool,
    held_out: bool,
) -> tuple[str, ...]:
    """Questions near the block that the context leaves open: another company, another plan or team, another topic."""
    rng = maker.rng
    block, filled = cell
    fresh = _draw(maker, block, maker.entity("company"))
    gaps = []
    forms = [q for _, q in (block.held_out if held_out else block.questions)]
    if elsewhere := [q for q in forms if "{c}" in q]:
        kept = {s: filled[s] for letters in PAIRS for s in letters if s not in block.slots}
        gaps.append(_fill(rng.choice(elsewhere), fresh | kept))
    form = rng.choice(forms)
    named = set(SLOT.findall(form)) - set(block.slots) - {"c"}
    if named and not any(fresh[s] in context for s in named) and (alone or block.anchored(form)):
        gaps.append(_fill(form, fresh | {s: filled[s] for s in {"c", *block.slots}}))
    other = rng.choice(BLOCKS)
    form = rng.choice(other.held_out if held_out else other.questions)[1]
    named = set(SLOT.findall(form))
    if not other.topics & taken and (named == {"c"} or (alone and not named)):
        gaps.append(_fill(form, {"c": filled["c"]}))
    return tuple(gaps)


def unheard_question(maker: Maker, held_out: bool = False) -> str:
    """A question about a company nobody has heard of."""
    while True:
        block = maker.rng.choice(BLOCKS)
        form = maker.rng.choice(block.held_out if held_out else block.questions)[1]
        if set(SLOT.findall(form)) & {"c", *OTHERS}:
            return _fill(form, _draw(maker, block, maker.entity("company")))
