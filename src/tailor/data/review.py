"""A queue of rows that a person approves, edits or rejects. Every decision is on disk before the next row is shown.

This is the logic alone: a terminal, a web page or another program's file brings the decisions.
"""

from __future__ import annotations

import datetime
import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tailor.data.frozen import key_of
from tailor.data.opening import Unusable
from tailor.data.places import relative_name
from tailor.data.rows import Row, Torn, iter_rows
from tailor.data.shapes import BadRow, LeftOut, ShapeReader
from tailor.data.write import to_row
from tailor.errors import DataError, Problem
from tailor.files import append_lines, canonical_json, read_lines, write_text
from tailor.records import Example, Message

Action = Literal["approve", "edit", "reject", "skip", "undo"]
ACTIONS: tuple[Action, ...] = ("approve", "edit", "reject", "skip", "undo")


@dataclass(frozen=True)
class Item:
    """One row to decide about. `key` is the hash of its content; `other` holds its columns that no field has, such as
    how it was made."""

    key: str
    line: int
    example: Example
    other: Mapping[str, Any]


@dataclass(frozen=True)
class Decision:
    """What was decided, by whom and when. `question` and `answer` are those after an edit."""

    item: str
    action: Action
    by: str
    at: str
    why: str = ""
    question: str = ""
    answer: str | None = None


class ReviewQueue:
    """The rows of a file with the decisions about them, those of earlier sittings included.

    Args:
        items: what there is to decide.
        log: where decisions are appended, one JSON line each, forced to disk.
        by: who decides.
    """

    def __init__(self, items: Sequence[Item], log: Path, by: str) -> None:
        self.items = {item.key: item for item in items}
        self._log = log
        self._by = by
        self._decisions: list[Decision] = []
        known = [_decision(line) for line in read_lines(log)]
        for decision in known:
            self._apply(decision)
        self._decided = self._standing()
        waiting = [i for i in items if i.key not in self._decided]
        skipped = {d.item for d in self._decisions if d.action == "skip"}
        # What was skipped comes again at the end.
        ordered = [i for i in waiting if i.key not in skipped] + [i for i in waiting if i.key in skipped]
        self._waiting = deque(dict.fromkeys(i.key for i in ordered))

    @property
    def current(self) -> Item | None:
        """The row to decide about now; None when all are decided."""
        return self.items[self._waiting[0]] if self._waiting else None

    @property
    def counts(self) -> dict[str, int]:
        """Rows approved (as they were), edited, rejected, and those that wait."""
        actions = [d.action for d in self._decided.values()]
        return {
            "approved": actions.count("approve"),
            "edited": actions.count("edit"),
            "rejected": actions.count("reject"),
            "waiting": len(self._waiting),
        }

    def approve(self) -> None:
        """Keep the current row as it is."""
        self._decide("approve")

    def reject(self, why: str = "") -> None:
        """Leave the current row out."""
        self._decide("reject", why=why)

    def skip(self) -> None:
        """Put the current row at the end."""
        self._decide("skip")

    def edit(self, question: str, answer: str | None) -> None:
        """Keep the current row with another question or answer (None: it must not be answered).

        Raises:
            DataError: an empty question or answer.
        """
        if not question.strip() or (answer is not None and not answer.strip()):
            raise DataError("A question and an answer cannot be empty.", hint="Reject the row if it is of no use.")
        self._decide("edit", question=question.strip(), answer=answer if answer is None else answer.strip())

    def undo(self) -> Item | None:
        """Take the last decision back and go to its row; None where there is none to take back."""
        last = next((d for d in reversed(self._decisions) if d.item in self.items), None)
        if last is None:
            return None
        self._write(self._made(last.item, "undo"))
        self._decided = self._standing()
        if last.item in self._waiting:
            self._waiting.remove(last.item)
        self._waiting.appendleft(last.item)
        return self.items[last.item]

    def take(self, decisions: Sequence[Decision]) -> int:
        """Decisions that another program brought; those about rows that are not here, or decided the same way already,
        are left out. Gives how many were taken."""
        taken = 0
        for decision in decisions:
            old = self._decided.get(decision.item)
            same = old is not None and _content(old) == _content(decision)
            if decision.item in self.items and not same:
                self._write(decision)
                taken += 1
        self._decided = self._standing()
        self._waiting = deque(key for key in self._waiting if key not in self._decided)
        return taken

    def decision(self, item: Item) -> Decision | None:
        """The decision about a row that stands."""
        return self._decided.get(item.key)

    def approved(self) -> list[dict[str, Any]]:
        """The rows that are kept, edited ones as edited, each with who let it through and when (`review`)."""
        rows = []
        for item in self.items.values():
            decision = self._decided.get(item.key)
            if decision is None or decision.action not in ("approve", "edit"):
                continue
            example = item.example if decision.action == "approve" else _edited(item.example, decision)
            shape = "question-answer" if _is_single(example) else "messages"
            mark = {"by": decision.by, "at": decision.at, "action": decision.action}
            rows.append({**to_row(example, shape), **item.other, "review": mark})
        return rows

    def _decide(self, action: Action, *, why: str = "", question: str = "", answer: str | None = None) -> None:
        item = self.current
        if item is None:
            raise DataError("There is no row left to decide about.", hint="Undo goes back to the last one.")
        decision = replace(self._made(item.key, action), why=why, question=question, answer=answer)
        self._write(decision)
        self._waiting.popleft()
        if action == "skip":
            self._waiting.append(item.key)
        else:
            self._decided[item.key] = decision

    def _made(self, key: str, action: Action) -> Decision:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        return Decision(key, action, self._by, now)

    def _write(self, decision: Decision) -> None:
        append_lines(self._log, [decision])
        self._apply(decision)

    def _apply(self, decision: Decision) -> None:
        if decision.action != "undo":
            self._decisions.append(decision)
            return
        for n in range(len(self._decisions) - 1, -1, -1):
            if self._decisions[n].item == decision.item:
                del self._decisions[n]
                return

    def _standing(self) -> dict[str, Decision]:
        """The last decision about each row; skipping decides nothing."""
        return {d.item: d for d in self._decisions if d.action != "skip"}


def read_items(path: Path, *, root: Path) -> list[Item]:
    """The rows of a file as items; equal rows are one.

    Raises:
        DataError: with every row that is none.
    """
    name = relative_name(path, root)
    reader = ShapeReader({}, name)
    items: dict[str, Item] = {}
    problems: list[Problem] = []
    try:
        for row in iter_rows(path, name):
            read = row.problem if isinstance(row, Torn) else reader.read(row)
            if isinstance(read, Problem):
                problems.append(read)
            elif isinstance(read, BadRow):
                problems.extend(read.problems)
            elif isinstance(read, Example) and isinstance(row, Row):
                item = _item(row, read, reader.columns_of(row).unread)
                items.setdefault(item.key, item)
            else:
                assert isinstance(read, LeftOut)
    except Unusable as error:
        problems.append(error.problem)
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise DataError(f"{name} cannot be reviewed: {count}.", problems=tuple(problems))
    return list(items.values())


def log_file(state: Path, path: Path, root: Path) -> Path:
    """Where the decisions about a file are kept: `.tailor/reviews/more-1a2b3c.jsonl`."""
    mark = hashlib.sha256(relative_name(path, root).encode("utf-8", "surrogateescape")).hexdigest()[:6]
    return state / "reviews" / f"{path.stem}-{mark}.jsonl"


def write_approved(queue: ReviewQueue, path: Path) -> int:
    """Write the rows that are kept as JSONL; gives how many."""
    rows = queue.approved()
    write_text(path, "".join(canonical_json(row) + "\n" for row in rows))
    return len(rows)


def _item(row: Row, example: Example, unread: Sequence[str]) -> Item:
    other = {column: row.values[column] for column in unread if column != "review"}
    content = [key_of(example), example.answer, example.aliases, example.rejected, example.fact, example.split]
    return Item(hashlib.sha256(canonical_json(content).encode()).hexdigest()[:16], row.line, example, other)


def _is_single(example: Example) -> bool:
    return [m.role for m in example.messages] in (["user"], ["system", "user"])


def _edited(example: Example, decision: Decision) -> Example:
    """The example with its new question and answer. Its aliases stay only with its answer; its id stays, so that it is
    known what was edited."""
    messages = (*example.messages[:-1], Message("user", decision.question))
    aliases = example.aliases if decision.answer == example.answer else ()
    return replace(example, messages=messages, answer=decision.answer, aliases=aliases)


def _content(decision: Decision) -> tuple[str, str, str | None]:
    return decision.action, decision.question, decision.answer


def _decision(line: Any) -> Decision:
    try:
        decision = Decision(**line)
    except TypeError as error:
        raise DataError(f"The decisions of an earlier review are damaged: {error}") from None
    if decision.action not in ACTIONS:
        raise DataError(f"The decisions of an earlier review hold an unknown action: {decision.action!r}.")
    return decision
