"""`tailor init`: a `tailor.yaml` to start from."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailor.cli.common import WorkspaceArgument, console

if TYPE_CHECKING:
    from tailor.study.prior import Prior

QUESTION_SUFFIXES = (".jsonl", ".csv", ".tsv", ".json", ".ndjson", ".parquet")
DOCUMENT_SUFFIXES = (".md", ".txt", ".html", ".htm", ".pdf", ".docx")

TEMPLATE = """\
# What tailor compare runs. Every setting: docs/reference/tailor-yaml.md
name: {name}
question: Which way of adapting the model is worth it?

data:
  questions: {questions}        # CSV, JSONL or JSON with a question and an answer per row
{documents}
base: builtin/small             # small and offline; for real work a folder or a Hugging Face name, like org/model

arms:                           # ways of adapting, compared on the same questions; a list as option is an ablation
{arms}
seeds: [1, 2, 3]
margin: 0.05                    # a difference below five points does not matter to us

usage:                          # turns quality into money; leave out what you do not know
{usage}{sections}"""
SECTION_NOTES = {
    "gates": "what an arm must keep to be chosen at all",
    "situation": "orders the arms before anything is measured; decides nothing",
}


def init(
    workspace: WorkspaceArgument = Path(),
    questions: Annotated[str | None, typer.Option("--questions", help="File with questions and answers.")] = None,
    documents: Annotated[str | None, typer.Option("--documents", help="Folder or file to search for answers.")] = None,
    ask: Annotated[
        bool | None, typer.Option("--ask/--no-ask", help="Ask ten questions first.", show_default="in a terminal")
    ] = None,
) -> None:
    """Write a tailor.yaml for the files in a folder; what is not named is looked for. Never overwrites one."""
    from tailor.cli import intake
    from tailor.data.places import find_files, is_place
    from tailor.errors import ConfigError, Problem
    from tailor.files import write_text

    path = workspace / "tailor.yaml"
    if path.exists():
        raise ConfigError(f"{path} is there already.", hint="Edit it, or move it away first.")
    if not workspace.is_dir():
        raise ConfigError(f"The folder {workspace} does not exist.", hint=f"Create it: mkdir -p {workspace}")
    rows = questions or _find_questions(workspace)
    if rows is None:
        raise ConfigError(
            f"No questions found in {workspace.resolve()}.",
            hint="Put a CSV or JSONL file with the columns question and answer there, or name it with --questions.",
        )
    found = documents or _find_documents(workspace, rows)
    if isinstance(problem := find_files(rows, workspace), Problem):
        raise ConfigError(f"{workspace / rows}: {problem.found}.")
    for named in (*(() if is_place(rows) else (rows,)), found):
        if named and not (workspace / named).exists():
            raise ConfigError(f"{workspace / named} does not exist.")
    answers = intake.ask() if (sys.stdin.isatty() if ask is None else ask) else {}
    expected = _expected(answers, with_documents=found is not None)
    usage = {"questions_per_month": 1000, "machine_hour_usd": 0.10, **answers.get("usage", {})}
    text = TEMPLATE.format(
        name=_name(workspace),
        questions=_scalar(rows),
        documents=f"  documents: {_scalar(found)}\n" if found else "",
        arms="".join(f"  - {arm}\n" for arm in ("zero-shot", *(a for a in expected.order if a != "zero-shot"))),
        usage=_settings(usage),
        sections="".join(
            f"\n{name + ':':<32}# {note}\n{_settings(answers[name])}"
            for name, note in SECTION_NOTES.items()
            if name in answers
        ),
    )
    write_text(path, text)
    out = console()
    out.print(
        f"{path} written: questions from {rows}, documents from {found or 'nowhere (no rag arm)'}.", soft_wrap=True
    )
    _say_expected(expected)
    out.print(f"Next: tailor check {workspace} · tailor compare {workspace}", soft_wrap=True)


def _expected(answers: Mapping[str, Mapping[str, Any]], *, with_documents: bool) -> Prior:
    """What practice says of the arms that are possible here."""
    from tailor.study.prior import prior, situation_of

    arms = ("zero-shot", "few-shot", *(("rag",) if with_documents else ()), "lora", "full")
    known = situation_of(*(answers.get(s, {}) for s in ("situation", "usage", "gates")))
    return prior(known, (*arms, *(("rag+lora",) if with_documents else ())))


def _say_expected(expected: Prior) -> None:
    """Why the arms stand in this order; nothing where no answer was given."""
    particular = [r for r in expected.rules if r.when]
    if not particular:
        return
    out = console()
    out.print("From practice, before anything is measured (the measurement overrides it):")
    for rule in particular:
        sides = [f"for {', '.join(rule.speaks_for)}"] if rule.speaks_for else []
        sides += [f"against {', '.join(rule.against)}"] if rule.against else []
        out.print(f"  {'; '.join(sides)}: {rule.reason} [{rule.source}]", markup=False)


def _settings(values: Mapping[str, Any]) -> str:
    plain = {True: "true", False: "false"}
    return "".join(f"  {k}: {plain[v] if isinstance(v, bool) else v}\n" for k, v in values.items())


def _scalar(text: str) -> str:
    """A file name as YAML reads it back: `a: b.csv` and `#1.csv` need quotes."""
    return text if re.fullmatch(r"[A-Za-z_./][\w./ -]*(?<! )", text) else json.dumps(text, ensure_ascii=False)


def _name(workspace: Path) -> str:
    kept = "".join(c if c.isalnum() or c in "._-" else "-" for c in workspace.resolve().name)
    return kept.strip("-") or "workspace"


def _find_questions(workspace: Path) -> str | None:
    for folder in (workspace, workspace / "data"):
        files = sorted(p for p in folder.glob("*") if p.suffix.lower() in QUESTION_SUFFIXES) if folder.is_dir() else []
        if files:
            return files[0].relative_to(workspace).as_posix()
    return None


def _find_documents(workspace: Path, questions: str) -> str | None:
    for name in ("docs", "documents"):
        if (workspace / name).is_dir():
            return name
    files = [
        p.name
        for p in sorted(workspace.glob("*"))
        if p.suffix.lower() in DOCUMENT_SUFFIXES and p.name != questions and p.stem.lower() != "readme"
    ]
    return files[0] if files else None
