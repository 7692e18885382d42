"""Every answer of a study, item by item: what `show` and `diff` print, what people and judges are asked about.

Reads what lies on disk and asks no model. The test items come from the study's own copy, so that a study can be looked
into after the team's files have changed.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from tailor.errors import ArtifactError, StudyError
from tailor.evaluation.metrics import metric_of_plan
from tailor.evaluation.score import score
from tailor.evaluation.summary import ArmAnswers
from tailor.files import read_lines, sha256_of
from tailor.methods.compose import arm_from_plan
from tailor.plugins import did_you_mean
from tailor.records import Adaptation, Completion, Example, Failure, Message, Passage, Score, Usage
from tailor.retrieval.search import read_passages
from tailor.runtime import Runtime, without_help
from tailor.study.cell import CellFiles, stored_fit
from tailor.study.gold import section_of
from tailor.study.inputs import read_inputs
from tailor.study.plan import TEST_ITEMS, Cell, find_study, stored_plan

Change = Literal["fixed", "broken", "both-wrong", "both-right", "unknown"]
CHANGES: tuple[Change, ...] = ("fixed", "broken", "both-wrong", "both-right", "unknown")


@dataclass(frozen=True)
class ItemAnswer:
    """What one arm with one seed answered to one item; `passages` of the completion are those shown to the model."""

    arm: str
    seed: int
    answer: Completion | Failure
    score: Score | Failure

    @property
    def right(self) -> bool | None:
        """Whether it is graded correct; None where there is no score."""
        return self.score.grade == "correct" if isinstance(self.score, Score) else None


@dataclass(frozen=True)
class Pair:
    """One item with the answers of two arms, and what the second made of the first's."""

    item: Example
    before: ItemAnswer
    after: ItemAnswer
    change: Change


class StudyItems:
    """The test items of a study with all answers.

    Args:
        workspace: the folder with `tailor.yaml`.
        name: id of a study, or None for the last one.

    Raises:
        StudyError: there is no such study, or neither its own copy of the test items is there nor are the team's files
            still those it was made from.
    """

    def __init__(self, workspace: Path, name: str | None = None) -> None:
        self.workspace = workspace
        self.folder = find_study(workspace, name)
        self.plan: Mapping[str, Any] = stored_plan(self.folder)["plan"]
        self.items = {e.id: e for e in _test_items(self.folder, self.plan, workspace)}
        self.cells = tuple(_cells(self.plan))
        self._metric = metric_of_plan(self.plan["metric"], workspace)

    @property
    def arms(self) -> list[str]:
        return list(dict.fromkeys(c.arm.name for c in self.cells))

    def item(self, name: str) -> Example:
        """A test item by its id.

        Raises:
            StudyError: there is none; the message names the nearest, or the items of the fact that was named.
        """
        if name in self.items:
            return self.items[name]
        of_fact = [e.id for e in self.items.values() if e.fact == name]
        if of_fact:
            raise StudyError(f"'{name}' is a fact, not an item.", hint=f"Its test items: {', '.join(of_fact)}")
        from difflib import get_close_matches

        close = get_close_matches(name, list(self.items), n=5, cutoff=0.5) or list(self.items)[:5]
        raise StudyError(
            f"The study {self.folder.name} has no test item '{name}'.",
            hint=f"Like it: {', '.join(close)}. tailor diff lists items by what became of them.",
        )

    def seeds(self, arm: str) -> list[int]:
        """The seeds of an arm.

        Raises:
            StudyError: the study has no such arm.
        """
        found = [c.seed for c in self.cells if c.arm.name == arm]
        if not found:
            raise StudyError(f"The study {self.folder.name} has no arm '{arm}'.{did_you_mean(arm, self.arms)}")
        return found

    def answer(self, item: Example, arm: str, seed: int) -> ItemAnswer:
        """What a cell answered to an item; a Failure where there is no answer."""
        missing = Failure("interrupted", "not answered yet", retryable=True, hint="Run tailor compare to finish it.")
        answer = self._answers(arm, seed).get(item.id, missing)
        scored = score(item, answer.text, self._metric) if isinstance(answer, Completion) else answer
        return ItemAnswer(arm, seed, answer, scored)

    def answers(self, item: Example) -> list[ItemAnswer]:
        """What every cell answered to an item, in the order of the study."""
        return [self.answer(item, c.arm.name, c.seed) for c in self.cells]

    def scored(self, arm: str) -> ArmAnswers:
        """All scores of an arm, for `evaluation.compare`."""
        by_seed = {s: {e.id: self.answer(e, arm, s).score for e in self.items.values()} for s in self.seeds(arm)}
        return ArmAnswers(arm, tuple(self.items.values()), by_seed)

    def pairs(self, before: str, after: str, seed: int | None = None) -> list[Pair]:
        """Every item with both arms' answers, by one seed.

        Args:
            seed: of both arms; None: the first of each. An arm that has no use for seeds has one answer for all.

        Raises:
            StudyError: no such arm or seed.
        """
        first, second = (self._seed(arm, seed) for arm in (before, after))
        found = []
        for item in self.items.values():
            a, b = self.answer(item, before, first), self.answer(item, after, second)
            found.append(Pair(item, a, b, _change(a.right, b.right)))
        return found

    def prompt(self, answer: ItemAnswer, item: Example) -> tuple[Message, ...]:
        """The messages as the model saw them.

        Raises:
            ArtifactError: the arm's fit or its index is gone.
        """
        adaptation = self.adaptation(answer.arm, answer.seed)
        if adaptation is None:
            raise ArtifactError(f"{answer.arm} has no fit in this study.", hint="Run tailor compare to finish it.")
        if item.cell == "general":
            adaptation = without_help(adaptation)
        shown = answer.answer.passages if isinstance(answer.answer, Completion) else None
        given = [shown] if shown is not None else None
        [prompt], _ = Runtime(self.workspace / ".tailor" / "models").prompts(adaptation, [item.messages], given)
        return prompt

    def _seed(self, arm: str, seed: int | None) -> int:
        known = self.seeds(arm)
        if seed is None or len(known) == 1:
            return known[0]
        if seed not in known:
            raise StudyError(f"{arm} has no seed {seed}.", hint=f"known: {', '.join(map(str, known))}")
        return seed

    @functools.cached_property
    def _by_name(self) -> dict[tuple[str, int], Cell]:
        return {(c.arm.name, c.seed): c for c in self.cells}

    @functools.cache  # noqa: B019 - one object per command
    def adaptation(self, arm: str, seed: int) -> Adaptation | None:
        """What the fit of a cell produced; None where there is none yet."""
        fitted = stored_fit(CellFiles.of(self.folder, self._by_name[arm, seed]).fit)
        return fitted.adaptation if fitted else None

    @functools.cache  # noqa: B019 - one object per command
    def _answers(self, arm: str, seed: int) -> dict[str, Completion | Failure]:
        adaptation = self.adaptation(arm, seed)
        known: dict[str, Passage] = {}
        if adaptation and adaptation.retriever:
            folder = self.workspace / ".tailor" / "models" / adaptation.retriever.index.path
            if folder.is_dir():  # deleted to save space: the answers and the names of the passages are still there
                known = {p.id: p for p in read_passages(folder)}
        answers: dict[str, Completion | Failure] = {}
        for line in read_lines(CellFiles.of(self.folder, self._by_name[arm, seed]).answers):
            if "completion" not in line:
                answers.setdefault(line["item"], Failure(**line["failure"]))
                continue
            shown = tuple(known.get(p) or _only_named(p) for p in line.get("passages") or ())
            answers[line["item"]] = Completion(line["completion"], Usage(**line["usage"]), shown, line["finish"])
        return answers


def holds_source(passage: Passage, source: str | None) -> bool:
    """Whether a passage is of the section an item names as its source."""
    return source is not None and section_of(source) in (section_of(passage.id), passage.reference)


def _only_named(identity: str) -> Passage:
    document, _, heading = identity.partition("#")
    head, _, tail = heading.rpartition("/")
    return Passage(identity, document, head if tail.isdigit() and head else heading, "")


def _change(before: bool | None, after: bool | None) -> Change:
    if before is None or after is None:
        return "unknown"
    if before == after:
        return "both-right" if after else "both-wrong"
    return "fixed" if after else "broken"


def _cells(plan: Mapping[str, Any]) -> list[Cell]:
    arms = sorted((arm_from_plan(a) for a in plan["arms"]), key=lambda a: a.complexity)
    return [Cell(arm, seed) for arm in arms for seed in (plan["seeds"] if arm.uses_seed else plan["seeds"][:1])]


def _test_items(folder: Path, plan: Mapping[str, Any], workspace: Path) -> Sequence[Example]:
    items = _copied(folder / TEST_ITEMS)
    if items is None:
        from tailor.study.config import load_workspace

        items = sorted(read_inputs(load_workspace(workspace)).of("test"), key=lambda e: e.id)
        trouble = "The team's files have changed since the study, which has no copy of its test items"
    else:
        trouble = f"{folder / TEST_ITEMS} was changed after it was written"
    if sha256_of(items) != plan["dataset"]["test_sha256"]:
        raise StudyError(f"{trouble}.", hint="Restore them, or run tailor compare for a new study.")
    return items


def _copied(path: Path) -> list[Example] | None:
    if not path.is_file():
        return None
    try:
        adapter = TypeAdapter(Example)
        return [adapter.validate_json(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    except ValueError as error:
        raise ArtifactError(f"{path} is damaged: {error}", hint="Delete it; the team's files are read then.") from None
