"""`tailor data`: look at files of questions, convert them, and see which versions there were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli import ask, data_versions, mine
from tailor.cli.common import JsonOption, WorkspaceOption, console, print_json

if TYPE_CHECKING:
    from tailor.data.stream import Reading
    from tailor.records import Example

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Look at files of questions, convert them, make questions of documents, see which versions there were.",
)

FilesArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Files, folders, patterns or hf: names.", show_default="data.questions of tailor.yaml"),
]
ColumnOption = Annotated[
    list[str] | None, typer.Option("--column", "-c", help="FIELD=COLUMN, where a column's name cannot be guessed.")
]
EncodingOption = Annotated[str | None, typer.Option("--encoding", help="What the files are encoded in.")]
QuarantineOption = Annotated[
    Path | None, typer.Option("--quarantine", help="Set bad rows aside in this file and go on with the others.")
]


@app.command("show")
def show(
    files: FilesArgument = None,
    workspace: WorkspaceOption = Path(),
    column: ColumnOption = None,
    encoding: EncodingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how files are read: format, encoding, which column is what, and how many rows are usable. Changes nothing.

    Exit code 2 when rows or files cannot be used.
    """
    from tailor.data.stream import Aside, Placed, Reading, folded, stream
    from tailor.errors import DataError

    source = _source(files, workspace, column, encoding)
    reading = Reading()
    bad: list[Aside] = []
    first: dict[str, Example] = {}
    for piece in stream(source.files, source.columns, root=source.root, encoding=source.encoding, reading=reading):
        if isinstance(piece, Aside):
            bad.append(piece)
        elif isinstance(piece, Placed):
            first.setdefault(piece.file, piece.example)
    problems = folded(bad, reading)
    if as_json:
        print_json({**_counts(reading), "files": _files(reading, source), "problems": problems})
    else:
        _show(reading, source, first)
    if problems and not as_json:
        raise DataError(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}.", problems=tuple(problems))
    if problems:
        raise typer.Exit(2)


@app.command("convert")
def convert(
    files: FilesArgument = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file to write; its suffix says the format.")
    ] = ...,  # type: ignore[assignment]  # required, though what stands before it is not
    shape: Annotated[str, typer.Option("--shape", help="How a row is written.")] = "question-answer",
    workspace: WorkspaceOption = Path(),
    column: ColumnOption = None,
    encoding: EncodingOption = None,
    quarantine: QuarantineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write questions in another format or shape, in constant memory. Bad rows are refused, all at once, or set aside.

    Shapes: question-answer, prompt-completion, alpaca, messages, sharegpt, preference. Formats: .jsonl, .ndjson, .json,
    .csv, .tsv, .parquet, packed by a further .gz, .bz2, .xz or .zst (not .parquet).
    """
    from tailor.data.aside import Quarantine, check_apart
    from tailor.data.stream import Reading, stream
    from tailor.data.write import write_examples
    from tailor.errors import ConfigError

    source = _source(files, workspace, column, encoding)
    if quarantine:
        check_apart(quarantine, source.files, source.root)
        if quarantine.resolve() == output.resolve():
            raise ConfigError("--quarantine and --output name the same file.", hint="Give each a name of its own.")
    reading, aside = Reading(), Quarantine(quarantine)
    pieces = stream(source.files, source.columns, root=source.root, encoding=source.encoding, reading=reading)
    written = write_examples(aside.examples(pieces, reading), output, shape=shape)
    if as_json:
        print_json({**_counts(reading), "written": written, "set_aside": aside.written})
        return
    out = console()
    out.print(f"{output}: {written:,} row{'' if written == 1 else 's'} as {shape}", soft_wrap=True)
    out.print(_sum(reading), soft_wrap=True)
    if aside.written:
        out.print(f"set aside in {quarantine}: {aside.written:,}, each with what is wrong", soft_wrap=True)


@app.command("accept-test")
def accept(workspace: WorkspaceOption = Path()) -> None:
    """Take the questions as they are now for the test, where a study refuses them because test questions were changed.

    All other questions keep their places. Results until now cannot be compared with later ones.
    """
    from tailor.study.config import load_workspace
    from tailor.study.inputs import read_questions
    from tailor.study.splits import accept_test

    loaded = load_workspace(workspace)
    changed = accept_test(loaded, read_questions(loaded))
    words = f"{changed} changed test question{'' if changed == 1 else 's'} accepted" if changed else "nothing changed"
    console().print(f"{words}; all others keep their places", soft_wrap=True)


app.command("ask")(ask.ask)
app.command("mine")(mine.mine)
app.command("log")(data_versions.log)
app.command("diff")(data_versions.diff)


class _Source:
    """What to read, from the command line or from tailor.yaml."""

    def __init__(self, files: list[str], columns: dict[str, str], encoding: str | None, root: Path) -> None:
        self.files, self.columns, self.encoding, self.root = files, columns, encoding, root


def _source(files: list[str] | None, workspace: Path, column: list[str] | None, encoding: str | None) -> _Source:
    from tailor.data.encoding import is_encoding
    from tailor.errors import ConfigError

    columns = {}
    for pair in column or []:
        field, sign, name = pair.partition("=")
        if not sign or not field or not name:
            raise ConfigError(f"--column {pair}: expected FIELD=COLUMN, such as question=Frage.")
        columns[field] = name
    if encoding is not None and not is_encoding(encoding):
        raise ConfigError(f"--encoding {encoding}: expected an encoding, such as utf-8, cp1252 or gb18030.")
    if files:
        return _Source(files, columns, encoding, Path())
    from tailor.study.config import load_workspace

    data = load_workspace(workspace).config.data
    return _Source(data.all_files, {**data.columns, **columns}, encoding or data.encoding, workspace)


def _counts(reading: Reading) -> dict[str, Any]:
    return {
        "rows": reading.rows,
        "examples": reading.examples,
        "bad": reading.bad,
        "left_out": dict(reading.left_out),
    }


def _files(reading: Reading, source: _Source) -> list[dict[str, Any]]:
    from tailor.data.opening import encoding_of

    return [
        {
            "file": name,
            "rows": rows,
            "encoding": source.encoding or encoding_of(source.root / name),
            "columns": reading.columns.get(name, {}),
            "not_read": reading.unread.get(name, []),
        }
        for name, rows in reading.files.items()
    ]


def _sum(reading: Reading) -> str:
    """`120 rows = 118 examples + 2 bad + 0 left out`."""
    left = sum(reading.left_out.values())
    why = f" ({', '.join(f'{n:,} because {reason}' for reason, n in reading.left_out.items())})" if left else ""
    rows = f"{reading.rows:,} row{'' if reading.rows == 1 else 's'}"
    examples = f"{reading.examples:,} example{'' if reading.examples == 1 else 's'}"
    return f"{rows} = {examples} + {reading.bad:,} bad + {left:,} left out{why}"


def _show(reading: Reading, source: _Source, first: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from tailor.data.rows import shown

    out = console()
    for file in _files(reading, source):
        kind = f", {file['encoding']}" if file["encoding"] else ""
        out.print(f"[bold]{escape(file['file'])}[/]   {file['rows']:,} rows{kind}", soft_wrap=True)
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        for field, column in file["columns"].items():
            table.add_row(f"  {field}", f"[dim]from[/] {escape(column)}")
        out.print(table)
        if file["not_read"]:
            out.print(f"  [dim]not read:[/] {escape(', '.join(file['not_read'][:20]))}", soft_wrap=True)
        if example := first.get(file["file"]):
            answer = "no answer (abstain)" if example.answer is None else shown(example.answer)
            out.print(f"  [dim]first:[/] {escape(shown(example.question))} → {escape(answer)}", soft_wrap=True)
    out.print(_sum(reading), soft_wrap=True)
    if any(not c.get("question") and not c.get("messages") for c in reading.columns.values()):
        out.print("Map columns with --column question=NAME, or data.columns in tailor.yaml.", soft_wrap=True)
