"""The contract of the audit: what every dimension is given, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tailor.data.similar import normalise, question_key
from tailor.records import Document, Example

Verdict = Literal["ok", "warn", "bad", "unknown"]
# Not to have measured is no fault of the data, but no acquittal either.
SEVERITY: tuple[Verdict, ...] = ("ok", "unknown", "warn", "bad")
Unit = Literal["count", "share", "ratio"]
WORST_ROWS = 1000

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True)
class Finding:
    """One dimension of the audit.

    `number` is what was measured, NaN where nothing could be; `threshold` is where it stops being fine: the highest
    good number, or the lowest if `at_least`. `unit` says how to read both: a count, a share in [0, 1] or a ratio.
    `rows` names the worst rows by id, the worst first, a thousand at most. `text` holds nothing personal.
    """

    dimension: str
    number: float
    threshold: float
    verdict: Verdict
    text: str
    rows: tuple[str, ...] = ()
    unit: Unit = "count"
    at_least: bool = False


@dataclass(frozen=True)
class Audit:
    """All findings, in a fixed order."""

    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all findings."""
        return max((f.verdict for f in self.findings), key=SEVERITY.index, default="ok")


@dataclass(frozen=True)
class Material:
    """What is audited.

    `rows` are questions with or without splits, without the copies in the cell `trained-framing`, which repeat train
    rows by design. `production` are questions as they are really asked. `difference` is the difference between two
    arms one wants to see, a share. `embed` turns texts into unit vectors, shape [n, width]; None where no encoder is
    to be used.
    """

    rows: tuple[Example, ...]
    documents: tuple[Document, ...] = ()
    production: tuple[str, ...] = ()
    difference: float = 0.1
    embed: Embed | None = None

    @cached_property
    def questions(self) -> list[str]:
        """Every row's normalised question, after the turns before it."""
        return [question_key(e) for e in self.rows]

    @cached_property
    def answers(self) -> list[str | None]:
        """Every row's normalised answer."""
        return [None if e.answer is None else normalise(e.answer) for e in self.rows]

    @cached_property
    def answered(self) -> list[int]:
        """The places of the rows that have an answer."""
        return [i for i, e in enumerate(self.rows) if e.answer is not None]

    def places(self, split: str) -> list[int]:
        """The places of the rows of one split."""
        return [i for i, e in enumerate(self.rows) if e.split == split]

    def ids(self, places: Iterable[int]) -> list[str]:
        """The ids of the rows at some places, each once, in their order."""
        return list(dict.fromkeys(self.rows[i].id for i in places))


Dimension = Callable[[Material], Iterable[Finding]]


def at_most(
    dimension: str,
    number: float,
    threshold: float,
    text: str,
    rows: Sequence[str] = (),
    *,
    unit: Unit = "count",
    worse: Verdict = "warn",
) -> Finding:
    """A finding that is fine up to the threshold; unknown if the number is NaN."""
    verdict: Verdict = "unknown" if np.isnan(number) else "ok" if number <= threshold else worse
    return Finding(dimension, number, threshold, verdict, text, tuple(rows[:WORST_ROWS]), unit)


def at_least(
    dimension: str, number: float, threshold: float, text: str, rows: Sequence[str] = (), *, unit: Unit = "count"
) -> Finding:
    """A finding that is fine from the threshold on; unknown if the number is NaN."""
    verdict: Verdict = "unknown" if np.isnan(number) else "ok" if number >= threshold else "warn"
    return Finding(dimension, number, threshold, verdict, text, tuple(rows[:WORST_ROWS]), unit, at_least=True)


def plural(count: int, noun: str, several: str = "") -> str:
    """`1 row`, `2 rows`, `3 phrases of their own`."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def share(part: int, whole: int) -> float:
    """Part of a whole; NaN of nothing."""
    return part / whole if whole else float("nan")
