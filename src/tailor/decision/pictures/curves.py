"""Training and dev loss over the steps, one small picture for each trained arm, all seeds in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tailor.decision import words
from tailor.decision.svg import Picture, Scale, ticks

WIDTH, HEIGHT = 300.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 36.0, 10.0, 30.0, 30.0

Series = list[tuple[float, float]]


def curve_pictures(results: Mapping[str, Any]) -> list[str]:
    """One SVG for each arm that has curves."""
    arms = results.get("arms") or {}
    pictures = [_picture(i, arm, record.get("curves") or []) for i, (arm, record) in enumerate(arms.items())]
    return [p for p in pictures if p]


def _picture(index: int, arm: str, curves: Sequence[Mapping[str, Any]]) -> str:
    train = [_series(c, 1) for c in curves]
    dev = [_series(c, 2) for c in curves]
    values = [p for series in (*train, *dev) for p in series]
    if not values:
        return ""
    last = [s[-1][1] for s in train if s]
    best = [min(y for _, y in s) for s in dev if s]
    description = f"{words.count(len(curves), 'seed')}."
    if last:
        description += f" Training loss ends at {min(last):.2f} to {max(last):.2f}."
    if best:
        description += f" Lowest dev loss {min(best):.2f} to {max(best):.2f}."
    picture = Picture(WIDTH, HEIGHT, f"Loss of {arm} while training", description, f"curve-{index}")
    x = Scale(0.0, max(p[0] for p in values) or 1.0, LEFT, WIDTH - RIGHT)
    y = Scale(min(0.0, *(p[1] for p in values)), (max(p[1] for p in values) or 1.0) * 1.05, HEIGHT - BOTTOM, TOP)
    for value in ticks(y.low, y.high, 4):
        picture.line(LEFT, y(value), WIDTH - RIGHT, y(value), "grid" if value else "axis")
        picture.text(LEFT - 6, y(value) + 4, f"{value:g}", "end", "tick", 11.5)
    for value in ticks(x.low, x.high, 4):
        anchor = "end" if value > 0.95 * x.high else "start" if value == 0 else "middle"
        picture.text(x(value), HEIGHT - BOTTOM + 16, f"{value:,.0f}", anchor, "tick", 11.5)
    for series in train:
        picture.path([(x(a), y(b)) for a, b in series], "curve train")
    for series in dev:
        picture.path([(x(a), y(b)) for a, b in series], "curve dev")
    picture.text(0, 14, arm, "start", "label strong")
    picture.text(WIDTH - RIGHT, 14, "— train   - - dev", "end", "tick", 11.5)
    return str(picture)


def _series(curve: Mapping[str, Any], column: int) -> Series:
    pairs = []
    for point in curve.get("points") or []:
        step = words.number(point[0]) if len(point) > column else None
        value = words.number(point[column]) if len(point) > column else None
        if step is not None and value is not None:
            pairs.append((step, value))
    return pairs
