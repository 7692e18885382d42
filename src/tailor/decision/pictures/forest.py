"""Differences with their intervals, one line each, against zero and the declared margin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tailor.decision import words
from tailor.decision.evidence import Difference, Evidence
from tailor.decision.gates import Gates
from tailor.decision.svg import Picture, Scale, text_width, ticks

WIDTH, ROW, TOP, BOTTOM = 460.0, 30.0, 34.0, 42.0


def forest_picture(results: Mapping[str, Any], against: str | None, chosen: str | None, name: str = "forest") -> str:
    """SVG of every arm's difference to `against` in points; empty where there is no comparison with an interval."""
    evidence = Evidence(results)
    if not against:
        return ""
    found = [evidence.difference(a, against) for a in evidence.measured() if a != against]
    rows = [d for d in found if d is not None and d.value is not None and d.low is not None and d.high is not None]
    if not rows:
        return ""
    rows.sort(key=lambda d: -(d.value or 0.0))
    height = TOP + ROW * len(rows) + BOTTOM
    title = f"Difference to {against} in right answers, points"
    picture = Picture(WIDTH, height, title, _describe(rows, evidence.margin), name)
    labels = [d.arm + (" (chosen)" if d.arm == chosen else "") for d in rows]
    left = min(170.0, 14 + max(text_width(label, 13.2) for label in labels))
    right = WIDTH - 112.0
    x = _axis(picture, rows, evidence.margin, left, right, height)
    for i, (d, label) in enumerate(zip(rows, labels, strict=True)):
        y = TOP + ROW * (i + 0.5)
        picture.text(0, y + 4, label, "start", "label strong" if d.arm == chosen else "label")
        _row(picture, x, y, d, "chosen" if d.arm == chosen else "barred" if Gates(evidence).broken(d.arm) else "")
        text = f"{words.signed(d.value)} {words.span(d.low, d.high)}"
        picture.text(WIDTH, y + 4, text, "end", "value", 12)
    return str(picture)


def _axis(picture: Picture, rows: list[Difference], margin: float, left: float, right: float, height: float) -> Scale:
    low = min(0.0, -margin, *(d.low or 0.0 for d in rows))
    high = max(0.0, margin, *(d.high or 0.0 for d in rows))
    pad = 0.03 * (high - low or 1.0)
    x = Scale(low - pad, high + pad, left, right)
    bottom = height - BOTTOM
    picture.box(x(-margin), TOP - 6, x(margin) - x(-margin), bottom - TOP + 6, "band")
    picture.text(
        x(0.0), TOP - 14, f"within the margin of {words.points(margin)}", _anchor(x, left, right), "tick", 11.5
    )
    for value in ticks(100 * x.low, 100 * x.high):
        text = f"{value:+g}".replace("-", words.MINUS) if value else "0"
        picture.line(x(value / 100), TOP - 6, x(value / 100), bottom, "axis" if value == 0 else "grid")
        picture.text(x(value / 100), bottom + 18, text, "middle", "tick")
    picture.text(right, height - 6, "points worse ← 0 → points better", "end", "tick", 11.5)
    return x


def _anchor(x: Scale, left: float, right: float) -> str:
    share = (x(0.0) - left) / (right - left)
    return "start" if share < 0.35 else "end" if share > 0.65 else "middle"


def _row(picture: Picture, x: Scale, y: float, d: Difference, shape: str) -> None:
    low, high = d.low or 0.0, d.high or 0.0
    picture.line(x(low), y, x(high), y, "whisker")
    for end in (low, high):
        picture.line(x(end), y - 4, x(end), y + 4, "whisker")
    picture.mark(x(d.value or 0.0), y, shape, "")


def _describe(rows: list[Difference], margin: float) -> str:
    each = [f"{d.arm} {words.signed(d.value)} points {words.span(d.low, d.high)}" for d in rows]
    return f"{'; '.join(each)}. The shaded band is the margin of {words.points(margin)}."
