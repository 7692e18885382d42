"""What is weak about a data set, in numbers. Findings are warnings; what makes data unusable is refused by `read`.

One file per kind of finding, all behind one contract: a function that takes the material and yields findings.
"""

from __future__ import annotations

from collections.abc import Sequence

from tailor.data.audit.contract import Audit, Dimension, Embed, Finding, Material, Verdict
from tailor.data.audit.contradictions import contradictions
from tailor.data.audit.coverage import facts, framings
from tailor.data.audit.diversity import diversity
from tailor.data.audit.duplicates import nearly_repeated, repeated
from tailor.data.audit.enough import difference, size
from tailor.data.audit.forms import form, garbled
from tailor.data.audit.grounding import given_away, grounding
from tailor.data.audit.labels import balance, noise
from tailor.data.audit.language import language
from tailor.data.audit.leaks import exact, meaning, near, runs
from tailor.data.audit.lengths import lengths
from tailor.data.audit.meanings import twins
from tailor.data.audit.personal import personal
from tailor.data.audit.production import representativeness
from tailor.records import Document, Example

__all__ = ["DIMENSIONS", "Audit", "Dimension", "Embed", "Finding", "Material", "Verdict", "audit"]

DIMENSIONS: tuple[Dimension, ...] = (
    *(exact, runs, near, meaning),
    *(repeated, nearly_repeated, twins, contradictions),
    *(grounding, given_away),
    personal,
    *(form, language, garbled, lengths),
    *(balance, noise),
    *(diversity, framings, representativeness),
    *(facts, difference, size),
)


def audit(
    examples: Sequence[Example],
    documents: Sequence[Document] = (),
    *,
    production: Sequence[str] = (),
    difference: float = 0.1,
    embed: Embed | None = None,
) -> Audit:
    """Measure everything that `DIMENSIONS` lists, on rows with or without splits.

    Two cells are left out: `trained-framing` repeats train rows by design, and `general` is not the team's own. The
    work grows linearly with the rows.

    Args:
        examples: the rows.
        documents: what answers should be supported by.
        production: questions as they are really asked.
        difference: the difference between two arms one wants to see, a share above 0.
        embed: texts to unit vectors, shape [n, width], to find questions that mean the same; None: words only.
    """
    rows = tuple(e for e in examples if e.cell not in ("trained-framing", "general"))
    material = Material(rows, tuple(documents), tuple(production), difference, embed)
    return Audit(tuple(finding for dimension in DIMENSIONS for finding in dimension(material)))
