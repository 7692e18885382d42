"""`tailor show`: one test item with what every arm answered, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tailor.cli.common import JsonOption, StudyOption, WorkspaceOption, console, print_json, printable

if TYPE_CHECKING:
    from rich.console import Console

    from tailor.records import Example, Message
    from tailor.study.items import ItemAnswer, StudyItems


def show(
    item: Annotated[str, typer.Argument(help="Id of a test item.")],
    arm: Annotated[
        list[str] | None, typer.Option("--arm", "-a", help="Only this arm; may be given several times.")
    ] = None,
    prompt: Annotated[
        bool, typer.Option("--prompt", "-p", help="Also print the prompts as the model saw them.")
    ] = False,
    workspace: WorkspaceOption = Path(),
    study: StudyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a test item: the expected answer, every arm's answer with its grade, and the passages it was shown.

    Asks no model: prompts are put together again from what the study keeps.
    """
    from tailor.cli.answers import plain_answer, plain_item
    from tailor.study.items import StudyItems

    items = StudyItems(workspace, study)
    example = items.item(item)
    for name in arm or []:
        items.seeds(name)  # names an arm that is not there
    answers = [a for a in items.answers(example) if not arm or a.arm in arm]
    prompts = {(a.arm, a.seed): items.prompt(a, example) for a in answers} if prompt else {}
    if as_json:
        rows = [plain_answer(a, example) for a in answers]
        for row in rows if prompt else []:
            row["prompt"] = prompts[row["arm"], row["seed"]]
        print_json({"study": items.folder.name, **plain_item(example), "answers": rows})
        return
    out = console()
    _head(out, items, example)
    _answers(out, example, answers)
    for answer in answers:
        _passages(out, example, answer)
    for answer in answers if prompt else []:
        _prompt(out, answer, prompts[answer.arm, answer.seed])
    if not prompt:
        out.print("[dim]--prompt adds what the model saw[/]")


def _head(out: Console, items: StudyItems, example: Example) -> None:
    from rich.table import Table
    from rich.text import Text

    from tailor.cli.answers import expected_text
    from tailor.decision.memo_view import CELL_NAMES

    cell = CELL_NAMES.get(str(example.cell), str(example.cell))
    fact = f"   fact {example.fact}" if example.fact and example.fact != example.id else ""
    out.print(Text.assemble((example.id, "bold"), f"   {cell}{fact}   study {items.folder.name}"), soft_wrap=True)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for message in example.messages[:-1]:
        table.add_row(message.role, Text(printable(message.content)))
    table.add_row("question", Text(printable(example.question)))
    table.add_row("expected", Text(expected_text(example)))
    if example.source:
        table.add_row("source", Text(example.source))
    out.print(table)
    out.print()


def _answers(out: Console, example: Example, answers: list[ItemAnswer]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from tailor.cli.answers import answer_text, evidence_text, grade_text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    several = {a.arm for a in answers if sum(b.arm == a.arm for b in answers) > 1}
    for name in ("arm", "", "answer"):
        table.add_column(Text(name, style="dim"), no_wrap=name != "answer", overflow="fold")
    for answer in answers:
        name = f"{answer.arm} seed {answer.seed}" if answer.arm in several else answer.arm
        said = Text.assemble(answer_text(answer), "\n", (evidence_text(answer, example), "dim"))
        said.rstrip()
        table.add_row(Text(name), grade_text(answer), said)
    out.print(table)


def _passages(out: Console, example: Example, answer: ItemAnswer) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from tailor.records import Completion
    from tailor.retrieval.cite import cited
    from tailor.study.items import holds_source

    if not isinstance(answer.answer, Completion) or not answer.answer.passages:
        return
    quoted = cited(answer.answer.text, answer.answer.passages)
    out.print()
    out.print(Text(f"passages shown to {answer.arm}{_seed(answer)}", style="bold"))
    for n, passage in enumerate(answer.answer.passages, 1):
        notes = ["the source"] * holds_source(passage, example.source) + ["cited"] * (passage in quoted)
        out.print(Text.assemble(f" [{n}] ", passage.reference, (f"   {', '.join(notes)}", "green")), soft_wrap=True)
        text = " ".join(passage.text.split()) or "(the index was deleted; only its name is known)"
        out.print(Padding(Text(printable(text), style="dim"), (0, 0, 0, 5)))


def _seed(answer: ItemAnswer) -> str:
    return f" seed {answer.seed}"


def _prompt(out: Console, answer: ItemAnswer, messages: tuple[Message, ...]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    out.print()
    out.print(Text(f"prompt of {answer.arm}{_seed(answer)}", style="bold"))
    for message in messages:
        out.print(Text(f" {message.role}", style="dim"))
        out.print(Padding(Text(printable(message.content)), (0, 0, 0, 3)))
