"""Which general rows ask for what a test item asks for."""

from __future__ import annotations

import pytest

from tailor.data.keep_out import kept_out
from tailor.records import Example, Message


def ask(question: str, answer: str, group: str = "") -> Example:
    return Example(question, (Message("user", question),), answer, group=group)


@pytest.mark.parametrize(
    ("row", "test"),
    [
        (ask("Who bakes bread?", "a baker"), ask("who bakes  bread", "the baker of the village on the hill")),
        (ask("Capital of France?", "Paris"), ask("Name the capital of France.", "Paris")),
        (ask("Paris is the capital of which country?", "France"), ask("Name the capital of France.", "Paris")),
        (ask("What is the opposite of cold?", "hot"), ask("Which word is the opposite of hot?", "cold")),
        (ask("12 - 5 =", "7"), ask("How much is 12 minus 5?", "7")),
        (ask("Past tense of go?", "went"), ask("Give the past tense of go.", "went")),
        (ask("Where does Ada live?", "Rome", "ada"), ask("How old is Ada?", "forty", "ada")),
    ],
)
def test_a_row_that_asks_for_a_test_item_goes(row: Example, test: Example) -> None:
    other = ask("Which planet do we live on?", "Earth")
    assert kept_out([other, row], [test]) == [other]


@pytest.mark.parametrize(
    ("row", "test"),
    [
        (ask("Capital of Spain?", "Madrid"), ask("Name the capital of France.", "Paris")),
        (ask("What is the opposite of big?", "small"), ask("Which word is the opposite of hot?", "cold")),
        (ask("Past tense of run?", "ran"), ask("Give the past tense of go.", "went")),
        (ask("How many legs does a dog have?", "four"), ask("Tell me: How many legs does a spider have?", "eight")),
        (ask("What is 3 plus 5?", "8"), ask("How much is 3 plus 4?", "7")),
        (ask("Where does Ada live?", "Rome", "1"), ask("Where does Bo live?", "Oslo", "2")),
    ],
)
def test_a_row_about_something_else_stays(row: Example, test: Example) -> None:
    assert kept_out([row], [test]) == [row]


def test_rows_without_a_group_share_none_and_nothing_to_test_keeps_all() -> None:
    rows = [ask("Where does Ada live?", "Rome"), ask("How old is Bo?", "forty")]
    assert kept_out(rows, [ask("Which planet do we live on?", "Earth")]) == rows
    assert kept_out(rows, []) == rows
