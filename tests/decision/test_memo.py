from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_study import compared, facts, failed, flip, study, without

from tailor.decision import pictures
from tailor.decision.glossary import MEANINGS
from tailor.decision.memo import escape_markdown, render_html, render_markdown, write_report
from tailor.methods import BUILTIN

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style><svg/onload=alert(1)>",
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "]]><!--",
    "&lt;script&gt;",
    "\u202egnp.exe",
    "nul\x00bell\x07",
    "lone \ud800 surrogate",
    "[click](javascript:alert(1)) | a | b | $x$ `code` **bold**",
    "# heading\n- list\n1. one\n---",
    "[x]: http://example.com",
]
CORPUS = Path(__file__).parents[3] / "shared" / "data" / "blns" / "blns.json"


class Elements(HTMLParser):
    """Collects every element and attribute that a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def elements(html: str) -> Elements:
    parser = Elements()
    parser.feed(html)
    return parser


def poisoned(text: str) -> dict[str, Any]:
    """A study in which people wrote this text wherever people can write."""
    results = study()
    results.update(name=text, question=text, deviations=[text])
    results["arms"][text] = results["arms"].pop("lora")
    results["arms"][text]["notes"] = [text]
    for c in results["comparisons"]:
        c.update({k: text for k in ("arm", "against") if c[k] == "lora"})
    results = failed_with(results, text)
    example = {**flip(9, text, text), "question": text, "expected": text, "source": text}
    results["flips"] = {text: {"fixed": [example], "broke": [example], "n_fixed": 1, "n_broke": 1}}
    return results


def failed_with(results: dict[str, Any], cause: str) -> dict[str, Any]:
    return failed(results, "full", cause)


def harmless(html: str) -> None:
    page = elements(html)
    assert not {"script", "img", "iframe", "object", "embed", "link", "a", "form", "base"} & set(page.tags)
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "href", "action")
        assert "javascript:" not in (value or "")


def test_one_page_without_script_or_network() -> None:
    html = render_html(study())
    harmless(html)
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in html
    assert "url(" not in html
    assert "@import" not in html


def test_a_manager_finds_verdict_figures_doubt_and_table_in_this_order() -> None:
    text = " ".join(elements(render_html(study())).text)
    places = [text.index(t) for t in ("Keep the simple one", "Use rag.", "86 %", "$11", "21 %", "Doubts", "The arms")]
    assert places == sorted(places)
    assert text.index("What would change this") < text.index("How this was found") < text.index("How it was measured")
    for told in ("7c1e04", "tailor compare <workspace>", "fixed 284, broke 0", "handbook/plans.md#Feature 1"):
        assert told in text


@pytest.mark.parametrize("text", NASTY)
def test_what_people_wrote_stays_text(text: str) -> None:
    plain = elements(render_html(study()))
    html = render_html(poisoned(text))
    harmless(html)
    # nothing people wrote becomes an element: the same kinds as in the page without it
    assert set(elements(html).tags) <= set(plain.tags)
    html.encode("utf-8")


@pytest.mark.skipif(not CORPUS.exists(), reason="the list of naughty strings is not here")
def test_the_list_of_naughty_strings() -> None:
    strings = [s for s in json.loads(CORPUS.read_text(encoding="utf-8")) if s]
    known = set(elements(render_html(study())).tags)
    results = study()
    eights = [strings[i : i + 8] for i in range(0, len(strings), 8)]
    examples = [[{**flip(i, s, s), "question": s} for i, s in enumerate(eight)] for eight in eights]
    results["flips"] = {
        f"arm {i}": {"fixed": e, "broke": [], "n_fixed": 8, "n_broke": 0} for i, e in enumerate(examples)
    }
    html = render_html(results)
    harmless(html)
    assert set(elements(html).tags) <= known
    assert elements(html).tags.count("dl") == len(strings) + 1
    render_markdown(results)


@given(st.text(max_size=60))
@settings(max_examples=15, deadline=None)
def test_any_question_is_shown_as_it_was_asked(question: str) -> None:
    results = study()
    results["question"] = question
    results["arms"] = {}
    html = render_html(results)
    harmless(html)
    # the heading and its bdi hold all of it, whatever it is
    assert len(elements(html).tags) == len(elements(render_html({**results, "question": "Why?"})).tags)


@pytest.mark.parametrize("text", NASTY)
def test_markdown_stays_text(text: str) -> None:
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(render_markdown(poisoned(text)))
    page = elements(html)
    assert not {"script", "img", "a", "svg", "iframe"} & set(page.tags)


@given(st.text(alphabet=st.sampled_from("ab \\`*_[]()<>#+-.!|~$&:1=\n"), max_size=25))
@settings(max_examples=300, deadline=None)
def test_escaped_markdown_reads_as_written(text: str) -> None:
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark").enable("table").render(escape_markdown(text))
    shown = "".join(elements(html).text).strip()
    assert shown == " ".join(text.split())
    assert set(elements(html).tags) <= {"p"}


def test_markdown_tables_have_as_many_cells_as_their_head() -> None:
    for results in (study(), failed(study(), "lora"), poisoned("a | b")):
        width = 0
        for line in render_markdown(results).splitlines():
            bars = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            assert not (bars and width and bars != width), line
            width = bars


VARIANTS = {
    "empty": {},
    "one arm": without(study(), "few-shot", "rag", "lora", "full", "rag+lora"),
    "failed": failed(study(), "rag"),
    "control failed": failed(study(), "zero-shot"),
    "few facts": facts(study(), 1),
    "adopt": compared(study(), "rag", "rag+lora", difference=-0.12, low=-0.16, high=-0.08),
    "no general": {**study(), "arms": {a: {**r, "general": None} for a, r in study()["arms"].items()}},
    "no price": {**study(), "usage_assumptions": {}},
    "no usage": {**study(), "arms": {a: {**r, "usage": None, "latency_ms": None} for a, r in study()["arms"].items()}},
    "nan": {
        **study(),
        "arms": {a: {**r, "hallucination": {"value": float("nan")}} for a, r in study()["arms"].items()},
    },
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_kind_of_study_gives_a_memo_without_made_up_numbers(name: str) -> None:
    for text in (" ".join(elements(render_html(VARIANTS[name])).text), render_markdown(VARIANTS[name])):
        assert not re.search(r"\bnan\b|\binf\b|\bNone\b|\bnull\b", text)


def test_no_price_is_said_and_latency_drawn_instead() -> None:
    html = render_html(VARIANTS["no price"])
    assert "cost unknown: no price for the machine" in html
    assert "Right answers against 95 % of answers within, ms" in html
    assert "$" not in "".join(elements(html).text)


def test_pictures_are_sound_and_have_a_text_alternative() -> None:
    results = study()
    drawn = [
        pictures.pareto_picture(results, "rag"),
        pictures.forest_picture(results, "zero-shot", "rag"),
        pictures.cells_picture(results, "rag"),
        *pictures.curve_pictures(results),
    ]
    assert len(drawn) == 6
    for svg in drawn:
        root = ElementTree.fromstring(svg)
        space = "{http://www.w3.org/2000/svg}"
        assert root.get("role") == "img"
        assert root.findtext(f"{space}title")
        assert root.findtext(f"{space}desc")
        assert not re.search(r"\bnan\b|None", svg)
    assert "rag (chosen): 86 % right [82 – 90], $0.028" in drawn[0]


def test_the_frontier_holds_only_arms_nobody_beats_on_both() -> None:
    root = ElementTree.fromstring(pictures.pareto_picture(study(), "rag"))
    line = next(e for e in root.iter() if e.get("class") == "frontier")
    # cheapest zero-shot, then lora, rag, rag+lora; few-shot is dearer and worse than lora, full is barred
    assert len(str(line.get("points")).split()) == 4


def test_labels_of_six_arms_at_one_spot_do_not_lie_on_each_other() -> None:
    results = study()
    results["arms"] = {f"rag variant {i}": {**results["arms"]["rag"]} for i in range(6)}
    root = ElementTree.fromstring(pictures.pareto_picture(results, None))
    labels = [(float(e.get("x", 0)), float(e.get("y", 0))) for e in root.iter() if e.get("class") == "label"]
    assert len(labels) == 6
    for i, (x, y) in enumerate(labels):
        for other_x, other_y in labels[i + 1 :]:
            assert abs(y - other_y) >= 12 or abs(x - other_x) >= 80


def test_written_whole_and_by_its_name(tmp_path: Path) -> None:
    write_report(study(), tmp_path / "report.html")
    write_report(study(), tmp_path / "report.md")
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (tmp_path / "report.md").read_text(encoding="utf-8").startswith("# Should")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "report.md"]


def test_the_data_check_is_part_of_the_provenance() -> None:
    results = study()
    assert "data check" not in render_markdown(results)
    results["audit"] = [
        {"dimension": name, "verdict": verdict, "text": "", "number": 1}
        for name, verdict in (("size", "ok"), ("leak, form", "bad"), ("names", "warn"), ("language", "warn"))
    ]
    assert "data check: 1 dimension fine; to look at: names · language; to mend: leak, form" in render_markdown(results)


def test_every_way_of_adapting_has_plain_words() -> None:
    assert set(MEANINGS) == set(BUILTIN)
    results = study()
    text = " ".join(elements(render_html(results)).text)
    for method in {part for arm in results["arms"].values() for part in arm["method"].split("+")}:
        assert MEANINGS[method] in text
