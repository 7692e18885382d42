"""Answers that are JSON: whether they parse, fit a schema, and hold the expected fields."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

from tailor.errors import ConfigError, MissingDependency
from tailor.evaluation.metrics.contract import Reads, Scale, best_readable
from tailor.records import Failure

_FENCE = re.compile(r"\A```[\w-]*\n(.*?)\n?```\Z", re.DOTALL)
_NOTHING = object()


@dataclass(frozen=True)
class JsonValid(Scale):
    """1 where the whole text is one JSON value (a Markdown fence around it is allowed) and fits `schema`, a JSON
    Schema, where one is given; else 0. Prose around the JSON is not allowed: no program could read it. The expected
    answer is not looked at."""

    schema: Mapping[str, Any] = field(default_factory=dict)

    name: ClassVar[str] = "json-valid"
    version: ClassVar[str] = "1"
    reads = "text"

    def __post_init__(self) -> None:
        if not self.schema:
            return
        try:
            import jsonschema
        except ImportError:
            raise MissingDependency("json-valid with a schema", "evaluation") from None
        try:
            jsonschema.validators.validator_for(self.schema).check_schema(self.schema)
        except jsonschema.SchemaError as error:
            raise ConfigError(f"json-valid: the schema is not a JSON Schema: {error.message}.") from None

    def __call__(self, answer: str, references: Sequence[str]) -> float:  # noqa: ARG002 - the contract
        value = read_json_answer(answer)
        if value is _NOTHING or not self.schema:
            return float(value is not _NOTHING)
        import jsonschema

        return float(jsonschema.validators.validator_for(self.schema)(self.schema).is_valid(value))


class JsonMatch(Scale):
    """Share of the fields that are right: of all paths to a leaf in either value, those with equal leaves in both.

    Texts are equal without regard to case and white space, numbers by value, lists place by place. Text that is not
    JSON has 0; correct is 1, all fields and no other.
    """

    name = "json-match"
    version = "1"
    reads: Reads = "text"

    def __call__(self, answer: str, references: Sequence[str]) -> float | Failure:
        given = read_json_answer(answer)

        def measure(reference: str) -> float | None:
            expected = read_json_answer(reference)
            if expected is _NOTHING:
                return None
            return 0.0 if given is _NOTHING else _shared(_leaves(given), _leaves(expected))

        return best_readable(references, measure, "JSON")


def read_json_answer(text: str) -> Any:
    """The JSON value that a text is; `_NOTHING` where it is none (null is a value)."""
    plain = text.strip()
    fenced = _FENCE.match(plain)
    try:
        return json.loads(fenced[1] if fenced else plain, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return _NOTHING


def _no_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _leaves(value: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    if isinstance(value, dict) and value:
        return {k: v for name, inner in value.items() for k, v in _leaves(inner, (*path, str(name))).items()}
    if isinstance(value, list) and value:
        return {k: v for n, inner in enumerate(value) for k, v in _leaves(inner, (*path, n)).items()}
    return {path: " ".join(value.casefold().split()) if isinstance(value, str) else value}


def _shared(given: Mapping[Any, Any], expected: Mapping[Any, Any]) -> float:
    same = sum(k in given and _equal(given[k], v) for k, v in expected.items())
    return same / len(given.keys() | expected.keys())


def _equal(a: Any, b: Any) -> bool:
    # In Python True is 1; in JSON it is not.
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


json_match = JsonMatch()
