"""One question, two answers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tailor.data.audit.alike import formless, same_answer
from tailor.data.audit.contract import Finding, Material, at_most, plural
from tailor.data.similar import STOP_WORDS, WORD

# Words that turn a question round although they stand in any question.
_TURNING = re.compile(r"(?:from|to|in|by|for|if|with|me|my|you|your|when|where|who|whom|whose|why|how|which|what)\Z")


def contradictions(material: Material) -> Iterator[Finding]:
    """Questions that are equal but for their form, with answers that do not agree; and those that differ only in
    words such as "the", "please" or "can", which are asked for in the same words."""
    exact = _disagreeing(material, [formless(q) for q in material.questions])
    text = f"{plural(len(exact), 'question has', 'questions have')} more than one answer."
    yield at_most("contradictions", len(exact), 0, text, material.ids(i for rows in exact for i in rows), worse="bad")
    known = {i for rows in exact for i in rows}
    loose = [rows for rows in _disagreeing(material, [_core(q) for q in material.questions]) if not known & set(rows)]
    text = f"{plural(len(loose), 'question has', 'questions have')} another answer when worded a little differently."
    yield at_most("contradictions, loose", len(loose), 0, text, material.ids(i for rows in loose for i in rows))


def _disagreeing(material: Material, keys: Sequence[str]) -> list[list[int]]:
    """The rows of every key whose answers do not all agree with the first one."""
    rows: dict[str, list[int]] = defaultdict(list)
    for i, key in enumerate(keys):
        rows[key].append(i)
    return [same for same in rows.values() if any(not same_answer(material, same[0], i) for i in same[1:])]


def _core(question: str) -> str:
    """The words that say what is asked, in their order."""
    found = WORD.findall(question)
    kept = [w for w in found if w not in STOP_WORDS or _TURNING.match(w)]
    return " ".join(kept if len(kept) > 1 else found)
