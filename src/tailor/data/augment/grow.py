"""More framings for the trained facts: made by rules, let through by gates, chosen to differ, each with its origin."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tailor.data.augment.english import topic_of
from tailor.data.augment.gates import Gates
from tailor.data.augment.rules import Candidate, Seed, candidates, reverse
from tailor.data.similar import UnionFind, jaccard, near_pairs, normalise, words
from tailor.files import sha256_of
from tailor.records import Example, Message

# Two questions that share this much of all their words are one wording for a count of what is distinct.
SAME_WORDING = 0.7
OTHERS = 5
LONGEST_PREMISE = 4  # words of an answer that a question can doubt


@dataclass(frozen=True)
class Made:
    """A row that was made: the example, the rule, the id of the row it was made from, and what it cost (None where
    nobody knows)."""

    example: Example
    rule: str
    source: str
    usd: float | None = 0.0


@dataclass
class Growth:
    """What came of it. `refused` counts candidates by the gate that refused them; `before` and `after` are distinct
    wordings per trained fact, `framings_*` all wordings, as means."""

    made: list[Made] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    facts: int = 0
    full: int = 0
    framings_before: float = float("nan")
    framings_after: float = float("nan")
    before: float = float("nan")
    after: float = float("nan")

    @property
    def rules(self) -> Mapping[str, int]:
        """Rows by rule."""
        return Counter(m.rule for m in self.made)


def grow(examples: Sequence[Example], framings: int, *, seed: int = 0, reversed_too: bool = False) -> Growth:
    """Make framings until every trained fact has as many, as far as the rules go.

    A candidate is let through if it is new, no test or dev question and not nearly one (words shared: 0.9), gives its
    answer away no more than its source does, still holds the numbers and names of its source, and is not long. Of those
    all rules get their turn, each with the question that shares the fewest words with what is there.

    Args:
        examples: split rows; only those of the split train are sources, and what is made is of that split.
        framings: per fact, those that are there included, at least 1.
        reversed_too: also ask back from the answer to the thing; the answer is then the thing's name.

    Returns:
        The rows in the order of facts; the same for the same rows in any order.
    """
    growth = Growth()
    by_fact = trained_facts(examples)
    gates = Gates(examples)
    train = [e for rows in by_fact.values() for e in rows]
    answers = sorted({(e.fact, e.answer) for e in train if e.answer})
    alone = Counter(normalise(answer) for answer in {(f, a): a for f, a in answers}.values())
    pools = {fact: _pool(fact, rows, answers, seed, gates, growth.refused) for fact, rows in by_fact.items()}
    fill(growth, by_fact, pools, framings)
    if reversed_too:
        count = Counter(m.example.fact for m in growth.made)
        more = [m for fact, rows in by_fact.items() for m in _reversed(rows, alone, gates, count[fact])]
        growth.made = sorted([*growth.made, *more], key=lambda m: m.example.fact)
    return growth


def trained_facts(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """The answered single questions of the train split by fact, facts and rows in a fixed order."""
    by_fact: dict[str, list[Example]] = defaultdict(list)
    for example in sorted((e for e in examples if e.split == "train" and _is_source(e)), key=lambda e: (e.fact, e.id)):
        by_fact[example.fact].append(example)
    return dict(by_fact)


Pool = list[tuple[Candidate, Example]]
"""Candidates that the gates let through, each with the row it was made from."""


def fill(growth: Growth, by_fact: Mapping[str, list[Example]], pools: Mapping[str, Pool], framings: int) -> None:
    """Choose from each fact's pool until it has so many framings, and write the numbers into `growth`."""
    before, after, all_after = [], [], []
    for fact, rows in by_fact.items():
        old = [e.question for e in rows]
        made: list[Made] = []
        for candidate, source in _farthest(pools.get(fact, []), old, framings - len(old)):
            made.append(_row(candidate, source, len(made) + 1))
        growth.made += made
        before.append(distinct(old))
        after.append(distinct([*old, *(m.example.question for m in made)]))
        all_after.append(len(old) + len(made))
        growth.full += len(old) + len(made) >= framings
    growth.facts = len(by_fact)
    growth.framings_before, growth.framings_after = _mean(len(r) for r in by_fact.values()), _mean(all_after)
    growth.before, growth.after = _mean(before), _mean(after)


def distinct(questions: Sequence[str]) -> int:
    """How many wordings there are: questions that share 0.7 of all their words (Jaccard) are one, and so are those that
    a chain of such pairs joins."""
    sets = UnionFind(len(questions))
    for i, j, _ in near_pairs([words(q) for q in questions], SAME_WORDING):
        sets.union(i, j)
    return len(sets.sets())


def _is_source(example: Example) -> bool:
    one_question = [m.role for m in example.messages] in (["user"], ["system", "user"])
    return one_question and example.answer is not None and example.cell != "general" and bool(example.fact)


def _pool(
    fact: str,
    rows: list[Example],
    answers: Sequence[tuple[str, str]],
    seed: int,
    gates: Gates,
    refused: Counter[str],
) -> Pool:
    """What the rules make of a fact's rows and the gates let through, each wording once."""
    rng = random.Random(sha256_of([seed, fact]))
    pool: dict[str, tuple[Candidate, Example]] = {}
    for source in rows:
        others = _others(source, fact, answers, rng)
        for candidate in candidates(Seed(source.question, source.answer or "", topic_of(source.question), others), rng):
            if reason := gates.refusal(candidate, source):
                refused[reason] += 1
            else:
                pool.setdefault(normalise(candidate.question), (candidate, source))
    return list(pool.values())


def _others(source: Example, fact: str, answers: Sequence[tuple[str, str]], rng: random.Random) -> list[str]:
    """Short answers of other facts that look like this one: as many words, numbers in the same unit. A number that no
    other fact has the like of gets another digit."""
    own = {normalise(t) for t in (source.answer or "", *source.aliases)}
    shape = _shape(source.answer or "")
    alike = [a for f, a in answers if a and f != fact and _shape(a) == shape and normalise(a) not in own]
    if shape[0] > LONGEST_PREMISE:
        return []
    alike = alike or [made for made in [_other_digit(source.answer or "")] if made and normalise(made) not in own]
    return rng.sample(alike, min(OTHERS, len(alike)))


def _shape(answer: str) -> tuple[int, bool, str]:
    """Words, a capital letter at the beginning, and of numbers all that is no digit: `4,500 euros` is like `20 euros`,
    and no year is like a price."""
    number = any(c.isdigit() for c in answer)
    year = re.fullmatch("(?:19|20)[0-9]{2}", answer) is not None
    unit = "year" if year else re.sub(r"[\d.,]+", "0", answer) if number else ""
    return len(answer.split()), answer[:1].isupper(), unit


def _other_digit(answer: str) -> str:
    """`24 days` as `34 days`, `2006` as `2009`; nothing without a digit."""
    digits = re.search(r"\d+", answer)
    if digits is None:
        return ""
    place = digits.end() - 1 if _shape(answer)[2] == "year" else digits.start()
    changed = int(answer[place]) + 3 if answer[place] in "0123456" else int(answer[place]) - 3
    return f"{answer[:place]}{changed}{answer[place + 1 :]}"


def _farthest(pool: Pool, old: Sequence[str], n: int) -> Iterable[tuple[Candidate, Example]]:
    """Up to n candidates: each time of the rules that gave least so far the question that shares the fewest words with
    what is there and was taken before."""
    found = [words(c.question) for c, _ in pool]
    there = [words(q) for q in old]
    nearest = [max((jaccard(f, t) for t in there), default=0.0) for f in found]
    left = set(range(len(pool)))
    taken: list[tuple[Candidate, Example]] = []
    given: Counter[str] = Counter()
    while left and len(taken) < n:
        best = min(left, key=lambda i: (given[pool[i][0].rule], nearest[i], i))
        left.discard(best)
        given[pool[best][0].rule] += 1
        taken.append(pool[best])
        for i in left:
            nearest[i] = max(nearest[i], jaccard(found[i], found[best]))
    return taken


def _row(candidate: Candidate, source: Example, number: int) -> Made:
    system = [m for m in source.messages if m.role == "system"]
    example = Example(
        id=f"{source.id}~{candidate.rule}-{number}",
        messages=(*system, Message("user", candidate.question)),
        answer=candidate.answer or source.answer,
        aliases=() if candidate.answer else source.aliases,
        fact=source.fact,
        framing=f"{candidate.rule}-{number}",
        group=source.group,
        source=source.source,
        split="train",
    )
    return Made(example, candidate.rule, source.id, candidate.usd)


def _reversed(rows: list[Example], alone: Counter[str], gates: Gates, made: int) -> list[Made]:
    """At most one question turned round, where the answer belongs to this fact alone."""
    for source in rows:
        answer = source.answer or ""
        candidate = reverse(Seed(source.question, answer, topic_of(source.question)))
        if candidate and alone[normalise(answer)] == 1 and gates.refusal(candidate, source) is None:
            return [_row(candidate, source, made + 1)]
    return []


def _mean(values: Iterable[int]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else float("nan")
