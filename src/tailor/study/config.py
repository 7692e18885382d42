"""`tailor.yaml`: what to compare, on which data, by which measure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from tailor.data.encoding import is_encoding
from tailor.errors import ConfigError, TailorError
from tailor.evaluation.judge.rubric import DEFAULT_RUBRIC
from tailor.evaluation.metrics import load_metric
from tailor.files import sha256_of_file
from tailor.methods import load_method
from tailor.methods.compose import Arm, Part, expand
from tailor.study.decision_config import CostsConfig, GatesConfig, Section, SituationConfig, UsageConfig
from tailor.study.settings_file import Place, Settings, describe, in_order, read_settings, short


class DataConfig(Section):
    """Where the questions, documents and general items are; paths are relative to `tailor.yaml`."""

    questions: str | list[str]
    unanswerable: str | None = None
    documents: str | None = None
    general: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    encoding: str | None = None
    held_out_facts: Annotated[float, Field(ge=0, lt=1)] = 0.2
    test_framings: Annotated[int, Field(ge=1, le=20)] = 3

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        if value is not None and not is_encoding(value):
            raise ValueError("an encoding, such as utf-8, cp1252 or latin-1")
        return value

    @property
    def question_files(self) -> list[str]:
        return [self.questions] if isinstance(self.questions, str) else self.questions

    @property
    def all_files(self) -> list[str]:
        """Those of questions and of unanswerable ones."""
        return [*self.question_files, *([self.unanswerable] if self.unanswerable else [])]


class JudgeConfig(Section):
    """A model that grades answers for `tailor judge`. It decides nothing, so it is no part of the plan."""

    base: str | dict[str, str]
    rubric: str = DEFAULT_RUBRIC


class WriterConfig(Section):
    """A model that writes questions for `tailor augment` and `tailor data ask`. No part of the plan: what it writes is
    reviewed and then data like any other."""

    base: str | dict[str, str]


class StudyConfig(Section):
    """One study. `margin` and `general_margin` are shares in [0, 1]: what difference is too small to matter, and what
    loss of general ability is too large to accept. `decide_by` money compares net benefits instead of right answers;
    `margin_usd` (dollars a month) is then what does not matter. `budget_usd` is what the study itself may cost; it is
    no part of the plan, so that it can be raised and the same study goes on."""

    name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    question: str = "Which way of adapting the model is worth it?"
    data: DataConfig
    base: str | dict[str, str] = "builtin/small"
    arms: Annotated[list[str | dict[str, Any]], Field(min_length=1)]
    seeds: Annotated[list[Annotated[int, Field(ge=0, lt=2**32)]], Field(min_length=1)] = [1, 2, 3]
    split_seed: int = 0
    metric: str | dict[str, Any] = "exact-match"
    other_metrics: list[str | dict[str, Any]] = Field(default_factory=list)
    margin: Annotated[float, Field(gt=0, lt=1)] = 0.05
    general_margin: Annotated[float, Field(gt=0, lt=1)] = 0.03
    control: str = "zero-shot"
    decide_by: Literal["quality", "money"] = "quality"
    margin_usd: Annotated[float, Field(ge=0)] = 0.0
    budget_usd: Annotated[float, Field(ge=0)] | None = None
    judge: JudgeConfig | None = None
    writer: WriterConfig | None = None
    usage: UsageConfig = UsageConfig()
    costs: CostsConfig = CostsConfig()
    gates: GatesConfig = GatesConfig()
    situation: SituationConfig = SituationConfig()


@dataclass(frozen=True)
class Workspace:
    """A folder with `tailor.yaml`; everything Tailor writes goes below `.tailor/`. `set_aside` goes on without bad rows
    of questions, which are otherwise an error."""

    folder: Path
    config: StudyConfig
    arms: tuple[Arm, ...]
    set_aside: bool = False

    @property
    def state(self) -> Path:
        return self.folder / ".tailor"

    @property
    def store(self) -> Path:
        return self.state / "models"


SECTIONS: Mapping[Place, list[str]] = {
    (): list(StudyConfig.model_fields),
    ("data",): list(DataConfig.model_fields),
    ("usage",): list(UsageConfig.model_fields),
    ("costs",): list(CostsConfig.model_fields),
    ("gates",): list(GatesConfig.model_fields),
    ("situation",): list(SituationConfig.model_fields),
    ("judge",): list(JudgeConfig.model_fields),
    ("writer",): list(WriterConfig.model_fields),
}
EXPECTED = {
    "base": "a model's name, or {endpoint: URL, model: NAME}",
    "name": "letters, digits, '.', '-' and '_'",
    "judge": "settings like base: {endpoint: URL, model: NAME}",
    "judge.base": "a model's name, or {endpoint: URL, model: NAME}",
    "writer": "settings like base: {endpoint: URL, model: NAME}",
    "writer.base": "a model's name, or {endpoint: URL, model: NAME}",
    "metric": "a metric's name, alone or with options, like numeric: {relative: 0.01}",
    "arms": "a list of names, each alone or with options, like rag: {k: 3}",
    "arms.*": "an arm's name, alone or with options, like rag: {k: 3}",
    "data.questions": "a file, a folder or a pattern, or a list of them",
    "data.encoding": "an encoding, such as utf-8, cp1252 or gb18030",
    "data": "settings like questions: FILE",
    "usage": "settings like questions_per_month: 1000, and only one of machine and machine_hour_usd",
    "costs": "settings like engineer_hour_usd: 80",
    "gates": "settings like p95_ms: 800",
    "situation": "settings like changes: weekly",
    "costs.engineering_hours": "hours, or hours by arm like {rag: 20, lora: 40}",
}


def load_workspace(folder: Path) -> Workspace:
    """Read and check `tailor.yaml`.

    Raises:
        ConfigError: with every problem found, each with its line.
    """
    settings = read_settings(folder)
    problems = list(settings.problems)
    config = None
    wrong: dict[Place, str] = {}
    try:
        config = StudyConfig.model_validate(settings.value)
    except ValidationError as error:
        wrong = describe(error, settings, SECTIONS, EXPECTED)
        problems += wrong.values()
    arms, bad = _arms(settings, wrong, folder)
    problems += bad
    if config is None or problems:
        raise ConfigError("\n".join(in_order(problems)))
    return Workspace(folder, config, arms)


def _arms(settings: Settings, wrong: Mapping[Place, str], folder: Path) -> tuple[tuple[Arm, ...], list[str]]:
    """All arms, and what is wrong with them, the control, the metric and the seeds; settings whose type is `wrong`
    already are left alone."""
    arms: list[Arm] = []
    problems: list[str] = []
    entries = settings.value.get("arms")
    for n, entry in enumerate(entries if isinstance(entries, list) else []):
        if not isinstance(entry, (str, dict)):
            continue
        try:
            arms.extend(_with_file(arm, folder) for arm in _entry(entry))
        except ConfigError as error:
            problems.append(f"{settings.where(('arms', n))}: {error}")
    arms += [arm for name in _beside(arms) for arm in expand(name, {})]
    names = [a.name for a in arms]
    for name in sorted({n for n in names if names.count(n) > 1}):
        problems.append(f"{settings.where(('arms',))}: the arm '{name}' is listed twice.")
    control = settings.value.get("control", StudyConfig.model_fields["control"].default)
    if names and not problems and ("control",) not in wrong and control not in names:
        problems.append(
            f"{settings.where(('control',))}: the control '{control}' is not among the arms.\n"
            f"Every arm is compared with it; add it to arms (found: {', '.join(names)})."
        )
    problems += _metrics(settings, wrong, folder)
    seeds = settings.value.get("seeds", [])
    if isinstance(seeds, list) and len({str(s) for s in seeds}) != len(seeds):
        problems.append(f"{settings.where(('seeds',))}: a seed is listed twice, found {short(seeds)}.")
    return tuple(arms), problems


def _metrics(settings: Settings, wrong: Mapping[Place, str], folder: Path) -> list[str]:
    """What is wrong with the metric that decides and with those that are only shown."""
    problems = []
    others = settings.value.get("other_metrics")
    places: list[tuple[Place, Any]] = [(("metric",), settings.value.get("metric", "exact-match"))]
    places += [(("other_metrics", n), m) for n, m in enumerate(others if isinstance(others, list) else [])]
    for place, spec in places:
        if place in wrong or place[:1] in wrong:
            continue
        try:
            metric = load_metric(spec, folder)
            if place == ("metric",) and getattr(metric, "diagnostic", False):
                raise ConfigError(f"{metric.name} cannot decide a study.", hint="Name it in other_metrics.")
        except TailorError as error:
            problems.append(f"{settings.where(place)}: {error}")
    return problems


def _beside(arms: Sequence[Arm]) -> list[str]:
    """Arms without which others could not be judged, where they are not listed: `quantised` with `qlora`."""
    wanted = [n for a in arms for p in a.parts for n in getattr(load_method(p.method), "beside", ())]
    return [n for n in dict.fromkeys(wanted) if n not in {a.method for a in arms}]


def _entry(entry: str | Mapping[str, Any]) -> list[Arm]:
    arms = _expand(entry)
    trained = [p.method for p in arms[0].parts if load_method(p.method).trains_weights]
    if len(trained) > 1:
        raise ConfigError(
            f"{'+'.join(p.method for p in arms[0].parts)}: both {trained[0]} and {trained[1]} train the weights.",
            hint="Join arms that change different things, like rag+lora or few-shot+full.",
        )
    return arms


def _with_file(arm: Arm, folder: Path) -> Arm:
    """An arm of answers is called like its file, and holds the hash of it."""
    if "predictions" not in arm.method.split("+"):
        return arm
    if len(arm.parts) > 1:
        raise ConfigError(f"{arm.name}: answers that were given elsewhere cannot be joined with another arm.")
    path = folder / arm.parts[0].options.file
    if not path.is_file():
        raise ConfigError(f"predictions: there is no file {path}.", hint="Paths are relative to tailor.yaml.")
    options = dataclasses.replace(arm.parts[0].options, sha256=sha256_of_file(path))
    return Arm(path.stem, (Part("predictions", options),))


def _expand(entry: str | Mapping[str, Any]) -> list[Arm]:
    if isinstance(entry, str):
        return expand(entry, {})
    if len(entry) != 1:
        found = ", ".join(map(str, entry)) or "nothing"
        raise ConfigError(f"an arm is a name, or one name with options; found {found}.")
    [(name, options)] = entry.items()
    if options is not None and not isinstance(options, Mapping):
        raise ConfigError(f"{name}: expected options like {{k: 3}}, found {short(options)}.")
    return expand(str(name), options or {})
