"""`tailor chat`: talk to an arm of a study, or to several side by side."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import JsonOption, StudyOption, WorkspaceOption, console, print_json

if TYPE_CHECKING:
    from tailor.records import Adaptation
    from tailor.runtime import Runtime


def chat(
    arms: Annotated[list[str], typer.Argument(help="One or more arms of the study, or champion.")],
    workspace: WorkspaceOption = Path(),
    study: StudyOption = None,
    question: Annotated[
        list[str] | None, typer.Option("--question", "-q", help="Ask this and leave; may be given several times.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask questions and see each arm's answer, its sources and how long it took.

    Every question stands alone: arms are compared on single questions, and so it is here. An empty line or Ctrl-D ends.
    """
    from tailor.runtime import Runtime

    adaptations = {name: _find(workspace, study, name) for name in arms}
    runtimes: dict[Path, Runtime] = {}
    for root, _ in adaptations.values():
        runtimes.setdefault(root, Runtime(root))
    asked = question or _typed()
    answers = []
    for text in asked:
        row = {name: _ask(runtimes[root], adaptation, text) for name, (root, adaptation) in adaptations.items()}
        answers.append({"question": text, "answers": row})
        if not as_json:
            _show(text, row, echo=bool(question))
    if as_json:
        print_json(answers)


def _typed() -> Any:
    """Questions as they are typed, until an empty line."""
    while True:
        try:
            text = input("you    ").strip()
        except EOFError:
            return
        if not text:
            return
        yield text


def _find(workspace: Path, study: str | None, name: str) -> tuple[Path, Adaptation]:
    """Root of artifacts and adaptation of an arm or release."""
    from tailor.errors import StudyError
    from tailor.files import read_json
    from tailor.plugins import did_you_mean
    from tailor.registry.pointer import ALIASES
    from tailor.runtime import adaptation_from_json
    from tailor.study.plan import file_name, find_study

    if name in ALIASES:
        from tailor.registry import ReleaseStore

        release = ReleaseStore(workspace).release(name)
        return release.folder, release.adaptation
    folder = find_study(workspace, study)
    plan = read_json(folder / "plan.json")["plan"]
    known = [arm["name"] for arm in plan["arms"]]
    if name not in known:
        raise StudyError(f"The study {folder.name} has no arm '{name}'.{did_you_mean(name, [*known, 'champion'])}")
    fits = [folder / "fits" / f"{file_name(name, seed)}.json" for seed in plan["seeds"]]
    fit = next((path for path in fits if path.is_file()), None)
    if fit is None:
        raise StudyError(f"{name} is not fitted yet.", hint="Run tailor compare to finish the study.")
    return workspace / ".tailor" / "models", adaptation_from_json(read_json(fit)["adaptation"])


def _ask(runtime: Runtime, adaptation: Adaptation, text: str) -> dict[str, Any]:
    from tailor.records import Completion, Message
    from tailor.retrieval.cite import cited

    started = time.perf_counter()
    [answer] = runtime.answer(adaptation, [(Message("user", text),)])
    seconds = time.perf_counter() - started
    if not isinstance(answer, Completion):
        return {"failure": answer.cause, "seconds": seconds}
    sources = [p.reference for p in cited(answer.text, answer.passages)]
    return {"text": answer.text, "sources": sources, "seconds": seconds}


def _show(question: str, row: dict[str, dict[str, Any]], *, echo: bool) -> None:
    from rich.markup import escape
    from rich.table import Table

    out = console()
    if echo:
        out.print(f"[bold]you[/]    {escape(question)}")
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True, style="dim")
    for name, answer in row.items():
        words = f"[red]failed:[/] {escape(answer['failure'])}" if "failure" in answer else escape(answer["text"])
        words = words or "[dim](an empty answer)[/]"
        if answer.get("sources"):
            words += f"  [dim]{escape(', '.join(answer['sources']))}[/]"
        table.add_row(escape(name), words, f"{answer['seconds']:.2f} s")
    out.print(table)
