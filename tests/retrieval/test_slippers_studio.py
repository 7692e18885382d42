"""Does a search find the section that holds the answer? All questions of the example, gold section from `source`."""

from pathlib import Path

import pytest

from tailor.data.read import read_documents, read_examples
from tailor.records import Passage
from tailor.retrieval.chunk import chunk
from tailor.retrieval.embedding import installed
from tailor.retrieval.index import build_index
from tailor.retrieval.search import Index

STUDIO = Path(__file__).resolve().parents[2] / "examples" / "slippers-studio"
pytestmark = pytest.mark.skipif(not (STUDIO / "data" / "questions.jsonl").exists(), reason="no example workspace")


def recall(index: Index) -> dict[int, float]:
    examples = read_examples(STUDIO / "data" / "questions.jsonl", root=STUDIO)
    found = index.search_many([e.question for e in examples], 4)
    hits = {
        k: sum(e.source in {p.reference for p in f[:k]} for e, f in zip(examples, found, strict=True))
        for k in (1, 3, 4)
    }
    return {k: n / len(examples) for k, n in hits.items()}


def passages() -> list[Passage]:
    return chunk(read_documents(STUDIO / "docs", root=STUDIO))


def test_every_source_is_a_passage() -> None:
    examples = read_examples(STUDIO / "data" / "questions.jsonl", root=STUDIO)
    by_reference = {p.reference: p.text for p in passages()}
    assert all((e.answer or "") in by_reference[e.source or ""] for e in examples)


def test_lexical_recall() -> None:
    measured = recall(Index(passages()))
    print("lexical", measured)
    assert measured[4] >= 0.87  # measured: 0.889; the questions are paraphrased on purpose


@pytest.mark.slow
@pytest.mark.skipif(not installed(), reason="sentence encoder not installed")
def test_fused_recall(tmp_path: Path) -> None:
    build_index(passages(), tmp_path / "index")
    measured = recall(Index.load(tmp_path / "index"))
    print("fused", measured)
    assert measured[4] >= 0.93  # measured: 0.950
