"""Questions that ask for one thing in different words: told by their answers, their words and, if wanted, vectors."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from tailor.data.audit.alike import ask_alike
from tailor.data.audit.contract import Embed, Finding, Material, at_most, plural
from tailor.data.similar import UnionFind, content_words

# An answer of more facts says nothing about the question; so many rows of it are a label however they are named.
SPECIFIC_FACTS, MOST_ROWS = 12, 300
# Two questions with one specific answer mean the same if they share so much of their words' weight; with an encoder if
# the cosine and 0.4 of that share reach the other limit. Chosen on paraphrases that people wrote: of 252 in the example
# workspace and 193 of geography questions (text2sql) the words find 82 %, with all-MiniLM-L6-v2 98 %; of their 491
# other questions 1 is named wrongly (benchmarks/data/leaks.py --encoder).
SHARED_WEIGHT = 0.3
MEANING, WEIGHT_IN_MEANING = 0.7, 0.4
# Word forms are compared by their first letters: certified and certificate.
STEM = 6
MAX_TWINS = 0.02

Pairs = list[tuple[int, int, float]]


def twins(material: Material) -> Iterator[Finding]:
    """Facts that are asked for under another name too: one of the two may be trained while the other tests.

    Only for facts that have names. How sure it is depends on the encoder, as for leaks by meaning.
    """
    named = [i for i in material.answered if material.rows[i].fact]
    facts = list(dict.fromkeys(material.rows[i].fact for i in named))
    if len(facts) < 2:
        return
    number = {fact: n for n, fact in enumerate(facts)}
    sets = UnionFind(len(facts))
    worst: dict[int, float] = {}
    for i, j, similarity in same_meaning(material, named, named):
        mine, theirs = material.rows[i].fact, material.rows[j].fact
        if mine != theirs and ask_alike(material, i, j):
            sets.union(number[mine], number[theirs])
            for place in (i, j):
                worst[place] = max(similarity, worst.get(place, 0.0))
    extra = len(facts) - len(sets.sets())
    text = f"{plural(extra, 'fact seems', 'facts seem')} to be another one under a second name."
    order = sorted(worst, key=lambda i: (-worst[i], i))
    yield at_most("twin facts", extra, MAX_TWINS * len(facts), text, material.ids(order))


def same_meaning(material: Material, places: Sequence[int], others: Sequence[int]) -> Pairs:
    """Places, others and how similar they are, of rows with one specific answer that mean the same."""
    pairs = _with_one_answer(material, places, others)
    if material.embed is None:
        return [pair for pair in pairs if pair[2] >= SHARED_WEIGHT]
    return _by_vector(material, material.embed, pairs)


def _with_one_answer(material: Material, places: Sequence[int], others: Sequence[int]) -> Pairs:
    """Pairs with one specific answer, and the share in [0, 1] of the smaller question's weight that the two have in
    common; the weight of a word is its inverse document frequency. Of two equal places one order is enough."""
    rows: dict[str, list[int]] = defaultdict(list)
    for j in others:
        if (answer := material.answers[j]) is not None:
            rows[answer].append(j)
    specific = {answer for answer, same in rows.items() if _is_specific(material, same)}
    both = set(places) & set(others)
    stems = {i: frozenset(w[:STEM] for w in content_words(material.questions[i])) for i in {*places, *others}}
    frequency = Counter(stem for found in stems.values() for stem in found)
    weight = {stem: math.log((1 + len(stems)) / (1 + n)) for stem, n in frequency.items()}
    total = {i: sum(weight[s] for s in found) for i, found in stems.items()}
    pairs = []
    for i in places:
        answer = material.answers[i]
        for j in rows[answer] if answer in specific else ():
            if i < j or j not in both:
                shared = sum(weight[s] for s in stems[i] & stems[j])
                pairs.append((i, j, shared / min(total[i], total[j]) if shared else 0.0))
    return pairs


def _is_specific(material: Material, same: Sequence[int]) -> bool:
    """Whether the answer that these rows have tells one question from another."""
    facts = {material.rows[j].fact or material.rows[j].id for j in same[: MOST_ROWS + 1]}
    return len(facts) <= SPECIFIC_FACTS and len(same) <= MOST_ROWS


def _by_vector(material: Material, embed: Embed, pairs: Pairs) -> Pairs:
    wanted = list(dict.fromkeys(place for i, j, _ in pairs for place in (i, j)))
    if not wanted:
        return []
    vectors = dict(zip(wanted, embed([material.questions[i] for i in wanted]), strict=True))
    scored = [(i, j, float(vectors[i] @ vectors[j]) + WEIGHT_IN_MEANING * share) for i, j, share in pairs]
    return [(i, j, score) for i, j, score in scored if score >= MEANING]
