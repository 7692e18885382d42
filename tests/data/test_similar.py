from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tailor.data.similar import content_words, jaccard, near_pairs, normalise, words


def test_normalise() -> None:
    assert normalise("  What is\tC++ ?! ") == "what is c++"
    assert normalise("“Ｆｕｌｌ width”") == "full width"
    assert normalise("-5 %") == "-5 %"
    assert normalise("?!") == "?!"


def test_words() -> None:
    assert words("It's 9:30, or $1,200.50!") == {"it's", "9:30", "or", "1,200.50"}
    assert content_words("What are the rates of the class?") == {"rate", "class"}
    assert content_words("Who are you?") == {"who", "are", "you"}
    assert jaccard(frozenset("abc"), frozenset("bcd")) == 0.5
    assert jaccard(frozenset(), frozenset()) == 0.0


@given(
    st.lists(st.frozensets(st.sampled_from("abcdefgh"), max_size=8), max_size=12),
    st.sampled_from([0.3, 0.5, 2 / 3, 0.9, 1.0]),
)
def test_near_pairs_finds_what_comparing_all_finds(sets: list[frozenset[str]], threshold: float) -> None:
    expected = {(i, j) for i, j in combinations(range(len(sets)), 2) if jaccard(sets[i], sets[j]) >= threshold}
    found = [(i, j) for i, j, _ in near_pairs(sets, threshold)]
    assert len(found) == len(set(found))
    assert set(found) == expected
