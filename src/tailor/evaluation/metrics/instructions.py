"""Whether an answer keeps to the form that was asked for; its content is not looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from tailor.errors import ConfigError
from tailor.evaluation.metrics.contract import Scale


@dataclass(frozen=True)
class Instructions(Scale):
    """Share of the given rules that the text keeps; correct is all of them. Rules are checked by code, in the spirit of
    IFEval (Zhou et al. 2023).

    `pattern`: a regular expression that the whole text matches. `contains`, `avoids`: words or phrases that stand in it
    or do not, as whole words, whatever their case. `starts_with`, `ends_with`: its beginning and end. `min_words`,
    `max_words`, `max_sentences`, `max_lines`: its length.
    """

    pattern: str | None = None
    contains: tuple[str, ...] = ()
    avoids: tuple[str, ...] = ()
    starts_with: str | None = None
    ends_with: str | None = None
    min_words: int | None = None
    max_words: int | None = None
    max_sentences: int | None = None
    max_lines: int | None = None

    name: ClassVar[str] = "instructions"
    version: ClassVar[str] = "1"
    reads = "text"

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            raise ConfigError(f"instructions: pattern is not a regular expression: {error}.") from None
        if not self._rules():
            raise ConfigError(
                "instructions: there is no rule.", hint="For example: metric: {instructions: {max_words: 30}}"
            )

    def __call__(self, answer: str, references: Sequence[str]) -> float:  # noqa: ARG002 - the contract
        text = answer.strip()
        kept = [rule(text) for rule in self._rules()]
        return sum(kept) / len(kept)

    def _rules(self) -> list[Callable[[str], bool]]:
        rules: list[Callable[[str], bool]] = []
        if self.pattern is not None:
            pattern = re.compile(self.pattern, re.DOTALL)
            rules.append(lambda t: bool(pattern.fullmatch(t)))
        rules += [partial(_stands_in, phrase) for phrase in self.contains]
        rules += [partial(_stands_not_in, phrase) for phrase in self.avoids]
        if (start := self.starts_with) is not None:
            rules.append(lambda t: t.startswith(start))
        if (end := self.ends_with) is not None:
            rules.append(lambda t: t.endswith(end))
        if (least := self.min_words) is not None:
            rules.append(lambda t: len(t.split()) >= least)
        counts = ((self.max_words, _words), (self.max_sentences, _sentences), (self.max_lines, _lines))
        rules += [partial(_at_most, most, counted) for most, counted in counts if most is not None]
        return rules


def _stands_in(phrase: str, text: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE))


def _stands_not_in(phrase: str, text: str) -> bool:
    return not _stands_in(phrase, text)


def _at_most(most: int, counted: Callable[[str], int], text: str) -> bool:
    return counted(text) <= most


def _words(text: str) -> int:
    return len(text.split())


def _sentences(text: str) -> int:
    return len([s for s in re.split(r"[.!?]+(?:\s|$)", text) if s.strip()])


def _lines(text: str) -> int:
    return len([line for line in text.splitlines() if line.strip()])
