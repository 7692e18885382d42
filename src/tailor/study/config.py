"""`tailor.yaml`: what to compare, on which data, by which measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tailor.errors import ConfigError
from tailor.evaluation.metrics import METRICS
from tailor.methods.compose import Arm, expand

CONFIG_NAME = "tailor.yaml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class DataConfig(_Section):
    """Where the questions, documents and general items are; paths are relative to `tailor.yaml`."""

    questions: str | list[str]
    unanswerable: str | None = None
    documents: str | None = None
    general: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    held_out_facts: Annotated[float, Field(ge=0, lt=1)] = 0.2
    test_framings: Annotated[int, Field(ge=1, le=20)] = 3

    @property
    def question_files(self) -> list[str]:
        return [self.questions] if isinstance(self.questions, str) else self.questions


class UsageConfig(_Section):
    """What the answers will be used for: turns quality into money. Unknown stays unknown."""

    questions_per_month: Annotated[int, Field(ge=0)] | None = None
    machine_hour_usd: Annotated[float, Field(ge=0)] | None = None
    wrong_answer_usd: Annotated[float, Field(ge=0)] | None = None
    refreshes_per_year: Annotated[float, Field(ge=0)] | None = None


class StudyConfig(_Section):
    """One study. `margin` and `general_margin` are shares in [0, 1]: what difference is too small to matter, and what
    loss of general ability is too large to accept."""

    name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    question: str = "Which way of adapting the model is worth it?"
    data: DataConfig
    base: str | dict[str, str] = "builtin/small"
    arms: Annotated[list[str | dict[str, Any]], Field(min_length=1)]
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] = [1, 2, 3]
    split_seed: int = 0
    metric: str = "exact-match"
    margin: Annotated[float, Field(gt=0, lt=1)] = 0.05
    general_margin: Annotated[float, Field(gt=0, lt=1)] = 0.03
    control: str = "zero-shot"
    usage: UsageConfig = UsageConfig()


@dataclass(frozen=True)
class Workspace:
    """A folder with `tailor.yaml`; everything Tailor writes goes below `.tailor/`."""

    folder: Path
    config: StudyConfig
    arms: tuple[Arm, ...]

    @property
    def state(self) -> Path:
        return self.folder / ".tailor"

    @property
    def store(self) -> Path:
        return self.state / "models"


def load_workspace(folder: Path) -> Workspace:
    """Read and check `tailor.yaml`.

    Raises:
        ConfigError: with every problem found, each with its line.
    """
    path = folder / CONFIG_NAME
    text = _read(path)
    value, lines = _parse(text, path)
    try:
        config = StudyConfig.model_validate(value)
    except ValidationError as error:
        raise ConfigError("\n".join(_problems(error, lines))) from None
    return Workspace(folder, config, _arms(config, lines))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"{path} does not exist.", hint="Run tailor init in that folder, or name a folder that has a tailor.yaml."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None


Place = tuple[str | int, ...]


def _parse(text: str, path: Path) -> tuple[Any, dict[Place, int]]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path.name}{where}: not valid YAML: {getattr(error, 'problem', error)}") from None
    if not isinstance(value, dict):
        raise ConfigError(
            f"{path.name}: expected settings like 'name: ...', found {'nothing' if value is None else text[:40]!r}."
        )
    lines: dict[Place, int] = {}
    _collect_lines(node, (), lines)
    return value, lines


def _collect_lines(node: Any, place: Place, lines: dict[Place, int]) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            inner = (*place, str(key.value))
            lines[inner] = key.start_mark.line + 1
            _collect_lines(child, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for n, child in enumerate(node.value):
            _collect_lines(child, (*place, n), lines)


def _problems(error: ValidationError, lines: Mapping[Place, int]) -> list[str]:
    problems = []
    for item in error.errors():
        place = tuple(
            p for p in item["loc"] if isinstance(p, int) or p in _all_fields() or (p,) in lines or p in _keys(lines)
        )
        where = _where(place, lines)
        name = ".".join(str(p) for p in place)
        if item["type"] == "extra_forbidden":
            known = _fields_at(place[:-1])
            close = get_close_matches(str(place[-1]), known, n=1)
            guess = f" Did you mean '{close[0]}'?" if close else f" Known: {', '.join(known)}."
            problems.append(f"{where}: no setting called '{name}'.{guess}")
        elif item["type"] == "missing":
            problems.append(f"{where}: the setting '{name}' is missing.")
        else:
            problems.append(f"{where}: {name}: {item['msg']}, found {item['input']!r}.")
    return list(dict.fromkeys(problems))


def _where(place: Place, lines: Mapping[Place, int]) -> str:
    while place and place not in lines:
        place = place[:-1]
    return f"{CONFIG_NAME} line {lines.get(place, 1)}"


def _keys(lines: Mapping[Place, int]) -> set[str | int]:
    return {p for place in lines for p in place}


def _all_fields() -> set[str]:
    return {*StudyConfig.model_fields, *DataConfig.model_fields, *UsageConfig.model_fields}


def _fields_at(place: Place) -> list[str]:
    section: type[BaseModel] = StudyConfig
    for key in place:
        if key == "data":
            section = DataConfig
        elif key == "usage":
            section = UsageConfig
    return list(section.model_fields)


def _arms(config: StudyConfig, lines: Mapping[Place, int]) -> tuple[Arm, ...]:
    """All arms, or all that is wrong with them."""
    arms: list[Arm] = []
    problems: list[str] = []
    for n, entry in enumerate(config.arms):
        try:
            arms.extend(_entry(entry))
        except ConfigError as error:
            problems.append(f"{_where(('arms', n), lines)}: {error}")
    names = [a.name for a in arms]
    problems += [
        f"{_where(('arms',), lines)}: the arm '{n}' is listed twice."
        for n in sorted({n for n in names if names.count(n) > 1})
    ]
    if not problems and config.control not in names:
        problems.append(
            f"{_where(('control',), lines)}: the control '{config.control}' is not among the arms.\n"
            f"Every arm is compared with it; add it to arms (found: {', '.join(names)})."
        )
    if config.metric not in METRICS.names():
        close = get_close_matches(config.metric, METRICS.names(), n=1)
        guess = f" Did you mean '{close[0]}'?" if close else ""
        problems.append(
            f"{_where(('metric',), lines)}: no metric called '{config.metric}'.{guess}\n"
            f"known: {', '.join(METRICS.names())}"
        )
    if len(set(config.seeds)) != len(config.seeds):
        problems.append(f"{_where(('seeds',), lines)}: a seed is listed twice.")
    if problems:
        raise ConfigError("\n".join(problems))
    return tuple(arms)


def _entry(entry: str | Mapping[str, Any]) -> list[Arm]:
    if isinstance(entry, str):
        return expand(entry, {})
    if len(entry) != 1:
        raise ConfigError(f"an arm is a name, or one name with options; found {', '.join(map(str, entry))}.")
    [(name, options)] = entry.items()
    if options is not None and not isinstance(options, Mapping):
        raise ConfigError(f"{name}: expected options like {{k: 3}}, found {options!r}.")
    return expand(str(name), options or {})
