"""Classification: the answer is one of a few labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from tailor.evaluation.metrics.contract import Scale, best_readable
from tailor.records import Failure


@dataclass(frozen=True)
class Label(Scale):
    """1 where the answer's label is the expected one, else 0. Case and white space do not matter.

    `labels` are all there are: then an answer in a sentence counts too where exactly one of them stands in it as whole
    words. Without `labels` the answer has to be the label and nothing else. The mean is accuracy; macro-F1 over the
    cell stands beside it in the results.
    """

    labels: tuple[str, ...] = ()

    name: ClassVar[str] = "label"
    version: ClassVar[str] = "1"

    def __call__(self, answer: str, references: Sequence[str]) -> float | Failure:
        given = self.read(answer)

        def measure(reference: str) -> float | None:
            expected = self.read(reference)
            return None if expected is None else float(given == expected)

        return best_readable(references, measure, f"one of the labels {', '.join(self.labels)}")

    def read(self, answer: str) -> str | None:
        """The label that an answer names, in lower case; None where it names none or several."""
        plain = _plain(answer)
        known = {_plain(label): label for label in self.labels}
        if not known or plain in known:
            return plain
        named = [k for k in known if re.search(rf"(?<!\w){re.escape(k)}(?!\w)", plain)]
        # "card lost" also holds "card": what is part of a longer label that stands there does not count.
        longest = [k for k in named if not any(k != other and k in other for other in named)]
        return longest[0] if len(longest) == 1 else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").split())
