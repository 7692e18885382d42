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


def test_the_margin_is_on_the_share_of_other_answers() -> None:
    found = parity(EXPECTED, [Reply("x", 20), *EXPECTED[1:]])
    assert found.different == (0,)
    assert found.within(0.05)
    assert not found.within(0.04)


def test_unequal_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="20 and 1"):
        parity(EXPECTED, EXPECTED[:1])
