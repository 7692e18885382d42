"""Naming the cause of other answers from what every engine reports: the text and the tokens of its prompt."""

from __future__ import annotations

import pytest

from tailor.evaluation.parity import Reply, parity

EXPECTED = [Reply(f"answer {n}", 20 + n, 12 + n) for n in range(20)]


def replies(counts: list[int], text: str = "other") -> list[Reply]:
    return [Reply(text, c) for c in counts]


def test_equal_answers_need_no_cause() -> None:
    found = parity(EXPECTED, [Reply(r.text + "\n", 1) for r in EXPECTED])
    assert found.cause is None
    assert found.same.value == 1.0
    assert found.same.low == pytest.approx(0.8389, abs=1e-4)  # Wilson, 20 of 20: 1 / (1 + 1.96^2 / 20)
    assert found.within(0.0)


@pytest.mark.parametrize(
    ("counts", "cause"),
    [
        ([r.prompt_tokens + 1 for r in EXPECTED], "start token"),
        ([r.prompt_tokens - 1 for r in EXPECTED], "start token"),
        ([r.without_system for r in EXPECTED], "system prompt"),
        ([min(r.prompt_tokens, 27) for r in EXPECTED], "truncation"),
        ([r.prompt_tokens + 3 + n % 4 for n, r in enumerate(EXPECTED)], "template"),
        ([r.prompt_tokens for r in EXPECTED], "weights"),
        ([0 for _ in EXPECTED], "unknown"),
    ],
)
def test_the_tokens_of_the_prompts_tell_the_cause(counts: list[int], cause: str) -> None:
    assert parity(EXPECTED, replies(counts)).cause == cause


def test_answers_that_end_elsewhere_have_another_end_token() -> None:
    on = [Reply(r.text + " and more", r.prompt_tokens) for r in EXPECTED]
    short = [Reply(r.text[:4], r.prompt_tokens) for r in EXPECTED]
    assert parity(EXPECTED, on).cause == parity(EXPECTED, short).cause == "end token"


def likely(text: str, *chances: float, prompt: int = 20) -> Reply:
    """An answer of one character a token."""
    return Reply(text, prompt, logprobs=tuple(zip(text, chances, strict=True)))


def test_log_probabilities_are_compared_token_by_token_until_the_answers_part() -> None:
    expected = [likely("abc", -0.1, -0.2, -0.3), likely("xy", -1.0, -2.0)]
    found = [likely("abd", -0.1, -0.6, -9.0), likely("xy", -1.2, -2.0)]
    result = parity(expected, found)
    assert result.gap == pytest.approx((0.0 + 0.4 + 0.2 + 0.0) / 4)
    assert result.different == (0,)
    assert parity(EXPECTED, EXPECTED).gap is None


def test_equal_answers_with_other_probabilities_are_no_parity() -> None:
    """A crude quantisation moves probabilities before it moves the likeliest token."""
    expected = [likely("ab", -0.1, -0.1)] * 20
    found = [likely("ab", -0.3, -0.1)] * 10 + [likely("ab", -0.1, -0.5)] * 10
    result = parity(expected, found)
    assert (result.different, result.cause) == ((), "weights")
    assert result.gap == pytest.approx(0.15)
    assert not result.within(1.0)
    assert parity(expected, [likely("ab", -0.2, -0.19)] * 20).cause is None
    assert not parity(expected, [likely("ab", float("nan"), -0.1)] * 20).within(1.0)


def test_only_where_probabilities_agree_is_it_the_end_token() -> None:
    expected = [likely("ab", -0.1, -0.2)] * 20
    longer = [likely("abc", -0.1, -0.2, -0.9)] * 20
    other = [likely("abc", -0.6, -0.9, -0.9)] * 20
    assert parity(expected, longer).cause == "end token"
    assert parity(expected, other).cause == "weights"


def test_prompts_refused_for_their_length_are_truncation() -> None:
    found = [Reply("(too-long: 21 tokens)", too_long=True), *EXPECTED[1:]]
    assert parity(EXPECTED, found).cause == "truncation"


def test_the_margin_is_on_the_share_of_other_answers() -> None:
    found = parity(EXPECTED, [Reply("x", 20), *EXPECTED[1:]])
    assert found.different == (0,)
    assert found.within(0.05)
    assert not found.within(0.04)


def test_unequal_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="20 and 1"):
        parity(EXPECTED, EXPECTED[:1])
