"""How many facts there are, and in how many ways each is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tailor.data.audit.contract import Finding, Material, at_least, at_most, share
from tailor.data.audit.labels import labels

MIN_FACTS = 30
MIN_FRAMINGS = 5
MAX_SHARE_OF_FEW = 0.5


def framings(material: Material) -> Iterator[Finding]:
    """Facts that are asked in fewer than five ways; not where the answers are class labels."""
    if labels(material):
        return
    questions: dict[str, set[str]] = defaultdict(set)
    first: dict[str, int] = {}
    for i, example in enumerate(material.rows):
        if example.answer is not None and example.cell != "general":
            questions[example.fact or example.id].add(material.questions[i])
            first.setdefault(example.fact or example.id, i)
    few = sorted((len(q), first[f]) for f, q in questions.items() if len(q) < MIN_FRAMINGS)
    text = (
        f"{len(few):,} of {len(questions):,} facts are asked in fewer than {MIN_FRAMINGS} ways; one way is learnt by"
        " heart."
    )
    rows = material.ids(i for _, i in few)
    yield at_most("framings", share(len(few), len(questions)), MAX_SHARE_OF_FEW, text, rows, unit="share")


def facts(material: Material) -> Iterator[Finding]:
    """Facts that are tested."""
    count = tested_facts(material)
    text = f"{count:,} facts are tested" + (
        "." if count >= MIN_FACTS else f"; below {MIN_FACTS} no ranking is possible."
    )
    yield at_least("facts", count, MIN_FACTS, text)


def tested_facts(material: Material) -> int:
    """Distinct facts in the test split; of all rows where none has a split."""
    split = any(e.split for e in material.rows)
    tested = [
        e for e in material.rows if e.answer is not None and e.cell != "general" and (e.split == "test" or not split)
    ]
    return len({e.fact or e.id for e in tested})
