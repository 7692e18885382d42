"""Which passages hold the answer to a question, where the team's files say so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tailor.evaluation.retrieval import holds_answer
from tailor.records import Example, Passage
from tailor.study.inputs import PRIMARY_CELL


def section_of(reference: str) -> str:
    """`docs/a.md#Rates` of `docs/a.md#Rates/2`: a long section is cut into several passages."""
    head, _, tail = reference.rpartition("/")
    return head if tail.isdigit() and "#" in head else reference


def gold_passages(
    items: Sequence[Example], passages: Sequence[Passage], cells: Sequence[str] = (PRIMARY_CELL,)
) -> Mapping[str, tuple[Passage, ...]]:
    """Item -> the passages that hold its answer, for the answerable items of `cells` that name their source.

    Of a section that was cut into several passages, those that have the answer or an alias word for word; all of them
    where none has. A source that names a document and no section means any passage of it that has the answer. Items
    whose source is in no document are left out.
    """
    by_section: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        for name in {section_of(passage.id), passage.reference, passage.document}:
            by_section[name].append(passage)
    found: dict[str, tuple[Passage, ...]] = {}
    for item in items:
        there = by_section.get(section_of(item.source)) if item.source else None
        if not there or item.answer is None or item.cell not in cells:
            continue
        with_answer = [p for p in there if holds_answer([f"{p.heading} {p.text}"], (item.answer, *item.aliases))]
        if with_answer or "#" in str(item.source):
            found[item.id] = tuple(with_answer or there)
    return found
