"""`tailor data ask`: questions that the documents answer, as candidates for review."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import JsonOption, WorkspaceOption, console, print_json

if TYPE_CHECKING:
    from tailor.records import Document, Example
    from tailor.study.asking import Asker, Asking
    from tailor.study.config import Workspace

SHOWN = 8


class By(StrEnum):
    """Who makes rows."""

    RULES = "rules"
    WRITER = "writer"


ByOption = Annotated[By, typer.Option("--by", help="Rules, offline; or the model that tailor.yaml names as writer.")]
BudgetOption = Annotated[
    float | None, typer.Option("--budget", min=0, help="Dollars that this file may cost in all, earlier runs included.")
]
EstimateOption = Annotated[bool, typer.Option("--estimate", help="Say what a model would be asked, then stop.")]
YesOption = Annotated[bool, typer.Option("--yes", help="What is sent to a model may leave this machine.")]


def ask(
    documents: Annotated[
        Path | None, typer.Argument(help="A folder or a file.", show_default="data.documents of tailor.yaml")
    ] = None,
    workspace: WorkspaceOption = Path(),
    by: ByOption = By.RULES,
    read_back: Annotated[
        bool, typer.Option("--read-back", help="The base model must answer from the passage, too.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The .jsonl file to write.", show_default="asked.jsonl")
    ] = None,
    budget: BudgetOption = None,
    estimate: EstimateOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make questions with answers and their passages from documents, check each one, and write candidates.

    Rules turn English sentences that state one thing into questions; a writer reads any language. From every question a
    search must find its passage, and the passage must lead to the answer. Nothing is trained on them: look through the
    file with tailor review, then add it to data.questions.
    """
    from tailor.study.made import check_output

    path = output or workspace / "asked.jsonl"
    check_output(path, "tailor data ask")
    loaded = _workspace(workspace, needed=by == By.WRITER or read_back or documents is None)
    asker = _asker(loaded, _documents(loaded, documents, workspace), path, by, read_back, budget)
    quote = asker.quote()
    if quote:
        from tailor.cli.leave import ask_leave, words

        if estimate:
            print_json(quote) if as_json else console().print(words(quote), soft_wrap=True, markup=False)
            return
        ask_leave(quote, "the passages of your documents", yes=yes, quiet=as_json)
    elif estimate:
        console().print("Rules ask no model and cost nothing.")
        return
    done = asker.run()
    version = _write(loaded, path, done)
    if as_json:
        print_json({**_numbers(done), "output": str(path), "version": version})
    else:
        _show(done, path)


def _workspace(folder: Path, *, needed: bool) -> Workspace | None:
    from tailor.study.config import load_workspace
    from tailor.study.settings_file import CONFIG_NAME

    return load_workspace(folder) if needed or (folder / CONFIG_NAME).is_file() else None


def _documents(loaded: Workspace | None, where: Path | None, workspace: Path) -> list[Document]:
    from tailor.data.read import read_documents
    from tailor.errors import ConfigError

    named = where or (loaded and loaded.config.data.documents and workspace / loaded.config.data.documents)
    if not named:
        raise ConfigError(
            "There are no documents to ask about.", hint="Name a folder, or set data.documents in tailor.yaml."
        )
    return read_documents(Path(named), root=workspace)


def _asker(
    loaded: Workspace | None, documents: list[Document], path: Path, by: By, read_back: bool, budget: float | None
) -> Asker:
    from tailor.models import resolve_base
    from tailor.study.asking import Asker
    from tailor.study.writer import Writer, open_writer, work_name

    examples: list[Example] = []
    writer = reader = None
    if loaded:
        from tailor.study.inputs import read_questions
        from tailor.study.splits import split_workspace

        examples = split_workspace(loaded, read_questions(loaded))
        if by == By.WRITER:
            writer = reader = open_writer(loaded, path, budget)
        elif read_back:
            reader = Writer(loaded, resolve_base(loaded.config.base, loaded.folder), work_name(path), budget)
    return Asker(documents, examples, writer, reader)


def _write(loaded: Workspace | None, path: Path, done: Asking) -> str | None:
    from tailor.study.asking import COMMAND, line
    from tailor.study.made import record, write_rows

    write_rows(path, [line(a, done.writer) for a in done.made])
    how = {"writer": done.writer, "reader": done.reader}
    return record(loaded, path, [a.example for a in done.made], COMMAND, how) if loaded else None


def _numbers(done: Asking) -> dict[str, Any]:
    return {
        "made": len(done.made),
        "facts": done.facts,
        "documents": done.documents,
        "passages": done.passages,
        "passages_without_a_question": done.silent,
        "wordings": done.wordings,
        "refused": dict(done.refused),
        "failed": dict(done.failed),
        "writer": done.writer,
        "reader": done.reader,
        "spent_usd": done.spent_usd,
    }


def _show(done: Asking, path: Path) -> None:
    from rich.markup import escape

    from tailor.cli.common import printable
    from tailor.decision.words import count, money

    out = console()
    rows = f"{count(len(done.made), 'question')} on {count(done.facts, 'fact')}"
    material = f"{count(done.documents, 'document')}, {count(done.passages, 'passage')}"
    out.print(f"{escape(str(path))}: {rows} from {material}", soft_wrap=True)
    refused = ", ".join(f"{n:,} {reason}" for reason, n in done.refused.most_common())
    total = sum(done.refused.values())
    sum_ = f"{done.wordings:,} made = {len(done.made):,} kept + {total:,} refused"
    out.print(f"  {sum_}{f' ({refused})' if refused else ''}", soft_wrap=True)
    for why, n in done.failed.items():
        out.print(f"  {why} for {count(n, 'passage')}", soft_wrap=True)
    if done.silent:
        verb = "gives" if done.silent == 1 else "give"
        out.print(f"  {count(done.silent, 'passage')} {verb} no question", soft_wrap=True)
    if done.writer != "rules" or done.reader != "words":
        spent = "unknown" if done.spent_usd is None else money(done.spent_usd)
        out.print(
            f"  written by {escape(done.writer)}, read back by {escape(done.reader)}, spent {spent}", soft_wrap=True
        )
    for asked in done.made[:: max(1, len(done.made) // SHOWN)][:SHOWN]:
        text = f"{asked.example.question} → {asked.example.answer}"
        out.print(f"  [dim]{escape(asked.passage.reference)}[/]  {escape(printable(text))}", soft_wrap=True)
    out.print(f"Next: tailor review {escape(str(path))}, then add what you approve to data.questions", soft_wrap=True)
