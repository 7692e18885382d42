"""Procedural warm-up: copying and key-value recall of random strings, which forms induction heads early."""

from __future__ import annotations

import random

from tailor.models.builtin.corpus.document import Document, Turn, assistant, user
from tailor.models.builtin.corpus.names import Names


def _key(rng: random.Random, names: Names) -> str:
    r = rng.random()
    if r < 0.4:
        return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(rng.randint(2, 4)))
    return names.draw("word").lower() if r < 0.8 else str(rng.randint(10, 9999))


def warmup_document(rng: random.Random, names: Names) -> Document:
    if rng.random() < 0.3:
        block = " ".join(_key(rng, names) for _ in range(rng.randint(3, 12)))
        return Document("procedural", (Turn("text", " | ".join([block] * rng.randint(2, 4))),))
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
