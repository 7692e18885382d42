"""Few-shot episodes: demonstrations as turns, with labels and tasks drawn afresh in every episode."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from tailor.models.builtin.corpus import words as w
from tailor.models.builtin.corpus.document import Document, Turn, assistant, system, user
from tailor.models.builtin.corpus.relations import RELATIONS, Maker, as_stated
from tailor.models.builtin.corpus.values import singular

CLASSES: dict[str, tuple[str, ...]] = {
    "animal": tuple(singular(x) for x in w.ANIMALS),
    "food": tuple(singular(x) for x in w.FOODS),
    "document": tuple(singular(x) for x in w.PAPERS[:40]),
    "thing": tuple(singular(x) for x in w.GOODS[:60]),
    "person": tuple(singular(x) for x in w.PEOPLE),
    "country": w.COUNTRIES,
    "language": w.LANGUAGES,
    "colour": w.COLOURS,
    "month": w.MONTHS,
    "day": w.DAYS,
    "hobby": w.HOBBIES,
    "tool": w.TOOLS,
    "value": w.VALUES,
    "plant": tuple(singular(x) for x in w.NATURE[:8]),
    "number": w.NUMBER_WORDS,
}
TOPICS = {
    "billing": (
        "My invoice shows the wrong amount.",
        "I was charged twice.",
        "Can I pay by bank transfer?",
        "Where is my refund?",
        "The receipt is missing.",
        "My card was rejected.",
        "I want to change my plan.",
    ),
    "technical": (
        "The app crashes at the start.",
        "I cannot log in.",
        "The page stays white.",
        "My password is wrong.",
        "The export does not work.",
        "The update failed.",
        "The screen flickers.",
    ),
    "delivery": (
        "My parcel has not arrived.",
        "The box was damaged.",
        "When will my order come?",
        "The driver left it at the wrong door.",
        "Can I change the delivery address?",
        "One item is missing.",
    ),
    "praise": (
        "I love this product.",
        "Your team was wonderful.",
        "Best service ever.",
        "What a great idea!",
        "It works perfectly.",
        "Everyone was so kind.",
        "Thank you for the quick help.",
    ),
    "complaint": (
        "This is terrible.",
        "I waited two hours.",
        "Nobody answered me.",
        "Very bad quality.",
        "I am disappointed.",
        "The food was cold.",
        "I want my money back.",
    ),
    "holiday": (
        "Can I take Friday off?",
        "How many days of leave are left?",
        "I will be away in August.",
        "I want to move my holiday.",
        "Is Easter Monday free?",
        "May I take unpaid leave?",
    ),
    "hiring": (
        "I would like to apply.",
        "Is the job still open?",
        "When is my interview?",
        "Here is my résumé.",
        "Do you offer internships?",
        "Can I start in June?",
    ),
    "weather": (
        "It is raining again.",
        "The sun is shining.",
        "Snow fell last night.",
        "A storm is coming.",
        "The fog is thick today.",
        "It is very hot outside.",
    ),
}
Pair = tuple[str, str]
FRAMES = (
    ("", ""),
    ("Input: ", ""),
    ("Text: ", ""),
    ("Item: ", ""),
    ("Word: ", ""),
    ("Q: ", ""),
    ("Input: {}\nOutput:", None),
    ("Text: {}\nLabel:", None),
    ("{} ->", None),
    ("{} =", None),
)


def _labels(rng: random.Random, maker: Maker, count: int) -> list[str]:
    r = rng.random()
    if r < 0.3:
        return rng.sample([x for pool in (w.COLOURS, w.VALUES, w.DAYS) for x in pool], count)
    if r < 0.5:
        return rng.sample("ABCDEFGH", count)
    if r < 0.65:
        return [str(x) for x in rng.sample(range(1, 10), count)]
    labels: list[str] = []
    while len(labels) < count:
        word = maker.names.draw("word").lower() if r < 0.85 else singular(rng.choice(w.GOODS[:60]))
        labels += [word] if word not in labels else []
    return labels


def _mapping(maker: Maker, shots: int, pools: dict[str, tuple[str, ...]]) -> list[Pair]:
    rng = maker.rng
    count = rng.choice((2, 2, 3)) if shots >= 5 else 2
    groups = rng.sample(sorted(pools), count)
    labels = groups if rng.random() < 0.25 else _labels(rng, maker, count)
    turns = [i % count for i in range(count)] + [rng.randrange(count) for _ in range(shots + 1 - count)]
    head = turns[:shots]
    rng.shuffle(head)
    last = rng.choice(head)
    used: set[str] = set()
    pairs = []
    for g in [*head, last]:
        text = rng.choice([x for x in pools[groups[g]] if x not in used] or list(pools[groups[g]]))
        used.add(text)
        pairs.append((text, labels[g]))
    return pairs


def classification(maker: Maker, shots: int) -> list[Pair]:
    """Word or message -> label; labels are random words in three of four episodes (symbol tuning)."""
    return _mapping(maker, shots, CLASSES if maker.rng.random() < 0.65 else TOPICS)


def _phrase(maker: Maker) -> str:
    rng = maker.rng
    pools = (w.ADJECTIVES, w.COLOURS[:10], tuple(singular(x) for x in w.GOODS[:60]), w.TEAMS)
    return " ".join(rng.choice(rng.choice(pools)) for _ in range(rng.randint(2, 4)))


TRANSFORMS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "last": lambda s: s.split()[-1],
    "first": lambda s: s.split()[0],
    "reverse": lambda s: " ".join(reversed(s.split())),
    "title": str.title,
    "hyphen": lambda s: "-".join(s.split()),
    "comma": lambda s: ", ".join(s.split()),
    "brackets": lambda s: f"[{s}]",
    "quotes": lambda s: f'"{s}"',
    "star": lambda s: f"* {s}",
    "double": lambda s: f"{s} {s}",
    "exclaim": lambda s: f"{s}!",
    "please": lambda s: f"please, {s}",
    "initials": lambda s: "".join(x[0] for x in s.split()).upper(),
    "count": lambda s: str(len(s.split())),
    "underscore": lambda s: "_".join(s.split()),
    "drop": lambda s: " ".join(s.split()[1:]),
    "thing": lambda s: f"the {s}",
}


def transformation(maker: Maker, shots: int) -> list[Pair]:
    change = TRANSFORMS[maker.rng.choice(sorted(TRANSFORMS))]
    return [(p, change(p)) for p in (_phrase(maker) for _ in range(shots + 1))]


def affix(maker: Maker, shots: int) -> list[Pair]:
    """A fresh word put before or after the input."""
    rng = maker.rng
    mark = rng.choice((maker.names.draw("word").lower(), rng.choice(w.VALUES), rng.choice(w.COLOURS)))
    before = rng.random() < 0.5
    return [(p, f"{mark} {p}" if before else f"{p} {mark}") for p in (_phrase(maker) for _ in range(shots + 1))]


def extraction(maker: Maker, shots: int) -> list[Pair]:
    """Sentence of one relation -> its value (or its entity)."""
    rng = maker.rng
    kind = maker.kind()
    relation = rng.choice(RELATIONS[kind])
    pick_entity = rng.random() < 0.3
    pairs = []
    for _ in range(shots + 1):
        entity, value = maker.entity(kind), maker.values.draw(relation.value)
        text = relation.state(entity, value, rng)
        pairs.append((text, as_stated(entity if pick_entity else value, text)))
    return pairs


def two_fields(maker: Maker, shots: int) -> list[Pair]:
    """Two facts in a sentence pair -> JSON with given keys, or a line with a fixed separator."""
    rng = maker.rng
    kind = rng.choice(("company", "person", "product", "project", "event"))
    one, two = rng.sample(RELATIONS[kind], 2)
    form = rng.choice(("json", "json", "line", "pipe", "keys"))
    pairs = []
    for _ in range(shots + 1):
        entity, a, b = maker.entity(kind), maker.values.draw(one.value), maker.values.draw(two.value)
        s, t = one.state(entity, a, rng), two.state(entity, b, rng)
        a, b = as_stated(a, s), as_stated(b, t)
        output = {
            "json": json.dumps({one.name: a, two.name: b}, ensure_ascii=False),
            "line": f"{a}; {b}",
            "pipe": f"{a} | {b}",
            "keys": f"{one.name}: {a}, {two.name}: {b}",
        }[form]
        pairs.append((f"{s} {t}", output))
    return pairs


def reading_pairs(maker: Maker, shots: int) -> list[Pair]:
    """Demonstrations of reading a short context."""
    rng = maker.rng
    pairs = []
    for _ in range(min(shots, 4) + 1):
        kind = maker.kind()
        one, two = rng.sample(RELATIONS[kind], 2)
        entity = maker.entity(kind)
        a, b = maker.values.draw(one.value), maker.values.draw(two.value)
        s, t = one.state(entity, a, rng), two.state(entity, b, rng)
        pairs.append((f"{s} {t}\n\nQuestion: {one.ask(entity, rng)}", as_stated(a, s)))
    return pairs


TASKS: tuple[tuple[Callable[[Maker, int], list[Pair]], int], ...] = (
    (classification, 8),
    (transformation, 4),
    (affix, 1),
    (extraction, 3),
    (two_fields, 2),
    (reading_pairs, 2),
)
INSTRUCTIONS = (
    "Follow the examples.",
    "Continue the pattern.",
    "Answer like the examples.",
    "Do the same for each input.",
)


def episode(maker: Maker, shots: int) -> list[Pair]:
    task = maker.rng.choices([t for t, _ in TASKS], [n for _, n in TASKS])[0]
    return task(maker, shots)


def episode_turns(pairs: list[Pair], rng: random.Random) -> list[Turn]:
    prefix, tail = rng.choice(FRAMES) if "\n" not in pairs[0][0] else ("", "")
    turns = [system(rng.choice(INSTRUCTIONS))] if rng.random() < 0.25 else []
    for text, answer in pairs:
        turns += [user(prefix.replace("{}", text) if tail is None else prefix + text), assistant(answer)]
    return turns


def fewshot_document(maker: Maker) -> Document:
    rng = maker.rng
    return Document("fewshot", tuple(episode_turns(episode(maker, rng.randint(3, 8)), rng)))
