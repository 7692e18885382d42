"""Non-inferiority, equivalence and Tango's interval against other implementations and exact calculation."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.weightstats import ttost_paired

from tailor.evaluation import non_inferiority
from tailor.evaluation.statistics import equivalence, tango, tango_z

close = pytest.approx


def exactly(value: float):
    return close(value, abs=1e-9, rel=0)


unit = st.sampled_from([0.0, 1 / 3, 0.5, 1.0])


@st.composite
def two_arms(draw):
    facts = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=20))
    column = st.lists(unit, min_size=len(facts), max_size=len(facts))
    return draw(column), draw(column), facts


def score_statistic(n: int, n01: int, n10: int, difference: float) -> float:
    """The score statistic with the most likely p01 found by numerical maximisation of the multinomial likelihood."""

    def minus_log(q: float) -> float:
        terms = [(n01, q), (n10, q + difference), (n - n01 - n10, 1 - 2 * q - difference)]
        return -sum(k * math.log(max(p, 1e-300)) for k, p in terms if k)

    low, high = max(0.0, -difference), (1 - difference) / 2
    q = optimize.minimize_scalar(minus_log, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x
    if n01 == 0 and minus_log(low) <= minus_log(q):
        q = low
    return (n10 - n01 - n * difference) / math.sqrt(n * (2 * q + difference * (1 - difference)))


def score_bound(n: int, lost: int, won: int, side: int) -> float:
    """The one-sided 95 % bound: where the statistic, from its textbook form, is the normal quantile."""

    def gap(d: float) -> float:
        b = -lost - won + (2 * n - won + lost) * d
        q = (math.sqrt(b * b + 8 * n * lost * d * (1 - d)) - b) / (4 * n)
        return (won - lost - n * d) / math.sqrt(n * (2 * q + d * (1 - d))) + side * stats.norm.ppf(0.95)

    value = (won - lost) / n
    inner, outer = value + side * 1e-9, side * (1 - 1e-9)
    return optimize.brentq(gap, *sorted([inner, outer]), xtol=1e-13)


@given(st.integers(5, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n // 3), st.integers(1, n // 3))))
def test_tango_takes_the_most_likely_shares_under_the_hypothesis(counts: tuple[int, int, int]) -> None:
    n, n01, n10 = counts
    for difference in (-0.2, -0.03, 0.1):
        assert tango_z(n, n01, n10, difference) == close(score_statistic(n, n01, n10, difference), abs=1e-5)


@given(st.integers(2, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n // 2), st.integers(0, n // 2))))
def test_tango_bounds_solve_the_score_equation_and_mirror(counts: tuple[int, int, int]) -> None:
    n, n01, n10 = counts
    found, mirrored = tango(n, n01, n10), tango(n, n10, n01)
    assert found.value == (n10 - n01) / n
    assert (found.low, found.high) == (exactly(-mirrored.high), exactly(-mirrored.low))
    assert -1 <= found.low < found.value < found.high <= 1
    assert tango_z(n, n01, n10, found.low) == close(stats.norm.ppf(0.975), abs=1e-6)
    assert tango_z(n, n01, n10, 0.0) == close((n10 - n01) / math.sqrt(max(1, n10 + n01)), abs=1e-9)  # McNemar's


def test_tango_of_nothing_is_nan() -> None:
    assert math.isnan(tango(0, 0, 0).low)


def kept(n: int, margin: float, discordant: float, loss: float) -> float:
    """Chance of "kept", summed over all outcomes that matter of n items (trinomial)."""
    chance = 0.0
    counts = np.arange(n + 1)
    weights = stats.binom.pmf(counts, n, discordant)
    for k in counts[weights > 1e-7]:
        won = np.arange(k + 1)
        z = np.array([tango_z(n, int(k - w), int(w), -margin) for w in won])
        chance += (
            weights[k] * stats.binom.pmf(won, k, (discordant - loss) / 2 / discordant)[z > stats.norm.ppf(0.95)].sum()
        )
    return chance


@pytest.mark.parametrize(("n", "margin"), [(100, 0.03), (300, 0.03), (300, 0.05), (1000, 0.03)])
@pytest.mark.parametrize("discordant", [0.05, 0.1, 0.3])
def test_a_loss_of_exactly_the_margin_is_kept_in_5_percent(n: int, margin: float, discordant: float) -> None:
    """Exact, no simulation. The adjusted Wald bound errs here in up to 6.5 %."""
    if discordant == 0.05 == margin:
        discordant = 0.06
    assert 0.03 <= kept(n, margin, discordant, margin) <= 0.0505


def harmed(n: int, margin: float, discordant: float, loss: float, *, measured: bool) -> float:
    """Chance that the upper bound is below 0 and the loss not kept; with `measured`, also above the margin itself."""
    chance, bound = 0.0, stats.norm.ppf(0.95)
    counts = np.arange(n + 1)
    weights = stats.binom.pmf(counts, n, discordant)
    for k in counts[weights > 1e-7]:
        for won in range(k + 1):
            difference = (2 * won - k) / n
            certain = tango_z(n, k - won, won, 0.0) < -bound and tango_z(n, k - won, won, -margin) <= bound
            if certain and (not measured or difference < -margin):
                chance += weights[k] * stats.binom.pmf(won, k, (discordant - loss) / 2 / discordant)
    return chance


def test_harm_is_rarely_found_where_there_is_none_and_mostly_where_it_is_twice_the_margin() -> None:
    """What the docstring of `non_inferiority` says, exactly: 1,000 items, 3 points, 10 % disagreement."""
    by_bound = [harmed(1000, 0.03, 0.1, loss, measured=False) for loss in (0.0, 0.01)]
    assert by_bound == [close(0.05, abs=0.005), close(0.26, abs=0.01)]
    found = [harmed(1000, 0.03, 0.1, loss, measured=True) for loss in (0.0, 0.01, 0.06)]
    assert found == [close(0.001, abs=0.001), close(0.02, abs=0.005), close(0.999, abs=0.002)]


def test_no_loss_is_kept_in_90_percent_with_1000_items_and_3_points() -> None:
    assert kept(1000, 0.03, 0.10, 0.0) >= 0.90


def arms_that_differ(n: int, lost: int, won: int) -> tuple[list[int], list[int], list[str]]:
    """After and before: `lost` items only right before, `won` only after."""
    return [0] * lost + [1] * (n - lost), [1] * lost + [0] * won + [1] * (n - lost - won), [str(i) for i in range(n)]


@pytest.mark.parametrize(
    ("n", "lost", "won", "verdict"),
    [
        (1000, 50, 50, "kept"),
        (1000, 15, 1, "kept"),  # certainly worse (upper bound below 0), and by less than the margin
        (1000, 120, 20, "harmed"),
        (100, 6, 4, "inconclusive"),
        (1, 0, 0, "inconclusive"),
    ],
)
def test_verdicts(n: int, lost: int, won: int, verdict: str) -> None:
    after, before, facts = arms_that_differ(n, lost, won)
    found = non_inferiority(after, before, facts, 0.03)
    assert found.verdict == verdict
    assert found.difference.value == exactly((won - lost) / n)
    if n > 1:
        assert (found.p < 0.05) == (verdict == "kept")
        assert found.difference.low == exactly(score_bound(n, lost, won, -1))
        assert found.difference.high == exactly(score_bound(n, lost, won, +1))


def test_smallest_detectable_loss_by_hand() -> None:
    after, before, facts = arms_that_differ(98, 4, 9)
    p10, p01 = 10 / 100, 5 / 100
    error = math.sqrt((p10 + p01 - (p10 - p01) ** 2) / 100)
    expected = (stats.norm.ppf(0.95) + stats.norm.ppf(0.8)) * error
    assert non_inferiority(after, before, facts, 0.03).detectable == exactly(expected)


@given(st.lists(st.tuples(unit, unit), min_size=3, max_size=20), st.sampled_from([0.05, 0.2, 0.5]))
def test_equivalence_is_the_tost_of_statsmodels(pairs, margin: float) -> None:
    a, b = np.array(pairs).T
    assume(not set(np.unique([a, b])) <= {0.0, 1.0})
    assume(np.ptp(a - b) > 1e-12)
    found = equivalence(a, b, [str(i) for i in range(len(a))], margin)
    p, lower, upper = ttost_paired(a, b, -margin, margin)
    assert found.p == exactly(p)
    assert found.equivalent == (p < 0.05)
    assert non_inferiority(a, b, [str(i) for i in range(len(a))], margin).p == exactly(lower[1])
    assert upper[1] <= p


def test_equivalence_of_shares_needs_both_bounds_within_the_margin() -> None:
    after, before, facts = arms_that_differ(1000, 50, 50)
    assert equivalence(after, before, facts, 0.03).equivalent
    after, before, facts = arms_that_differ(1000, 20, 60)  # 4 points better: kept, but not the same
    found = equivalence(after, before, facts, 0.03)
    assert not found.equivalent
    assert found.p > 0.5
    assert non_inferiority(after, before, facts, 0.03).verdict == "kept"
    assert equivalence([1, 1], [0, 1], ["a", "a"], 0.03).p == 1


@given(two_arms(), st.floats(0.005, 0.3))
def test_a_wider_margin_never_turns_kept_into_something_else(data, margin: float) -> None:
    after, before, facts = data
    if non_inferiority(after, before, facts, margin).verdict == "kept":
        assert non_inferiority(after, before, facts, min(0.99, margin * 2)).verdict == "kept"


@pytest.mark.parametrize("margin", [0, -0.03, 3, math.nan])
def test_an_impossible_margin_is_refused(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        non_inferiority([1, 0], [1, 0], ["a", "b"], margin)
