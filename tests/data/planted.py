"""Ten thousand questions with leaks planted from train to test, and what the audit says of them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tailor.data.audit import Dimension, Embed, Material
from tailor.data.audit.leaks import exact, meaning, near, runs
from tailor.records import Example, Message, Split

SHARED = Path(__file__).parents[3] / "shared" / "data"
WORKSPACE = Path(__file__).parents[2] / "examples" / "slippers-studio" / "data" / "questions.jsonl"
LEAKS: tuple[Dimension, ...] = (exact, runs, near, meaning)
ROWS = 10_000

Edit = Callable[[str, random.Random], str]


def row(identity: str, question: str, answer: str, split: Split | None = None) -> Example:
    return Example(identity, (Message("user", question),), answer, split=split)


def cased(question: str, chance: random.Random) -> str:
    """Another case, other spaces, quotes or punctuation, Markdown, full-width letters: the same words."""
    forms: Sequence[Callable[[str], str]] = (
        str.upper,
        str.title,
        lambda t: f"  {t.rstrip('?').replace(' ', '  ')} ",
        lambda t: f"**{t}**",
        lambda t: f"“{t.lower()}”",
        lambda t: t.rstrip("?") + " ?!",
        lambda t: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in t),
        lambda t: t.replace(" ", "\u00a0").replace(",", ""),
    )
    return chance.choice([f(question) for f in forms if f(question) != question])


def one_word(question: str, chance: random.Random) -> str:
    """One word replaced, added, left out or misspelt."""
    words = question.split()
    place = chance.randrange(len(words))
    new = chance.choice(["really", "usual", "blue", "today", "please", "exactly"])
    edits = (
        [*words[:place], new, *words[place + 1 :]],
        [*words[:place], new, *words[place:]],
        [*words[:place], *words[place + 1 :]],
        [*words[:place], words[place] + chance.choice("xyz"), *words[place + 1 :]],
    )
    return " ".join(chance.choice([e for e in edits if e != words]))


def unchanged(question: str, _: random.Random) -> str:
    return question


def named(count: int, chance: random.Random) -> list[Example]:
    """Questions from eight templates about entities with made-up names: each differs from many in its name alone."""
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    templates = (
        "What does the {} plan cost per month?",
        "Who is the head of the {} team in our company?",
        "In which city is the main office of {}?",
        "When did the {} project start and who paid for it?",
        "How many people work in the {} department?",
        "Which form do I need to join the {} group?",
        "What is the telephone extension of {} and its staff?",
        "Where do I find the manual of the {} machine?",
    )
    rows: dict[str, Example] = {}
    while len(rows) < count:
        name = "".join(chance.choices(syllables, k=chance.randint(2, 4))).title()
        question = chance.choice(templates).format(name)
        answer = "".join(chance.choices(syllables, k=3))
        rows.setdefault(question, row(f"r{len(rows)}", question, answer))
    return list(rows.values())


def real(count: int) -> list[Example]:
    """Questions that people wrote: grade-school problems and XQuAD."""
    rows = []
    for name in ("train", "test"):
        for line in (SHARED / "gsm8k" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            rows.append(row(f"r{len(rows)}", json.loads(line)["question"], json.loads(line)["answer"]))
    for article in json.loads((SHARED / "xquad" / "xquad.en.json").read_text(encoding="utf-8"))["data"]:
        for asked in (q for paragraph in article["paragraphs"] for q in paragraph["qas"]):
            rows.append(row(f"r{len(rows)}", asked["question"], asked["answers"][0]["text"]))
    return rows[:count]


def paraphrases(chance: random.Random) -> list[tuple[Example, Example]]:
    """Two wordings of one fact, both written by hand: the framings of the example workspace."""
    wordings: dict[str, list[dict[str, str]]] = {}
    for line in WORKSPACE.read_text(encoding="utf-8").splitlines():
        wordings.setdefault(json.loads(line)["fact"], []).append(json.loads(line))
    pairs = []
    for fact, same in sorted(wordings.items()):
        first, *others = chance.sample(same, 3)
        known = row(f"known {fact}", first["question"], first["answer"])
        pairs += [(known, row(f"{fact} {n}", o["question"], o["answer"])) for n, o in enumerate(others)]
    return pairs


@dataclass(frozen=True)
class Planted:
    """What was planted, what of it the audit finds, and which other test rows it names. All by id."""

    leaks: frozenset[str]
    found: frozenset[str]
    by_dimension: dict[str, frozenset[str]]
    clean: frozenset[str]

    @property
    def recall(self) -> float:
        return len(self.leaks & self.found) / len(self.leaks)

    @property
    def false_alarms(self) -> float:
        return len(self.found & self.clean) / len(self.clean)


def edited(rows: Sequence[Example], edit: Edit, count: int, chance: random.Random) -> list[tuple[Example, Example]]:
    """Rows with more than four words, and an edited copy of each."""
    chosen = chance.sample([r for r in rows if len(r.question.split()) > 4], count)
    return [(r, row(f"{edit.__name__} {n}", edit(r.question, chance), r.answer or "")) for n, r in enumerate(chosen)]


def measured(rows: Sequence[Example], pairs: Sequence[tuple[Example, Example]], embed: Embed | None = None) -> Planted:
    """Three quarters of the rows train, the others test; of each pair the first trains and the second tests."""
    trained = {known.id for known, _ in pairs}
    splits: list[Split] = ["test" if n % 4 == 0 and r.id not in trained else "train" for n, r in enumerate(rows)]
    split = [replace(r, split=s) for r, s in zip(rows, splits, strict=True)]
    there = {r.id for r in rows}
    known = {k.id: replace(k, split="train") for k, _ in pairs if k.id not in there}
    leaks = [replace(leak, split="test") for _, leak in pairs]
    material = Material((*split, *known.values(), *leaks), embed=embed)
    with_all = {f.dimension: frozenset(f.rows) for d in LEAKS for f in d(material)}
    clean = frozenset(r.id for r in split if r.split == "test")
    return Planted(frozenset(r.id for r in leaks), frozenset().union(*with_all.values()), with_all, clean)
