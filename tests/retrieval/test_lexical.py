import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.retrieval.lexical import BM25, tokens

VOCABULARY = ["bike", "wheel", "brake", "gear", "tyre"]


def test_tokens() -> None:
    assert tokens("What are the Rates of companies, classes and buses?") == ["rate", "company", "classe", "buse"]
    assert tokens("$4,500 on-site, 3.5%") == ["4500", "site", "3.5"]
    assert tokens("business status") == ["business", "status"]


def test_scores_by_hand() -> None:
    # Two of three texts hold "bike": idf = ln(1 + 1.5 / 2.5) = 0.4700. Lengths 1, 2, 3, mean 2.
    # Text 0: tf / (tf + 1.5 * (0.25 + 0.75 * 1 / 2)) = 1 / 1.9375; text 1: 1 / (1 + 1.5 * (0.25 + 0.75)) = 1 / 2.5.
    scores = BM25(["bike", "bike wheel", "brake gear tyre"]).scores("bikes")
    assert scores == pytest.approx([0.470004 / 1.9375, 0.470004 / 2.5, 0.0], rel=1e-5)


def test_words_of_most_passages_tell_nothing() -> None:
    texts = [f"tailor {'wheel' if i < 4 else 'brake'} {i}" for i in range(10)]
    index = BM25(texts)
    assert not index.scores("tailor").any()
    assert list(np.flatnonzero(index.scores("tailor wheel"))) == [0, 1, 2, 3]


@given(
    st.lists(st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=6), min_size=2, max_size=9),
    st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=4, unique=True),
)
def test_agrees_with_bm25s(texts: list[list[str]], question: list[str]) -> None:
    bm25s = pytest.importorskip("bm25s")
    reference = bm25s.BM25(method="lucene", k1=1.5, b=0.75, backend="numpy")
    reference.index(texts, show_progress=False)
    known = [w for w in question if any(w in t for t in texts)]
    expected = reference.get_scores(known) if known else np.zeros(len(texts))
    found = BM25([" ".join(t) for t in texts]).scores(" ".join(question))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
