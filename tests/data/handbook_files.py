"""The handbook of the example workspace as ten files of four kinds, made with other libraries than those that read."""

from __future__ import annotations

import html
from pathlib import Path

HANDBOOK = Path(__file__).parents[2] / "examples" / "slippers-studio" / "docs"
KINDS = (".pdf", ".docx", ".html", ".md")

Section = tuple[int, str, list[str]]  # level, heading, paragraphs


def sections(markdown: str) -> list[Section]:
    found: list[Section] = []
    for block in markdown.strip().split("\n\n"):
        if block.startswith("#"):
            marks, heading = block.split(" ", 1)
            found.append((len(marks), heading, []))
        else:
            found[-1][2].append(block)
    return found


def save_pdf(path: Path, content: list[Section], *, break_before: int = 2, headings: bool = True) -> None:
    """Each section of level `break_before` begins a page; a running head and the page's number stand on all."""
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

    styles = getSampleStyleSheet()
    flow = []
    for level, heading, paragraphs in content:
        if level == break_before and flow:
            flow.append(PageBreak())
        if headings:
            flow.append(Paragraph(html.escape(heading), styles[f"Heading{level}"]))
        flow += [Paragraph(html.escape(p), styles["Normal"]) for p in paragraphs]

    def head(canvas: object, document: object) -> None:
        canvas.setFont("Helvetica-Bold", 14)
        canvas.drawString(40, 810, "Our Handbook")
        canvas.setFont("Helvetica", 8)
        canvas.drawString(40, 20, str(document.page))

    SimpleDocTemplate(str(path)).build(flow, onFirstPage=head, onLaterPages=head)


def save_docx(path: Path, content: list[Section]) -> None:
    import docx

    document = docx.Document()
    for level, heading, paragraphs in content:
        document.add_heading(heading, level)
        for paragraph in paragraphs:
            document.add_paragraph(paragraph)
    document.save(str(path))


def save_html(path: Path, content: list[Section]) -> None:
    parts = []
    for level, heading, paragraphs in content:
        parts.append(f"<h{level}>{html.escape(heading)}</h{level}>")
        parts += [f"<p>{html.escape(p)}</p>" for p in paragraphs]
    path.write_text(f"<html><body>{''.join(parts)}</body></html>", encoding="utf-8")


def save_handbook(folder: Path) -> dict[str, list[Section]]:
    """Ten documents, kinds in turn; gives what each file holds."""
    folder.mkdir(parents=True)
    written = {}
    for n, source in enumerate(sorted(HANDBOOK.glob("*.md"))[:10]):
        path = folder / f"{source.stem}{KINDS[n % 4]}"
        content = sections(source.read_text(encoding="utf-8"))
        if path.suffix == ".pdf":
            save_pdf(path, content)
        elif path.suffix == ".docx":
            save_docx(path, content)
        elif path.suffix == ".html":
            save_html(path, content)
        else:
            path.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        written[path.name] = content
    return written
