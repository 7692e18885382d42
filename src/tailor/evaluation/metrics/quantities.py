"""Numbers and their units in a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Unit:
    """What a number counts. Units of one dimension convert by their factors."""

    dimension: str
    factor: float


@dataclass(frozen=True)
class Quantity:
    """A number and its unit, None where it has none that is known."""

    number: float
    unit: Unit | None = None


_TABLE: dict[str, dict[str, float]] = {
    # metres, kilograms, seconds, litres, bytes; the inch is 0.0254 m and the pound 0.45359237 kg by definition (1959)
    "length": {
        "nm": 1e-9, "µm": 1e-6, "mm": 1e-3, "cm": 1e-2, "m": 1.0, "meter": 1.0, "metre": 1.0, "km": 1e3,
        "kilometer": 1e3, "kilometre": 1e3, "millimeter": 1e-3, "millimetre": 1e-3, "centimeter": 1e-2,
        "centimetre": 1e-2, "in": 0.0254, "inch": 0.0254, "ft": 0.3048, "foot": 0.3048, "feet": 0.3048,
        "yd": 0.9144, "yard": 0.9144, "mi": 1609.344, "mile": 1609.344,
    },
    "mass": {
        "mg": 1e-6, "g": 1e-3, "gram": 1e-3, "kg": 1.0, "kilogram": 1.0, "kilo": 1.0, "t": 1e3, "tonne": 1e3,
        "oz": 0.028349523125, "ounce": 0.028349523125, "lb": 0.45359237, "pound": 0.45359237,
    },
    "time": {
        "ms": 1e-3, "millisecond": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0,
        "hr": 3600.0, "hour": 3600.0, "d": 86_400.0, "day": 86_400.0, "week": 604_800.0,
    },
    # A month or year has no fixed number of days; they convert into each other only.
    "calendar": {"month": 1.0, "year": 12.0},
    "volume": {"ml": 1e-3, "cl": 1e-2, "dl": 0.1, "l": 1.0, "liter": 1.0, "litre": 1.0},
    "data": {
        "byte": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 1024.0, "mib": 1024.0**2, "gib": 1024.0**3,
        "tib": 1024.0**4,
    },
    "share": {"%": 1.0, "percent": 1.0, "per cent": 1.0, "‰": 0.1},
    "celsius": {"°c": 1.0, "celsius": 1.0},
    "fahrenheit": {"°f": 1.0, "fahrenheit": 1.0},
    "usd": {"$": 1.0, "usd": 1.0, "dollar": 1.0, "cent": 0.01},
    "eur": {"€": 1.0, "eur": 1.0, "euro": 1.0},
    "gbp": {"£": 1.0, "gbp": 1.0},
    "jpy": {"¥": 1.0, "jpy": 1.0, "yen": 1.0},
    "chf": {"chf": 1.0},
}  # fmt: skip
UNITS = {name: Unit(dimension, factor) for dimension, names in _TABLE.items() for name, factor in names.items()}
# Lower case alone: "5 M" is millions in a table of money and no length.
SCALES = {"k": 1e3, "thousand": 1e3, "million": 1e6, "mn": 1e6, "bn": 1e9, "billion": 1e9, "trillion": 1e12}
_SIGNS = "$€£¥"
_NUMBER = re.compile(
    rf"(?<![\w.,])(?P<before>[{_SIGNS}]?)[ ]?(?P<sign>[-−+]?)(?P<before2>[{_SIGNS}]?)"
    r"(?P<digits>\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?|[.,]\d+)(?!\d)"
    r"(?P<exponent>[eE][-+]?\d+)?"
    rf"(?P<scale>[ ]?(?:{'|'.join(sorted(SCALES, key=len, reverse=True))})\b)?"
    rf"[ ]?(?P<unit>per cent|[%‰{_SIGNS}]|°[CFcf]|[^\W\d_]+)?"
)


def quantities(text: str, decimal: Literal[".", ","] = ".") -> list[Quantity]:
    """All numbers of a text, in order, with the unit that follows (or the currency sign before)."""
    found = []
    for match in _NUMBER.finditer(text):
        value = _value(match["digits"], decimal)
        if value is None:
            continue
        scale = SCALES[match["scale"].strip()] if match["scale"] else 1.0
        number = float(f"{value}{match['exponent'] or ''}") * scale
        number = -number if match["sign"] in ("-", "−") else number
        found.append(Quantity(number, _unit(match["unit"], match["before"] or match["before2"])))
    return found


def _value(digits: str, decimal: str) -> str | None:
    """The digits as Python writes them: marks of thousands gone, a decimal point; None where that is impossible."""
    other = "," if decimal == "." else "."
    plain = re.sub(r"['’\u00a0\u202f ]", "", digits)
    whole, mark, rest = plain.partition(decimal)
    if decimal in rest:  # 1.234.567 with a decimal point: the mark separates thousands after all
        whole, mark, rest = plain.replace(decimal, ""), "", ""
    if other in rest:
        return None
    whole = whole.replace(other, "")
    return f"{whole or '0'}.{rest}" if mark else whole


def _unit(after: str | None, before: str) -> Unit | None:
    if before:
        return UNITS[before]
    if not after:
        return None
    name = after.lower()
    return UNITS.get(name) or UNITS.get(name.removesuffix("s")) or UNITS.get(name.removesuffix("es"))
