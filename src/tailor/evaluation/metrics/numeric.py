"""Numbers with a tolerance and a unit: `12 km` is `12,000 m`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from tailor.errors import ConfigError
from tailor.evaluation.metrics.contract import Scale, best_readable
from tailor.evaluation.metrics.quantities import Quantity, quantities
from tailor.records import Failure

ROUNDING = 1e-9  # relative: 0.1 + 0.2 is 0.3


@dataclass(frozen=True)
class Numeric(Scale):
    """1 where the answer's number is the expected one, else 0.

    `absolute` and `relative` are the tolerances: |a - r| <= max(absolute, relative * |r|), in the expected answer's
    unit. `unit`: optional (an answer without a unit is taken to be in the expected one), required or ignored. `decimal`
    is the decimal mark. Of several numbers in an answer the last one with a fitting unit counts; number words
    ("twelve") are not read.
    """

    absolute: float = 0.0
    relative: float = 0.0
    unit: Literal["optional", "required", "ignored"] = "optional"
    decimal: Literal[".", ","] = "."

    name: ClassVar[str] = "numeric"
    version: ClassVar[str] = "1"

    def __post_init__(self) -> None:
        if not (0 <= self.absolute < math.inf and 0 <= self.relative < math.inf):
            raise ConfigError("numeric: a tolerance is a number from 0 on.", hint="For example {relative: 0.01}.")

    def __call__(self, answer: str, references: Sequence[str]) -> float | Failure:
        given = quantities(answer, self.decimal)

        def measure(reference: str) -> float | None:
            expected = quantities(reference, self.decimal)
            return self._compare(given, expected[-1]) if expected else None

        return best_readable(references, measure, "a number")

    def _compare(self, given: Sequence[Quantity], expected: Quantity) -> float:
        fitting = [v for q in given if (v := self._in_unit_of(q, expected)) is not None]
        if not fitting:
            return 0.0
        room = max(self.absolute, (self.relative + ROUNDING) * abs(expected.number))
        return float(abs(fitting[-1] - expected.number) <= room)

    def _in_unit_of(self, given: Quantity, expected: Quantity) -> float | None:
        """The given number in the expected unit, or None where the units do not fit."""
        if self.unit == "ignored" or expected.unit is None:
            return given.number
        if given.unit is None:
            return None if self.unit == "required" else given.number
        if given.unit.dimension != expected.unit.dimension:
            return None
        return given.number * given.unit.factor / expected.unit.factor
