import random

from hypothesis import given
from hypothesis import strategies as st

from tailor.data.facts import infer_facts
from tailor.records import Example, Message


def row(question: str, answer: str | None, **fields: str) -> Example:
    return Example(id=question, messages=(Message("user", question),), answer=answer, **fields)


def partition(rows: list[Example]) -> set[frozenset[str]]:
    facts: dict[str, set[str]] = {}
    for e in infer_facts(rows):
        facts.setdefault(e.fact, set()).add(e.id)
    return {frozenset(ids) for ids in facts.values()}


def test_a_specific_answer_is_one_fact() -> None:
    rows = [row("Who founded it?", "Tim Burr"), row("Name the CEO.", "tim burr."), row("When?", "2006")]
    assert partition(rows) == {frozenset({"Who founded it?", "Name the CEO."}), frozenset({"When?"})}


def test_a_common_answer_needs_similar_questions_or_one_source() -> None:
    rows = [
        row("Do you offer refunds?", "Yes"),
        row("Are refunds offered?", "yes"),  # content words {offered, refund} and {offer, refund}: 1/3
        row("Can I get refunds?", "yes"),  # {refund}: 1/2 with both
        row("Is parking free?", "Yes", source="d.md#P"),
        row("May visitors leave their cars?", "Yes", source="d.md#P"),
        row("Do dogs bite?", "Yes"),
    ]
    ids = [e.id for e in rows]
    assert partition(rows) == {frozenset(ids[:3]), frozenset(ids[3:5]), frozenset(ids[5:])}


def test_an_answer_of_many_rows_is_a_label() -> None:
    rows = [row(f"My {name} is lost", "card_lost") for name in "abcdefghijklm"]
    assert len(partition(rows[:12])) == 1
    different = [row(f"{w} {v}", "card_lost") for w, v in zip("abcdefghijklm", "nopqrstuvwxyz", strict=True)]
    assert len(partition(different)) == 13


def test_another_answer_is_another_fact() -> None:
    long = "What is the monthly price of the hosting plan for small teams with support called {}?"
    assert len(partition([row(long.format("A"), "$10 000"), row(long.format("B"), "$20 000")])) == 2


def test_given_facts_framings_and_groups_stay() -> None:
    rows = [
        row("Who founded it?", "Tim Burr", fact="founder"),
        row("Who is the chief executive?", "Tim Burr", fact="ceo", framing="formal", group="people"),
        row("Name the chief executive.", "Tim Burr"),
        row("Founded by whom?", "Tim Burr"),
    ]
    found = infer_facts(rows)
    assert [e.fact for e in found] == ["founder", "ceo", "ceo", "founder"]
    assert [e.framing for e in found] == ["1", "formal", "1", "2"]
    assert [e.group for e in found] == ["founder", "people", "ceo", "founder"]
    assert infer_facts(found) == found


def test_given_framing_numbers_are_not_used_twice() -> None:
    rows = [row("a b", "specific"), row("c d", "specific", framing="1"), row("e f", "specific")]
    assert [e.framing for e in infer_facts(rows)] == ["2", "1", "3"]


questions = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("ghijkl")), min_size=1, max_size=8, unique=True
)


@given(questions, st.sampled_from(["yes", "a specific answer", None]), st.randoms())
def test_names_do_not_depend_on_the_order(
    drawn: list[tuple[str, str]], answer: str | None, shuffler: random.Random
) -> None:
    rows = [row(f"{a}{a} {b}{b}", answer) for a, b in drawn]
    names = {e.id: e.fact for e in infer_facts(rows)}
    shuffler.shuffle(rows)
    assert {e.id: e.fact for e in infer_facts(rows)} == names
