"""Where an arm is right: newly worded questions, facts left out of training, questions without an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tailor.decision import words
from tailor.decision.evidence import Evidence
from tailor.decision.svg import Picture, Scale, text_width

WIDTH, ROW, TOP = 460.0, 26.0, 40.0
COLUMNS = (
    ("held-out-framing", "newly worded", "blue"),
    ("held-out-fact", "fact left out", "green"),
    ("unanswerable", "unanswerable:", "orange"),
)
SECOND = ("questions", "of training", "says so")


def cells_picture(results: Mapping[str, Any], chosen: str | None) -> str:
    """SVG with a bar and an interval for each arm in each of the three cells; empty without a measured arm."""
    evidence = Evidence(results)
    arms = evidence.measured()
    if not arms:
        return ""
    height = TOP + ROW * len(arms) + 6
    title = "Share of right answers by kind of question, %"
    picture = Picture(WIDTH, height, title, _describe(evidence, arms), "cells")
    left = min(150.0, 12 + max(text_width(a, 13.2) for a in arms))
    each = (WIDTH - left) / len(COLUMNS)
    for i, arm in enumerate(arms):
        css = "label strong" if arm == chosen else "label"
        picture.text(0, TOP + ROW * (i + 0.5) + 4, arm, "start", css)
    for c, (cell, head, colour) in enumerate(COLUMNS):
        start = left + c * each
        picture.text(start, 13, head, "start", "tick", 11.5)
        picture.text(start, 27, SECOND[c], "start", "tick", 11.5)
        x = Scale(0.0, 1.0, start, start + each - 44)
        picture.line(start, TOP - 2, start, height - 6, "axis")
        for i, arm in enumerate(arms):
            _bar(picture, x, TOP + ROW * (i + 0.5), evidence.cell_of(arm, cell), colour)
    return str(picture)


def _bar(picture: Picture, x: Scale, y: float, cell: Mapping[str, Any], colour: str) -> None:
    value, low, high = (words.number(cell.get(k)) for k in ("value", "low", "high"))
    if value is None:
        picture.text(x.start + 6, y + 4, words.UNKNOWN, "start", "value", 12)
        return
    picture.box(x.start, y - 7, x(value) - x.start, 14, f"bar {colour}")
    end = value
    if low is not None and high is not None:
        picture.line(x(low), y, x(high), y, "whisker thin")
        end = max(value, high)
    picture.text(x(end) + 6, y + 4, words.percent(value), "start", "value", 12)


def _describe(evidence: Evidence, arms: list[str]) -> str:
    lines = []
    for arm in arms:
        shares = [f"{head} {words.percent(evidence.cell_of(arm, cell).get('value'))}" for cell, head, _ in COLUMNS]
        lines.append(f"{arm}: {', '.join(shares)}")
    return "; ".join(lines) + "."
