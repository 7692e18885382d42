import io
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from handbook_files import save_handbook, save_pdf

from tailor.data.read import read_documents
from tailor.errors import DataError, Problem
from tailor.retrieval.chunk import chunk


def problem(folder: Path, name: str, content: bytes) -> Problem:
    (folder / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_documents(folder / name, root=folder)
    (found,) = caught.value.problems
    return found


def test_ten_documents_of_four_kinds_give_passages_with_section_and_page(tmp_path: Path) -> None:
    written = save_handbook(tmp_path / "docs")
    assert sorted({Path(name).suffix for name in written}) == [".docx", ".html", ".md", ".pdf"]
    passages = chunk(read_documents(tmp_path / "docs", root=tmp_path))
    found = {(p.document, p.heading, p.page): " ".join(p.text.split()) for p in passages}
    for name, content in written.items():
        page = 0
        for level, heading, paragraphs in content:
            page += level == 2 or page == 0  # the first section and every second-level one begins a page
            # A first heading that is followed by the second at once stands alone on page 1.
            where = (f"docs/{name}", heading, page if name.endswith(".pdf") else None)
            for paragraph in paragraphs:
                assert " ".join(paragraph.split()) in found[where], where


def test_where_a_passage_is_found(tmp_path: Path) -> None:
    words = [f"Line {n} of a long text without headings that goes on and on over the pages." for n in range(300)]
    save_pdf(tmp_path / "plain.pdf", [(1, "", words)], headings=False)
    save_pdf(tmp_path / "terms.pdf", [(1, "Terms", ["General."]), (2, "Notice", ["Three months."])])
    by_id = {p.id: p for p in chunk(read_documents(tmp_path, root=tmp_path))}
    assert by_id["terms.pdf#Notice"].reference == "terms.pdf#Notice (page 2)"
    plain = [p for p in by_id.values() if p.document == "plain.pdf"]
    assert plain[0].id == plain[0].reference == "plain.pdf#page=1"
    pages = [p.page for p in plain]
    assert pages == sorted(pages)
    # An independent reading: pypdf's plain text of each page.
    import pypdf

    texts = [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(tmp_path / "plain.pdf").pages]
    assert set(pages) == set(range(1, len(texts) + 1))
    for passage in plain:
        line = passage.text.split(" of ")[0].split("Line ")[-1]
        assert f"Line {line} of" in texts[passage.page - 1]


def test_word_lists_tables_and_titles(tmp_path: Path) -> None:
    import docx

    document = docx.Document()
    document.add_heading("Handbook", 0)
    document.add_paragraph("# not a heading")
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Number")
    table = document.add_table(2, 2)
    for cell, text in zip((c for row in table.rows for c in row.cells), ("Item", "Price", "Tea", "2 | 3"), strict=True):
        cell.text = text
    document.save(str(tmp_path / "a.docx"))
    (found,) = read_documents(tmp_path, root=tmp_path)
    assert found.title == "Handbook"
    assert found.text == ("# Handbook\n\n\\# not a heading\n\n- one\n- two\n\n| Item | Price |\n| Tea | 2 / 3 |\n")


def test_a_scanned_pdf_is_refused_with_a_remedy(tmp_path: Path) -> None:
    from PIL import Image
    from reportlab.pdfgen.canvas import Canvas

    picture = io.BytesIO()
    Image.new("RGB", (60, 80), "white").save(picture, "PNG")
    (tmp_path / "page.png").write_bytes(picture.getvalue())
    canvas = Canvas(str(tmp_path / "scan.pdf"))
    for _ in range(3):
        canvas.drawImage(str(tmp_path / "page.png"), 0, 0, 600, 800)
        canvas.showPage()
    canvas.save()
    found = problem(tmp_path, "scan.pdf", (tmp_path / "scan.pdf").read_bytes())
    assert found.found == "a scanned PDF: all pages are pictures without text"
    assert "ocrmypdf" in found.hint


def test_a_pdf_with_a_password_and_an_old_word_file(tmp_path: Path) -> None:
    import pypdf

    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    assert problem(tmp_path, "a.pdf", locked.getvalue()).hint == "save a copy without the password"
    assert "save it as .docx" in problem(tmp_path, "a.docx", b"\xd0\xcf\x11\xe0" + bytes(600)).hint


@settings(max_examples=150)
@given(name=st.sampled_from(["a.pdf", "a.docx"]), content=st.binary(max_size=200), cut=st.integers(0, 3000))
def test_damaged_files_give_problems(
    tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    whole = folder / "whole.pdf"
    if name == "a.pdf":
        save_pdf(whole, [(1, "A", ["Text."])])
        raw = whole.read_bytes()
        content = raw[:cut] + content + raw[cut + len(content) :]
    (folder / name).write_bytes(content)
    try:
        found, problems = read_documents(folder / name, root=folder), 0
    except DataError as error:
        found, problems = [], len(error.problems)
    assert len(found) + problems == 1
    assert all(d.text.strip() for d in found)
