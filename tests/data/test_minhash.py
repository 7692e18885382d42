import random
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tailor.data.minhash import near_duplicates, near_matches, shingles
from tailor.data.one_word import one_word_apart
from tailor.data.similar import jaccard

WORDS = ["invoice", "card", "address", "the", "my", "change", "lost", "when", "arrive", "delivery", "of", "refund"]


def changed(texts: list[str], chance: random.Random) -> list[str]:
    """The texts with a letter more somewhere."""
    places = [chance.randrange(len(t)) for t in texts]
    return [t[:p] + chance.choice("xyz") + t[p:] for t, p in zip(texts, places, strict=True)]


def sentences(count: int, chance: random.Random) -> list[str]:
    return [" ".join(chance.choices(WORDS, k=chance.randint(8, 14))) + f" {i}" for i in range(count)]


def test_shingles_are_runs_of_five_characters() -> None:
    assert shingles("abcdef") == {"abcde", "bcdef", "cdef\0", "def\0\0", "ef\0\0\0", "f\0\0\0\0"}
    assert shingles("") == frozenset()


def test_every_near_pair_is_found_and_no_other() -> None:
    chance = random.Random(3)
    texts = sentences(150, chance)
    texts += changed(texts, chance)
    pairs = combinations(range(len(texts)), 2)
    expected = {p for p in pairs if jaccard(shingles(texts[p[0]]), shingles(texts[p[1]])) >= 0.8}
    assert len(expected) > 100
    assert {(m.left, m.right) for m in near_duplicates(texts, 0.8)} == expected


def test_matches_between_two_sets_of_texts() -> None:
    chance = random.Random(4)
    texts = sentences(150, chance)
    others = changed(texts, chance)[::-1]
    expected = {
        (i, j) for i in range(150) for j in range(150) if jaccard(shingles(texts[i]), shingles(others[j])) >= 0.8
    }
    found = near_matches(texts, others, 0.8, [""] * 150, [""] * 150)
    assert {(m.left, m.right) for m in found} == expected
    assert all(m.similarity == jaccard(shingles(texts[m.left]), shingles(others[m.right])) for m in found)


def test_the_label_finds_the_match_among_thousands_alike() -> None:
    others = [f"what is the current price of the article with the number {n} in the catalogue" for n in range(3000)]
    asked = [t.replace("current", "curent") for t in others[::300]]
    labels = [str(n) for n in range(3000)]
    found = {(m.left, m.right) for m in near_matches(asked, others, 0.8, labels[::300], labels)}
    assert found >= {(i, 300 * i) for i in range(10)}


@given(st.lists(st.text(st.characters(), max_size=12), max_size=12))
def test_any_text_may_come(texts: list[str]) -> None:
    found = near_duplicates(texts, 0.8)
    equal = {(i, j) for i, j in combinations(range(len(texts)), 2) if texts[i] == texts[j] != ""}
    assert {(m.left, m.right) for m in found if m.similarity == 1} >= equal or len(texts) > 5
    assert all(0.8 <= m.similarity <= 1 and m.left < m.right for m in found)


def without_one(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[:i] + words[i + 1 :]) for i in range(len(words))}


@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=2, max_size=6), min_size=2, max_size=8))
def test_one_word_apart(texts: list[list[str]]) -> None:
    half = len(texts) // 2
    here, there = texts[:half], texts[half:]
    expected = {
        (i, j)
        for i, a in enumerate(here)
        for j, b in enumerate(there)
        if min(len(a), len(b)) >= 4
        and a != b
        and (without_one(a) & without_one(b) or tuple(a) in without_one(b) or tuple(b) in without_one(a))
    }
    assert set(one_word_apart(here, there, [""] * len(here), [""] * len(there))) == expected
