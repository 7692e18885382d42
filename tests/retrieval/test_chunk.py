import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.records import Document
from tailor.retrieval.chunk import chunk


def test_sections_of_markdown() -> None:
    text = (
        "# Pricing\n\nIntro.\n\n## Rates ##\n\nTen an hour.\n\n```\n# no heading\n```\n\n## Empty\n\n### Deep\n\nX.\n"
    )
    found = chunk([Document("docs/pricing.md", "Pricing", text)])
    assert [(p.id, p.heading, p.text) for p in found] == [
        ("docs/pricing.md#Pricing", "Pricing", "Intro."),
        ("docs/pricing.md#Rates", "Rates", "Ten an hour.\n\n```\n# no heading\n```"),
        ("docs/pricing.md#Deep", "Deep", "X."),
    ]
    assert found[1].reference == "docs/pricing.md#Rates"


def test_repeated_headings_say_what_they_belong_to() -> None:
    one = Document(
        "a.md", "Staff", "# Staff\n## Rates\nTen.\n## Terms\n### Notice\nA month.\n## Trial\n### Notice\nA day."
    )
    two = Document("b.md", "Projects", "# Projects\n## Rates\nTwenty.")
    found = {p.id: p.text for p in chunk([one, two])}
    assert found == {
        "a.md#Rates": "Staff: Ten.",
        "a.md#Notice": "Terms: A month.",
        "a.md#Notice/2": "Trial: A day.",
        "b.md#Rates": "Projects: Twenty.",
    }


def test_plain_text_has_no_headings() -> None:
    (passage,) = chunk([Document("about.txt", "about", "# 1 in town\n\nWe repair bikes.\n")])
    assert (passage.id, passage.heading, passage.text) == ("about.txt", "", "# 1 in town\n\nWe repair bikes.")


def test_long_sections_are_cut_where_it_hurts_least() -> None:
    paragraphs = "\n\n".join(f"Paragraph {i} has exactly seven words here." for i in range(4))
    first, second = chunk([Document("a.txt", "a", paragraphs)], max_words=15)
    assert (first.id, second.id) == ("a.txt", "a.txt#/2")
    assert first.text.split("\n\n") == paragraphs.split("\n\n")[:2]
    sentences = "One two three. Four five six! Seven eight nine? Ten eleven twelve."
    found = chunk([Document("a.txt", "a", sentences)], max_words=6)
    assert [p.text for p in found] == ["One two three. Four five six!", "Seven eight nine? Ten eleven twelve."]
    listed = "- one two. three\n- four five. six"
    assert [p.text for p in chunk([Document("a.txt", "a", listed)], max_words=4)] == listed.split("\n")


def test_bad_size() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        chunk([], max_words=0)


lines = st.sampled_from(
    ["# A", "## B ##", "###### C c", "#nothing", "one two three.", "four. five! six", "- item", "| a | b |", "```",
     "~~~", "", "", "  ", "1. x", "seven\u2028eight", "# ", "    # code"]
)  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(["a.md", "b.txt", "c.html"]), st.lists(lines, max_size=25)), max_size=3,
             unique_by=lambda d: d[0]),
    st.integers(1, 12),
)  # fmt: skip
def test_no_word_is_lost_and_pieces_are_short(drawn: list[tuple[str, list[str]]], max_words: int) -> None:
    documents = [Document(path, "Title", "\n".join(content)) for path, content in drawn]
    passages = chunk(documents, max_words)
    assert len({p.id for p in passages}) == len(passages)
    for document in documents:
        expected: list[str] = []
        fence = ""
        for line in document.text.split("\n"):
            mark = re.match(r" {0,3}(```|~~~)", line)
            if mark:
                fence = "" if fence == mark[1] else fence or mark[1]
            heading = re.match(r" {0,3}#{1,6}[ \t]", line) and not fence and not mark
            if not heading or document.path.endswith(".txt"):
                expected += line.split()
        found: list[str] = []
        for p in (p for p in passages if p.document == document.path):
            body = re.sub(r"^(Title|[AB]|C c)(, ([AB]|C c))?: ", "", p.text)
            assert len(body.split()) <= max_words
            found += body.split()
        assert found == expected
