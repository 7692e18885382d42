"""The exceptions of Tailor.

TailorError                  every error a person can act on; the CLI prints it without a traceback
├── ConfigError              tailor.yaml or a command-line option is wrong           (exit 2)
├── DataError                rows, files or documents are wrong                      (exit 2)
├── MissingDependency        an optional package is not installed                    (exit 3)
├── ModelError               a base model, adapter or endpoint cannot be used        (exit 4)
├── ArtifactError            a stored file is missing, changed or from a newer Tailor (exit 4)
├── StudyError               a study cannot be started, continued or read            (exit 5)
│   └── SplitChanged         the test of an earlier study was changed
└── GateError                a release was refused by a gate                         (exit 6)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SHOWN = 50  # problems in a message: enough to see the pattern, few enough to find its beginning


class TailorError(Exception):
    """Something a person can put right.

    Args:
        message: what was found, in one sentence.
        hint: what to do about it.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        """As Python does it, only without the constructor: one that takes more than a message would fail where a worker
        process hands its error over, and the pool would break instead."""
        return _again, (type(self), self.args), self.__dict__


def _again(kind: type[TailorError], args: tuple[Any, ...]) -> TailorError:
    return kind.__new__(kind, *args)


class ConfigError(TailorError):
    """A setting is unknown, missing or impossible."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One thing wrong in one place of somebody's data; all problems are reported together.

    `line` is 1-based (physical line of the file), None where a file as a whole is meant.
    """

    file: str
    line: int | None
    field: str | None
    found: str
    expected: str
    hint: str = ""

    @property
    def is_missing_column(self) -> bool:
        """Whether a row has no column for a field; what is said once where it is so in all rows."""
        return self.found.startswith("columns ")

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file} line {self.line}"
        field = f", {self.field}" if self.field else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{field}: expected {self.expected}, found {self.found}{hint}"


class DataError(TailorError):
    """Rows, files or documents cannot be used as they are; `problems` holds all of them, the text the first 50."""

    exit_code = 2

    def __init__(self, message: str, *, problems: tuple[Problem, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = problems

    def __str__(self) -> str:
        shown = [f"  {p}" for p in self.problems[:SHOWN]]
        more = [f"  ... and {len(self.problems) - SHOWN} more"] if len(self.problems) > SHOWN else []
        return "\n".join([self.message, *shown, *more, *([self.hint] if self.hint else [])])


class MissingDependency(TailorError):
    """An optional package is needed for what was asked."""

    exit_code = 3

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs packages that are not installed.", hint=f"Install them: pip install 'tailor[{extra}]'"
        )


class ModelError(TailorError):
    """A base model, adapter or endpoint cannot be loaded or does not answer."""

    exit_code = 4


class ArtifactError(TailorError):
    """A stored file is missing, was changed after it was written, or comes from a newer Tailor."""

    exit_code = 4


class StudyError(TailorError):
    """A study cannot be started, continued or read."""

    exit_code = 5


class SplitChanged(StudyError):
    """Questions that tested an earlier study are gone, have other answers or would be trained on."""

    def __init__(self, message: str, *, problems: tuple[Problem, ...], hint: str) -> None:
        super().__init__(message, hint=hint)
        self.problems = problems

    def __str__(self) -> str:
        return str(DataError(self.message, problems=self.problems, hint=self.hint))


class GateError(TailorError):
    """A release was refused; the message names the gate."""

    exit_code = 6
