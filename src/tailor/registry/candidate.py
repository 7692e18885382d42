"""An arm of a finished study as a candidate for release: its adaptation, lineage and evidence, past the gates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tailor
from tailor.errors import GateError, StudyError
from tailor.files import read_json
from tailor.plugins import did_you_mean
from tailor.records import Adaptation, Interval
from tailor.registry.release import Evidence, Lineage
from tailor.runtime import adaptation_from_json
from tailor.study.results import read_results


@dataclass(frozen=True)
class Candidate:
    """What `ReleaseStore.promote` registers."""

    adaptation: Adaptation
    seed: int
    study: str
    lineage: Lineage


def candidate(study: Path, arm: str, seed: int | None, *, force: bool = False) -> Candidate:
    """Read an arm's adaptation and evidence from a study.

    Raises:
        StudyError: the study has no results, or no such arm or seed.
        GateError: the arm failed, or harmed general ability beyond the margin (unless forced).
    """
    results = read_results(study)
    if arm not in results["arms"]:
        raise StudyError(f"The study {study.name} has no arm '{arm}'.{did_you_mean(arm, list(results['arms']))}")
    record = results["arms"][arm]
    _gates(arm, record, results, force)
    fits = {int(s["seed"]): s["fit"] for s in record["fits"]}
    chosen = seed if seed is not None else min(fits)
    if chosen not in fits:
        raise StudyError(
            f"{arm} was not fitted with seed {chosen}.", hint=f"known: {', '.join(map(str, sorted(fits)))}"
        )
    fit = read_json(study / "fits" / fits[chosen])
    adaptation = adaptation_from_json(fit["adaptation"])
    if adaptation.base.kind == "command":
        raise GateError(
            f"{arm} is a command and cannot be released: a release starts no programs.",
            hint="Serve the program itself, behind an OpenAI-compatible address.",
        )
    if adaptation.base.kind == "predictions":
        raise GateError(
            f"{arm} was answered elsewhere ({adaptation.base.name}): there is nothing here to release.",
            hint="Promote an arm that Tailor fitted.",
        )
    plan = read_json(study / "plan.json")["plan"]
    quality = record["quality"] or {}
    known = {k: quality[k] for k in ("value", "low", "high", "n_items", "n_facts") if quality.get(k) is not None}
    verdict = results["verdict"]
    evidence = Evidence(
        Interval(**{"value": math.nan, "low": math.nan, "high": math.nan, **known}),
        verdict=verdict["kind"],
        recommended=verdict["arm"] == arm and verdict["kind"] in ("adopt", "keep-simple", "do-nothing"),
        metrics=_metrics(record),
    )
    lineage = Lineage(
        dataset_sha256=results["dataset"]["sha256"],
        plan_sha256=results["plan_sha256"],
        config=next(a for a in plan["arms"] if a["name"] == arm),
        code_version=tailor.__version__,
        evidence=evidence,
    )
    return Candidate(adaptation, chosen, results["study"], lineage)


def _metrics(record: dict[str, Any]) -> dict[str, float]:
    """Further evidence by name; what is unknown is left out."""
    values = {
        "general_difference": (record["general"] or {}).get("difference"),
        "hallucination": (record["hallucination"] or {}).get("value"),
        "latency_p95_ms": record["latency_ms"]["p95"],
    }
    return {k: float(v) for k, v in values.items() if v is not None}


def _gates(arm: str, record: dict[str, Any], results: dict[str, Any], force: bool) -> None:
    """What a study says against an arm; that it recommends another is the release store's to refuse."""
    if record["status"] == "failed":
        raise GateError(f"{arm} failed in the study: {record['failure']['cause']}")
    if force:
        return
    if record["status"] != "ok":
        raise GateError(f"{arm} has unanswered items.", hint="Run tailor compare again to finish it, or use --force.")
    general = record["general"]
    if general and general["verdict"] == "harmed":
        raise GateError(
            f"{arm} harmed general ability: {100 * general['difference']:+.0f} points, more than the declared margin "
            f"of {100 * results['general_margin']:.0f}.",
            hint="Choose another arm, or use --force (it is recorded).",
        )
