"""Where a study departed from its plan, and who used its test questions before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tailor.study.plan import Earlier, Study

SETTINGS = (
    "metric",
    "margin",
    "general_margin",
    "margin_usd",
    "decide_by",
    "gates",
    "control",
    "seeds",
    "base",
    "usage",
    "costs",
)


def deviations(study: Study, arms: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What was planned and did not happen, in words, by arm.

    Args:
        arms: `arms` of results.json: `status`, `fits`, `quality`.
    """
    planned: dict[str, list[int]] = {}
    for cell in study.cells:
        planned.setdefault(cell.arm.name, []).append(cell.seed)
    facts = study.plan["dataset"]["cells"][study.plan["primary_cell"]]["n_facts"]
    found = []
    for name, seeds in planned.items():
        record = arms[name]
        if record["status"] == "failed":
            found.append(f"{name} was planned and failed; it is in no comparison")
            continue
        missing = sorted(set(seeds) - {fit["seed"] for fit in record["fits"]})
        if missing:
            found.append(f"{name} was planned with {_seeds(seeds)}; {_seeds(missing)} failed")
        rests = (record["quality"] or {}).get("n_facts") or 0
        if rests < facts:
            found.append(f"{name} is measured on {rests:,} of {facts:,} planned facts; its other answers failed")
    return found


def earlier_uses(study: Study) -> list[str]:
    """Studies that asked these test questions before, and in what their plans differ from this one."""
    return [_use(earlier, study.plan) for earlier in study.earlier]


def _use(earlier: Earlier, plan: Mapping[str, Any]) -> str:
    share = "" if earlier.share >= 1 else f" {100 * earlier.share:.0f} % of"
    changes = "; ".join(changed(earlier.plan, plan))
    return f"{earlier.id} asked{share} the same questions" + (f"; changed since: {changes}" if changes else "")


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What differs between two plans, in words: settings with both values, arms by name."""
    lines = []
    for name in SETTINGS:
        if before.get(name) != after.get(name):
            lines.append(f"{name.replace('_', ' ')} {_value(before.get(name))}, now {_value(after.get(name))}")
    old, new = ({a["name"]: a["parts"] for a in plan["arms"]} for plan in (before, after))
    lines += [f"arm {name} is new" for name in new if name not in old]
    lines += [f"arm {name} is gone" for name in old if name not in new]
    lines += [f"arm {name} has other options" for name in new if name in old and old[name] != new[name]]
    if before["dataset"]["sha256"] != after["dataset"]["sha256"]:
        lines.append("the questions")
    if before["dataset"]["documents_sha256"] != after["dataset"]["documents_sha256"]:
        lines.append("the documents")
    return lines


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(str(v) for v in value.values() if v is not None) or "unknown"
    if isinstance(value, list):
        return " and ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _seeds(seeds: list[int]) -> str:
    return f"seed{'s' if len(seeds) != 1 else ''} {', '.join(map(str, seeds))}"
