"""The ladder of an arm that searches: no context, what it retrieved, the gold passage, gold among distractors.

Each rung is the same arm and the same question with other passages before it, so the steps between them say what loses
the answers: search (gold minus retrieved), reading (what is wrong with the gold passage before it), or noise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from tailor.files import append_lines, read_lines, sha256_of
from tailor.methods.rag import SYSTEM
from tailor.records import Adaptation, Completion, Example, Failure, Passage, Usage
from tailor.runtime import Runtime
from tailor.study.gold import gold_passages
from tailor.study.plan import Cell, Study

Rung = Literal["no-context", "gold", "gold-and-distractors"]
RUNGS: tuple[Rung, ...] = ("no-context", "gold", "gold-and-distractors")
# A step of 8 points is seen with 150 items on which the rungs disagree for a seventh; each costs three more answers.
ITEMS = 150
DISTRACTORS = 3
CHUNK = 50  # answers per fsync
FINAL = ("too-long", "data")  # failures that asking again cannot mend


def ladder_file(study: Study, cell: Cell) -> Path:
    return study.folder / "ladder" / f"{cell.file}.jsonl"


def ladder_items(study: Study, cell: Cell) -> Mapping[str, tuple[Passage, ...]]:
    """The items of a cell's ladder with their gold passages: up to 150, chosen by a hash so that the choice depends on
    nothing else; of one seed only; nothing for arms that do not search."""
    if not cell.arm.needs_documents or cell.seed != study.plan["seeds"][0]:
        return {}
    gold = gold_passages(study.inputs.of("test"), study.inputs.passages)
    return {item: gold[item] for item in sorted(gold, key=sha256_of)[:ITEMS]}


def missing_rungs(study: Study, cell: Cell) -> list[tuple[Rung, str]]:
    """What is still to be asked."""
    done = {
        (line["rung"], line["item"])
        for line in read_lines(ladder_file(study, cell))
        if "completion" in line or line["failure"]["kind"] in FINAL
    }
    return [(rung, item) for rung in RUNGS for item in ladder_items(study, cell) if (rung, item) not in done]


def climb(study: Study, cell: Cell, adaptation: Adaptation, runtime: Runtime) -> None:
    """Ask what is missing, with everything on disk as soon as it is answered."""
    if adaptation.retriever is None:
        return
    gold, items = ladder_items(study, cell), {e.id: e for e in study.inputs.of("test")}
    todo = missing_rungs(study, cell)
    for rung in RUNGS:
        asked = [items[item] for r, item in todo if r == rung]
        # The instruction to answer from the passages would have it abstain where there are none.
        plain = dataclasses.replace(adaptation, system=None) if adaptation.system == SYSTEM else adaptation
        used = plain if rung == "no-context" else adaptation
        for start in range(0, len(asked), CHUNK):
            chunk = asked[start : start + CHUNK]
            shown = _shown(rung, chunk, gold, adaptation, runtime)
            answers = runtime.answer(used, [e.messages for e in chunk], passages=shown)
            lines = [_line(rung, e, a) for e, a in zip(chunk, answers, strict=True)]
            append_lines(ladder_file(study, cell), lines)


def _shown(
    rung: Rung,
    items: Sequence[Example],
    gold: Mapping[str, tuple[Passage, ...]],
    adaptation: Adaptation,
    runtime: Runtime,
) -> list[tuple[Passage, ...]]:
    if rung == "no-context" or adaptation.retriever is None:
        return [()] * len(items)
    if rung == "gold":
        return [gold[e.id] for e in items]
    depth = DISTRACTORS + max(len(gold[e.id]) for e in items)
    found = runtime.index(adaptation.retriever.index).search_many([e.question for e in items], depth)
    rest = runtime.index(adaptation.retriever.index).passages
    return [_among(e.id, gold[e.id], passages, rest) for e, passages in zip(items, found, strict=True)]


def _among(
    item: str, gold: tuple[Passage, ...], found: Sequence[Passage], rest: Sequence[Passage]
) -> tuple[Passage, ...]:
    """The gold passages at a place of their own among the best others; a search for words may find fewer than three,
    then some that were not found stand in."""
    start = int(sha256_of(item)[:8], 16)
    turned = (rest[(start + n) % len(rest)] for n in range(min(len(rest), len(found) + len(gold) + DISTRACTORS)))
    others = [p for p in dict.fromkeys((*found, *turned)) if p not in gold][:DISTRACTORS]
    place = start % (len(others) + 1)
    return (*others[:place], *gold, *others[place:])


def _line(rung: Rung, example: Example, answer: Completion | Failure) -> dict[str, Any]:
    head = {"item": example.id, "rung": rung}
    if isinstance(answer, Failure):
        return {**head, "failure": answer}
    passages = [p.id for p in answer.passages]
    return {**head, "completion": answer.text, "finish": answer.finish, "usage": answer.usage, "passages": passages}


def climbed(study: Study, cell: Cell) -> dict[Rung, dict[str, Completion | Failure]]:
    """What was answered on each rung, item by item."""
    answers: dict[Rung, dict[str, Completion | Failure]] = {rung: {} for rung in RUNGS}
    for line in read_lines(ladder_file(study, cell)):
        if "completion" in line:
            answers[line["rung"]][line["item"]] = Completion(
                line["completion"], Usage(**line["usage"]), finish=line["finish"]
            )
        else:
            answers[line["rung"]].setdefault(line["item"], Failure(**line["failure"]))
    return answers
