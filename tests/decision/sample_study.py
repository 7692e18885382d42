"""An invented study, in the shape of results.json. Every number in it is made up."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

ORDER = {"zero-shot": 0, "few-shot": 1, "rag": 3, "lora": 5, "full": 6, "rag+lora": 7}

# arm: right, low, high, held-out fact, abstained, general change, p50, p95 ms, train s, fit s, MB, answer seconds
NUMBERS: Mapping[str, tuple[Any, ...]] = {
    "zero-shot": (0.02, 0.01, 0.04, 0.02, 0.88, None, 24, 31, None, 0.0, 0.0, 9.4),
    "few-shot": (0.07, 0.04, 0.10, 0.06, 0.71, None, 51, 64, None, 5.2, 0.02, 18.1),
    "rag": (0.86, 0.82, 0.90, 0.85, 0.79, None, 70, 88, None, 12.4, 3.1, 26.3),
    "lora": (0.81, 0.76, 0.86, 0.03, 0.34, -0.01, 25, 33, 84.0, 88.0, 1.4, 9.9),
    "full": (0.84, 0.79, 0.88, 0.04, 0.29, -0.06, 23, 31, 114.0, 117.0, 11.2, 9.3),
    "rag+lora": (0.91, 0.88, 0.94, 0.86, 0.74, -0.01, 72, 90, 96.0, 121.0, 4.5, 27.0),
}


def arm(name: str) -> dict[str, Any]:
    right, low, high, fact, abstained, general, p50, p95, train, fit, size, seconds = NUMBERS[name]
    n = 336
    cells = {
        "trained-framing": cell(min(1.0, right + 0.05), n),
        "held-out-framing": cell(right, n, low, high),
        "held-out-fact": cell(fact, 96),
        "unanswerable": cell(abstained, 96),
    }
    verdict = "harmed" if general == -0.06 else "kept"
    return {
        "status": "ok",
        "failure": None,
        "method": name,
        "options": {"rank": 16} if "lora" in name else {},
        "chosen": {"k": 4} if "rag" in name else {},
        "complexity": ORDER[name],
        "quality": {"value": right, "low": low, "high": high, "n_items": n, "n_facts": 112, "n_failed": 0},
        "cells": cells,
        "general": None
        if general is None
        else {
            "before": 0.62,
            "after": 0.62 + general,
            "difference": general,
            "low": general - 0.015,
            "high": general + 0.015,
            "verdict": verdict,
            "n_items": 1000,
        },
        "hallucination": {"value": 1 - abstained, "low": 0.9 - abstained, "high": 1.1 - abstained, "n_items": 96},
        "false_abstention": {"value": 0.03, "low": 0.01, "high": 0.06, "n_items": n},
        "consistency": 0.93,
        "seeds": {"values": [right - 0.01, right, right + 0.01], "sd": 0.01} if train else None,
        "retrieval": {"recall_at_k": 0.94, "k": 4} if "rag" in name else None,
        "usage": {
            "prompt_tokens": 9000,
            "completion_tokens": 4000,
            "answers": 624,
            "answer_seconds": seconds,
            "train_tokens": 820_000 if train else 0,
            "train_seconds": train,
            "fit_seconds": fit,
            "peak_memory_mb": 1310.0,
            "artifact_mb": size,
        },
        "latency_ms": {"p50": p50, "p95": p95, "n": 200},
        "curves": curves() if train else [],
        "notes": [],
    }


def cell(value: float, n: int, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {
        "value": value,
        "low": max(0.0, value - 0.05) if low is None else low,
        "high": min(1.0, value + 0.05) if high is None else high,
        "n_items": n,
        "n_facts": n // 3,
        "n_failed": 0,
        "f1": min(1.0, value + 0.02),
        "correct": value,
        "incorrect": (1 - value) / 2,
        "not_attempted": (1 - value) / 2,
    }


def curves() -> list[dict[str, Any]]:
    return [
        {
            "seed": seed,
            "points": [
                [s, 3.1 * 0.985**s + 0.1 * seed, 3.0 * 0.987**s + 0.6 if s % 40 == 0 else None]
                for s in range(0, 401, 20)
            ],
        }
        for seed in (1, 2, 3)
    ]


def comparison(one: str, against: str, difference: float, low: float, high: float, p: float | None) -> dict[str, Any]:
    return {
        "arm": one,
        "against": against,
        "cell": "held-out-framing",
        "difference": difference,
        "low": low,
        "high": high,
        "p": None if p is None else p / 2,
        "p_holm": p,
        "method": "paired bootstrap over facts",
        "n_facts": 112,
        "n_items": 336,
        "mde": 0.06,
    }


def flip(number: int, before: str, after: str) -> dict[str, Any]:
    return {
        "item": f"q{number}",
        "question": f"Which plan includes feature {number}, and since when?",
        "expected": f"The studio plan, since 20{10 + number}.",
        "before": before,
        "after": after,
        "source": f"handbook/plans.md#Feature {number}",
    }


def study() -> dict[str, Any]:
    """rag is simpler than the best, rag+lora, and not shown worse by more than the margin; full harmed the base."""
    right = {a: n[0] for a, n in NUMBERS.items()}
    to_control = [
        comparison(a, "zero-shot", right[a] - 0.02, right[a] - 0.07, right[a] + 0.03, 0.0004)
        for a in ("rag", "lora", "full", "rag+lora")
    ]
    return {
        "format_version": 1,
        "study": "2026-11-23-a",
        "name": "sample-studio",
        "question": "Should the studio's assistant be tuned on the handbook, or read it?",
        "status": "complete",
        "created": "2026-11-23T10:04:00Z",
        "tailor_version": "0.1.0",
        "plan_sha256": "7c1e04" + "0" * 58,
        "test_touches": 1,
        "deviations": [],
        "base": {"name": "builtin/small", "kind": "builtin", "revision": "a1b2c3d4e5f6", "parameters": 2_800_000},
        "dataset": {
            "sha256": "ab" * 32,
            "n_facts": 112,
            "n_train": 896,
            "n_dev": 96,
            "n_test": 528,
            "cells": {
                "held-out-framing": {"n_items": 336, "n_facts": 112},
                "held-out-fact": {"n_items": 96, "n_facts": 32},
                "unanswerable": {"n_items": 96, "n_facts": 32},
            },
            "documents": 14,
            "passages": 61,
        },
        "seeds": [1, 2, 3],
        "metric": {"name": "contains-answer", "version": "1"},
        "primary_cell": "held-out-framing",
        "margin": 0.05,
        "general_margin": 0.03,
        "control": "zero-shot",
        "usage_assumptions": {
            "questions_per_month": 400_000,
            "machine_hour_usd": 2.40,
            "wrong_answer_usd": None,
            "refreshes_per_year": 12,
        },
        "environment": {
            "python": "3.11",
            "torch": "2.13",
            "transformers": "5.23",
            "peft": "0.21",
            "cpu": "sample",
            "cores": 2,
            "bf16": True,
        },
        "arms": {a: arm(a) for a in NUMBERS},
        "comparisons": [
            comparison("few-shot", "zero-shot", 0.05, -0.01, 0.11, 0.12),
            *to_control,
            comparison("rag", "rag+lora", -0.05, -0.09, -0.01, 0.03),
            comparison("lora", "rag+lora", -0.10, -0.15, -0.06, 0.001),
            comparison("few-shot", "rag+lora", -0.84, -0.88, -0.79, 0.0004),
            comparison("lora", "rag", -0.05, -0.11, 0.01, 0.2),
        ],
        "verdict": None,
        "flips": {
            "rag": {
                "fixed": [flip(1, "I don't know.", "The studio plan, since 2011.")],
                "broke": [],
                "n_fixed": 284,
                "n_broke": 0,
            },
            "lora": {
                "fixed": [flip(2, "The free plan.", "The studio plan, since 2012.")],
                "broke": [flip(3, "The studio plan, since 2013.", "The free plan, since 2009.")],
                "n_fixed": 268,
                "n_broke": 1,
            },
        },
        "timing": {"data": 2.1, "fit": 402.0, "answer": 131.0, "analyse": 6.2, "total": 541.3},
        "peak_memory_mb": 1310.0,
    }


def without(results: dict[str, Any], *arms: str) -> dict[str, Any]:
    """The same study without some arms."""
    changed = copy.deepcopy(results)
    for name in arms:
        del changed["arms"][name]
        changed["flips"].pop(name, None)
    changed["comparisons"] = [c for c in changed["comparisons"] if c["arm"] not in arms and c["against"] not in arms]
    return changed


def compared(results: dict[str, Any], one: str, against: str, **values: Any) -> dict[str, Any]:
    """The same study with one comparison changed or added."""
    changed = copy.deepcopy(results)
    for record in changed["comparisons"]:
        if (record["arm"], record["against"]) == (one, against):
            record.update(values)
            return changed
    changed["comparisons"].append({**comparison(one, against, 0.0, 0.0, 0.0, None), **values})
    return changed


def failed(
    results: dict[str, Any], name: str, cause: str = "the process ran out of memory at step 40."
) -> dict[str, Any]:
    """The same study with one arm failed."""
    changed = without(results, name)
    changed["status"] = "partial"
    changed["arms"][name] = {
        "status": "failed",
        "failure": {"kind": "training", "cause": cause, "hint": "Halve the batch size."},
        "method": name,
        "options": {},
        "chosen": {},
        "complexity": ORDER[name],
        "quality": {"value": None, "low": None, "high": None, "n_items": 0, "n_facts": 0, "n_failed": 336},
        "cells": {},
    }
    return changed


def facts(results: dict[str, Any], n: int | None) -> dict[str, Any]:
    """The same study over another number of facts."""
    changed = copy.deepcopy(results)
    for record in changed["arms"].values():
        record["quality"]["n_facts"] = n
    for record in changed["comparisons"]:
        record["n_facts"] = n
    return changed
