"""Which rows ask for the same piece of knowledge: the unit that splits and statistics work with."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from tailor.data.similar import UnionFind, content_words, jaccard, near_pairs, normalise, question_key
from tailor.files import sha256_of
from tailor.records import Example

# More rows than this with one answer are a class label rather than one fact.
SPECIFIC_ROWS = 12
NEAR_QUESTION = 0.5
COMMON_ANSWERS = frozenset(("yes", "no", "true", "false", "none", "never", "always", "unknown"))
_SHORT_NUMBER = re.compile(r"[-+]?[\d.,]{1,3}")


def infer_facts(examples: Sequence[Example]) -> list[Example]:
    """Fill `fact`, `framing` and `group` where they are missing; given ones stay.

    Two rows ask for one fact if their normalised answers are equal and one of these holds: the answer is specific (at
    most 12 rows have it, and it is no yes, no or number below four characters), the rows name the same source, or
    their questions share half of their content words (Jaccard >= 0.5). Questions that differ in a word *and* in their
    answer are two facts: it is the word that was asked about.

    A fact's name depends on its rows' content, not on their order. A framing's name is its number within the fact, in
    the order of the rows. The group is the fact.
    """
    if all(e.fact and e.framing and e.group for e in examples):
        return list(examples)
    return _number([replace(e, group=e.group or e.fact) for e in _with_facts(examples)])


def _with_facts(examples: Sequence[Example]) -> list[Example]:
    if all(e.fact for e in examples):
        return list(examples)
    wordings = [content_words(question_key(e)) for e in examples]
    named = [e.fact for e in examples]
    for rows, specific in _same_fact(examples, wordings):
        given = [i for i in rows if examples[i].fact]
        name = _made_name([examples[i] for i in rows], specific)
        for i in rows:
            if not named[i] and given:
                # Several given facts may share an answer: the one asked for in the most similar words.
                named[i] = min((-jaccard(wordings[i], wordings[j]), examples[j].fact) for j in given)[1]
            elif not named[i]:
                named[i] = name
    return [replace(e, fact=fact) for e, fact in zip(examples, named, strict=True)]


def _made_name(rows: list[Example], specific: bool) -> str:
    answer = _answer_key(rows[0])
    return "fact-" + sha256_of([answer] if specific else [answer, min(question_key(e) for e in rows)])[:10]


def _answer_key(example: Example) -> str | None:
    return None if example.answer is None else normalise(example.answer)


def _same_fact(examples: Sequence[Example], wordings: list[frozenset[str]]) -> list[tuple[list[int], bool]]:
    """Sets of rows that ask for one fact, and whether their answer alone says so."""
    by_answer: dict[str | None, list[int]] = defaultdict(list)
    for i, example in enumerate(examples):
        by_answer[_answer_key(example)].append(i)
    found: list[tuple[list[int], bool]] = []
    for answer, rows in by_answer.items():
        if _is_specific(answer, len(rows)):
            found.append((rows, True))
            continue
        sets = UnionFind(len(rows))
        for i, j, _ in near_pairs([wordings[r] for r in rows], NEAR_QUESTION):
            sets.union(i, j)
        first: dict[str, int] = {}
        for i, row in enumerate(rows):
            if source := examples[row].source:
                sets.union(first.setdefault(source, i), i)
        found.extend(([rows[i] for i in members], False) for members in sets.sets())
    return found


def _is_specific(answer: str | None, rows: int) -> bool:
    if answer is None or rows > SPECIFIC_ROWS:
        return False
    return answer not in COMMON_ANSWERS and not _SHORT_NUMBER.fullmatch(answer)


def _number(examples: list[Example]) -> list[Example]:
    taken: dict[str, set[str]] = defaultdict(set)
    for example in examples:
        taken[example.fact].add(example.framing)
    last: dict[str, int] = defaultdict(int)
    numbered = []
    for example in examples:
        if not example.framing:
            last[example.fact] += 1
            while str(last[example.fact]) in taken[example.fact]:
                last[example.fact] += 1
            example = replace(example, framing=str(last[example.fact]))
        numbered.append(example)
    return numbered
