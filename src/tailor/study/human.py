"""Rounds of judging by people: blind tasks, what was said of them, and what that shows.

A round is a folder of the study, `human/<name>/`: `round.json` (which tasks, with the sides in an order drawn by chance
from the seed) and `judgements.jsonl` (one line a judgement, on disk before the next task is shown). The tasks name no
arm. A page, the terminal and a table in a file all write the same lines.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tailor.errors import ArtifactError, DataError, Problem, StudyError
from tailor.files import append_lines, read_json, read_lines, sha256_of, write_json
from tailor.records import Completion, Example
from tailor.retrieval.cite import strip_citations
from tailor.study.items import ItemAnswer, StudyItems

Kind = Literal["pair", "rating"]
Role = Literal["task", "repeat", "gold"]
CHOICES: dict[Kind, tuple[str, ...]] = {"pair": ("left", "right", "tie", "skip"), "rating": ("right", "wrong", "skip")}
REPEATED = 10  # every tenth task is shown again, sides changed: does a rater agree with themselves?
GOLD = 20  # every twentieth task has a known answer: does a rater read?
CELLS = ("held-out-framing", "held-out-fact", "unanswerable")
SHEET = ("task", "question", "expected", "left", "right", "choice")


@dataclass(frozen=True)
class Task:
    """One thing to judge. `left` and `right` are answers (of a rating, `left` alone); `arms` says whose, and is for
    nobody who judges. A gold task has a known `answer`."""

    id: str
    role: Role
    item: str
    fact: str
    question: str
    expected: str | None
    left: str
    right: str
    arms: tuple[str, ...]
    answer: str | None = None


@dataclass(frozen=True)
class Judgement:
    """What one rater said of one task, in `seconds`."""

    task: str
    rater: str
    choice: str
    seconds: float = 0.0
    when: str = ""


class Round:
    """One round on disk.

    Args:
        folder: `<study>/human/<name>`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        value = read_json(folder / "round.json")
        if value.get("format_version") != 1 or sha256_of(value["tasks"]) != value["tasks_sha256"]:
            raise ArtifactError(f"{folder / 'round.json'} was changed or is of a newer Tailor.")
        self.kind: Kind = value["kind"]
        self.arms: tuple[str, ...] = tuple(value["arms"])
        self.tasks = {t["id"]: Task(**{**t, "arms": tuple(t["arms"])}) for t in value["tasks"]}

    @property
    def name(self) -> str:
        return self.folder.name

    def judgements(self) -> list[Judgement]:
        """All judgements; of several by one rater on one task the last."""
        lines = [Judgement(**line) for line in read_lines(self.folder / "judgements.jsonl")]
        return list({(j.task, j.rater): j for j in lines if j.task in self.tasks}.values())

    def open_tasks(self, rater: str) -> list[Task]:
        """What a rater has not judged, in the order of the round."""
        done = {j.task for j in self.judgements() if j.rater == rater}
        return [t for t in self.tasks.values() if t.id not in done]

    def judge(self, task: str, rater: str, choice: str, seconds: float = 0.0) -> None:
        """Keep a judgement; it is on disk when this returns.

        Raises:
            StudyError: no such task or choice.
        """
        if task not in self.tasks or choice not in CHOICES[self.kind]:
            known = ", ".join(CHOICES[self.kind])
            raise StudyError(f"No judgement '{choice}' of task '{task}'.", hint=f"Choices: {known}")
        when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        append_lines(self.folder / "judgements.jsonl", [Judgement(task, rater, choice, seconds, when)])

    def sheet(self, *, reference: bool = True) -> str:
        """The tasks as a CSV table to be filled in: `choice` is empty. With the expected answers or without."""
        out = io.StringIO()
        table = csv.writer(out, lineterminator="\n")
        table.writerow(SHEET)
        for t in self.tasks.values():
            expected = (t.expected or "(should abstain)") if reference else ""
            table.writerow([t.id, *map(_harmless, (t.question, expected, t.left, t.right)), ""])
        return out.getvalue()

    def read_sheet(self, path: Path, rater: str) -> int:
        """Take the choices of a filled-in table; empty ones are left open. Returns how many there were.

        Raises:
            DataError: it cannot be read, or holds tasks or choices that are none; then nothing is kept.
        """
        try:
            rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise DataError(f"{path} cannot be read: {error}.") from None
        problems, found = [], []
        for line, row in enumerate(rows, 2):
            task, choice = str(row.get("task") or "").strip(), str(row.get("choice") or "").strip().lower()
            if task not in self.tasks:
                problems.append(Problem(path.name, line, "task", repr(task), "a task of this round"))
            elif choice and choice not in CHOICES[self.kind]:
                expected = ", ".join(CHOICES[self.kind])
                problems.append(Problem(path.name, line, "choice", repr(choice), f"{expected}, or nothing"))
            elif choice:
                found.append((task, choice))
        if problems:
            raise DataError(f"{path.name} cannot be used; nothing was kept.", problems=tuple(problems))
        for task, choice in found:
            self.judge(task, rater, choice)
        return len(found)


def _harmless(text: str) -> str:
    """A cell that begins like a formula is one to a spreadsheet: models write the answers."""
    return f"'{text}" if text[:1] in ("=", "@", "+", "\t") else text


def open_round(items: StudyItems, arms: Sequence[str], limit: int, seed: int = 1) -> Round:
    """The round of a study for one arm (right or wrong) or two (which is better), made where it is not there yet.

    Items come in an order drawn from the seed, one for each fact before a second of any; pairs with equal answers are
    left out, since nobody could prefer one.

    Raises:
        StudyError: no such arm, or nothing to judge.
    """
    kind: Kind = "pair" if len(arms) == 2 else "rating"
    name = f"{kind}-{sha256_of([list(arms), limit, seed])[:10]}"
    folder = items.folder / "human" / name
    if not (folder / "round.json").is_file():
        tasks = _tasks(items, list(arms), limit, seed)
        plain = {"format_version": 1, "kind": kind, "arms": list(arms), "seed": seed, "tasks_sha256": sha256_of(tasks)}
        write_json(folder / "round.json", {**plain, "tasks": tasks})
    return Round(folder)


def rounds(study: Path) -> list[Round]:
    """All rounds of a study."""
    return [Round(p.parent) for p in sorted((study / "human").glob("*/round.json"))]


def _tasks(items: StudyItems, arms: list[str], limit: int, seed: int) -> list[Task]:
    first = {a: items.seeds(a)[0] for a in arms}
    tasks: list[Task] = []
    for item in drawn([e for e in items.items.values() if e.cell in CELLS], seed):
        answers = [items.answer(item, a, first[a]) for a in arms]
        texts = [_words(a) for a in answers]
        if None in texts or (len(texts) == 2 and texts[0] == texts[1]):
            continue
        tasks.append(_task(item, arms, [str(t) for t in texts], seed))
        if len(tasks) == limit:
            break
    if not tasks:
        raise StudyError(f"There is nothing to judge: {' and '.join(arms)} gave no answers, or the same ones.")
    extra = [_again(t) for t in tasks[::REPEATED]]
    gold = [_gold(t, seed) for t in tasks[::GOLD] if t.expected]
    return [*tasks, *sorted([*extra, *gold], key=lambda t: sha256_of([seed, t.id]))]


def drawn(items: Sequence[Example], seed: int) -> list[Example]:
    """By chance, and one item of every fact before a second of any."""
    by_fact: dict[str, list[Example]] = {}
    for item in sorted(items, key=lambda e: sha256_of([seed, e.id])):
        by_fact.setdefault(item.fact or item.id, []).append(item)
    longest = max((len(of_fact) for of_fact in by_fact.values()), default=0)
    return [of_fact[n] for n in range(longest) for of_fact in by_fact.values() if n < len(of_fact)]


def _words(answer: ItemAnswer) -> str | None:
    """An answer as a person sees it: without citations, which would tell the arm."""
    return strip_citations(answer.answer.text) if isinstance(answer.answer, Completion) else None


def _task(item: Example, arms: list[str], texts: list[str], seed: int) -> Task:
    order = [1, 0] if len(arms) == 2 and int(sha256_of([seed, item.id, "side"])[:8], 16) % 2 else list(range(len(arms)))
    sides = [texts[i] for i in order] + [""] * (2 - len(arms))
    identity = sha256_of([seed, item.id, arms])[:12]
    named = tuple(arms[i] for i in order)
    fact = item.fact or item.id
    return Task(identity, "task", item.id, fact, item.question, item.answer, sides[0], sides[1], named)


def _again(task: Task) -> Task:
    """The same once more; of a pair with the sides changed."""
    identity, pair = sha256_of([task.id, "again"])[:12], len(task.arms) == 2
    sides = (task.right, task.left) if pair else (task.left, task.right)
    head = (identity, "repeat", task.item, task.fact, task.question, task.expected)
    return Task(head[0], "repeat", *head[2:], *sides, task.arms[::-1] if pair else task.arms, answer=task.id)


def _gold(task: Task, seed: int) -> Task:
    """The expected answer against an answer that is none; of a rating, the expected answer or that."""
    identity = sha256_of([task.id, "gold"])[:12]
    swap, nonsense = int(sha256_of([seed, identity])[:8], 16) % 2, "The answer is not among these words."
    right, pair = str(task.expected), len(task.arms) == 2
    sides = ((nonsense, right) if swap else (right, nonsense)) if pair else ((nonsense if swap else right), "")
    known = ("right" if swap else "left") if pair else ("wrong" if swap else "right")
    return Task(identity, "gold", task.item, task.fact, task.question, task.expected, *sides, (), answer=known)
