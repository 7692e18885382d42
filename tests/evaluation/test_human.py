"""Agreement and preference against published numbers, scikit-learn and statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.evaluation.human import Preference, bradley_terry, cohen_kappa, fleiss_kappa, krippendorff_alpha

N = None
# Krippendorff 2011, section C: four observers, twelve units.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
    [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
]
UNITS = list(zip(*OBSERVERS, strict=True))


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_of_the_published_example(level, published: float) -> None:
    assert krippendorff_alpha(UNITS, level) == pytest.approx(published, abs=0.0005)


@given(st.lists(st.lists(st.sampled_from([1, 2, 3, None]), min_size=2, max_size=4), max_size=12))
def test_alpha_is_at_most_one_and_knows_what_it_cannot_tell(units: list[list[int | None]]) -> None:
    for level in ("nominal", "ordinal", "interval", "ratio"):
        alpha = krippendorff_alpha(units, level)
        assert math.isnan(alpha) or alpha <= 1
        assert alpha == pytest.approx(krippendorff_alpha(units[::-1], level), nan_ok=True)
    agreed = [[v, v] for v in (1, 2, 2, 3)]
    assert krippendorff_alpha(agreed) == 1
    assert math.isnan(krippendorff_alpha([[1, 1], [1, 1]]))
    assert math.isnan(krippendorff_alpha([[1, None], []]))


ratings = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=2, max_size=40)


@given(ratings)
def test_cohen_kappa_equals_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    from sklearn.metrics import cohen_kappa_score

    a, b = zip(*pairs, strict=True)
    # scikit-learn weighs places among the values that occur, as we do.
    if len({*a, *b}) < 2:
        assert math.isnan(cohen_kappa(a, b))
        return
    for ours, theirs in (("none", None), ("linear", "linear"), ("quadratic", "quadratic")):
        assert cohen_kappa(a, b, ours) == pytest.approx(cohen_kappa_score(a, b, weights=theirs), abs=1e-9, nan_ok=True)


@given(
    st.integers(2, 5).flatmap(lambda n: st.lists(st.lists(st.sampled_from("abc"), min_size=n, max_size=n), min_size=2))
)
def test_fleiss_kappa_equals_statsmodels(units: list[list[str]]) -> None:
    from statsmodels.stats.inter_rater import fleiss_kappa as theirs

    if len({v for u in units for v in u}) < 2:
        assert math.isnan(fleiss_kappa(units))
        return
    table = np.array([[u.count(c) for c in "abc"] for u in units])
    assert fleiss_kappa(units) == pytest.approx(theirs(table), abs=1e-9)


def test_kappas_refuse_what_they_are_not_for() -> None:
    with pytest.raises(ValueError):
        cohen_kappa([1], [1, 2])
    with pytest.raises(ValueError):
        fleiss_kappa([["a", "b"], ["a"]])


def games(seed: int, n: int = 120) -> list[Preference]:
    """Four arms of known strengths; three judgements a fact."""
    rng, strengths = np.random.default_rng(seed), {"a": 1.0, "b": 0.3, "c": -0.4, "d": -0.9}
    found = []
    for i in range(n):
        first, second = rng.choice(list(strengths), 2, replace=False)
        chance = 1 / (1 + math.exp(strengths[second] - strengths[first]))
        found.append(Preference(str(first), str(second), float(rng.random() < chance), f"f{i // 3}"))
    return found


def test_strengths_equal_a_logistic_regression_of_statsmodels() -> None:
    """The same model with arm a as reference and the covariance clustered by fact."""
    import statsmodels.api as sm

    preferences = games(1)
    names = ["b", "c", "d"]
    design = np.array([[(p.first == n) - (p.second == n) for n in names] for p in preferences], dtype=float)
    groups = [int(p.fact[1:]) for p in preferences]
    model = sm.GLM([p.share for p in preferences], design, family=sm.families.Binomial())
    theirs = model.fit(tol=1e-13, cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
    ours = {s.arm: s for s in bradley_terry(preferences)}
    for name, value in zip(names, theirs.params, strict=True):
        assert ours[name].value - ours["a"].value == pytest.approx(value, abs=1e-7)
    # Centring is linear: strengths = T @ (0, b, c, d), so its covariance follows from theirs; G / (G - 1) is ours.
    centring = (np.eye(4) - 0.25)[:, 1:]
    n_facts = len(set(groups))
    covariance = centring @ np.asarray(theirs.cov_params()) @ centring.T * n_facts / (n_facts - 1)
    for i, name in enumerate("abcd"):
        half = 1.959963984540054 * math.sqrt(covariance[i, i])
        assert ours[name].high - ours[name].value == pytest.approx(half, rel=1e-5)


def test_two_arms_are_the_logit_of_the_share() -> None:
    preferences = [Preference("a", "b", float(n < 15), f"f{n}") for n in range(20)]
    a, b = bradley_terry(preferences)
    assert (a.arm, a.wins, a.comparisons, a.padded) == ("a", 15, 20, False)
    assert a.value - b.value == pytest.approx(math.log(15 / 5))
    tied = bradley_terry([Preference("a", "b", 0.5, f"f{n}") for n in range(5)])
    assert [s.value for s in tied] == pytest.approx([0, 0], abs=1e-12)


def test_an_arm_that_always_wins_has_a_bounded_strength() -> None:
    found = bradley_terry([Preference("a", "b", 1.0, f"f{n}") for n in range(10)])
    assert found[0].padded
    assert found[0].value - found[1].value == pytest.approx(math.log(10.5 / 0.5))
    with pytest.raises(ValueError, match="no chain"):
        bradley_terry([Preference("a", "b", 1.0, "f"), Preference("c", "d", 1.0, "f")])
    with pytest.raises(ValueError):
        bradley_terry([])


def test_strengths_cover_the_truth() -> None:
    """95 % intervals over 200 small worlds: at least 92 % hold the true strength (binomial noise: 1.5 points)."""
    truth = {"a": 1.0, "b": 0.3, "c": -0.4, "d": -0.9}
    inside = [s.low <= truth[s.arm] <= s.high for seed in range(200) for s in bradley_terry(games(seed))]
    assert 0.92 <= np.mean(inside) <= 0.98
