"""The few marks the pictures are made of. Text is escaped here; colours are CSS variables the page defines."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape

# The colour of an arm repeats what its label says. Okabe and Ito's palette, told apart by the colour-blind.
TEXT = 12.5
CHARACTER = 0.54  # average advance of a system sans-serif, in font sizes


def text_width(text: str, size: float = TEXT) -> float:
    """Estimated width in user units; enough to keep labels apart."""
    return len(text) * CHARACTER * size


@dataclass
class Picture:
    """An SVG under construction. `title` and `description` are its text alternative."""

    width: float
    height: float
    title: str
    description: str
    name: str
    parts: list[str] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str = "axis") -> None:
        self.parts.append(
            f'<line class="{css}" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>',
        )

    def path(self, points: list[tuple[float, float]], css: str) -> None:
        joined = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self.parts.append(f'<polyline class="{css}" points="{joined}"/>')

    def box(self, x: float, y: float, width: float, height: float, css: str) -> None:
        self.parts.append(
            f'<rect class="{css}" x="{_n(x)}" y="{_n(y)}" width="{_n(max(0, width))}" height="{_n(max(0, height))}"/>'
        )

    def text(
        self, x: float, y: float, text: str, anchor: str = "start", css: str = "label", size: float = TEXT
    ) -> None:
        self.parts.append(
            f'<text class="{css}" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" font-size="{_n(size)}">'
            f"{escape(text)}</text>"
        )

    def circle(self, x: float, y: float, css: str, radius: float = 4.5) -> None:
        self.parts.append(f'<circle class="{css}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>')

    def diamond(self, x: float, y: float, css: str, radius: float = 7.5) -> None:
        corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
        joined = " ".join(f"{_n(a)},{_n(b)}" for a, b in corners)
        self.parts.append(f'<polygon class="{css}" points="{joined}"/>')

    def cross(self, x: float, y: float, css: str, radius: float = 4.5) -> None:
        self.line(x - radius, y - radius, x + radius, y + radius, css)
        self.line(x - radius, y + radius, x + radius, y - radius, css)

    def mark(self, x: float, y: float, shape: str, css: str) -> None:
        """`chosen` a diamond, `barred` a cross, anything else a circle."""
        {"chosen": self.diamond, "barred": self.cross}.get(shape, self.circle)(x, y, f"mark {shape} {css}".strip())

    def __str__(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{self.name}-t {self.name}-d" '
            f'viewBox="0 0 {_n(self.width)} {_n(self.height)}"><title id="{self.name}-t">{escape(self.title)}</title>'
            f'<desc id="{self.name}-d">{escape(self.description)}</desc>{"".join(self.parts)}</svg>'
        )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Scale:
    """Data to user units, linear."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        width = self.high - self.low
        return self.start if width == 0 else self.start + (value - self.low) / width * (self.end - self.start)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers (1, 2, 2.5 or 5 times a power of ten apart) inside [low, high]."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]
