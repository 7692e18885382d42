"""Test questions that training has seen: letter for letter, in another form, in part, nearly, or in other words.

A held-out framing is a new wording of a trained fact by design. So of the cell `held-out-framing` a similar question of
the same fact is no leak, unless the wording is hardly new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from tailor.data.audit.alike import ask_alike, formless
from tailor.data.audit.contract import Finding, Material, at_most, plural
from tailor.data.audit.meanings import same_meaning
from tailor.data.minhash import near_matches
from tailor.data.one_word import one_word_apart
from tailor.data.similar import WORD

NEAR = 0.8
# Above this a held-out framing is not a new wording.
HARDLY_NEW = 0.9
# Brown et al. 2020, "Language models are few-shot learners", appendix C: runs of 8 to 13 words, and runs that stand in
# more than 10 rows are boilerplate.
RUN, SHORTEST_RUN, BOILERPLATE = 13, 8, 10
FALSE_ALARMS = 0.02


def exact(material: Material) -> Iterator[Finding]:
    """Test questions that stand in the train split letter for letter, and those that differ in form only."""
    train, test = material.places("train"), material.places("test")
    if not (train and test):
        return
    letters = {_letters(material, i) for i in train}
    forms = {formless(material.questions[i]) for i in train}
    same = [i for i in test if _letters(material, i) in letters]
    form = [i for i in test if formless(material.questions[i]) in forms and _letters(material, i) not in letters]
    text = f"{_test(len(same))} in the train split letter for letter."
    yield at_most("leak, exact", len(same), 0, text, material.ids(same), worse="bad")
    text = f"{_test(len(form))} in the train split in other letters, spaces or punctuation."
    yield at_most("leak, form", len(form), 0, text, material.ids(form), worse="bad")


def runs(material: Material) -> Iterator[Finding]:
    """Test questions that share a long run of words with a train question: 13, or all of a question of 8 to 12."""
    train, test = material.places("train"), material.places("test")
    if not (train and test):
        return
    known = {formless(material.questions[i]) for i in train}
    asked = {
        i: set(_runs(found, min(RUN, len(found))))
        for i in test
        if len(found := WORD.findall(material.questions[i])) >= SHORTEST_RUN
        and formless(material.questions[i]) not in known
    }
    wanted = set().union(*asked.values())
    sizes = {len(run) for run in wanted}
    seen: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for j in train:
        found = WORD.findall(material.questions[j])
        for run in (r for size in sizes for r in _runs(found, size) if r in wanted):
            seen[run].setdefault(material.questions[j], j)
    shared = {
        i: sum(
            any(not _by_design(material, i, j) for j in seen[run].values())
            for run in runs
            if 0 < len(seen.get(run, ())) <= BOILERPLATE
        )
        for i, runs in asked.items()
    }
    order = sorted((i for i, n in shared.items() if n), key=lambda i: (-shared[i], i))
    words = f"{SHORTEST_RUN} to {RUN} words in a row"
    text = f"{plural(len(order), 'test question shares', 'test questions share')} {words} with a train question."
    yield at_most("leak, n-gram", len(order), 0, text, material.ids(order))


def near(material: Material) -> Iterator[Finding]:
    """Test questions one word or a few letters away from a train question with the same answer and numbers."""
    train, test = material.places("train"), material.places("test")
    if not (train and test):
        return
    texts, others = [material.questions[i] for i in test], [material.questions[j] for j in train]
    labels = [material.answers[i] or "" for i in test], [material.answers[j] or "" for j in train]
    pairs = [(test[m.left], train[m.right], m.similarity) for m in near_matches(texts, others, NEAR, *labels)]
    words, other_words = [WORD.findall(t) for t in texts], [WORD.findall(t) for t in others]
    pairs += [(test[i], train[j], NEAR) for i, j in one_word_apart(words, other_words, *labels)]
    yield _similar(material, "leak, near", pairs, "nearly the words of", 0)


def meaning(material: Material) -> Iterator[Finding]:
    """Test questions that ask in other words what a train question asks: the answer is the same and specific, and the
    questions share words, of which rare ones weigh more, or have similar vectors where there is an encoder."""
    count = len(material.places("test"))
    if not (count and material.places("train")):
        return
    pairs = same_meaning(material, material.places("test"), material.places("train"))
    how = "answers and shared words" if material.embed is None else "answers, shared words and vectors"
    # How similar in meaning says nothing about whether the wording is new.
    alike = [(i, j, min(similarity, NEAR)) for i, j, similarity in pairs]
    yield _similar(material, "leak, meaning", alike, f"by {how} the meaning of", FALSE_ALARMS * count)


def _similar(
    material: Material, dimension: str, pairs: Iterable[tuple[int, int, float]], what: str, threshold: float
) -> Finding:
    """The finding on pairs of a test place, a train place and their similarity; those that are known by an exact or
    formal match already do not count again."""
    known = {formless(material.questions[j]) for j in material.places("train")}
    worst: dict[int, float] = {}
    designed: set[int] = set()
    for i, j, similarity in pairs:
        if not ask_alike(material, i, j):
            continue
        if formless(material.questions[i]) in known:
            continue
        if _by_design(material, i, j) and similarity < HARDLY_NEW:
            designed.add(i)
        else:
            worst[i] = max(similarity, worst.get(i, 0.0))
    order = sorted(worst, key=lambda i: (-worst[i], i))
    text = f"{plural(len(order), 'test question has', 'test questions have')} {what} a train question."
    if allowed := len(designed - set(order)):
        text += f" {allowed:,} more are new wordings of a trained fact, as they should be."
    return at_most(dimension, len(order), threshold, text, material.ids(order))


def _by_design(material: Material, i: int, j: int) -> bool:
    test, train = material.rows[i], material.rows[j]
    return test.cell == "held-out-framing" and bool(test.fact) and test.fact == train.fact


def _runs(words: list[str], size: int) -> Iterator[tuple[str, ...]]:
    return (tuple(words[k : k + size]) for k in range(len(words) - size + 1))


def _letters(material: Material, i: int) -> tuple[str, ...]:
    return tuple(m.content.strip() for m in material.rows[i].messages if m.role != "system")


def _test(count: int) -> str:
    return plural(count, "test question stands", "test questions stand")
