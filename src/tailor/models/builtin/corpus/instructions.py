"""System instructions that change the form of the answer, and small talk."""

from __future__ import annotations

import json
import random

from tailor.models.builtin.corpus.document import ABSTENTION, Document, Turn, assistant, system, user
from tailor.models.builtin.corpus.relations import RELATIONS, Maker, as_stated

FORMATS: dict[str, tuple[str, ...]] = {
    "upper": ("Answer in upper case.", "Write every answer in capital letters.", "Reply in capitals only."),
    "json": (
        'Answer as JSON: {"answer": ...}.',
        'Reply only with JSON like {"answer": "..."}.',
        "Give a JSON object with the key answer.",
    ),
    "polite": (
        "Answer politely and begin with Certainly:",
        "Be polite. Start with Certainly: and then answer.",
        "Begin every answer with Certainly:",
    ),
    "word": ("Answer in one word.", "Use only one word.", "Reply with a single word."),
    "quote": (
        "Put your answer in quotation marks.",
        "Answer in quotes.",
        "Write the answer between quotation marks.",
    ),
    "sentence": (
        "Answer in a full sentence.",
        "Reply with a whole sentence.",
        "Give your answer as a whole sentence.",
    ),
    "dash": (
        "Answer as a list with a dash.",
        "Start the answer with a dash.",
        "Write the answer as a list item.",
    ),
    "lower": ("Answer in lower case.", "Write in small letters only.", "Use no capital letters."),
    "prefix": (
        "Start your answer with Answer:",
        "Write Answer: before every answer.",
        "Begin with the word Answer:",
    ),
}
HELD_OUT = {
    "upper": "Write your answer in capital letters.",
    "json": 'Reply with JSON: {"answer": ...}.',
    "polite": "Be polite and begin with Certainly:",
    "word": "Reply in one word.",
    "quote": "Write your answer in quotation marks.",
    "dash": "Write the answer with a dash.",
    "lower": "Write your answer in lower case.",
    "prefix": "Begin your answer with Answer:",
}
TALK = (
    (
        ("Hello!", "Hi!", "Good morning!", "Hello there.", "Hi, how are you?", "Good evening!"),
        ("Hello! How can I help you?",),
    ),
    (
        ("Thank you!", "Thanks a lot.", "Thanks!", "That helps, thank you.", "Great, thanks."),
        ("You are welcome!",),
    ),
    (("Goodbye!", "See you!", "Bye!", "That is all for today."), ("Goodbye!",)),
    (("Who are you?", "What are you?", "Are you a person?"), ("I am a small language model.",)),
    (
        ("Can you help me?", "I have a question.", "May I ask you something?"),
        ("Of course. What is your question?",),
    ),
    (("What can you do?", "How can you help me?"), ("I can answer short questions and read short texts.",)),
)


def formatted(form: str, answer: str, sentence: str) -> str:
    """The answer in the form that the system turn asks for."""
    if answer == ABSTENTION and form not in ("upper", "json", "lower"):
        return answer
    return {
        "upper": answer.upper(),
        "json": json.dumps({"answer": answer}, ensure_ascii=False),
        "polite": f"Certainly: {answer}",
        "word": answer,
        "quote": f'"{answer}"',
        "sentence": sentence,
        "dash": f"- {answer}",
        "lower": answer.lower(),
        "prefix": f"Answer: {answer}",
    }[form]


def instructed(maker: Maker, form: str, held_out: bool = False) -> tuple[list[Turn], list[str]]:
    """(user turns, answers) of questions about one small context in a form."""
    rng = maker.rng
    while True:
        kind = maker.kind()
        pool = RELATIONS[kind]
        if form == "word":
            pool = [r for r in pool if r.value in ("year", "one:COLOURS", "one:MATERIALS", "riverword")]
        if len(pool) > (0 if form == "word" else 2):
            break
    entity = maker.entity(kind)
    chosen = rng.sample(pool, min(len(pool), rng.randint(1, 3)))
    facts = []
    for relation in chosen:
        value = maker.values.draw(relation.value)
        text = relation.state(entity, value, rng)
        facts.append((relation, as_stated(value, text), text))
    rng.shuffle(facts)
    context = " ".join(t for _, _, t in facts)
    turns, answers = [], []
    for i, (relation, value, text) in enumerate(rng.sample(facts, rng.randint(1, len(facts)))):
        question = f"Question: {relation.ask(entity, rng, held_out)}"
        turns.append(user(f"{context}\n\n{question}" if i == 0 else question))
        answers.append(formatted(form, value, text))
    return turns, answers


def small_talk(rng: random.Random) -> list[Turn]:
    questions, answers = rng.choice(TALK)
    return [user(rng.choice(questions)), assistant(rng.choice(answers))]


def instruction_document(maker: Maker) -> Document:
    rng = maker.rng
    if rng.random() < 0.12:
        turns = [t for _ in range(rng.randint(1, 4)) for t in small_talk(rng)]
        return Document("instructions", tuple(turns))
    form = rng.choice(sorted(FORMATS))
    turns = [system(rng.choice(FORMATS[form]))]
    users, answers = instructed(maker, form)
    for question, answer in zip(users, answers, strict=True):
        turns += [question, assistant(answer)]
    if rng.random() < 0.1:
        turns += small_talk(rng) if form not in ("upper", "lower", "json") else []
    return Document("instructions", tuple(turns))


def json_keys(maker: Maker, held_out: bool = False) -> tuple[list[Turn], str]:
    """A context and a request for a JSON object with given keys."""
    rng = maker.rng
    kind = rng.choice(("company", "person", "product", "project", "event"))
    entity = maker.entity(kind)
    facts = []
    for relation in rng.sample(RELATIONS[kind], rng.choice((2, 2, 3))):
        value = maker.values.draw(relation.value)
        text = relation.state(entity, value, rng)
        facts.append((relation.name, as_stated(value, text), text))
    context = " ".join(t for _, _, t in facts)
    wanted = rng.sample(facts, rng.choice((1, 2, len(facts))) if len(facts) > 2 else rng.choice((1, 2)))
    keys = ", ".join(k for k, _, _ in wanted)
    ask = (
        f"Write JSON with the keys: {keys}"
        if held_out
        else rng.choice(
            (
                f"Return JSON with the keys: {keys}",
                f"Give JSON with these keys: {keys}",
                f"JSON with keys: {keys}",
            )
        )
    )
    return [user(f"{context}\n\n{ask}")], json.dumps({k: v for k, v, _ in wanted}, ensure_ascii=False)


def json_document(maker: Maker) -> Document:
    turns, answer = json_keys(maker)
    return Document("instructions", (*turns, assistant(answer)))
