"""From what `tailor.yaml` says to a metric, and from a metric to what a plan says."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tailor.errors import ConfigError, StudyError
from tailor.evaluation.metrics.contract import Metric, Scale
from tailor.plugins import Registry
from tailor.records import Failure

_HERE = "tailor.evaluation.metrics"
METRICS = Registry(
    "metric",
    {
        "exact-match": f"{_HERE}.exact_match:exact_match",
        "token-f1": f"{_HERE}.token_f1:token_f1",
        "contains": f"{_HERE}.contains:contains",
        "numeric": f"{_HERE}.numeric:Numeric",
        "date": f"{_HERE}.date:DateMetric",
        "label": f"{_HERE}.label:Label",
        "json-valid": f"{_HERE}.json_answers:JsonValid",
        "json-match": f"{_HERE}.json_answers:json_match",
        "instructions": f"{_HERE}.instructions:Instructions",
        "rouge-l": f"{_HERE}.rouge_l:rouge_l",
        "chrf": f"{_HERE}.chrf:chrf",
        "similarity": f"{_HERE}.similarity:similarity",
    },
)
EXAMPLE = "For example: metric: {numeric: {relative: 0.01}}"


def load_metric(spec: str | Mapping[str, Any], folder: Path) -> Metric:
    """The metric that a setting names: `exact-match`, `{numeric: {relative: 0.01}}`, or a Python file,
    `metrics/tone.py`.

    A file has a function `score(answer, references)` that returns a number from 0 to 1, and may set `low`, `high`,
    `correct_from`, `direction` and `reads`. Its version is the hash of its text: an edited file is another metric.

    Args:
        folder: the workspace, which paths are relative to.

    Raises:
        ConfigError: no such metric or option, an impossible value, or a file that cannot be used.
    """
    name, options = _parts(spec)
    if name.endswith(".py"):
        if options:
            raise ConfigError(f"{name}: a metric of a file takes no options.", hint="Set them in the file.")
        return _of_file(name, folder / name)
    found = METRICS.load(name)
    if options and not dataclasses.is_dataclass(found):
        raise ConfigError(f"{name}: this metric has no options, found {', '.join(options)}.")
    if isinstance(found, type):
        found = _with_options(name, found, _from_files(options, folder)) if dataclasses.is_dataclass(found) else found()
    metric: Metric = found
    return metric


def metric_entry(metric: Any) -> dict[str, Any]:
    """How a plan names a metric: `name`, `version`, and `options` where it has any that are not as usual."""
    options: dict[str, Any] = {}
    if dataclasses.is_dataclass(metric) and not isinstance(metric, type) and not isinstance(metric, FileMetric):
        for field in dataclasses.fields(metric):
            value = getattr(metric, field.name)
            usual = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
            if value != usual:
                options[field.name] = value
    return {"name": metric.name, "version": metric.version, **({"options": options} if options else {})}


def metric_of_plan(entry: Mapping[str, Any], folder: Path) -> Metric:
    """The metric that a plan names.

    Raises:
        ConfigError: this Tailor does not know it.
        StudyError: it is there in another version: its numbers would not be those of the study.
    """
    name, options = entry["name"], entry.get("options") or {}
    metric = load_metric({name: options} if options else name, folder)
    if metric.version != entry["version"]:
        raise StudyError(
            f"The study was planned with {name} version {entry['version']}, here is version {metric.version}.",
            hint="Restore the metric, or run tailor compare for a new study.",
        )
    return metric


def _parts(spec: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if isinstance(spec, str):
        return spec, {}
    if not isinstance(spec, Mapping) or len(spec) != 1:
        raise ConfigError(f"a metric is a name, or one name with options; found {spec!r}.", hint=EXAMPLE)
    [(name, options)] = spec.items()
    if options is not None and not isinstance(options, Mapping):
        raise ConfigError(f"{name}: expected options, found {options!r}.", hint=EXAMPLE)
    return str(name), {str(k): v for k, v in (options or {}).items()}


def _with_options(name: str, record: Any, options: Mapping[str, Any]) -> Any:
    known = [f.name for f in dataclasses.fields(record)]
    for key in options:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            guess = f" Did you mean '{close[0]}'?" if close else ""
            raise ConfigError(f"{name}: no option called '{key}'.{guess}", hint=f"known: {', '.join(known)}")
    try:
        return TypeAdapter(record).validate_python(dict(options))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(p) for p in first["loc"])
        raise ConfigError(f"{name}: {place}: {first['msg']}, found {first['input']!r}.") from None


def _from_files(options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """`schema: order.json` means what is in that file: the plan holds the schema and not its name."""
    schema = options.get("schema")
    if not isinstance(schema, str):
        return dict(options)
    try:
        value = json.loads((folder / schema).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{schema} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ConfigError(f"{schema} is not valid JSON: {error}.") from None
    return {**options, "schema": value}


class FileMetric(Scale):
    """A metric from a Python file of the workspace. What it raises is a Failure of that answer."""

    def __init__(self, name: str, version: str, module: types.ModuleType) -> None:
        self.name, self.version = name, version
        self._score: Callable[[str, Sequence[str]], float | Failure] = module.score
        for setting in ("low", "high", "correct_from", "direction", "reads"):
            if hasattr(module, setting):
                setattr(self, setting, getattr(module, setting))
        if (
            not self.low < self.high
            or self.direction not in ("higher", "lower")
            or self.reads not in ("answer", "text")
        ):
            raise ConfigError(
                f"{name}: low, high, direction or reads is impossible.",
                hint="low is below high; direction is 'higher' or 'lower'; reads is 'answer' or 'text'.",
            )

    def __call__(self, answer: str, references: Sequence[str]) -> float | Failure:
        value = self._score(answer, references)
        return value if isinstance(value, Failure) else float(value)


def _of_file(name: str, path: Path) -> Metric:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the metric {name} cannot be read: {error}.", hint="Paths are relative to tailor.yaml."
        ) from None
    module = types.ModuleType(path.stem)
    module.__file__ = str(path)
    try:
        exec(compile(text, str(path), "exec"), module.__dict__)
    except Exception as error:  # somebody else's file may raise anything
        raise ConfigError(f"the metric {name} cannot be loaded: {type(error).__name__}: {error}.") from error
    if not callable(getattr(module, "score", None)):
        raise ConfigError(
            f"the metric {name} has no function 'score'.", hint="Write: def score(answer, references): return 1.0"
        )
    return FileMetric(name, hashlib.sha256(text.encode()).hexdigest()[:12], module)
