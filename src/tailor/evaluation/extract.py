"""The answer inside what a model wrote, found the same way for every arm."""

from __future__ import annotations

import re

_CITATION = re.compile(r"\s*\[\s*\d+(?:\s*[,;\-–]\s*\d+)*\s*\]")
_LABEL = re.compile(r"\s*answer\s*:\s*", re.IGNORECASE)
_WRAPPING = " \t\r\n\f\v\u00a0\"'`“”„‘’‚«»"


def extract_answer(text: str) -> str:
    """Strip what surrounds an answer: citations such as [1] or [2, 3], a leading "Answer:", everything after the first
    line that has text, surrounding white space and quotes, final periods.

    Nothing is understood or rewritten: "twenty" stays "twenty", a sentence stays a sentence. A text of nothing but
    citations is an empty answer. Extracting twice changes nothing more.
    """
    answer = _uncited(text)
    while True:
        before = answer
        if label := _LABEL.match(answer):
            answer = answer[label.end() :]
        lines = answer.splitlines()
        if len(lines) > 1:
            answer = next((line for line in lines if line.strip()), "")
        answer = answer.strip(_WRAPPING).rstrip(".")
        # Taking a wrapping off can bring another to light ('"Answer: Paris."'), and each round makes it shorter.
        answer = _uncited(answer).strip()
        if answer == before:
            return answer


def _uncited(text: str) -> str:
    return _CITATION.sub("", text) if "[" in text else text  # the pattern alone tries every space


def whole_text(text: str) -> str:
    """All that was written, without citations and surrounding white space: for metrics that judge more than a short
    answer."""
    return _uncited(text).strip()
