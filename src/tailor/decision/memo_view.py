"""What the memo says, as words and lists: the templates only place it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tailor.cost.answers import cost_per_1000
from tailor.decision import words
from tailor.decision.choice import MINIMUM_FACTS
from tailor.decision.evidence import Evidence
from tailor.decision.gates import NAMES, Gates, Outcome
from tailor.decision.glossary import glossary
from tailor.decision.memo_money import money_view
from tailor.decision.reading import other_metrics_view, reading_view
from tailor.decision.rows import ArmRow, arm_rows
from tailor.decision.rules import KIND_NAMES, Verdict
from tailor.decision.sentences import QUESTIONS
from tailor.decision.table import verdict_in
from tailor.study.prior import prior, situation_of

CELL_NAMES = {
    "trained-framing": "asked as in training",
    "held-out-framing": "newly worded",
    "held-out-fact": "fact left out of training",
    "unanswerable": "cannot be answered",
    "general": "general ability",
}
# Examples shown for each arm; results.json has all of them.
EXAMPLES = 8


@dataclass(frozen=True)
class Figure:
    """One of the three numbers at the top."""

    value: str
    name: str
    detail: str


def memo_view(results: Mapping[str, Any]) -> dict[str, Any]:
    """Everything the templates name."""
    evidence, verdict = Evidence(results), verdict_in(results)
    rows = arm_rows(results, verdict.arm)
    return {
        "title": str(results.get("name") or "study"),
        "question": str(results.get("question") or ""),
        "study": str(results.get("study") or ""),
        "created": str(results.get("created") or "")[:10],
        "partial": results.get("status") == "partial",
        "mark": "for now" if verdict.kind == "not-enough-evidence" else "chosen",
        "kind": KIND_NAMES[verdict.kind],
        "verdict": verdict,
        "figures": figures(evidence, verdict),
        "rows": rows,
        "glossary": glossary(results),
        "control": evidence.control,
        "columns": _columns(rows),
        "margin": words.points(evidence.margin),
        "general_margin": words.points(evidence.general_margin),
        "primary": QUESTIONS.get(evidence.cell, evidence.cell),
        "cells": _cells(evidence),
        "method": [*method(evidence), *expected(results, verdict)],
        "gates": gates(evidence),
        "money": money_view(results, verdict.arm),
        "general": _general(evidence),
        "comparisons": _comparisons(evidence),
        "reading": reading_view(evidence),
        "other_metrics": other_metrics_view(evidence),
        "flips": _flips(evidence),
        "seeds": _seeds(evidence),
        "notes": _notes(evidence),
        "deviations": [str(d) for d in results.get("deviations") or []],
        "provenance": _provenance(evidence),
        "timing": _timing(results),
        "cost_known": any(cost_per_1000(evidence.part(a, "usage"), evidence.hourly) is not None for a in evidence.arms),
    }


def figures(evidence: Evidence, verdict: Verdict) -> list[Figure]:
    """Right answers, cost and risk of the arm the verdict names; empty where it names none."""
    arm = verdict.arm
    if arm is None:
        return []
    quality, invented = evidence.part(arm, "quality"), evidence.part(arm, "hallucination")
    row = next(r for r in arm_rows(evidence.results, arm) if r.arm == arm)
    right = Figure(
        _percent(quality.get("value")),
        "right answers",
        _detail(_of_100(quality), f"{QUESTIONS.get(evidence.cell, evidence.cell)}, {arm}"),
    )
    risk = Figure(
        _percent(evidence.invented(arm)),
        "invented answers",
        _detail(_of_100(invented), f"to questions that cannot be answered, {arm}"),
    )
    return [right, _cost(evidence, arm, row), risk]


def _cost(evidence: Evidence, arm: str, row: ArmRow) -> Figure:
    thousand = cost_per_1000(evidence.part(arm, "usage"), evidence.hourly)
    if row.monthly != words.UNKNOWN and evidence.questions is not None:
        volume = words.count(evidence.questions, "question")
        return Figure(row.monthly, "a month", f"{volume}, {words.money(thousand)} for 1,000 answers, {arm}")
    if thousand is not None:
        return Figure(words.money(thousand), "for 1,000 answers", f"questions a month unknown, {arm}")
    if row.p95 != words.UNKNOWN:
        return Figure(f"{row.p95} ms", "95 % of answers within", f"cost unknown: no price for the machine, {arm}")
    return Figure("unknown", "cost", f"no price and no time measured, {arm}")


def _percent(share: object) -> str:
    text = words.percent(share)
    return "unknown" if text == words.UNKNOWN else f"{text} %"


def _of_100(part: Mapping[str, Any]) -> str:
    return words.interval(part.get("low"), part.get("high"))


def _detail(bounds: str, rest: str) -> str:
    return f"95 % interval {bounds}, {rest}" if bounds else rest


def _columns(rows: list[ArmRow]) -> dict[str, bool]:
    """Columns that say something for at least one arm."""
    names = ("general", "p95", "training", "refresh", "artifact", "cost", "monthly", "difference", "best")
    return {n: any(getattr(r, n) != words.UNKNOWN for r in rows) for n in names}


def method(evidence: Evidence) -> list[str]:
    """How it was measured, in plain words."""
    results, data = evidence.results, evidence.results.get("dataset") or {}
    metric = (results.get("metric") or {}).get("name") or "an unnamed metric"
    test, facts = words.number(data.get("n_test")), evidence.facts()
    asked = (
        f"Every arm answered the same {words.count(test, 'test question')}" if test else "Every arm answered the same"
    )
    if facts:
        asked += f"; {words.count(facts, 'fact')} stand behind the {QUESTIONS.get(evidence.cell, evidence.cell)}"
    seeds = results.get("seeds") or []
    lines = [
        f"{asked}. No arm saw them before, and what was chosen was chosen on other questions.",
        f"An answer is right or wrong by {metric}. A point is one right answer in a hundred.",
        "Intervals hold 95 % and treat all questions about one fact as one observation. "
        "Several comparisons at once are corrected for (Holm).",
    ]
    if seeds:
        lines.append(
            "Trained arms were trained once, with one random seed."
            if len(seeds) == 1
            else f"Trained arms were trained {len(seeds)} times with different random seeds."
        )
    return lines


def expected(results: Mapping[str, Any], verdict: Verdict) -> list[str]:
    """What practice said before, where the plan knows the situation, and whether the measurement agrees."""
    parts = [results.get(k) or {} for k in ("situation", "usage_assumptions", "gates")]
    found = prior(situation_of(*parts), tuple(results.get("arms") or {}))
    favoured = found.favours()
    if not results.get("situation") or favoured is None:
        return []
    why = " ".join(f"{r.reason} ({r.source})" for r in found.why(favoured)[:2])
    measured = (
        "The measurement agrees."
        if verdict.arm and favoured in verdict.arm.split("+")
        else (f"The measurement says {verdict.arm or 'none'} and overrides it.")
    )
    return [f"Before anything was measured, practice pointed to {favoured}. {why} {measured}"]


def gates(evidence: Evidence) -> list[tuple[str, str, str]]:
    """(gate, outcome, why) for the study and for every arm."""
    facts = evidence.facts()
    enough = facts is not None and facts >= MINIMUM_FACTS
    tested = "number of facts unknown" if facts is None else f"{words.count(facts, 'fact')} tested"
    rows = [(f"at least {MINIMUM_FACTS} facts", "passed" if enough else "not passed", tested)]
    checked = Gates(evidence)
    for arm in evidence.arms:
        if arm in evidence.failed():
            rows.append((f"{arm}: ran", "not passed", str(evidence.part(arm, "failure").get("cause") or "failed")))
            continue
        rows += [(f"{arm}: {NAMES[o.gate]}", *_outcome(evidence, arm, o)) for o in checked.outcomes(arm)]
    return rows


def _notes(evidence: Evidence) -> list[tuple[str, str]]:
    """(arm, note): what the fits said, and what protection against forgetting cost where an arm had any."""
    notes = []
    for arm, result in evidence.arms.items():
        notes += [(arm, str(note)) for note in result.get("notes") or []]
        usage = evidence.part(arm, "usage")
        spent, whole = words.number(usage.get("rehearsal_seconds")), words.number(usage.get("train_seconds"))
        if spent and whole:
            share = f"{words.duration(spent)} of {words.duration(whole)} ({words.percent(spent / whole)} %)"
            notes.append((arm, f"protection against forgetting took {share} of one training"))
    return notes


def _outcome(evidence: Evidence, arm: str, found: Outcome) -> tuple[str, str]:
    """`passed` and why. Of general ability an interval that reaches the limit is inconclusive: it bars nobody."""
    if found.gate != "general":
        return ("passed", "") if found.passed else ("not passed", found.words)
    general = evidence.part(arm, "general")
    outcome = {"kept": "passed", "harmed": "not passed"}.get(str(general["verdict"]), "inconclusive")
    bounds = words.span(general.get("low"), general.get("high"))
    allowed = f"{words.points(evidence.general_margin)} allowed"
    return outcome, f"{words.signed(general.get('difference'))} points {bounds}; {allowed}".strip()


def _cells(evidence: Evidence) -> dict[str, Any]:
    names = [c for c in CELL_NAMES if any(evidence.cell_of(a, c) for a in evidence.measured())]
    rows = [(a, [_cell(evidence.cell_of(a, c)) for c in names]) for a in evidence.measured()]
    sizes = (evidence.results.get("dataset") or {}).get("cells") or {}
    counted = [_size(sizes.get(c) or {}) for c in names]
    return {"names": [CELL_NAMES[c] for c in names], "sizes": counted, "rows": rows}


def _size(size: Mapping[str, Any]) -> str:
    items, facts = words.number(size.get("n_items")), words.number(size.get("n_facts"))
    known = [words.count(n, noun) for n, noun in ((items, "item"), (facts, "fact")) if n is not None]
    return ", ".join(known)


def _cell(cell: Mapping[str, Any]) -> dict[str, str]:
    lost = words.number(cell.get("n_failed"))
    return {
        "value": words.percent(cell.get("value")),
        "interval": words.interval(cell.get("low"), cell.get("high")),
        "failed": f"{lost:,.0f} failed" if lost else "",
    }


def _general(evidence: Evidence) -> list[dict[str, str]]:
    rows = []
    for arm in evidence.measured():
        general = evidence.part(arm, "general")
        if not general:
            continue
        rows.append(
            {
                "arm": arm,
                "before": words.percent(general.get("before")),
                "after": words.percent(general.get("after")),
                "difference": words.signed(general.get("difference")),
                "span": words.span(general.get("low"), general.get("high")),
                "verdict": str(general.get("verdict") or words.UNKNOWN),
                "n_items": words.decimal(general.get("n_items")),
            }
        )
    return rows


def _comparisons(evidence: Evidence) -> list[dict[str, str]]:
    return [
        {
            "arm": str(c.get("arm")),
            "against": str(c.get("against")),
            "cell": CELL_NAMES.get(str(c.get("cell")), str(c.get("cell"))),
            "difference": words.signed(c.get("difference")),
            "span": words.span(c.get("low"), c.get("high")),
            "p": words.p_value(c.get("p_holm")),
            "mde": words.decimal(None if (m := words.number(c.get("mde"))) is None else 100 * m),
            "method": str(c.get("method") or words.UNKNOWN),
        }
        for c in evidence.results.get("comparisons") or []
    ]


def _flips(evidence: Evidence) -> list[dict[str, Any]]:
    found = []
    for arm, flip in (evidence.results.get("flips") or {}).items():
        fixed, broke = list(flip.get("fixed") or []), list(flip.get("broke") or [])
        n_fixed, n_broke = (int(words.number(flip.get(k)) or 0) for k in ("n_fixed", "n_broke"))
        found.append(
            {
                "arm": arm,
                "n_fixed": max(n_fixed, len(fixed)),
                "n_broke": max(n_broke, len(broke)),
                "fixed": fixed[:EXAMPLES],
                "broke": broke[:EXAMPLES],
            }
        )
    return found


def _seeds(evidence: Evidence) -> list[tuple[str, str, str]]:
    rows = []
    for arm in evidence.measured():
        seeds = evidence.part(arm, "seeds")
        values = [words.percent(v) for v in seeds.get("values") or []]
        spread = words.number(seeds.get("sd"))
        if values:
            rows.append((arm, ", ".join(values), words.decimal(None if spread is None else 100 * spread, 1)))
    return rows


def _checked(findings: list[dict[str, Any]]) -> str:
    """`22 dimensions fine; to look at: size; to mend: contradictions`; empty where the data were not audited."""
    parts = [f"{words.count(sum(f.get('verdict') == 'ok' for f in findings), 'dimension')} fine"]
    for verdict, name in (("warn", "to look at"), ("bad", "to mend")):
        if found := [str(f.get("dimension")) for f in findings if f.get("verdict") == verdict]:
            parts.append(f"{name}: {' · '.join(found)}")
    return "; ".join(parts) if findings else ""


def _provenance(evidence: Evidence) -> list[tuple[str, str]]:
    """What must be known to trust or repeat the numbers; what is not known is not listed."""
    results = evidence.results
    base, data, metric = (results.get(k) or {} for k in ("base", "dataset", "metric"))
    environment = results.get("environment") or {}
    sizes = [(data.get("n_facts"), "fact"), (data.get("n_train"), "training item"), (data.get("n_dev"), "dev item")]
    sizes += [(data.get("n_test"), "test item"), (data.get("documents"), "document"), (data.get("passages"), "passage")]
    parameters = words.number(base.get("parameters"))
    memory = words.number(results.get("peak_memory_mb"))
    assumed = [
        f"{k.replace('_', ' ')} {v:g}"
        for k, v in (results.get("usage_assumptions") or {}).items()
        if words.number(v) is not None
    ]
    rows = [
        ("base model", _joined(base.get("name"), f"revision {base['revision']}" if base.get("revision") else "")),
        ("parameters", f"{parameters / 1e6:,.1f} million" if parameters else ""),
        ("data", ", ".join(words.count(n, noun) for v, noun in sizes if (n := words.number(v)) is not None)),
        ("data check", _checked(results.get("audit") or [])),
        ("data hash", str(data.get("sha256") or "")),
        ("plan hash", str(results.get("plan_sha256") or "")),
        ("uses of the test questions", words.decimal(results.get("test_touches"))),
        ("uses before", "; ".join(str(use) for use in results.get("earlier_uses") or [])),
        ("metric", _joined(metric.get("name"), f"version {metric['version']}" if metric.get("version") else "")),
        ("margin", words.points(evidence.margin)),
        ("seeds", ", ".join(str(s) for s in results.get("seeds") or [])),
        ("assumed", ", ".join(assumed)),
        ("environment", ", ".join(f"{k} {v}" for k, v in environment.items() if v is not None)),
        ("energy", _energy(results)),
        ("peak memory", f"{memory:,.0f} MB" if memory else ""),
        ("tailor", str(results.get("tailor_version") or "")),
    ]
    return [(name, text) for name, text in rows if text and text != words.UNKNOWN]


def _energy(results: Mapping[str, Any]) -> str:
    """Empty in studies from before it was looked at."""
    ledger = results.get("ledger") or {}
    if "energy_kwh" not in ledger:
        return ""
    known = words.number(ledger["energy_kwh"])
    return "unknown: this machine shows no counter" if known is None else f"{known:.3g} kWh, the whole machine"


def _joined(*parts: object) -> str:
    return ", ".join(str(p) for p in parts if p)


def _timing(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    timing = results.get("timing") or {}
    return [(str(k), words.duration(v)) for k, v in timing.items() if words.number(v) is not None]
