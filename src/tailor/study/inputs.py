"""What a study reads: examples with their splits, passages, the base model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tailor.data.facts import infer_facts
from tailor.data.read import read_documents, read_files
from tailor.data.split import dataset_sha256
from tailor.data.stream import Aside, Reading
from tailor.errors import ConfigError, DataError, TailorError
from tailor.models import resolve_base
from tailor.records import Base, CellName, Document, Example, Passage
from tailor.retrieval.chunk import chunk
from tailor.study.config import Workspace
from tailor.study.general import General, read_general
from tailor.study.splits import split_workspace

PRIMARY_CELL: CellName = "held-out-framing"

T = TypeVar("T")


@dataclass(frozen=True)
class Inputs:
    """Everything a study compares on. `train`, `dev` and `test` are frozen by the plan's hash, and so is what the rows
    of `general` are made from, on which tuned arms keep what they could do before. `aside` holds the rows that were set
    aside, `reading` what became of all rows."""

    base: Base
    examples: tuple[Example, ...]
    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    dataset_sha256: str
    general: General = field(default_factory=General)
    aside: tuple[Aside, ...] = ()
    reading: Reading = field(default_factory=Reading)

    @property
    def own(self) -> tuple[Example, ...]:
        """The rows of the team's own files."""
        others = {e.id for e in self.general.tests}
        return tuple(e for e in self.examples if e.id not in others)

    def of(self, split: str) -> tuple[Example, ...]:
        """The rows of one split."""
        return tuple(e for e in self.examples if e.split == split)


def read_inputs(workspace: Workspace) -> Inputs:
    """Read, group and split the data and find the base model.

    Raises:
        TailorError: with every problem of the base, the files and the arms.
    """
    config = workspace.config
    errors: list[TailorError] = []
    base = _attempt(errors, lambda: resolve_base(config.base, workspace.folder))
    aside, reading = list[Aside](), Reading()
    questions = _attempt(errors, lambda: read_questions(workspace, aside, reading))
    documents = _attempt(errors, lambda: _documents(workspace))
    general = _attempt(errors, lambda: read_general(workspace, base)) or General()
    _attempt(errors, lambda: _check_arms(workspace, base))
    if errors or base is None:
        raise _all(errors)
    rows = split_workspace(workspace, questions or [])
    examples = tuple(sorted([*rows, *general.tests], key=lambda e: e.id))
    _check_test(examples)
    passages = tuple(chunk(documents or []))
    return Inputs(
        base, examples, tuple(documents or []), passages, dataset_sha256(examples), general, tuple(aside), reading
    )


def _check_test(examples: tuple[Example, ...]) -> None:
    """There is something to test on, and ids given by a person do not equal those made here (`general-7`)."""
    if not any(e.cell == PRIMARY_CELL and e.split == "test" for e in examples):
        raise DataError(
            "There is nothing to test on: no fact has two ways of asking for it.",
            hint="Give each fact at least two questions (framings), better five; equal answers are grouped.",
        )
    twice = sorted(i for i, n in Counter(e.id for e in examples).items() if n > 1)
    if twice:
        raise DataError(
            f"{len(twice)} ids are used twice, such as {twice[0]!r}.",
            hint="Ids must not begin with 'general-' or end with '#trained': Tailor gives those itself.",
        )


def _attempt(errors: list[TailorError], read: Callable[[], T]) -> T | None:
    """What `read` gives; its error is kept, so that the others are found too."""
    try:
        return read()
    except TailorError as error:
        errors.append(error)
        return None


def _all(errors: list[TailorError]) -> TailorError:
    """Several errors as one."""
    if len(errors) == 1:
        return errors[0]
    problems = tuple(p for e in errors if isinstance(e, DataError) for p in e.problems)
    lines = [str(e) for e in errors if not (isinstance(e, DataError) and e.problems)]
    if not problems:
        return ConfigError("\n".join(lines))
    message = f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in the data; nothing was changed."
    return DataError("\n".join([*lines, message]), problems=problems)


def read_questions(
    workspace: Workspace, aside: list[Aside] | None = None, reading: Reading | None = None
) -> list[Example]:
    """Questions of all files, with facts and framings; every problem of every file is reported at once.

    Args:
        aside: is filled with bad rows where the workspace sets them aside.
        reading: is filled with what became of all rows.
    """
    data = workspace.config.data
    rows = read_files(
        data.all_files,
        data.columns or None,
        root=workspace.folder,
        encoding=data.encoding,
        reading=reading,
        aside=([] if aside is None else aside) if workspace.set_aside else None,
    )
    return infer_facts(rows)


def _documents(workspace: Workspace) -> list[Document]:
    where = workspace.config.data.documents
    return read_documents(workspace.folder / where, root=workspace.folder) if where else []


def _check_arms(workspace: Workspace, base: Base | None) -> None:
    searching = [a.name for a in workspace.arms if a.needs_documents]
    if searching and not workspace.config.data.documents:
        raise ConfigError(
            f"{_arms(searching)} documents to search, but data.documents is not set.",
            hint="Add documents: FOLDER below data in tailor.yaml, or leave out what searches.",
        )
    trained = [a.name for a in workspace.arms if a.needs_weights]
    if trained and base and base.kind == "endpoint":
        raise ConfigError(
            f"{_arms(trained)} a base whose weights can be trained here; {base.name} is behind an endpoint.",
            hint="Choose a base with weights (builtin/small, a folder, a Hugging Face name), or leave out what trains.",
        )


def _arms(names: list[str]) -> str:
    return f"The arm {names[0]} needs" if len(names) == 1 else f"The arms {', '.join(names)} need"
