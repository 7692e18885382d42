"""What a study reads: examples with their splits, passages, the base model."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from tailor.data.facts import infer_facts
from tailor.data.read import read_documents, read_examples
from tailor.data.split import dataset_sha256, split_examples
from tailor.errors import ConfigError, DataError, Problem
from tailor.models import resolve_base
from tailor.records import Base, Document, Example, Message, Passage
from tailor.retrieval.chunk import chunk
from tailor.study.config import Workspace

BUILTIN_GENERAL = "builtin"
NO_GENERAL = "none"


@dataclass(frozen=True)
class Inputs:
    """Everything a study compares on. `train`, `dev` and `test` are frozen by the plan's hash."""

    base: Base
    examples: tuple[Example, ...]
    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    dataset_sha256: str

    def of(self, split: str) -> tuple[Example, ...]:
        """The rows of one split."""
        return tuple(e for e in self.examples if e.split == split)


def read_inputs(workspace: Workspace) -> Inputs:
    """Read, group and split the data and find the base model.

    Raises:
        DataError: with every problem of every file.
        ConfigError: an arm needs documents or weights that are not there.
    """
    config = workspace.config
    base = resolve_base(config.base, workspace.folder)
    questions = read_questions(workspace)
    documents = _documents(workspace)
    _check_arms(workspace, base, documents)
    rows = split_examples(
        questions,
        seed=config.split_seed,
        held_out_facts=config.data.held_out_facts,
        test_framings=config.data.test_framings,
    )
    examples = tuple(sorted([*rows, *_general(workspace, base)], key=lambda e: e.id))
    passages = tuple(chunk(documents))
    return Inputs(base, examples, tuple(documents), passages, dataset_sha256(examples))


def read_questions(workspace: Workspace) -> list[Example]:
    """Questions of all files, with facts and framings; every problem of every file is reported at once."""
    data = workspace.config.data
    files = [*data.question_files, *([data.unanswerable] if data.unanswerable else [])]
    rows: list[Example] = []
    problems: list[Problem] = []
    for name in files:
        try:
            rows += read_examples(workspace.folder / name, data.columns or None, root=workspace.folder)
        except DataError as error:
            problems += error.problems or (Problem(name, None, None, str(error), "readable rows"),)
    problems += _shared_ids(rows, files)
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        raise DataError(f"{count} in the questions; nothing was changed.", problems=tuple(problems))
    return infer_facts(rows)


def _shared_ids(rows: list[Example], files: list[str]) -> list[Problem]:
    """Ids are unique within a file by `read_examples`; across files they are checked here."""
    seen: set[str] = set()
    twice = sorted({r.id for r in rows if r.id in seen or seen.add(r.id)})  # type: ignore[func-returns-value]
    return [Problem(", ".join(files), None, "id", repr(i), "an id used once over all files") for i in twice[:20]]


def _documents(workspace: Workspace) -> list[Document]:
    where = workspace.config.data.documents
    return read_documents(workspace.folder / where, root=workspace.folder) if where else []


def _check_arms(workspace: Workspace, base: Base, documents: list[Document]) -> None:
    for arm in workspace.arms:
        if arm.needs_documents and not documents:
            raise ConfigError(
                f"The arm {arm.name} searches documents, but data.documents is not set.",
                hint="Add documents: FOLDER below data in tailor.yaml, or leave the arm out.",
            )
        if arm.trains_weights and base.kind == "endpoint":
            raise ConfigError(
                f"The arm {arm.name} trains weights, but the base {base.name} is behind an endpoint.",
                hint="Choose a local base (builtin/small or a folder), or leave the arm out.",
            )


def _general(workspace: Workspace, base: Base) -> list[Example]:
    """Items that have nothing to do with the team's data: what forgetting is measured on."""
    where = workspace.config.data.general
    if where is None and base.kind == "builtin":
        where = BUILTIN_GENERAL
    if where in (None, NO_GENERAL):
        return []
    if where == BUILTIN_GENERAL:
        return _builtin_general()
    rows = read_examples(workspace.folder / str(where), None, root=workspace.folder)
    return [_as_general(e, f"general-{e.id}") for e in rows]


def _builtin_general() -> list[Example]:
    from tailor.models.builtin.corpus import general_suite

    examples = []
    for n, probe in enumerate(general_suite(), 1):
        messages = tuple(Message(t.role, t.text) for t in probe.turns)  # type: ignore[arg-type]
        identity = f"general-{n:03d}"
        examples.append(
            _as_general(Example(identity, messages, probe.answers[0], probe.answers[1:], source=probe.skill), identity)
        )
    return examples


def _as_general(example: Example, identity: str) -> Example:
    return dataclasses.replace(
        example, id=identity, fact=identity, framing="1", group=identity, split="test", cell="general"
    )
