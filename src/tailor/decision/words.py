"""Numbers as people read them. Unknown is `–` in a table and absent from a sentence, never a number."""

from __future__ import annotations

import math
from collections.abc import Sequence

UNKNOWN = "–"
MINUS = "\N{MINUS SIGN}"

# Shares that have a plain name; another share is given in the hundred.
FRACTIONS = (
    (1 / 10, "one of ten"),
    (1 / 5, "one of five"),
    (1 / 4, "one of four"),
    (1 / 3, "one of three"),
    (2 / 5, "two of five"),
    (1 / 2, "one of two"),
    (3 / 5, "three of five"),
    (2 / 3, "two of three"),
    (3 / 4, "three of four"),
    (4 / 5, "four of five"),
    (9 / 10, "nine of ten"),
)


def number(value: object) -> float | None:
    """A finite number as a float; None for null, NaN, infinity and everything that is not a number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def whole(value: float) -> int:
    """Rounded half away from zero, as people do it (and as a share of 0.125 reads 13 % and 0.135 reads 14 %)."""
    return int(math.copysign(math.floor(abs(value) + 0.5 + 1e-9), value))


def percent(share: object) -> str:
    """`86`, without the sign; `<1` and `>99` for what is neither nothing nor everything."""
    value = number(share)
    if value is None:
        return UNKNOWN
    rounded = whole(100 * value)
    if rounded == 0 and value > 0:
        return "<1"
    return ">99" if rounded == 100 and value < 1 else str(rounded)


def interval(low: object, high: object) -> str:
    """`[82 – 90]` of two shares; empty where unknown."""
    a, b = number(low), number(high)
    return "" if a is None or b is None else f"[{whole(100 * a)} – {whole(100 * b)}]"


def signed(difference: object) -> str:
    """`+5`, `−6`, `±0`: a difference of shares in points."""
    value = number(difference)
    if value is None:
        return UNKNOWN
    rounded = whole(100 * value)
    return "±0" if rounded == 0 else f"{'+' if rounded > 0 else MINUS}{abs(rounded)}"


def span(low: object, high: object) -> str:
    """`[−1 to 9]` of two differences of shares; empty where unknown."""
    a, b = number(low), number(high)
    return "" if a is None or b is None else f"[{_plain(a)} to {_plain(b)}]"


def _plain(difference: float) -> str:
    rounded = whole(100 * difference)
    return f"{MINUS}{-rounded}" if rounded < 0 else str(rounded)


def points(difference: float) -> str:
    """`1 point`, `5 points`, `less than 1 point` of a difference of shares, without its sign."""
    size = abs(difference)
    rounded = whole(100 * size)
    if rounded == 0 and size > 1e-9:
        return "less than 1 point"
    return count(rounded, "point")


def count(n: int | float, noun: str, plural: str = "") -> str:
    """`1 fact`, `112 facts`, `0 facts`, `20,000 questions`."""
    return f"{n:,.0f} {noun if whole(n) == 1 else plural or noun + 's'}"


def fraction(share: float) -> str:
    """`two of three`, `every one`, `none`, `17 of 100`."""
    if share <= 0:
        return "none"
    if share >= 1:
        return "every one"
    if share >= 0.95:
        return "nearly every one"
    value, name = min(FRACTIONS, key=lambda known: abs(known[0] - share))
    if abs(value - share) <= 0.025:
        return name
    return f"{max(1, whole(100 * share))} of 100"


def money(dollars: object) -> str:
    """`$1,240`, `$12`, `$0.31`, `$0.0004`: two significant digits below a dollar, cents below ten."""
    value = number(dollars)
    if value is None:
        return UNKNOWN
    sign, size = (MINUS if value < 0 else ""), abs(value)
    if size == 0:
        return "$0"
    if size < 0.000001:
        return f"{sign}under $0.000001"
    if size >= 10:
        return f"{sign}${size:,.0f}"
    if size >= 0.1:
        return f"{sign}${size:.2f}"
    digits = 1 - math.floor(math.log10(size))
    text = f"{size:.{digits}f}"
    # Trailing zeros say nothing beyond the cents: $0.020 is $0.02.
    while text.endswith("0") and len(text.partition(".")[2]) > 2:
        text = text[:-1]
    return f"{sign}${text}"


def duration(seconds: object) -> str:
    """`0.4 s`, `31 s`, `1.4 min`, `3 h 20 min`."""
    value = number(seconds)
    if value is None or value < 0:
        return UNKNOWN
    if value < 9.95:
        return "0 s" if value == 0 else f"{max(value, 0.1):.1f} s"
    if value < 59.5:
        return f"{value:.0f} s"
    minutes = value / 60
    if minutes < 9.95:
        return f"{minutes:.1f} min"
    if minutes < 59.5:
        return f"{minutes:.0f} min"
    hours, rest = divmod(whole(minutes), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def decimal(value: object, digits: int = 0) -> str:
    """`1,024` or `1.4`; `–` where unknown; `<0.1` where rounding would say 0 of something."""
    known = number(value)
    if known is None:
        return UNKNOWN
    if known == 0:
        return "0"
    smallest = 10.0**-digits
    if 0 < known < smallest / 2:
        return f"<{smallest:.{digits}f}"
    return f"{known:,.{digits}f}".replace("-", MINUS)


def p_value(p: object) -> str:
    """`0.03`, `under 0.001`; `–` where unknown."""
    value = number(p)
    if value is None:
        return UNKNOWN
    if value < 0.001:
        return "under 0.001"
    return f"{value:.3f}" if value < 0.0095 or 0.045 <= value < 0.055 else f"{value:.2f}"


def both(names: Sequence[str]) -> str:
    """`rag`, `lora and full`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def capital(sentence: str) -> str:
    """The first letter upper-case, the rest as it is. An arm's name at the start stays as the person wrote it."""
    return sentence[:1].upper() + sentence[1:]
