"""Arms summarised and compared: hand-made answers whose rates can be counted."""

import json
import math

import pytest

from tailor.errors import StudyError
from tailor.evaluation import ArmAnswers, clustered_mean, compare, general_change, summarise
from tailor.evaluation.statistics import tango
from tailor.files import to_plain
from tailor.records import Example, Failure, Message, Score

TIMEOUT = Failure("timeout", "no answer after 30 s", retryable=True)


def item(name: str, cell, fact: str = "") -> Example:
    return Example(name, (Message("user", "?"),), None if cell == "unanswerable" else "x", fact=fact, cell=cell)


# Two facts with two framings each, one held-out fact, two unanswerable items, two general ones without a fact.
ITEMS = (
    item("h1", "held-out-framing", "f1"),
    item("h2", "held-out-framing", "f1"),
    item("h3", "held-out-framing", "f2"),
    item("h4", "held-out-framing", "f2"),
    item("o1", "held-out-fact", "f3"),
    item("u1", "unanswerable", "n1"),
    item("u2", "unanswerable", "n2"),
    item("g1", "general"),
    item("g2", "general"),
)


def answers(text: str) -> dict[str, Score | Failure]:
    """One letter per item: R right, W wrong (F1 .5), N abstained wrongly, A abstained rightly, ! failed."""
    made: dict[str, Score | Failure] = {}
    for example, letter in zip(ITEMS, text.replace(" ", ""), strict=True):
        made[example.id] = {
            "R": Score(example.id, 1, "correct", 1, False),
            "W": Score(example.id, 0, "incorrect", 0.5, False),
            "N": Score(example.id, 0, "not-attempted", 0, True),
            "A": Score(example.id, 1, "correct", 1, True),
            "!": TIMEOUT,
        }[letter]
    return made


def arm(*seeds: str, name: str = "lora") -> ArmAnswers:
    return ArmAnswers(name, ITEMS, {i: answers(text) for i, text in enumerate(seeds)})


def test_rates_of_each_cell() -> None:
    found = summarise(arm("RRWN W AW RW"))
    assert list(found.cells) == ["held-out-framing", "held-out-fact", "unanswerable", "general"]
    cell = found.cells["held-out-framing"]
    assert (cell.correct, cell.incorrect, cell.not_attempted) == (0.5, 0.25, 0.25)
    assert cell.f1 == 2.5 / 4
    assert cell.accuracy == clustered_mean([1, 1, 0, 0], ["f1", "f1", "f2", "f2"])
    assert (cell.n_items, cell.n_facts, cell.n_failed, cell.per_seed) == (4, 2, 0, {0: 0.5})
    assert (found.hallucination.value, found.hallucination.n_items) == (0.5, 2)
    assert found.false_abstention.value == 0.25
    assert (found.consistency.value, found.consistency.n_facts) == (0.5, 2)
    assert found.cells["general"].n_facts == 2
    assert found.warnings == ()


def test_seeds_are_averaged_and_shown() -> None:
    found = summarise(arm("RRWN W AW RW", "RWWW W AA RR"))
    cell = found.cells["held-out-framing"]
    assert cell.per_seed == {0: 0.5, 1: 0.25}
    assert (cell.accuracy.value, cell.correct, cell.incorrect, cell.not_attempted) == (0.375, 0.375, 0.5, 0.125)
    assert found.hallucination.value == 0.25
    assert found.consistency.value == 0.25
    assert found.seeds == (0, 1)


def test_failures_are_listed_and_in_no_rate() -> None:
    found = summarise(arm("RRW! W A! RW", "RRR! W AA RW"))
    cell = found.cells["held-out-framing"]
    assert (cell.n_failed, cell.n_items, cell.n_facts) == (2, 3, 2)
    assert [(f.seed, f.item, f.failure) for f in cell.failures] == [(0, "h4", TIMEOUT), (1, "h4", TIMEOUT)]
    assert cell.correct == pytest.approx(5 / 6)
    # u2 failed under seed 0 only: it is left out under seed 1 too, so both seeds rest on the same items.
    assert found.cells["unanswerable"].per_seed == {0: 1.0, 1: 1.0}
    assert found.cells["unanswerable"].n_items == 1
    assert found.warnings == (
        "held-out-framing: 2 of 8 answers failed (timeout 2); the rates rest on 3 of 4 items",
        "unanswerable: 1 of 4 answers failed (timeout 1); the rates rest on 1 of 2 items",
    )


def test_a_seed_that_failed_altogether_leaves_the_others() -> None:
    found = summarise(arm("RRWW W AW RW", "!!!! ! !! !!"))
    cell = found.cells["held-out-framing"]
    assert (cell.per_seed, cell.n_items, cell.n_failed) == ({0: 0.5}, 4, 4)
    assert found.warnings[0].endswith("the rates rest on 4 of 4 items and leave out seed 1")


def test_nothing_scored_is_nan_and_never_zero() -> None:
    found = summarise(arm("!!!! ! !! !!"))
    cell = found.cells["held-out-framing"]
    assert (cell.n_items, cell.n_failed, cell.per_seed) == (0, 4, {})
    rates = (cell.accuracy.value, cell.f1, cell.correct, cell.incorrect, cell.not_attempted)
    assert all(math.isnan(x) for x in (*rates, found.hallucination.value, found.consistency.value))


def test_a_missing_answer_is_an_error() -> None:
    incomplete = ArmAnswers("rag", ITEMS, {0: {k: v for k, v in answers("RRWN W AW RW").items() if k != "h3"}})
    with pytest.raises(StudyError, match=r"arm 'rag', seed 0, cell held-out-framing: 1 of 4 items .* 'h3'"):
        summarise(incomplete)


def test_a_summary_is_plain_json() -> None:
    plain = to_plain(summarise(arm("RRW! W AW RW")))
    assert json.loads(json.dumps(plain))["cells"]["held-out-framing"]["failures"][0]["failure"]["kind"] == "timeout"


def test_arms_are_compared_on_the_items_both_have() -> None:
    a, b = arm("RRRW W AW RW"), arm("RWW! W AW RW", name="zero-shot")
    found = compare(a, b, "held-out-framing")
    assert found is not None
    assert (found.difference, found.n_items, found.n_facts) == (pytest.approx(2 / 3), 3, 2)
    reverse = compare(b, a, "held-out-framing")
    assert reverse is not None
    assert reverse.difference == pytest.approx(-2 / 3)
    assert compare(a, arm("!!!! ! !! !!"), "held-out-framing") is None
    assert compare(a, b, "trained-framing") is None


def test_arms_with_different_items_are_refused() -> None:
    a = arm("RRRW W AW RW")
    b = ArmAnswers("old", ITEMS[1:], {0: {k: v for k, v in answers("RRRW W AW RW").items() if k != "h1"}})
    with pytest.raises(StudyError, match=r"'lora' and 'old' .* 1 only the first, 0 only the second"):
        compare(a, b, "held-out-framing")


def many_general(wrong: range) -> ArmAnswers:
    items = tuple(item(f"g{i}", "general") for i in range(400))
    made = {e.id: Score(e.id, float(i not in wrong), "correct", 1, False) for i, e in enumerate(items)}
    return ArmAnswers("arm", items, {0: made})


@pytest.mark.parametrize(
    ("lost", "won", "verdict"),
    [(0, 0, "kept"), (4, 0, "kept"), (4, 4, "kept"), (60, 0, "harmed"), (20, 18, "inconclusive")],
)
def test_general_ability_before_and_after(lost: int, won: int, verdict: str) -> None:
    before, after = many_general(range(400 - won, 400)), many_general(range(lost))
    found = general_change(after, before, margin=0.03)
    assert (found.before, found.after, found.n_items) == (1 - won / 400, 1 - lost / 400, 400)
    assert found.verdict == verdict
    oracle = tango(400, lost, won, level=0.90)  # proven in test_margins
    assert (found.difference.low, found.difference.high) == pytest.approx((oracle.low, oracle.high), abs=1e-9)
    assert found.detectable > 0


def test_no_general_items_is_inconclusive() -> None:
    nothing = ArmAnswers("arm", (), {0: {}})
    found = general_change(nothing, nothing, margin=0.03)
    assert (found.verdict, found.n_items) == ("inconclusive", 0)
    assert math.isnan(found.before)
