"""Rankings against pytrec_eval and scikit-learn to 1e-9; contexts, citations and support by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.evaluation import retrieval
from tailor.records import Example, Message, Passage
from tailor.study.gold import gold_passages

passages = [f"p{i}" for i in range(12)]
rankings = st.permutations(passages).map(lambda p: p[:8])
golds = st.sets(st.sampled_from(passages), min_size=1, max_size=5)


@given(rankings, golds)
def test_rankings_equal_trec_eval(ranking: list[str], gold: set[str]) -> None:
    pytrec_eval = pytest.importorskip("pytrec_eval")
    measures = {"recall.1,3,5", "P.1,3,5", "ndcg_cut.1,3,5", "recip_rank"}
    run = {"q": {p: float(len(ranking) - i) for i, p in enumerate(ranking)}}
    [found] = pytrec_eval.RelevanceEvaluator({"q": dict.fromkeys(gold, 1)}, measures).evaluate(run).values()
    for k in (1, 3, 5):
        assert retrieval.recall_at_k(ranking, gold, k) == pytest.approx(found[f"recall_{k}"], abs=1e-9)
        assert retrieval.precision_at_k(ranking, gold, k) == pytest.approx(found[f"P_{k}"], abs=1e-9)
        assert retrieval.ndcg_at_k(ranking, gold, k) == pytest.approx(found[f"ndcg_cut_{k}"], abs=1e-9)
    assert retrieval.reciprocal_rank(ranking, gold) == pytest.approx(found["recip_rank"], abs=1e-9)


@given(st.permutations(passages), golds, st.integers(1, 12))
def test_ndcg_equals_scikit_learn(ranking: list[str], gold: set[str], k: int) -> None:
    from sklearn.metrics import ndcg_score

    truth = np.array([[float(p in gold) for p in ranking]])
    given_scores = np.array([[float(len(ranking) - i) for i in range(len(ranking))]])
    assert retrieval.ndcg_at_k(ranking, gold, k) == pytest.approx(ndcg_score(truth, given_scores, k=k), abs=1e-9)


def test_contexts_and_citations_by_hand() -> None:
    assert retrieval.context_precision(["a", "b", "c", "d"], {"b", "x"}) == 1 / 4
    assert retrieval.context_precision([], {"b"}) == 0
    assert retrieval.citation_precision(["a", "b"], {"b"}) == 1 / 2
    assert retrieval.citation_precision([], {"b"}) is None
    assert retrieval.citation_recall(["a"], ["a", "b", "c"], {"a", "b"}) == 1 / 2
    assert retrieval.citation_recall(["a"], ["a", "c"], {"b"}) is None
    with pytest.raises(ValueError):
        retrieval.recall_at_k(["a"], set(), 1)
    with pytest.raises(ValueError):
        retrieval.ndcg_at_k(["a", "a"], {"a"}, 2)


def test_support_counts_claims_that_a_text_holds() -> None:
    text = "The Elm office is in Kyoto, near the old station."
    assert retrieval.lexical_support("Kyoto", [text]) == 1
    assert retrieval.lexical_support("Perth", [text]) == 0
    # Claims: elm, office, perth, and the pairs elm office, office perth. Three of five stand in the text.
    assert retrieval.lexical_support("the Elm office, Perth", [text]) == 3 / 5
    # What the question says already is no claim.
    assert retrieval.lexical_support("The Elm office is in Perth", [text], "Where is the Elm office?") == 0
    assert retrieval.lexical_support("It is", [text]) is None
    assert retrieval.lexical_support("Kyoto", []) == 0


def test_an_answer_stands_in_a_text_as_whole_words() -> None:
    assert retrieval.holds_answer(["It costs 12 euros."], ["12"])
    assert not retrieval.holds_answer(["It costs 120 euros."], ["12"])
    assert retrieval.holds_answer(["The New York office"], ["NYC", "new york"])
    assert not retrieval.holds_answer(["anything"], [""])


def test_gold_passages_are_the_pieces_with_the_answer() -> None:
    def item(name: str, source: str | None, answer: str | None = "Oslo") -> Example:
        return Example(name, (Message("user", "?"),), answer, source=source, cell="held-out-framing")

    pieces = [
        Passage("docs/a.md#Offices", "docs/a.md", "Offices", "We are in Rome."),
        Passage("docs/a.md#Offices/2", "docs/a.md", "Offices", "And in Oslo."),
        Passage("docs/a.md#Fees", "docs/a.md", "Fees", "12 euros in Oslo"),
    ]
    items = [
        item("section", "docs/a.md#Offices"),
        item("document", "docs/a.md"),
        item("paraphrased", "docs/a.md#Offices", "the eternal city"),
        item("gone", "docs/b.md#Offices"),
        item("none", None),
        item("no", "docs/a.md#Fees", None),
    ]
    found = gold_passages(items, pieces)
    assert {k: [p.id for p in v] for k, v in found.items()} == {
        "section": ["docs/a.md#Offices/2"],
        "document": ["docs/a.md#Offices/2", "docs/a.md#Fees"],
        "paraphrased": ["docs/a.md#Offices", "docs/a.md#Offices/2"],
    }
