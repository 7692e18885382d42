"""Trained weights out of a study, for other programs, with a card: an adapter for PEFT, a model for Transformers, for
CTranslate2, or for llama.cpp and Ollama."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tailor.errors import ConfigError, StudyError
from tailor.families import family_of
from tailor.files import new_folder, read_json, write_json, write_text
from tailor.models.engine import LoadedWeights
from tailor.models.hub import local_folder
from tailor.records import Adaptation
from tailor.registry.candidate import Candidate, candidate
from tailor.registry.card import model_card
from tailor.registry.release import ADAPTATION
from tailor.runtime import Runtime, adaptation_to_json
from tailor.study.results import read_results

Form = Literal["adapter", "model", "ctranslate2", "gguf"]
Engine = Literal["ctranslate2", "gguf"]
GGUF = "model.gguf"


@dataclass(frozen=True)
class Exported:
    """What was written: an adapter or a whole model in one of three forms, where, its size, and what else the arm needs
    to answer as it was measured (`retriever`, `demonstrations`, `system`, `constraint`). A Modelfile has system prompt
    and fixed demonstrations in it."""

    form: Form
    folder: Path
    size_mb: float
    also_needs: tuple[str, ...]


def export(
    study: Path, store: Path, arm: str, seed: int | None, target: Path, *, merged: bool, engine: Engine | None = None
) -> Exported:
    """Write the trained weights of an arm to a folder of their own.

    Args:
        study: the study's folder.
        store: what artifact paths are relative to.
        arm: a name in the study.
        seed: which training; None for the first.
        target: must not exist, or be empty; appears complete or not at all.
        merged: work an adapter into its base.
        engine: write for this one instead of Transformers; merges too.

    Raises:
        ConfigError: the target is taken.
        MissingDependency: the engine's package is not installed.
        StudyError: there is no such arm, or it has no trained weights.
        ArtifactError: the weights were changed after they were made.
        ModelError: merging is impossible.
    """
    found = candidate(study, arm, seed, force=True)
    adaptation = found.adaptation
    if adaptation.weights is None:
        raise StudyError(
            f"{arm} has no trained weights to export.", hint=f"What it is made of is in {study / 'fits'}, as JSON."
        )
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise ConfigError(f"{target} is there already.", hint="Name another folder with --to, or delete it.")
    source = Runtime(store).folder(adaptation.weights.artifact)
    adapter = adaptation.weights.kind == "adapter"
    form: Form = engine or ("adapter" if adapter and not merged else "model")
    with new_folder(target) as temporary, tempfile.TemporaryDirectory() as between:
        whole = Path(between) if engine else temporary
        if adapter and form != "adapter":
            from tailor.models.merging import write_merged

            sha256 = adaptation.weights.artifact.sha256
            write_merged(adaptation.base, LoadedWeights("adapter", source, sha256), whole)
        elif not engine:
            for path in sorted(source.iterdir()):
                shutil.copyfile(path, temporary / path.name)
        else:
            whole = source
        if engine:
            _convert(whole, temporary, engine, arm, adaptation)
        write_json(temporary / ADAPTATION, adaptation_to_json(adaptation))
        write_text(temporary / "README.md", _card(study, arm, found, form))
        size = sum(p.stat().st_size for p in temporary.iterdir())
    return Exported(form, target, size / 1e6, also_needs(adaptation))


def _convert(whole: Path, target: Path, engine: Engine, arm: str, adaptation: Adaptation) -> None:
    if engine == "ctranslate2":
        from tailor.models.ctranslate import write_ctranslate2

        write_ctranslate2(whole, target)
        return
    from tailor.models.gguf_file import write_gguf
    from tailor.registry.modelfile import modelfile

    write_gguf(whole, target / GGUF, arm)
    write_text(target / "Modelfile", modelfile(whole, GGUF, adaptation))


def also_needs(adaptation: Adaptation) -> tuple[str, ...]:
    """Parts of an adaptation that are not in its weights."""
    parts = ("system", "demonstrations", "retriever", "constraint")
    return tuple(part for part in parts if getattr(adaptation, part) is not None)


def _card(study: Path, arm: str, found: Candidate, form: Form) -> str:
    results = read_results(study)
    fits: Mapping[int, str] = {int(s["seed"]): s["fit"] for s in results["arms"][arm]["fits"]}
    training: dict[str, Any] | None = read_json(study / "fits" / fits[found.seed])["training"]
    needs = also_needs(found.adaptation)
    base = found.adaptation.base
    config = local_folder(base) / "config.json"
    loader = family_of(read_json(config) if config.is_file() else {}).loader
    return model_card(results, arm, form, base, found.lineage, training, found.seed, needs, loader)
