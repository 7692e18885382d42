"""The memo on paper: two pages, whatever the study."""

from __future__ import annotations

import copy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sample_study import study

from tailor.decision.memo import write_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="printing needs chromium (apt-get install chromium)"),
]


def twelve_arms() -> dict[str, Any]:
    """Twice the arms of the sample, each with a comparison and notes: the longest tables a person would print."""
    results = study()
    for old in list(results["arms"]):
        new = f"{old}-again"
        results["arms"][new] = {**copy.deepcopy(results["arms"][old]), "notes": ["kept step 98 of 195"] * 5}
        results["comparisons"] += [{**c, "arm": new} for c in results["comparisons"] if c["arm"] == old]
    return results


@pytest.mark.parametrize("results", [study(), twelve_arms()], ids=["six arms", "twelve arms"])
def test_two_pages(results: dict[str, Any], tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf", reason="counting pages needs pypdf")
    page, paper = tmp_path / "report.html", tmp_path / "report.pdf"
    write_report(results, page)
    subprocess.run(
        [
            str(BROWSER),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--print-to-pdf={paper}",
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=240,
    )
    pages = [p.extract_text() for p in pypdf.PdfReader(paper).pages]
    assert len(pages) == 2
    for told in ("Use rag.", "right answers", "a month", "invented answers", "Doubts", "What would change this"):
        assert told in pages[0]
    for told in ("How it was measured", "Where it comes from", "7c1e04"):
        assert told in pages[1]
