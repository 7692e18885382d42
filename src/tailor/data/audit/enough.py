"""Whether there are rows enough for the task, and facts enough for the difference one wants to see."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tailor.data.audit.contract import Finding, Material, Verdict, at_least
from tailor.data.audit.coverage import tested_facts
from tailor.data.audit.labels import labels

# The lower ends of what is usually advised (requirements B4): 100 to 1,000 rows for classification, 500 to 5,000 for
# instructions and questions.
FOR_CLASSES, FOR_QUESTIONS = 100, 500
# The share of facts on which two arms disagree, where nothing is known yet.
DISCORDANT = 0.2
# Standard normal quantiles: 5 % two-sided, power 0.8.
_Z_ALPHA, _Z_POWER = 1.959964, 0.841621


def size(material: Material) -> Iterator[Finding]:
    """Rows to learn from."""
    split = any(e.split for e in material.rows)
    rows = sum(e.split in ("train", "dev") or not split for e in material.rows)
    least, task = (FOR_CLASSES, "classification") if labels(material) else (FOR_QUESTIONS, "questions and instructions")
    where = "rows to train and choose on" if split else "rows"
    yield at_least("size", rows, least, f"{rows:,} {where}; for {task} {least} and more are advised.")


def difference(material: Material) -> Iterator[Finding]:
    """The smallest difference between two arms that so many facts show with power 0.8."""
    count, wanted = tested_facts(material), material.difference
    found = detectable_difference(count)
    if wanted < DISCORDANT:
        needed = f"{math.ceil(facts_for(wanted)):,} facts would show {wanted * 100:.3g}"
    else:
        needed = f"{math.ceil(facts_for(DISCORDANT)):,} facts would show {DISCORDANT * 100:.0f}"
    if math.isnan(found):
        text = f"With {count:,} facts not even a difference of {DISCORDANT * 100:.0f} points can be shown; {needed}."
        yield Finding("detectable difference", math.nan, wanted, "warn", text, unit="share")
        return
    enough = found <= wanted
    verdict: Verdict = "ok" if enough else "warn"
    text = f"With {count:,} facts a difference of {found * 100:.1f} points can be shown (power 0.8)"
    yield Finding(
        "detectable difference", found, wanted, verdict, text + ("." if enough else f"; {needed}."), unit="share"
    )


def facts_for(d: float, discordant: float = DISCORDANT) -> float:
    """How many facts show a difference `d` with power 0.8 at 5 %: ((z_a sqrt(p) + z_b sqrt(p - d^2)) / d)^2, where p is
    the share of facts on which the two arms disagree (Connor 1987, "Sample size for testing differences in proportions
    for the paired-sample design")."""
    return ((_Z_ALPHA * math.sqrt(discordant) + _Z_POWER * math.sqrt(max(0.0, discordant - d * d))) / d) ** 2


def detectable_difference(facts: int, discordant: float = DISCORDANT) -> float:
    """The smallest difference in the share of right answers that a paired comparison of so many facts shows with
    power 0.8 at 5 %: `facts_for`, solved for the difference.

    Returns:
        d in (0, p]; NaN if even d = p cannot be shown with so few facts.
    """
    low, high = 1e-9, discordant
    if facts < facts_for(high, discordant):
        return math.nan
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if facts_for(middle, discordant) > facts else (low, middle)
    return high
