"""`tailor review`: decide row by row what is good enough to train on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import JsonOption, WorkspaceOption, console, print_json, user

if TYPE_CHECKING:
    from tailor.data.review import Item, ReviewQueue

KEYS = "[a]pprove  [e]dit  [r]eject  [s]kip  [u]ndo  [w]hy  [q]uit"


def review(
    file: Annotated[Path, typer.Argument(help="File of rows to look through, such as augmented.jsonl.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where approved rows go.", show_default="FILE.approved.jsonl")
    ] = None,
    workspace: WorkspaceOption = Path(),
    export: Annotated[str | None, typer.Option("--export", help="label-studio or argilla: write FILE for it.")] = None,
    take: Annotated[Path | None, typer.Option("--import", help="Take decisions from a file of theirs.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Approve, edit or reject rows with single keys. Stop at any time: the same command goes on where you left.

    Without a terminal, keys are read from standard input, one per line; an edit reads two further lines.
    """
    from tailor.data.review import ReviewQueue, log_file, read_items, write_approved

    items = read_items(file, root=workspace)
    queue = ReviewQueue(items, log_file(workspace / ".tailor", file, workspace), user())
    target = output or file.with_name(f"{file.stem}.approved.jsonl")
    if export is not None:
        _export(queue, export, output or file.with_name(f"{file.stem}.{export}.json"))
        return
    taken = _import(queue, take) if take is not None else None
    if taken is None and not as_json:
        _sit(queue)
    written = write_approved(queue, target)
    if as_json:
        print_json({**queue.counts, "written": written, "output": str(target), "taken": taken})
        return
    out = console()
    if taken is not None:
        out.print(f"{taken:,} decisions taken from {take}", soft_wrap=True)
    out.print(_counts(queue), soft_wrap=True)
    out.print(f"{target}: {written:,} row{'' if written == 1 else 's'} to add to data.questions", soft_wrap=True)


def _sit(queue: ReviewQueue) -> None:
    """One sitting, until all is decided or the person leaves."""
    from tailor.errors import DataError

    out = console()
    while (item := queue.current) is not None:
        _show(queue, item)
        key = _key()
        if key == "q":
            break
        try:
            _act(queue, item, key)
        except DataError as error:
            out.print(f"[red]{error}[/]", soft_wrap=True)


def _act(queue: ReviewQueue, item: Item, key: str) -> None:
    from rich.markup import escape

    out = console()
    if key == "a":
        queue.approve()
    elif key == "r":
        queue.reject(_line("why (may be empty)", ""))
    elif key == "s":
        queue.skip()
    elif key == "e":
        question = _line("question", item.example.question)
        queue.edit(question, _line("answer", item.example.answer or "") or item.example.answer)
    elif key == "u":
        if queue.undo() is None:
            out.print("nothing to undo")
    elif key == "w":
        for name, value in _why(item):
            out.print(f"  [dim]{name:10}[/]{escape(value)}", soft_wrap=True)
    else:
        out.print(escape(KEYS))


def _why(item: Item) -> list[tuple[str, str]]:
    """Where a row comes from: everything that is known of it."""
    import json

    example = item.example
    known: dict[str, Any] = {
        "line": str(item.line),
        "id": example.id,
        "fact": example.fact,
        "framing": example.framing,
        "source": example.source,
        "aliases": ", ".join(example.aliases),
        "split": example.split,
    }
    rows = [(name, str(value)) for name, value in known.items() if value]
    return rows + [(n, v if isinstance(v, str) else json.dumps(v, ensure_ascii=False)) for n, v in item.other.items()]


def _show(queue: ReviewQueue, item: Item) -> None:
    from rich.markup import escape
    from rich.table import Table

    out = console()
    out.print()
    out.print(f"[dim]{_counts(queue)}[/]", soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(ratio=1)
    for message in item.example.messages[:-1]:
        table.add_row(message.role, escape(message.content))
    table.add_row("question", f"[bold]{escape(item.example.question)}[/]")
    answer = item.example.answer
    table.add_row("answer", "[dim](none: abstain)[/]" if answer is None else escape(answer))
    made = item.other.get("made")
    if isinstance(made, dict):
        table.add_row("made", escape(f"{made.get('rule', '')}, from {made.get('from', '')}"))
    out.print(table)
    out.print(f"[dim]{escape(KEYS)}[/] ", end="")


def _counts(queue: ReviewQueue) -> str:
    counts = queue.counts
    return " · ".join(f"{n:,} {name}" for name, n in counts.items())


def _key() -> str:
    """One key without return in a terminal, else the first letter of a line; at the end of the input, quit."""
    if sys.stdin.isatty():
        import click

        try:
            key = click.getchar()
        except EOFError:
            return "q"
        typer.echo(key if key.isprintable() else "")
        return "q" if key in ("\x04", "\x1b") else key[:1].lower()
    line = sys.stdin.readline()
    typer.echo(line.strip()[:1])
    return line.strip()[:1].lower() if line else "q"


def _line(label: str, default: str) -> str:
    """A line of text; empty keeps what there is."""
    if sys.stdin.isatty():
        return str(typer.prompt(label, default=default, show_default=bool(default)))
    return sys.stdin.readline().rstrip("\n") or default


def _export(queue: ReviewQueue, kind: str, path: Path) -> None:
    from tailor.data.review_files import export_rows

    console().print(f"{path}: {export_rows(queue, kind, path):,} rows for {kind}", soft_wrap=True)


def _import(queue: ReviewQueue, path: Path) -> int:
    from tailor.data.review_files import import_decisions

    return queue.take(import_decisions(path))
