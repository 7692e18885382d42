"""The example workspaces keep the promises their READMEs make; read with json and csv only."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
STUDIO = EXAMPLES / "slippers-studio"
BICYCLES = EXAMPLES / "bring-your-own"

# What each unanswerable question asks about; none of these may occur in the handbook.
ABSENT_TERMS = {
    "absent-01": "revenue",
    "absent-02": "ticker",
    "absent-03": "birthday",
    "absent-04": "tax",
    "absent-05": "dental",
    "absent-06": "salary",
    "absent-07": "street and number",
    "absent-08": "degree",
    "absent-09": "subscribers",
    "absent-10": "Footnote is written in",
    "absent-11": "total cost",
    "absent-12": "led Project Compass",
    "absent-13": "hotel",
    "absent-14": "font",
    "absent-15": "account number",
    "absent-16": "competitor",
    "absent-17": "pension",
    "absent-18": "profit",
    "false-premise-01": "Paris",
    "false-premise-02": "funding",
    "false-premise-03": "Windows",
    "false-premise-04": "successor",
    "false-premise-05": "ISO",
    "false-premise-06": "merger",
    "false-premise-07": "Azure",
    "false-premise-08": "Tulip",
    "false-premise-09": "lawsuit",
    "false-premise-10": "Galosh",
    "false-premise-11": "Tokyo",
    "false-premise-12": "parrot",
    "false-premise-13": "gym",
    "false-premise-14": "discontinued",
    "false-premise-15": "dress code",
    "false-premise-16": "extended",
    "false-premise-17": "vice president",
    "false-premise-18": "company car",
}


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_sections(folder: Path) -> dict[str, str]:
    """Map `docs/<name>.md#<heading>` to the text under that second-level heading."""
    sections: dict[str, str] = {}
    for path in sorted(folder.glob("*.md")):
        for block in re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            heading, text = block.split("\n", 1)
            key = f"docs/{path.name}#{heading.strip()}"
            assert key not in sections, f"two sections are called {key}"
            sections[key] = text.strip()
    return sections


def contains(text: str, phrase: str) -> bool:
    """Whether `phrase` stands in `text` as whole words, in any case."""
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, flags=re.IGNORECASE) is not None


def normalised(question: str) -> str:
    return " ".join(re.findall(r"\w+", question.lower()))


@pytest.fixture(scope="module")
def questions() -> list[dict[str, Any]]:
    return read_jsonl(STUDIO / "data" / "questions.jsonl")


@pytest.fixture(scope="module")
def unanswerable() -> list[dict[str, Any]]:
    return read_jsonl(STUDIO / "data" / "unanswerable.jsonl")


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    return read_sections(STUDIO / "docs")


def test_studio_is_large_enough(questions: list[dict[str, Any]], unanswerable: list[dict[str, Any]]) -> None:
    framings = Counter(row["fact"] for row in questions)
    assert len(list((STUDIO / "docs").glob("*.md"))) >= 12
    assert len(framings) >= 100
    assert min(framings.values()) >= 8
    assert len(unanswerable) >= 20


def test_readme_states_the_true_counts(
    questions: list[dict[str, Any]], unanswerable: list[dict[str, Any]], sections: dict[str, str]
) -> None:
    readme = (STUDIO / "README.md").read_text(encoding="utf-8")
    documents = len(list((STUDIO / "docs").glob("*.md")))
    framings = Counter(row["fact"] for row in questions)
    assert f"| {documents} documents, {len(sections)} sections," in readme
    assert f"| {len(framings)} |" in readme
    assert set(framings.values()) == {9}
    assert f"| {len(questions):,}: every fact asked in 9 different ways |" in readme
    assert f"| {len(unanswerable)}: 18 " in readme
    assert json.dumps(questions[9], ensure_ascii=False) in readme


def test_rows_have_exactly_the_documented_fields(questions: list[dict[str, Any]]) -> None:
    for row in questions:
        assert list(row) == ["id", "fact", "question", "answer", "aliases", "source"]
        assert all(row[field].strip() == row[field] != "" for field in ("id", "fact", "question", "answer"))
        assert all(alias and alias != row["answer"] for alias in row["aliases"])
        assert re.fullmatch(rf"{re.escape(row['fact'])}-[1-9]", row["id"])


def test_ids_and_question_texts_are_unique(questions: list[dict[str, Any]], unanswerable: list[dict[str, Any]]) -> None:
    rows = questions + unanswerable
    assert [i for i, n in Counter(row["id"] for row in rows).items() if n > 1] == []
    assert [q for q, n in Counter(normalised(row["question"]) for row in rows).items() if n > 1] == []


def test_every_fact_has_one_answer_and_one_source(questions: list[dict[str, Any]]) -> None:
    seen: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for row in questions:
        seen[row["fact"]].add((row["answer"], row["source"], *row["aliases"]))
    assert {fact for fact, values in seen.items() if len(values) > 1} == set()


def test_every_answer_stands_in_its_source_section(questions: list[dict[str, Any]], sections: dict[str, str]) -> None:
    missing = {row["source"] for row in questions} - set(sections)
    assert missing == set()
    unsupported = {row["fact"] for row in questions if not contains(sections[row["source"]], row["answer"])}
    assert unsupported == set()


def test_no_question_gives_its_answer_away(questions: list[dict[str, Any]]) -> None:
    leaks = [
        row["id"]
        for row in questions
        for phrase in [row["answer"], *row["aliases"]]
        if phrase.lower() in row["question"].lower()
    ]
    assert leaks == []


def test_handbook_sections_are_short_and_carry_one_to_three_facts(
    questions: list[dict[str, Any]], sections: dict[str, str]
) -> None:
    facts: defaultdict[str, set[str]] = defaultdict(set)
    for row in questions:
        facts[row["source"]].add(row["fact"])
    for key, text in sections.items():
        assert 30 <= len(text.split()) <= 80, key
        assert 1 <= len(facts[key]) <= 3, key


def test_every_document_starts_with_a_title_and_has_several_sections(sections: dict[str, str]) -> None:
    per_document = Counter(key.split("#")[0] for key in sections)
    for path in (STUDIO / "docs").glob("*.md"):
        assert path.read_text(encoding="utf-8").startswith("# "), path.name
        assert per_document[f"docs/{path.name}"] >= 3, path.name


def test_unanswerable_rows_are_balanced_and_have_no_answer(unanswerable: list[dict[str, Any]]) -> None:
    assert all(list(row) == ["id", "question", "answer", "kind"] for row in unanswerable)
    assert all(row["answer"] is None and row["question"].strip() for row in unanswerable)
    kinds = Counter(row["kind"] for row in unanswerable)
    assert set(kinds) == {"absent", "false-premise"}
    assert min(kinds.values()) >= len(unanswerable) // 3


def test_handbook_is_silent_about_unanswerable_questions(
    unanswerable: list[dict[str, Any]], sections: dict[str, str]
) -> None:
    handbook = "\n".join(sections.values())
    assert {row["id"] for row in unanswerable} == set(ABSENT_TERMS)
    assert [i for i, term in ABSENT_TERMS.items() if contains(handbook, term)] == []


def test_bicycle_table_groups_by_answer_and_agrees_with_its_page() -> None:
    with (BICYCLES / "faq.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == ["question", "answer"]
    assert set(Counter(row["answer"] for row in rows).values()) == {2}
    assert len(rows) == 40
    assert len({normalised(row["question"]) for row in rows}) == 40
    page = " ".join((BICYCLES / "about.txt").read_text(encoding="utf-8").split())
    assert [row["answer"] for row in rows if not contains(page, row["answer"])] == []
    assert [row for row in rows if contains(row["question"], row["answer"])] == []
