"""Reading: contexts of unseen facts with questions, short answers, citations and abstentions."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from tailor.models.builtin.corpus import words as w
from tailor.models.builtin.corpus.document import ABSTENTION, Document, Turn, assistant, system, user
from tailor.models.builtin.corpus.prose import prose_items
from tailor.models.builtin.corpus.relations import Item, Maker, relation_items
from tailor.models.builtin.corpus.sentences import sentence_items

CITE = "Answer from the passages and cite them like [1]. If they do not say, answer: I don't know."
CITE_VARIANTS = (
    "Use only the passages. Give the number of the passage in brackets.",
    "Answer briefly and cite the passage, for example [2].",
    "You answer questions from the given passages with a citation.",
    "Answer the question with the help of the passages below and name your source like [1].",
    "Say I don't know. if no passage has the answer. Otherwise cite the passage.",
    "Every answer ends with the number of its passage in square brackets.",
    "Find the answer in the passages and cite it.",
)
PLAIN = (
    "Answer from the text. If it does not say, answer: I don't know.",
    "Use only the text. Keep your answer short.",
    "Answer the question from the passage.",
    "You answer questions about a text. If the text does not say, answer: I don't know.",
    "Answer briefly.",
    "You are a helpful assistant.",
    "Read the text and answer the question in a few words.",
    "Give short answers that come from the text.",
)
SENTENCE = (
    "Answer in a full sentence.",
    "Answer with a complete sentence from the text.",
    "Reply in one full sentence. If the text does not say, answer: I don't know.",
    "Give your answer as a whole sentence.",
)
HEADINGS = (
    "About us",
    "Contact",
    "Prices",
    "Rules",
    "Our work",
    "People",
    "Notes",
    "Overview",
    "Questions",
    "History",
    "Policies",
    "Products",
    "Office life",
    "Plans",
    "News",
    "Services",
    "Working here",
    "Facts",
    "Details",
    "Daily life",
    "Support",
    "Finance",
    "Travel",
    "Safety",
    "Projects",
    "Benefits",
    "Guide",
    "Teams",
)
TITLE_STARTS = ("About", "All about", "Facts on", "Notes on", "More on", "Page on")
SENTENCE_END = re.compile(r'(?<=[.!?]) (?=[A-Z"])')
PLAIN_SIZES = (1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11, 12)


@dataclass(frozen=True)
class Passage:
    """Sentences (an item or a filler) under an optional heading; `texts` are as rendered."""

    heading: str
    items: tuple[Item, ...]
    texts: tuple[str, ...]

    def render(self) -> str:
        return (f"{self.heading}. " if self.heading else "") + " ".join(self.texts)


def items_for(maker: Maker, count: int, held_out: bool = False) -> list[Item]:
    """About `count` items from the relations, from the prose of handbooks, from the sentence grammar or from two."""
    r = maker.rng.random()
    if r < 0.32:
        return relation_items(maker, count, held_out)
    if r < 0.67:
        return prose_items(maker, count, held_out)
    if r < 0.95 or count < 3:
        return sentence_items(maker, count, held_out)
    part = maker.rng.randint(1, count - 1)
    return relation_items(maker, part, held_out) + sentence_items(maker, count - part, held_out)


def order(items: list[Item], rng: random.Random) -> list[Item]:
    items = list(items)
    rng.shuffle(items)
    if rng.random() < 0.5:
        rank = {e: rng.random() for e in dict.fromkeys(i.entity for i in items)}
        items.sort(key=lambda i: rank[i.entity])
    return items


def texts_of(items: list[Item], rng: random.Random, coreference: float = 0.3) -> tuple[str, ...]:
    """Sentences, where a repeated subject sometimes becomes a pronoun or "The company"; a filler may be added."""
    texts = []
    for i, item in enumerate(items):
        text = item.text
        repeated = i > 0 and items[i - 1].entity == item.entity
        if item.pronoun and repeated and rng.random() < coreference and text.count(item.entity) == 1:
            start = item.entity[0].upper() + item.entity[1:] + " "
            if text.startswith(start):
                text = f"{item.pronoun} {text[len(start) :]}"
        texts.append(text)
    if rng.random() < 0.12:
        texts.insert(rng.randint(0, len(texts)), rng.choice(w.FILLERS))
    return tuple(texts)


def heading(items: list[Item], rng: random.Random) -> str:
    r = rng.random()
    if r < 0.15:
        return ""
    if r < 0.55:
        entity = items[0].entity
        name = entity.removeprefix("the ")
        if len(entity) < 40:
            return name[0].upper() + name[1:] if rng.random() < 0.6 else f"{rng.choice(TITLE_STARTS)} {entity}"
    return rng.choice(HEADINGS)


def passages_of(items: list[Item], count: int, rng: random.Random, coreference: float = 0.3) -> list[Passage]:
    """Splits items into `count` passages with one item each at least (fewer passages where there are fewer items)."""
    count = min(count, len(items))
    cuts = sorted(rng.sample(range(1, len(items)), count - 1))
    groups = [items[a:b] for a, b in zip([0, *cuts], [*cuts, len(items)], strict=True)]
    return [Passage(heading(g, rng), tuple(g), texts_of(g, rng, coreference)) for g in groups]


@dataclass(frozen=True)
class Question:
    """A question with its short answer, its full sentence and the passage number (0: nothing says it)."""

    text: str
    short: str
    sentence: str
    passage: int

    def answer(self, full: bool, cite: bool) -> str:
        if not self.passage:
            return ABSTENTION
        return (self.sentence if full else self.short) + (f" [{self.passage}]" if cite else "")


def _sentence(text: str, answer: str) -> str:
    """The sentence of an item that states the answer (the whole item where that is unclear)."""
    holding = [s for s in SENTENCE_END.split(text) if answer in s]
    return holding[0] if len(holding) == 1 and re.match(r'["\w]', holding[0]) else text


def questions_of(passages: list[Passage], rng: random.Random, count: int, gaps: float = 0.13) -> list[Question]:
    """Up to `count` different questions, a share `gaps` of them not answered by the passages."""
    able, unable = [], []
    for number, passage in enumerate(passages, 1):
        for item in passage.items:
            able += [Question(q, a, _sentence(item.text, a), number) for q, a in item.questions]
            unable += [Question(q, ABSTENTION, "", 0) for q in item.open_questions]
    known = {q.text for q in able}
    unable = [q for q in unable if q.text not in known]
    chosen: dict[str, Question] = {}
    for _ in range(count + 1):
        if len(chosen) >= count:
            break
        pool = unable if unable and rng.random() < gaps else able
        if pool:
            question = rng.choice(pool)
            chosen.setdefault(question.text, question)
    return list(chosen.values())


def build_passages(maker: Maker, items: list[Item], numbered: bool, coreference: float = 0.3) -> list[Passage]:
    ordered = order(items, maker.rng)
    if numbered:
        return passages_of(ordered, min(len(ordered), maker.rng.choice((1, 2, 2, 3, 3, 4))), maker.rng, coreference)
    title = heading(ordered, maker.rng) if maker.rng.random() < 0.12 else ""
    return [Passage(title, tuple(ordered), texts_of(ordered, maker.rng, coreference))]


def context(passages: list[Passage], numbered: bool, rng: random.Random) -> str:
    if numbered:
        return "\n".join(f"[{i}] {p.render()}" for i, p in enumerate(passages, 1))
    separator = "\n" if rng.random() < 0.08 else " "
    passage = passages[0]
    return (f"{passage.heading}. " if passage.heading else "") + separator.join(passage.texts)


def turns_of(text: str, questions: list[Question], instruction: str, full: bool, cite: bool, bare: bool) -> list[Turn]:
    turns = [system(instruction)] if instruction else []
    for i, question in enumerate(questions):
        asked = question.text if bare and i else f"Question: {question.text}"
        turns.append(user(f"{text}\n\n{asked}" if i == 0 else asked))
        turns.append(assistant(question.answer(full, cite)))
    return turns


def instruction_for(numbered: bool, full: bool, rng: random.Random) -> str:
    if full:
        return rng.choice(SENTENCE) + (f" {CITE}" if numbered and rng.random() < 0.5 else "")
    if numbered:
        r = rng.random()
        return CITE if r < 0.5 else rng.choice(CITE_VARIANTS) if r < 0.8 else ""
    return rng.choice(PLAIN) if rng.random() < 0.5 else ""


def reading_document(maker: Maker, ease: float = 0.0) -> Document:
    """One context with 1-6 questions; with probability `ease` the context has three sentences at most."""
    rng = maker.rng
    while True:
        numbered = rng.random() < 0.38
        size = rng.choice(PLAIN_SIZES if rng.random() >= ease else PLAIN_SIZES[:6])
        items = items_for(maker, max(size, 2) if numbered else size)
        passages = build_passages(maker, items, numbered)
        # Further questions about a context cost a tenth of the tokens of a new one.
        count = rng.randint(2, max(3, min(6, len(items)))) if rng.random() < 0.8 else 1
        questions = questions_of(passages, rng, count)
        if questions:
            break
    full = rng.random() < 0.18
    turns = turns_of(
        context(passages, numbered, rng),
        questions,
        instruction_for(numbered, full, rng),
        full,
        numbered,
        rng.random() < 0.5,
    )
    return Document("reading", tuple(turns))


def recitation_document(maker: Maker) -> Document:
    """A plain text that states facts about one entity and later repeats them in other words."""
    rng = maker.rng
    kind = maker.kind()
    from tailor.models.builtin.corpus.relations import RELATIONS

    entity = maker.entity(kind)
    facts = [(r, maker.values.draw(r.value)) for r in rng.sample(RELATIONS[kind], min(len(RELATIONS[kind]), 4))]
    first = [r.state(entity, v, rng) for r, v in facts]
    again = [r.state(entity, v, rng) for r, v in rng.sample(facts, len(facts))]
    middle = [rng.choice(w.FILLERS)] if rng.random() < 0.6 else []
    joint = rng.choice((["In short:"], ["To sum up:"], ["Once more:"], ["Remember:"], []))
    return Document("recitation", (Turn("text", " ".join([*first, *middle, *joint, *again])),))
