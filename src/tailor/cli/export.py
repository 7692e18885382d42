"""`tailor export`: trained weights for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from tailor.cli.common import JsonOption, StudyOption, WorkspaceOption, console, print_json

WORDS = {
    "adapter": "an adapter for PEFT",
    "model": "a model for Transformers",
    "ctranslate2": "a model for CTranslate2",
    "gguf": "a model for llama.cpp, with a Modelfile for Ollama",
}


def export(
    arm: Annotated[str, typer.Argument(help="An arm of the study that trained weights, like lora.")],
    to: Annotated[Path, typer.Option("--to", help="Folder to write; must not be there yet.")],
    workspace: WorkspaceOption = Path(),
    study: StudyOption = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Which training; the first seed if left out.")] = None,
    merged: Annotated[bool, typer.Option("--merged", help="Work an adapter into its base: one model.")] = False,
    engine: Annotated[
        Literal["ctranslate2", "gguf"] | None,
        typer.Option("--as", help="A whole model for CTranslate2, or for llama.cpp and Ollama, with a Modelfile."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write an adapter that plain PEFT loads, or a model for Transformers, CTranslate2 or Ollama; with a model card."""
    from tailor.registry.export import export as write
    from tailor.study.plan import find_study

    folder = find_study(workspace, study)
    made = write(folder, workspace / ".tailor" / "models", arm, seed, to, merged=merged, engine=engine)
    if as_json:
        print_json(made)
        return
    what = WORDS[made.form]
    console().print(f"{made.folder}: {what}, {made.size_mb:.1f} MB, with README.md.", soft_wrap=True)
    if made.also_needs:
        console().print(
            f"The arm was measured with more than these weights: {', '.join(made.also_needs)} (adaptation.json).",
            soft_wrap=True,
        )
