"""Quality against cost: an interval bar for each arm, the chosen one marked, the frontier nobody beats on both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tailor.cost.answers import cost_per_1000
from tailor.decision import words
from tailor.decision.evidence import Evidence
from tailor.decision.gates import Gates
from tailor.decision.svg import TEXT, Picture, Scale, text_width, ticks

WIDTH, HEIGHT = 460.0, 330.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 18.0, 30.0, 46.0

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class _Point:
    arm: str
    x: float
    y: float
    low: float | None
    high: float | None
    shape: str

    @property
    def label(self) -> str:
        return {"chosen": f"{self.arm} (chosen)", "barred": f"{self.arm} (barred)"}.get(self.shape, self.arm)


def pareto_picture(results: Mapping[str, Any], chosen: str | None) -> str:
    """SVG of right answers against dollars for 1,000 answers, or p95 latency where no arm has a known cost.

    Empty where neither is known.
    """
    evidence = Evidence(results)
    cost = {a: cost_per_1000(evidence.part(a, "usage"), evidence.hourly) for a in evidence.measured()}
    latency = {a: words.number(evidence.part(a, "latency_ms").get("p95")) for a in evidence.measured()}
    dollars = any(v is not None for v in cost.values())
    x_of, axis = (cost, "dollars for 1,000 answers") if dollars else (latency, "95 % of answers within, ms")
    points = [_point(evidence, a, x, chosen) for a, x in x_of.items() if x is not None]
    if not points:
        return ""
    missing = [a for a, x in x_of.items() if x is None]
    picture = Picture(WIDTH, HEIGHT, f"Right answers against {axis}", _describe(points, missing, dollars), "pareto")
    x, y = _axes(picture, points, axis, dollars)
    front = frontier(points)
    picture.path([(x(p.x), y(p.y)) for p in front], "frontier")
    for p in points:
        if p.low is not None and p.high is not None:
            picture.line(x(p.x), y(p.low), x(p.x), y(p.high), "whisker")
            for end in (p.low, p.high):
                picture.line(x(p.x) - 4, y(end), x(p.x) + 4, y(end), "whisker")
    for p in points:
        picture.mark(x(p.x), y(p.y), p.shape, "")
    _labels(picture, points, x, y, [(x(p.x), y(p.y)) for p in front])
    return str(picture)


def _point(evidence: Evidence, arm: str, x: float, chosen: str | None) -> _Point:
    quality = evidence.part(arm, "quality")
    shape = "chosen" if arm == chosen else "barred" if Gates(evidence).broken(arm) else ""
    low, high = words.number(quality.get("low")), words.number(quality.get("high"))
    return _Point(arm, x, evidence.quality(arm) or 0.0, low, high, shape)


def frontier(points: list[_Point]) -> list[_Point]:
    """Arms that no other beats on both: cheapest first, each next one better. Barred arms do not count."""
    front: list[_Point] = []
    for point in sorted((p for p in points if p.shape != "barred"), key=lambda p: (p.x, -p.y)):
        if not front or point.y > front[-1].y:
            front.append(point)
    return front


def _axes(picture: Picture, points: list[_Point], axis: str, dollars: bool) -> tuple[Scale, Scale]:
    most = max(p.x for p in points) or 1.0
    x = Scale(0.0, most * 1.12, LEFT, WIDTH - RIGHT)
    y = Scale(0.0, 1.0, HEIGHT - BOTTOM, TOP)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        picture.line(LEFT, y(share), WIDTH - RIGHT, y(share), "grid" if share else "axis")
        picture.text(LEFT - 8, y(share) + 4, f"{100 * share:.0f}", "end", "tick")
    for value in ticks(0.0, x.high):
        text = words.money(value) if dollars else f"{value:,.0f}"
        picture.text(x(value), HEIGHT - BOTTOM + 18, text, "middle", "tick")
    picture.text(LEFT - 32, 14, "right answers, %", "start", "tick")
    picture.text(WIDTH - RIGHT, HEIGHT - 8, axis, "end", "tick")
    return x, y


def _labels(picture: Picture, points: list[_Point], x: Scale, y: Scale, line: list[tuple[float, float]]) -> None:
    """Greedy: the chosen arm first, each label at the free place nearest to its mark, a thin line where it is far."""
    taken = _along(line)
    for p in points:
        px, py = x(p.x), y(p.y)
        taken.append((px - 7, py - 7, px + 7, py + 7))
        if p.low is not None and p.high is not None:
            taken.append((px - 4, y(p.high), px + 4, y(p.low)))
    for p in sorted(points, key=lambda p: (p.shape != "chosen", -p.y)):
        px, py = x(p.x), y(p.y)
        width = text_width(p.label, TEXT * (1.06 if p.shape == "chosen" else 1))
        box = min(_places(px, py, width), key=lambda b: (_overlap(b, taken), _far(b, px, py)))
        taken.append(box)
        if _far(box, px, py) > 26:
            picture.line(px, py, _nearest(px, box[0], box[2]), _nearest(py, box[1], box[3]), "leader")
        picture.text(box[0], box[3] - 4, p.label, "start", "label strong" if p.shape == "chosen" else "label")


def _along(line: list[tuple[float, float]]) -> list[Box]:
    """Small boxes strung along the frontier, so that no label lies on it."""
    boxes = []
    for (ax, ay), (bx, by) in pairwise(line):
        for i in range(41):
            mx, my = ax + (bx - ax) * i / 40, ay + (by - ay) * i / 40
            boxes.append((mx - 1.5, my - 1.5, mx + 1.5, my + 1.5))
    return boxes


def _places(px: float, py: float, width: float) -> list[Box]:
    height = TEXT + 4
    places = []
    for dy in (0, -16, 16, -30, 30, -46, 46, -62, 62, -80, 80):
        for left in (px + 11, px - 11 - width, px - width / 2):
            if left == px - width / 2 and abs(dy) < 16:
                continue
            top = py + dy - height / 2
            if left >= LEFT + 3 and left + width <= WIDTH - 2 and top >= TOP - 8 and top + height <= HEIGHT - BOTTOM:
                places.append((left, top, left + width, top + height))
    return places or [(px + 11, py - height / 2, px + 11 + width, py + height / 2)]


def _overlap(box: Box, taken: list[Box]) -> float:
    total = 0.0
    for other in taken:
        wide = min(box[2], other[2]) - max(box[0], other[0])
        high = min(box[3], other[3]) - max(box[1], other[1])
        total += wide * high if wide > 0 and high > 0 else 0.0
    return round(total, 1)


def _far(box: Box, px: float, py: float) -> float:
    dx = max(box[0] - px, px - box[2], 0.0)
    dy = max(box[1] - py, py - box[3], 0.0)
    return float((dx**2 + dy**2) ** 0.5)


def _nearest(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _describe(points: list[_Point], missing: list[str], dollars: bool) -> str:
    each = [
        f"{p.label}: {words.percent(p.y)} % right {words.interval(p.low, p.high)}, "
        f"{words.money(p.x) if dollars else f'{p.x:,.0f} ms'}"
        for p in points
    ]
    lost = f" Not drawn, {'cost' if dollars else 'latency'} unknown: {words.both(missing)}." if missing else ""
    return "; ".join(each) + "." + lost
