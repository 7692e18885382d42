"""What the audit says of public data that nobody here wrote."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from planted import SHARED, row

from tailor.data.audit import Finding, audit
from tailor.data.read import read_examples
from tailor.records import Document, Example

BANKING, XQUAD = SHARED / "banking77", SHARED / "xquad"


@pytest.fixture(scope="module")
def banking() -> dict[str, Finding]:
    if not BANKING.is_dir():
        pytest.skip(f"no customer questions at {BANKING}")
    columns = {"question": "text", "answer": "category"}
    rows = [
        replace(e, id=f"{split}-{n}", split=split)
        for split in ("train", "test")
        for n, e in enumerate(read_examples(BANKING / f"{split}.csv", columns, root=BANKING))
    ]
    assert len(rows) == 10_003 + 3_080
    return {f.dimension: f for f in audit(rows).findings}


@pytest.mark.slow
def test_banking77_has_six_leaked_questions_and_uneven_classes(banking: dict[str, Finding]) -> None:
    assert (banking["leak, exact"].number, banking["leak, exact"].verdict) == (6, "bad")
    assert all(identity.startswith("test-") for identity in banking["leak, exact"].rows)
    assert "77 classes of 35 to 187 rows" in banking["class balance"].text
    assert banking["class balance"].number == pytest.approx(187 / 35)
    assert banking["class balance"].verdict == "warn"
    assert 0 < banking["label noise"].number < 0.05
    assert banking["personal numbers"].number == 0


def passages(language: str) -> tuple[list[Example], list[Document]]:
    path = XQUAD / f"xquad.{language}.json"
    if not path.is_file():
        pytest.skip(f"no reading questions at {path}")
    rows, documents = [], []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            documents.append(Document(f"{len(documents)}.md", article["title"], paragraph["context"]))
            rows += [row(q["id"], q["question"], q["answers"][0]["text"]) for q in paragraph["qas"]]
    return rows, documents


def test_answers_of_xquad_stand_in_its_passages() -> None:
    rows, documents = passages("en")
    found = {f.dimension: f for f in audit(rows, documents).findings}
    # The answers are spans of the passages, but some begin or end within a word.
    assert found["grounding"].number < 0.005
    assert {f.dimension: f for f in audit(rows, documents[::2]).findings}["grounding"].number > 0.3


def test_languages_of_xquad() -> None:
    english, _ = passages("en")
    german, _ = passages("de")
    mixed = [*english, *(replace(e, id=f"de-{e.id}") for e in german[:100])]
    found = {f.dimension: f for f in audit(mixed).findings}["language"]
    named = [i for i in found.rows if i.startswith("de-")]
    assert len(named) >= 90
    assert len(found.rows) - len(named) <= 0.01 * len(english)
