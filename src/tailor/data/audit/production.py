"""Whether the data ask what people really ask."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tailor.data.audit.contract import Finding, Material, at_most, plural
from tailor.data.audit.vectors import content, nearest, weighted, word_counts

# The data's own questions tell how near is near: a tenth of them are farther from their nearest neighbour.
OWN_SHARE = 0.1
MAX_UNLIKE = 0.2
MIN_QUESTIONS = 30
SAMPLE = 20_000


def production_id(place: int) -> str:
    """What the question at a place of `Material.production`, from 0, is called."""
    return f"production-{place + 1}"


def representativeness(material: Material) -> Iterator[Finding]:
    """The share of production questions that are unlike every question of the data.

    Unlike is what is farther from its nearest question than nine tenths of the data's own questions are from theirs, by
    the words that say what a question is about. If both were drawn from one source, a tenth would be.
    """
    if not material.production:
        return
    own = list(dict.fromkeys(material.questions))[:SAMPLE]
    asked = list(material.production[:SAMPLE])
    if len(own) < MIN_QUESTIONS:
        text = f"Fewer than {MIN_QUESTIONS} different questions: too few to compare with."
        yield at_most("representativeness", float("nan"), MAX_UNLIKE, text, unit="share")
        return
    if material.embed is not None:
        ours, theirs = material.embed(own), material.embed(asked)
    else:
        vectors = weighted(word_counts([content(t) for t in [*own, *asked]], pairs=False))
        ours, theirs = vectors[: len(own)], vectors[len(own) :]
    limit = np.quantile(nearest(ours, ours, itself=True), OWN_SHARE)
    closest = nearest(theirs, ours)
    unlike = np.flatnonzero(closest < limit)
    order = unlike[np.argsort(closest[unlike], kind="stable")]
    text = (
        f"{len(unlike):,} of {plural(len(asked), 'production question')} are unlike all of the data; if they were of"
        f" the same kind, {OWN_SHARE * 100:.0f} % would be."
    )
    rows = [production_id(i) for i in order.tolist()]
    yield at_most("representativeness", len(unlike) / len(asked), MAX_UNLIKE, text, rows, unit="share")
