"""Net benefit (or cost, where answers have no value) a month against volume, and where arms change places."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tailor.cost.value import break_even, net_at
from tailor.decision import words
from tailor.decision.economics import Economics
from tailor.decision.evidence import Evidence
from tailor.decision.gates import Gates
from tailor.decision.svg import TEXT, Picture, Scale, text_width, ticks

WIDTH, HEIGHT = 460.0, 330.0
LEFT, TOP, BOTTOM = 62.0, 30.0, 46.0
LINES = 5  # more cannot be told apart
POINTS = 61


@dataclass(frozen=True)
class _Curve:
    arm: str
    value: float
    css: str
    points: tuple[tuple[float, float], ...]


def break_even_picture(results: Mapping[str, Any], chosen: str | None) -> str:
    """SVG of what up to five arms bring or cost a month by volume; empty where volume or costs are not known."""
    money = Economics(Evidence(results))
    volume = money.assume.volume
    arms = _drawn(money, chosen)
    if not volume or len(arms) < 2:
        return ""
    valued = money.worth is not None and all(money.value(a) is not None for a in arms)
    values = {a: (money.value(a) or 0.0) if valued else 0.0 for a in arms}
    one = arms[0]
    crossings = _crossings(money, arms, values)
    most = _reach(volume, [v for _, v in crossings])
    curves = [_curve(money, a, values[a], most, "chosen" if a == chosen else f"line{i}") for i, a in enumerate(arms)]
    axis = "net benefit a month" if valued else "cost a month"
    shown = [(a, v) for a, v in crossings if v <= most]
    text = _describe(curves, shown, volume, one, valued)
    picture = Picture(WIDTH, HEIGHT, f"{axis.capitalize()} by questions a month", text, "break-even")
    sign = 1.0 if valued else -1.0
    right = WIDTH - 10 - max(text_width(a, TEXT) for a in arms)
    x, y = _axes(picture, curves, sign, most, right, axis)
    picture.line(x(volume), TOP, x(volume), HEIGHT - BOTTOM, "today")
    picture.text(x(volume), TOP - 6, "assumed", "middle", "tick")
    for curve in curves:
        picture.path([(x(v), y(sign * n)) for v, n in curve.points], f"money {curve.css}")
    written = LEFT - 22  # no figure over those of the axis
    for _, at in sorted(shown, key=lambda pair: pair[1]):
        net = net_at(money.owned[one], values[one], at)
        if net is not None:
            picture.circle(x(at), y(sign * net), "mark", 4.0)
            if x(at) - written > 46:  # a figure is some 40 wide; the list beside the picture has them all
                picture.text(x(at), y(sign * net) - 9, f"{at:,.0f}", "middle", "tick")
                written = x(at)
    _names(picture, curves, sign, x, y, chosen)
    return str(picture)


def _drawn(money: Economics, chosen: str | None) -> list[str]:
    """The chosen arm, the control and the best of the other allowed ones."""
    gates = Gates(money.evidence)
    known = [a for a, o in money.owned.items() if o.per_answer is not None]
    first = [a for a in (chosen, money.evidence.control) if a in known]
    rest = [a for a in known if a not in first and not gates.broken(a)]
    rest.sort(key=lambda a: -(money.evidence.quality(a) or 0.0))
    return list(dict.fromkeys([*first, *rest]))[:LINES]


def _crossings(money: Economics, arms: list[str], values: Mapping[str, float]) -> list[tuple[str, float]]:
    """Where the first arm (the chosen one, or the control) and another change places."""
    one, found = arms[0], []
    for arm in arms[1:]:
        at = break_even(money.owned[one], money.owned[arm], (values[one], values[arm]))
        if at is not None and math.isfinite(at) and at >= 1:
            found.append((arm, at))
    return found


def _reach(volume: float, crossings: list[float]) -> float:
    """Twice the assumed volume, or far enough to see a crossing that is not out of all proportion."""
    near = [v for v in crossings if v <= 20 * volume]
    return max([2 * volume, *(1.25 * v for v in near)])


def _curve(money: Economics, arm: str, value: float, most: float, css: str) -> _Curve:
    owned = money.owned[arm]
    volumes = [most * i / (POINTS - 1) for i in range(POINTS)]
    return _Curve(arm, value, css, tuple((v, net_at(owned, value, v) or 0.0) for v in volumes))


def _axes(
    picture: Picture, curves: list[_Curve], sign: float, most: float, right: float, axis: str
) -> tuple[Scale, Scale]:
    heights = [sign * n for c in curves for _, n in c.points]
    low, high = min(0.0, *heights), max(0.0, *heights)
    pad = 0.05 * (high - low or 1.0)
    x, y = Scale(0.0, most, LEFT, right), Scale(low - pad * (low < 0), high + pad, HEIGHT - BOTTOM, TOP)
    for value in ticks(y.low, y.high):
        picture.line(LEFT, y(value), right, y(value), "axis" if value == 0 else "grid")
        picture.text(LEFT - 8, y(value) + 4, words.money(value), "end", "tick")
    for value in ticks(0.0, most, 4):
        picture.text(x(value), HEIGHT - BOTTOM + 18, f"{value:,.0f}", "middle", "tick")
    picture.text(0, 14, axis, "start", "tick")
    picture.text(right, HEIGHT - 8, "questions a month", "end", "tick")
    return x, y


def _names(picture: Picture, curves: list[_Curve], sign: float, x: Scale, y: Scale, chosen: str | None) -> None:
    """Names at the right ends, pushed apart where lines end close together."""
    ends = sorted(((y(sign * c.points[-1][1]), c) for c in curves), key=lambda pair: pair[0])
    places: list[float] = []
    for at, _ in ends:
        places.append(max(at, places[-1] + TEXT + 2) if places else at)
    over = max(0.0, places[-1] - (HEIGHT - BOTTOM)) if places else 0.0
    for (at, curve), place in zip(ends, places, strict=True):
        end = x(curve.points[-1][0])
        placed = place - over
        if abs(placed - at) > 6:
            picture.line(end + 1, at, end + 6, placed, "leader")
        css = "label strong" if curve.arm == chosen else "label"
        picture.text(end + 8, placed + 4, curve.arm, "start", css)


def _describe(curves: list[_Curve], crossings: list[tuple[str, float]], volume: float, one: str, valued: bool) -> str:
    verb = "brings" if valued else "costs"
    sign = 1.0 if valued else -1.0
    at = [f"{c.arm} {verb} {words.money(sign * _at(c, volume))} a month" for c in curves]
    text = f"At {words.count(volume, 'question')} a month " + "; ".join(at) + "."
    for arm, crossing in crossings:
        text += f" {one} and {arm} change places at {words.count(crossing, 'question')}."
    return text


def _at(curve: _Curve, volume: float) -> float:
    """The height at a volume, between the two points drawn next to it."""
    for (v0, n0), (v1, n1) in zip(curve.points, curve.points[1:], strict=False):
        if v0 <= volume <= v1:
            return n0 if v1 == v0 else n0 + (n1 - n0) * (volume - v0) / (v1 - v0)
    return curve.points[-1][1]
