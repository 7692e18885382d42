"""Questions that repeat others, exactly or nearly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tailor.data.audit.alike import ask_alike
from tailor.data.audit.contract import Finding, Material, at_most, plural
from tailor.data.minhash import near_duplicates
from tailor.data.similar import UnionFind

# Of five-character runs: one word of eight changed leaves about 0.8.
NEAR = 0.8


def repeated(material: Material) -> Iterator[Finding]:
    """Questions that stand there twice but for case, spaces and punctuation at their ends."""
    seen = Counter(material.questions)
    places = [i for i, q in enumerate(material.questions) if seen[q] > 1]
    extra = len(material.questions) - len(seen)
    text = f"{plural(extra, 'question repeats', 'questions repeat')} another word for word."
    yield at_most("duplicates", extra, 0, text, material.ids(places))


def nearly_repeated(material: Material) -> Iterator[Finding]:
    """Questions that are one way of asking rather than two.

    Similar questions with different answers or different numbers are left out: the word in which they differ is what
    is asked for.
    """
    first: dict[str, int] = {}
    for i, question in enumerate(material.questions):
        first.setdefault(question, i)
    # Rows with one answer side by side: where many texts share a bucket, neighbours are compared first.
    places = sorted(first.values(), key=lambda i: (material.answers[i] or "", i))
    texts = [material.questions[i] for i in places]
    clusters = UnionFind(len(texts))
    worst: dict[int, float] = {}
    for match in near_duplicates(texts, NEAR):
        i, j = places[match.left], places[match.right]
        if ask_alike(material, i, j):
            clusters.union(match.left, match.right)
            for place in (i, j):
                worst[place] = max(match.similarity, worst.get(place, 0.0))
    extra = len(texts) - len(clusters.sets())
    text = f"{plural(extra, 'question nearly repeats', 'questions nearly repeat')} another: one way of asking, not two."
    order = sorted(worst, key=lambda i: (-worst[i], i))
    yield at_most("near-duplicates", extra, 0, text, material.ids(order))
