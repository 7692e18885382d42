from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailor.data.read import read_documents
from tailor.errors import DataError


def test_a_folder_of_all_kinds(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "more").mkdir(parents=True)
    (docs / ".hidden").mkdir()
    (docs / ".hidden" / "x.md").write_text("# Hidden")
    (docs / "b.md").write_text("intro\n\n## Rates ##\n\nTen.")
    (docs / "more" / "a.TXT").write_text("plain text")
    (docs / "c.html").write_text(
        "<html><head><title>Our\n page</title><style>p {}</style></head><body><h2>Who <b>we</b> are</h2>"
        "<p>Tim &amp; co<br>since&nbsp;2006</p><ul><li>one<li>two</ul><script>x()</script></body></html>"
    )
    (docs / "d.htm").write_text("<title>Only a title</title><p>Text</p>")
    found = read_documents(docs, root=tmp_path)
    assert [(d.path, d.title) for d in found] == [
        ("docs/b.md", "Rates"),
        ("docs/c.html", "Who we are"),
        ("docs/d.htm", "Only a title"),
        ("docs/more/a.TXT", "a"),
    ]
    assert found[1].text == "## Who we are\n\nTim & co since 2006\n\n- one\n\n- two\n"
    assert read_documents(docs / "b.md", root=tmp_path) == found[:1]


def test_every_unusable_document_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    (tmp_path / "b.docx").write_bytes(b"PK")
    (tmp_path / "c.png").write_bytes(b"x")
    (tmp_path / "d.md").write_text(" \n")
    (tmp_path / "e.txt").write_bytes("é".encode() + b"\n\xe9")
    (tmp_path / "f.md").write_text("one\ntwo \x07")
    (tmp_path / "g.html").write_text("<script>only()</script>")
    (tmp_path / "h.md").write_text("good")
    with pytest.raises(DataError) as caught:
        read_documents(tmp_path, root=tmp_path)
    found = {p.file: p for p in caught.value.problems}
    assert sorted(found) == ["a.pdf", "b.docx", "c.png", "d.md", "e.txt", "f.md", "g.html"]
    assert found["a.pdf"].found.startswith("a PDF that cannot be read")
    assert found["b.docx"].found.startswith("a DOCX that cannot be read")
    assert "convert it to Markdown" in found["c.png"].hint
    assert found["d.md"].found == found["g.html"].found == "an empty document"
    assert found["f.md"].line == 2


def test_missing_and_empty_folders(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, expected in (("none", "nothing of that name"), ("empty", "no documents")):
        with pytest.raises(DataError) as caught:
            read_documents(tmp_path / name, root=tmp_path)
        assert [p.found for p in caught.value.problems] == [expected]


markup = st.lists(
    st.sampled_from(
        ["<", ">", "<!", "<![", "]]>", "<!--", "<p", "</p>", "<h1>", "&#x", "&amp", "x", " ", "<?", "<script>"]
    )
).map(lambda parts: "".join(parts).encode())


@settings(max_examples=300)
@given(name=st.sampled_from(["a.md", "a.txt", "a.html"]), content=st.binary(max_size=200) | markup)
def test_any_bytes_give_text_or_problems(tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    (folder / name).write_bytes(content)
    try:
        found, problems = read_documents(folder, root=folder), 0
    except DataError as error:
        found, problems = [], len(error.problems)
    assert len(found) + problems == 1
    assert all(d.text.strip() and d.title for d in found)
