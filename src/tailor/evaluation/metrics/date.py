"""Dates in any of the usual spellings: `4 March 2021` is `2021-03-04`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from tailor.evaluation.metrics.contract import Scale, best_readable
from tailor.records import Failure

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTH = rf"(?P<month>{'|'.join((*_MONTHS, *(m[:3] for m in _MONTHS), 'sept'))})\b\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_PATTERNS = tuple(
    re.compile(rf"(?<![\w.]){pattern}(?![\w])", re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}})",
        rf"{_YEAR}/(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})",
        rf"(?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})\.\s?{_YEAR}",
        rf"(?P<first>\d{{1,2}})/(?P<second>\d{{1,2}})/{_YEAR}",
        rf"{_DAY}\.?\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}",
        rf"{_MONTH}\s+{_DAY},?\s+{_YEAR}",
        rf"{_MONTH},?\s+{_YEAR}",
        rf"{_YEAR}-(?P<month>\d{{2}})",
        rf"{_DAY}\.?\s+(?:of\s+)?{_MONTH}",
        rf"{_MONTH}\s+{_DAY}",
        _YEAR,
        _MONTH,
    )
)


@dataclass(frozen=True)
class Date:
    """A date, or as much of one as is known."""

    year: int | None = None
    month: int | None = None
    day: int | None = None

    def says(self, expected: Date) -> bool:
        """Whether all that is expected is said: "4 March 2021" says "March 2021", not the other way round."""
        parts = zip((self.year, self.month, self.day), (expected.year, expected.month, expected.day), strict=True)
        return all(theirs is None or mine == theirs for mine, theirs in parts)


@dataclass(frozen=True)
class DateMetric(Scale):
    """1 where the answer says the expected date, to the day, month or year that is expected, else 0.

    `day_first` decides 03/04/2021: the third of April where true, else the fourth of March. Month names are English;
    years have four digits. Of several dates the first, most complete one counts.
    """

    day_first: bool = False

    name: ClassVar[str] = "date"
    version: ClassVar[str] = "1"

    def __call__(self, answer: str, references: Sequence[str]) -> float | Failure:
        given = read_date(answer, day_first=self.day_first)

        def measure(reference: str) -> float | None:
            expected = read_date(reference, day_first=self.day_first)
            return None if expected is None else float(given is not None and given.says(expected))

        return best_readable(references, measure, "a date")


def read_date(text: str, *, day_first: bool = False) -> Date | None:
    """The date in a text, None without one. Impossible ones (31 February is not, month 13 is) are none."""
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            found = _date(match.groupdict(), day_first)
            if found is not None:
                return found
    return None


def _date(parts: dict[str, str | None], day_first: bool) -> Date | None:
    if parts.get("first"):
        names = ("day", "month") if day_first else ("month", "day")
        parts = {**parts, **dict(zip(names, (parts["first"], parts["second"]), strict=True))}
    year, month, day = parts.get("year"), parts.get("month"), parts.get("day")
    number = _month(month) if month else None
    if (month and number is None) or (day and not 1 <= int(day) <= 31):
        return None
    return Date(int(year) if year else None, number, int(day) if day else None)


def _month(text: str) -> int | None:
    if text.isdigit():
        return int(text) if 1 <= int(text) <= 12 else None
    return next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(text.lower()[:3]))
