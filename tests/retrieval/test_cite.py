from hypothesis import given
from hypothesis import strategies as st

from tailor.records import Passage
from tailor.retrieval.cite import cited, strip_citations

PASSAGES = [Passage(f"d.md#{name}", "d.md", name, name) for name in "ABC"]


def test_cited() -> None:
    def names(text: str) -> str:
        return "".join(p.heading for p in cited(text, PASSAGES))

    assert names("It costs $480 [1].") == "A"
    assert names("First [3], then [1, 3] and [2][1].") == "CAB"
    assert names("Both [1;2]") == "AB"
    assert names("None [0], [4], [2024], [x], [1](http://a), []") == ""


def test_strip_citations() -> None:
    assert strip_citations("It costs $480 [1].") == "It costs $480."
    assert strip_citations("Tim [1][2] and Tom[3, 1]") == "Tim and Tom"
    assert strip_citations("In [2024] and [a](b), see [1](c)") == "In [2024] and [a](b), see [1](c)"


@given(st.text(st.sampled_from("[]0123456789,; ab().\n")) | st.text())
def test_any_text(text: str) -> None:
    found = cited(text, PASSAGES)
    assert all(p in PASSAGES for p in found)
    assert len({p.id for p in found}) == len(found)
    assert len(strip_citations(text)) <= len(text)
